import { CompiledQuery } from "kysely";
import { afterAll, describe, expect, it } from "vitest";
import { openPostgres } from "../../src/store/postgres.ts";
import type { Work } from "../../src/store/work.ts";
import { postgresFolder, startPostgres, type TestPostgres } from "../servers/postgres.ts";
import { storeContract } from "./contract.ts";

if (postgresFolder() !== undefined || process.env.CI) {
  let server: TestPostgres | undefined;
  storeContract("Postgres", {
    async create() {
      server = await startPostgres();
      return server.createDatabase();
    },
    open: openPostgres,
  });
  it("on Postgres flushes the log for whoever does not say that it may wait", async () => {
    const store = await openPostgres((await server?.createDatabase()) ?? "");
    const inForce = (isLazy: boolean) =>
      store.transact(
        function* (): Work<unknown> {
          return (yield CompiledQuery.raw("SHOW synchronous_commit"))[0]?.synchronous_commit;
        },
        { isLazy },
      );
    expect(await inForce(true)).toBe("off");
    expect(await inForce(false)).toBe("on");
    await store.close();
  });
  afterAll(async () => {
    await server?.stop();
  });
} else {
  describe.skip("the store on Postgres", () => it("needs PostgreSQL (apt-get install postgresql)", () => {}));
}
