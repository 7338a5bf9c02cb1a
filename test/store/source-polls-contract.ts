/** What was polled. */
import { beforeEach, describe, expect, it } from "vitest";
import { settleDelivery } from "../../src/store/deliveries.ts";
import { recordDelivery } from "../../src/store/record-delivery.ts";
import { lastPoll, rememberPoll, wasToldSince } from "../../src/store/source-polls.ts";
import { all } from "../../src/store/work.ts";
import type { StoreUnderTest } from "./builds-contract.ts";

const T0 = Date.parse("2026-11-30T10:00:00Z");

export function sourcePollsContract({ transact }: Pick<StoreUnderTest, "transact">): void {
  describe("what was polled", () => {
    beforeEach(() => transact((tx) => all(tx.db.deleteFrom("deliveries"))));

    it("is remembered for each source, the last of it alone", async () => {
      const remember = (source: string, updated: string, askedAtMs: number) =>
        transact((tx) => rememberPoll(tx, source, { updated, askedAtMs }));
      await remember("blog", "a", T0);
      await remember("shop", "x", T0);
      await remember("blog", "b", T0 + 1);
      expect(await transact((tx) => lastPoll(tx, "blog"))).toEqual({ updated: "b", askedAtMs: T0 + 1 });
      expect(await transact((tx) => lastPoll(tx, "shop"))).toEqual({ updated: "x", askedAtMs: T0 });
      expect(await transact((tx) => lastPoll(tx, "wiki"))).toBeUndefined();
    });

    it("is covered by what the same source sent since, if that did something", async () => {
      const told = (source: string, event: string, receivedAtMs: number, outcome: string | null) =>
        transact(function* (tx) {
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
      const isTold = (sinceMs: number) => transact((tx) => wasToldSince(tx, "news", sinceMs, "poll"));
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
