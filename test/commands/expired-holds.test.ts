/** Holds that end by themselves while somebody makes new ones, on Postgres, where several transactions run at once. */
import pg from "pg";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { endExpiredHolds } from "../../src/commands/hold-site.ts";
import { parseConfig } from "../../src/config/load-config.ts";
import { createLogKeys } from "../../src/secrets/log-keys.ts";
import { secret } from "../../src/secrets/secret.ts";
import { openPostgres } from "../../src/store/postgres.ts";
import { findSite, setLocked } from "../../src/store/sites.ts";
import { PATIENCE } from "../patience.ts";
import { postgresFolder, startPostgres } from "../servers/postgres.ts";

const telling = {
  config: parseConfig('sites: { shop: { repo: acme/shop, publish: "dir:/srv/shop" } }', "the test"),
  ...{ hasSlack: true, hasGithub: false, logKeys: createLogKeys([secret("the secret of the test")]) },
};
const OLD = { by: "alice", reason: "lunch", atMs: 1, untilMs: 1000 };
const NEW = { by: "bob", reason: "the fair", atMs: 1000, untilMs: 9000 };

describe.skipIf(postgresFolder() === undefined && !process.env.CI)("The clock", () => {
  it("waits for whoever is at work on a site, and leaves the lock that they made", async () => {
    const server = await startPostgres();
    onTestFinished(() => server.stop());
    const url = await server.createDatabase();
    const store = await openPostgres(url);
    onTestFinished(() => store.close());
    const other = new pg.Client(url);
    await other.connect();
    onTestFinished(() => other.end());
    const count = async (query: string) => (await other.query<{ n: number }>(query)).rows[0]?.n;
    await store.transact((tx) => setLocked(tx, "shop", OLD));

    await other.query("select pg_advisory_lock(hashtextextended('deeds on site shop', 0))");
    const ended = store.transact((tx) => endExpiredHolds(tx, { telling }, { nowMs: 1000 }));
    const waiting = "select count(*)::int as n from pg_locks where locktype = 'advisory' and not granted";
    await vi.waitFor(async () => expect(await count(waiting)).toBe(1), PATIENCE);
    await store.transact((tx) => setLocked(tx, "shop", NEW));
    await other.query("select pg_advisory_unlock_all()");

    expect(await ended).toEqual([]);
    expect((await store.transact((tx) => findSite(tx, "shop")))?.locked).toEqual(NEW);
  });
});
