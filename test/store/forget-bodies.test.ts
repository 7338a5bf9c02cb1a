/** Bodies of deliveries are forgotten after a while, on both databases, and nothing else of them is. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { claimDeliveries, finishDelivery, recordDelivery } from "../../src/store/deliveries.ts";
import { forgetBodies } from "../../src/store/forget-bodies.ts";
import { openPostgres } from "../../src/store/postgres.ts";
import { openSqlite } from "../../src/store/sqlite.ts";
import type { Store } from "../../src/store/store.ts";
import { all, type Work } from "../../src/store/work.ts";
import { postgresFolder, startPostgres } from "../servers/postgres.ts";

const folder = mkdtempSync(join(tmpdir(), "slipway-forget-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const delivery = (source: string, key: string) => ({
  ...{ source, key, event: "submission", digest: `digest of ${key}`, receivedAtMs: 1 },
  body: Buffer.from("email=jan@example.com"),
});

function forgetting(name: string, open: () => Promise<{ store: Store; stop: () => Promise<void> }>): void {
  describe(`on ${name}`, () => {
    let opened: Awaited<ReturnType<typeof open>>;
    beforeAll(async () => {
      opened = await open();
    }, 60_000);
    afterAll(async () => {
      await opened?.store.close();
      await opened?.stop();
    });

    it("empties what ended before, of that source alone, and keeps keys, digests and outcomes", async () => {
      const { store } = opened;
      await store.transact(function* (tx): Work<void> {
        for (const [source, key] of [
          ...[
            ["contact", "old"],
            ["contact", "dead"],
            ["contact", "new"],
            ["stripe", "other"],
          ],
        ] as const)
          yield* recordDelivery(tx, delivery(source, key));
        yield* all(tx.db.updateTable("deliveries").set({ request: '{"method":"POST","headers":{},"query":"a=b"}' }));
        const claim = { boot: "b", nowMs: 2, untilMs: 3, limit: 10 };
        for (const one of yield* claimDeliveries(tx, claim)) {
          const end = { outcome: [`told ${one.key}`], nowMs: one.key === "new" ? 2000 : 1000 };
          yield* finishDelivery(tx, one, { ...end, state: one.key === "dead" ? "dead" : "done" });
        }
        yield* recordDelivery(tx, delivery("contact", "waiting"));
      });
      const forget = () => store.transact((tx) => forgetBodies(tx, { source: "contact", beforeMs: 1500 }));
      expect(await forget()).toBe(2);
      expect(await forget()).toBe(0);
      const rows = await store.transact((tx) => all(tx.db.selectFrom("deliveries").selectAll().orderBy("id")));
      expect(rows.map((row) => [row.key, Buffer.from(row.body).toString(), row.request !== null])).toEqual([
        ["old", "", false],
        ["dead", "", false],
        ["new", "email=jan@example.com", true],
        ["other", "email=jan@example.com", true],
        ["waiting", "email=jan@example.com", false],
      ]);
      expect(rows[0]).toMatchObject({ digest: "digest of old", outcome: '["told old"]', state: "done" });
      const again = await store.transact((tx) => recordDelivery(tx, delivery("contact", "old")));
      expect(again.verdict).toBe("duplicate");
    });

    it("empties so many at a time that nothing waits long", async () => {
      const { store } = opened;
      await store.transact(function* (tx): Work<void> {
        for (let n = 0; n < 501; n++) yield* recordDelivery(tx, delivery("many", String(n)));
        yield* all(tx.db.updateTable("deliveries").set({ state: "done", finished_at: 1 }).where("source", "=", "many"));
      });
      const forget = () => store.transact((tx) => forgetBodies(tx, { source: "many", beforeMs: 2 }));
      expect([await forget(), await forget(), await forget()]).toEqual([500, 1, 0]);
    });
  });
}

forgetting("SQLite", async () => ({ store: await openSqlite(join(folder, "forget.db")), stop: async () => {} }));

if (postgresFolder() !== undefined || process.env.CI) {
  forgetting("Postgres", async () => {
    const server = await startPostgres();
    return { store: await openPostgres(await server.createDatabase()), stop: () => server.stop() };
  });
}
