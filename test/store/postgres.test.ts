import { afterAll, describe, it } from "vitest";
import { openPostgres } from "../../src/store/postgres.ts";
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
  afterAll(async () => {
    await server?.stop();
  });
} else {
  describe.skip("the store on Postgres", () => it("needs PostgreSQL (apt-get install postgresql)", () => {}));
}
