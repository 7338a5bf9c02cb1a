/** Chooses the store; only the chosen database's library is loaded. */
import type { Environment } from "../config/load-environment.ts";
import type { Store } from "./store.ts";

/** Opens the store that the environment names, and brings its tables up to date. */
export async function openStore(database: Environment["database"]): Promise<Store> {
  if (database.kind === "sqlite") {
    const { openSqlite } = await import("./sqlite.ts");
    return openSqlite(database.path);
  }
  const { openPostgres } = await import("./postgres.ts");
  return openPostgres(database.url.reveal());
}
