/** What keys, digests and windows tell of deliveries, whatever database is behind it. */
import { describe, expect, it } from "vitest";
import type { NewDelivery } from "../../src/model/delivery.ts";
import {
  earlierTwin,
  findDelivery,
  finishDelivery,
  isForgotten,
  listDeliveries,
  reviveDelivery,
} from "../../src/store/deliveries.ts";
import { forgetBodies } from "../../src/store/forget-bodies.ts";
import { type Identity, recordDelivery } from "../../src/store/record-delivery.ts";
import type { Store } from "../../src/store/store.ts";
import type { Work } from "../../src/store/work.ts";

let count = 0;
const NOW = 1_800_000_000_000;
const HOUR = 3_600_000;

const delivery = (given: Partial<NewDelivery> = {}): NewDelivery => {
  count++;
  const body = Buffer.from(`body ${count}`);
  return {
    source: "cms",
    key: `id-${count}`,
    event: "e",
    digest: `digest-${count}`,
    body,
    receivedAtMs: NOW,
    ...given,
  };
};

export function deliveriesContract(store: Pick<Store, "transact">): void {
  const record = (one: NewDelivery, identity?: Identity) => store.transact((tx) => recordDelivery(tx, one, identity));
  const find = async (id: number) => {
    const found = await store.transact((tx) => findDelivery(tx, String(id)));
    if (!found) throw new Error(`no delivery ${id}`);
    return found;
  };

  describe("deliveries of declared sources", () => {
    it("keep what was kept of the request, and the secret that fitted", async () => {
      const request = { method: "POST", headers: { "x-topic": "entry.publish" }, query: "a=b" };
      const { id } = await record(delivery({ request, matched: "env:CMS_SECRET" }));
      expect(await find(id)).toMatchObject({ request, matched: "env:CMS_SECRET", seen: 1, releasedBy: null });
      const [listed] = await store.transact((tx) => listDeliveries(tx, { limit: 1 }));
      expect(listed).toMatchObject({ id, request, matched: "env:CMS_SECRET" });
    });

    it("count how often they came", async () => {
      const one = delivery();
      const { id } = await record(one);
      for (const _ of [1, 2]) expect(await record(one)).toEqual({ id, verdict: "duplicate" });
      expect((await find(id)).seen).toBe(3);
    });

    it("with other bytes under a known id are kept once, as conflicts, beside the first ones", async () => {
      const one = delivery();
      const first = await record(one);
      const other = { ...one, digest: "another digest", body: Buffer.from("another") };
      const second = await record(other);
      expect(second).toEqual({ id: second.id, verdict: "conflict" });
      expect(second.id).not.toBe(first.id);
      expect(await find(second.id)).toMatchObject({
        verdict: "conflict",
        state: "received",
        key: `${one.key}~another dige`,
      });
      expect(await record(other)).toEqual({ id: second.id, verdict: "duplicate" });
      expect(await find(first.id)).toMatchObject({ verdict: "new", digest: one.digest });
    });

    it("whose bytes may change are duplicates all the same", async () => {
      const one = delivery();
      const { id } = await record(one, { bodyMayChange: true });
      const again = await record({ ...one, digest: "counted up" }, { bodyMayChange: true });
      expect(again).toEqual({ id, verdict: "duplicate" });
    });

    it("that are known by their bytes alone are the same within the window, also where it spans two", async () => {
      const windowMs = HOUR;
      // Just before and just after a full hour since 1970.
      const edge = Math.ceil(NOW / HOUR) * HOUR;
      const one = delivery({ receivedAtMs: edge - 1000 });
      const { id, verdict } = await record(one, { windowMs });
      expect(verdict).toBe("new");
      expect(await record({ ...one, receivedAtMs: edge + 1000 }, { windowMs })).toEqual({ id, verdict: "duplicate" });
      expect(await record({ ...one, receivedAtMs: edge - 1001 + HOUR }, { windowMs })).toEqual({
        id,
        verdict: "duplicate",
      });
      const later = await record({ ...one, receivedAtMs: edge + HOUR }, { windowMs });
      expect(later.verdict).toBe("new");
      expect(later.id).not.toBe(id);
      expect((await find(id)).seen).toBe(3);
    });

    it("know the ones of the same bytes that came before, worked off or not", async () => {
      const one = delivery({ digest: "the same bytes" });
      const { id: first } = await record(one);
      const { id: second } = await record({ ...one, key: `${one.key}-b` });
      const { id: elsewhere } = await record({ ...one, source: "other" });
      const twin = async (id: number) => {
        const found = await find(id);
        return store.transact((tx) => earlierTwin(tx, found));
      };
      expect(await twin(first)).toBeUndefined();
      expect(await twin(second)).toBe(first);
      expect(await twin(elsewhere)).toBeUndefined();
      const whole = await find(first);
      const end = { state: "done", outcome: [], nowMs: NOW } as const;
      await store.transact((tx) => finishDelivery(tx, whole, end));
      expect(await twin(second)).toBe(first);
    });

    it("of the same bytes are no twins of what was given up and did nothing", async () => {
      const one = delivery();
      const { id: first } = await record(one);
      const given = await find(first);
      await store.transact((tx) => finishDelivery(tx, given, { state: "dead", outcome: [], nowMs: NOW }));
      const { id: second } = await record({ ...one, key: `${one.key}-b` });
      const later = await find(second);
      expect(await store.transact((tx) => earlierTwin(tx, later))).toBeUndefined();
    });

    it("of the same bytes that are worked off at the same moment see one another", async () => {
      async function pair() {
        const one = delivery();
        const first = await find((await record(one)).id);
        await store.transact((tx) => finishDelivery(tx, first, { state: "dead", outcome: [], nowMs: NOW }));
        const second = await find((await record({ ...one, key: `${one.key}-b` })).id);
        // Neither waits before the other: the first was given up, and its sender sends it again.
        return [first, second];
      }
      const workOff = (whole: Awaited<ReturnType<typeof find>>) =>
        store.transact(function* (tx): Work<string> {
          const state = (yield* earlierTwin(tx, whole)) === undefined ? "done" : "held";
          yield* finishDelivery(tx, whole, { state, outcome: [], nowMs: NOW });
          return state;
        });
      for (const both of [await pair(), await pair(), await pair()])
        expect((await Promise.all(both.map(workOff))).sort()).toEqual(["done", "held"]);
    });

    it("that were held are taken up again by somebody, who is remembered", async () => {
      const one = delivery();
      const { id } = await record(one);
      const whole = await find(id);
      await store.transact((tx) => finishDelivery(tx, whole, { state: "held", outcome: ["why"], nowMs: NOW }));
      expect(await record(one)).toEqual({ id, verdict: "duplicate" });
      await store.transact((tx) => reviveDelivery(tx, id, "alice"));
      expect(await find(id)).toMatchObject({ state: "received", releasedBy: "alice" });
    });

    it("that come at the same moment are new once, and all are told the same number", async () => {
      const one = delivery();
      const all = await Promise.all(Array.from({ length: 20 }, () => record(one)));
      expect(all.filter(({ verdict }) => verdict === "new")).toHaveLength(1);
      expect(new Set(all.map(({ id }) => id)).size).toBe(1);
      expect(await find(all[0]?.id ?? 0)).toMatchObject({ seen: 20, verdict: "new" });
      const other = { ...one, digest: "other bytes", body: Buffer.from("other") };
      const conflicts = await Promise.all(Array.from({ length: 10 }, () => record(other)));
      expect(conflicts.filter(({ verdict }) => verdict === "conflict")).toHaveLength(1);
      expect(new Set(conflicts.map(({ id }) => id)).size).toBe(1);
    });

    it("that come at the same moment within a window are new once", async () => {
      const one = delivery();
      const all = await Promise.all(Array.from({ length: 20 }, () => record(one, { windowMs: HOUR })));
      expect(all.filter(({ verdict }) => verdict === "new")).toHaveLength(1);
      expect(new Set(all.map(({ id }) => id)).size).toBe(1);
    });

    it("that were given up are revived by one of those that come at the same moment", async () => {
      const one = delivery();
      const { id } = await record(one);
      const whole = await find(id);
      await store.transact((tx) => finishDelivery(tx, whole, { state: "dead", outcome: [], nowMs: NOW }));
      const all = await Promise.all(Array.from({ length: 10 }, () => record(one)));
      expect(all.filter(({ verdict }) => verdict === "revived")).toEqual([{ id, verdict: "revived" }]);
    });

    it("that were given up and forgotten say again what they said when they come again", async () => {
      const request = { method: "POST", headers: { "x-topic": "a" }, query: "" };
      const one = delivery({ request, matched: "env:OLD" });
      const { id } = await record(one);
      const whole = await find(id);
      await store.transact((tx) => finishDelivery(tx, whole, { state: "dead", outcome: [], nowMs: NOW }));
      await store.transact((tx) => forgetBodies(tx, { source: one.source, beforeMs: NOW + 1 }));
      const forgotten = await find(id);
      expect([forgotten.body.length, forgotten.request, isForgotten(forgotten)]).toEqual([0, null, true]);
      expect(await record({ ...one, matched: "env:NEW" })).toEqual({ id, verdict: "revived" });
      const again = await find(id);
      expect(Buffer.from(again.body).toString()).toBe(one.body.toString());
      expect(again).toMatchObject({ state: "received", request, matched: "env:NEW", digest: one.digest });
      expect(isForgotten(again)).toBe(false);
    });

    it("of the same bytes are known, too, where the later number was done before the earlier one was there", async () => {
      const one = delivery();
      const { id: first } = await record(one);
      const { id: second } = await record({ ...one, key: `${one.key}-b` });
      const { id: third } = await record({ ...one, key: `${one.key}-c` });
      const [earlier, later] = [await find(first), await find(second)];
      const end = (state: "done" | "held") =>
        store.transact((tx) => finishDelivery(tx, later, { state, outcome: [], nowMs: NOW }));
      const twinOf = (whole: typeof earlier) => store.transact((tx) => earlierTwin(tx, whole));
      // One that was held did nothing.
      await end("held");
      expect(await twinOf(earlier)).toBeUndefined();
      await end("done");
      expect(await twinOf(earlier)).toBe(second);
      expect(await twinOf(await find(third))).toBe(second);
    });
  });
}
