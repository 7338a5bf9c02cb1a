/** What is worked off again on command, and what cannot be. */
import { expect, it } from "vitest";
import { finishDelivery } from "../../src/store/deliveries.ts";
import { forgetBodies } from "../../src/store/forget-bodies.ts";
import { recordDelivery } from "../../src/store/record-delivery.ts";
import type { Work } from "../../src/store/work.ts";
import { createOperations } from "./operations-world.ts";

/** Held deliveries: one as senders send them, one of a request without a body; of which bodies may be forgotten. */
async function withHeld({ isForgotten = false } = {}) {
  const world = await createOperations();
  const delivery = { source: "cms", event: "push", digest: "d", receivedAtMs: 1, body: Buffer.from("{}") };
  const ping = { ...delivery, digest: "e", body: Buffer.alloc(0) };
  const request = { method: "GET", headers: {}, query: "a=b" };
  const ids = await world.store.transact(function* (tx): Work<number[]> {
    const one = yield* recordDelivery(tx, { ...delivery, key: "with a body" });
    const other = yield* recordDelivery(tx, { ...ping, key: "without", request });
    for (const { id, digest } of [
      { ...one, ...delivery },
      { ...other, ...ping },
    ])
      yield* finishDelivery(tx, { id, source: "cms", digest }, { state: "held", outcome: ["why"], nowMs: 1 });
    if (isForgotten) yield* forgetBodies(tx, { source: "cms", beforeMs: 2 });
    return [one.id, other.id];
  });
  return { ...world, ids };
}

it("A delivery that was held is worked off again, with a body or without", async () => {
  const { ids, ask } = await withHeld();
  for (const id of ids) {
    await ask("replay", { name: String(id), by: "ada" });
    expect(await ask("delivery", { name: String(id) })).toMatchObject({ state: "received", releasedBy: "ada" });
  }
});

it("A delivery whose body was forgotten is not worked off again, and its sender is named as the way out", async () => {
  const { ids, ask, refusal, audit } = await withHeld({ isForgotten: true });
  for (const id of ids) {
    expect(await refusal("replay", { name: String(id), by: "ada" })).toBe(
      `what delivery ${id} said was forgotten, as all is after some days; have its sender send it again`,
    );
    expect(await ask("delivery", { name: String(id) })).toMatchObject({ state: "held", releasedBy: null });
  }
  expect((await audit()).map(({ verb, result }) => `${verb} ${result}`)).toEqual(["replay refused", "replay refused"]);
});
