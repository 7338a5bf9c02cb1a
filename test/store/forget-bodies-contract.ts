/** Bodies of deliveries are forgotten after a while, and nothing else of them is. */
import { beforeEach, describe, expect, it } from "vitest";
import { claimDeliveries, finishDelivery } from "../../src/store/deliveries.ts";
import { forgetBodies, sourcesWithBodies } from "../../src/store/forget-bodies.ts";
import { recordDelivery } from "../../src/store/record-delivery.ts";
import { all, type Work } from "../../src/store/work.ts";
import type { StoreUnderTest } from "./builds-contract.ts";

const delivery = (source: string, key: string) => ({
  ...{ source, key, event: "submission", digest: `digest of ${key}`, receivedAtMs: 1 },
  body: Buffer.from("email=jan@example.com"),
});

export function forgetBodiesContract({ transact }: Pick<StoreUnderTest, "transact">): void {
  describe("bodies of deliveries", () => {
    beforeEach(() => transact((tx) => all(tx.db.deleteFrom("deliveries"))));

    it("are emptied where a delivery ended before, of that source alone; keys, digests and outcomes stay", async () => {
      await transact(function* (tx): Work<void> {
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
      const forget = () => transact((tx) => forgetBodies(tx, { source: "contact", beforeMs: 1500 }));
      expect(await transact(sourcesWithBodies)).toEqual(["contact", "stripe"]);
      expect(await forget()).toBe(2);
      expect(await forget()).toBe(0);
      const rows = await transact((tx) => all(tx.db.selectFrom("deliveries").selectAll().orderBy("id")));
      expect(rows.map((row) => [row.key, Buffer.from(row.body).toString(), row.request !== null])).toEqual([
        ["old", "", false],
        ["dead", "", false],
        ["new", "email=jan@example.com", true],
        ["other", "email=jan@example.com", true],
        ["waiting", "email=jan@example.com", false],
      ]);
      expect(rows[0]).toMatchObject({ digest: "digest of old", outcome: '["told old"]', state: "done" });
      const again = await transact((tx) => recordDelivery(tx, delivery("contact", "old")));
      expect(again.verdict).toBe("duplicate");
    });

    it("are emptied so many at a time that nothing waits long", async () => {
      await transact(function* (tx): Work<void> {
        for (let n = 0; n < 501; n++) yield* recordDelivery(tx, delivery("many", String(n)));
        yield* all(tx.db.updateTable("deliveries").set({ state: "done", finished_at: 1 }).where("source", "=", "many"));
      });
      const forget = () => transact((tx) => forgetBodies(tx, { source: "many", beforeMs: 2 }));
      expect([await forget(), await forget(), await forget()]).toEqual([500, 1, 0]);
    });
  });
}
