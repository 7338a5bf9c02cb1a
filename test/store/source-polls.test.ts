/** What was polled, in both stores. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { recordDelivery, settleDelivery } from "../../src/store/deliveries.ts";
import { openPostgres } from "../../src/store/postgres.ts";
import { lastPoll, rememberPoll, wasToldSince } from "../../src/store/source-polls.ts";
import { openSqlite } from "../../src/store/sqlite.ts";
import type { Store } from "../../src/store/store.ts";
import { postgresFolder, startPostgres, type TestPostgres } from "../servers/postgres.ts";

const T0 = Date.parse("2026-11-30T10:00:00Z");
const folder = mkdtempSync(join(tmpdir(), "slipway-polls-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function contract(name: string, open: () => Promise<Store>): void {
  describe(`what was polled, in ${name}`, () => {
    let store: Store;
    beforeAll(async () => {
      store = await open();
    });
    afterAll(() => store.close());

    it("is remembered for each source, the last of it alone", async () => {
      const remember = (source: string, updated: string, askedAtMs: number) =>
        store.transact((tx) => rememberPoll(tx, source, { updated, askedAtMs }));
      await remember("blog", "a", T0);
      await remember("shop", "x", T0);
      await remember("blog", "b", T0 + 1);
      expect(await store.transact((tx) => lastPoll(tx, "blog"))).toEqual({ updated: "b", askedAtMs: T0 + 1 });
      expect(await store.transact((tx) => lastPoll(tx, "shop"))).toEqual({ updated: "x", askedAtMs: T0 });
      expect(await store.transact((tx) => lastPoll(tx, "wiki"))).toBeUndefined();
    });

    it("is covered by what the same source sent since, if that did something", async () => {
      const told = (source: string, event: string, receivedAtMs: number, outcome: string | null) =>
        store.transact(function* (tx) {
          const key = `${source} ${event} ${receivedAtMs} ${outcome}`;
          const { id } = yield* recordDelivery(tx, {
            source,
            key,
            event,
            digest: key,
            body: Buffer.from(key),
            receivedAtMs,
          });
          if (outcome !== null) yield* settleDelivery(tx, id, { outcome: [outcome], nowMs: receivedAtMs });
        });
      const isTold = (sinceMs: number) => store.transact((tx) => wasToldSince(tx, "news", sinceMs, "poll"));
      await told("other", "entry.publish", T0, "queued deployment 1");
      await told("news", "poll", T0, "queued deployment 2");
      await told("news", "entry.update", T0, "skipped: a draft was saved");
      await told("news", "entry.publish", T0, null);
      expect(await isTold(T0)).toBe(false);
      await told("news", "entry.publish", T0 + 5, "added to deployment 2");
      expect(await isTold(T0)).toBe(true);
      expect(await isTold(T0 + 5)).toBe(true);
      expect(await isTold(T0 + 6)).toBe(false);
    });
  });
}

contract("SQLite", () => openSqlite(join(folder, "polls.db")));

if (postgresFolder() !== undefined || process.env.CI) {
  let server: TestPostgres | undefined;
  contract("Postgres", async () => {
    server = await startPostgres();
    return openPostgres(await server.createDatabase());
  });
  afterAll(async () => {
    await server?.stop();
  });
} else {
  describe.skip("what was polled, in Postgres", () => it("needs PostgreSQL (apt-get install postgresql)", () => {}));
}
