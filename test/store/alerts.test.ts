/** Alerts of monitoring in both stores. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, it } from "vitest";
import { openPostgres } from "../../src/store/postgres.ts";
import { openSqlite } from "../../src/store/sqlite.ts";
import { postgresFolder, startPostgres, type TestPostgres } from "../servers/postgres.ts";
import { alertsContract } from "./alerts-contract.ts";

const folder = mkdtempSync(join(tmpdir(), "slipway-alerts-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

alertsContract("SQLite", () => openSqlite(join(folder, "alerts.db")), { propertyRuns: 300 });

if (postgresFolder() !== undefined || process.env.CI) {
  let server: TestPostgres | undefined;
  const open = async () => {
    server = await startPostgres();
    return openPostgres(await server.createDatabase());
  };
  alertsContract("Postgres", open, { propertyRuns: 20 });
  afterAll(async () => {
    await server?.stop();
  });
} else {
  describe.skip("alerts on Postgres", () => it("needs PostgreSQL (apt-get install postgresql)", () => {}));
}
