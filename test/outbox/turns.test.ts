/** What is told in its turn, in time, or not at all. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { AmbiguousError, PermanentError, RetryLaterError } from "../../src/errors.ts";
import { createLog } from "../../src/log.ts";
import { createOutbox, type OutboxDeps } from "../../src/outbox/outbox.ts";
import type { PacedRow } from "../../src/outbox/pace.ts";
import { claimOutbox, nextOutboxMs, type OutboxRow, outboxPostponed, outboxSent } from "../../src/store/outbox.ts";
import { PATIENCE } from "../patience.ts";
import { AT_ONCE, aWish, type OutboxWorld, openOutboxWorld } from "./outbox-world.ts";

let world: OutboxWorld;
beforeEach(async () => {
  world = await openOutboxWorld();
});
afterEach(() => world.stop());

describe("what is of use for a while only", () => {
  const late = aWish("slack.answer", "modal:1.late");
  const modal = (notAfterMs: number) => aWish("slack.modal", "modal:1", { notAfterMs, late });

  /** A clock that stands still, so that nothing depends on how fast the test is. */
  const NOW_MS = Date.now();

  /** Starts, and answers with the keys that were attempted. */
  function startWith(perform: (row: OutboxRow) => Promise<void>): string[] {
    const attempted: string[] = [];
    world.start(
      async (row) => {
        attempted.push(row.key);
        if (row.key !== late.key) await perform(row);
        return { kind: "sent", remote: null };
      },
      { now: () => NOW_MS },
    );
    return attempted;
  }

  it("is told in time", async () => {
    const attempted = startWith(async () => {});
    await world.wish(modal(NOW_MS + 60_000));
    await vi.waitFor(async () => expect(await world.ends("modal:1")).toEqual(["sent"]), PATIENCE);
    expect(attempted).toEqual(["modal:1"]);
    expect(await world.states()).toEqual({ sent: 1 });
  });

  it("is not attempted when its time is over, and what is said instead is told once", async () => {
    const attempted = startWith(async () => {});
    await world.wish(modal(NOW_MS - 1));
    await vi.waitFor(async () => expect(await world.ends("modal:1", late.key)).toEqual(["expired", "sent"]), PATIENCE);
    expect(attempted).toEqual([late.key]);
  });

  it.each([
    ["the other side asks to wait longer than that", new RetryLaterError(10_000, "429")],
    ["the next attempt would come too late", new RetryLaterError(null, "refused")],
    ["it is refused for good", new PermanentError("expired_trigger_id")],
  ])("ends at once where %s, and what is said instead is told", async (_, error) => {
    const attempted = startWith(async () => Promise.reject(error));
    await world.wish(modal(NOW_MS + 900));
    await vi.waitFor(async () => expect(await world.ends("modal:1", late.key)).toEqual(["expired", "sent"]), PATIENCE);
    expect(attempted).toEqual(["modal:1", late.key]);
  });

  it.each(["slack.modal", "slack.answer"] as const)("is %s: never repeated when it may have arrived", async (kind) => {
    const attempted = startWith(async () => Promise.reject(new AmbiguousError("cut")));
    await world.wish(aWish(kind, "one", { notAfterMs: NOW_MS + 60_000, late }));
    await vi.waitFor(async () => expect(await world.ends("one")).toEqual(["unsure"]), PATIENCE);
    expect(await world.ends(late.key)).toEqual([undefined]);
    expect(attempted).toEqual(["one"]);
  });

  it("is not attempted again after a crash in the middle of it, and nothing else is said", async () => {
    await world.wish(modal(NOW_MS + 60_000));
    const crashed = { boot: "a", nowMs: NOW_MS, untilMs: NOW_MS - 1, limit: 1 };
    await world.store.transact((tx) => claimOutbox(tx, crashed));
    const attempted = startWith(async () => {});
    await vi.waitFor(
      async () => expect(await world.ends("modal:1", late.key)).toEqual(["unsure", undefined]),
      PATIENCE,
    );
    expect(attempted).toEqual([]);
  });
});

describe("the order of telling", () => {
  it("is answers and dialogs, then what is new or final, then what goes on", async () => {
    const order: string[] = [];
    for (const key of ["goes on", "ends"]) {
      await world.wish(aWish("slack.deployment", key));
      const [row] = await world.store.transact((tx) =>
        claimOutbox(tx, { boot: "b", nowMs: Date.now(), untilMs: Date.now(), limit: 1 }),
      );
      await world.store.transact((tx) => outboxSent(tx, row?.id ?? 0, 1, { channel: "C0SHOP", ts: "1.1" }));
      await world.wish(aWish("slack.deployment", key, { isUrgent: key === "ends" }));
    }
    await world.wish(aWish("slack.deployment", "begins"));
    await world.wish(aWish("slack.answer", "answer"));
    world.start(async (row) => {
      order.push(row.key);
      return { kind: "sent", remote: {} };
    });
    await vi.waitFor(async () => expect(await world.states()).toEqual({ sent: 4 }), PATIENCE);
    expect(order).toEqual(["answer", "ends", "begins", "goes on"]);
  });

  it("gives answers places of their own, however long others take", async () => {
    let go = () => {};
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    world.start(async (row) => {
      if (row.kind === "slack.deployment") await gate;
      return { kind: "sent", remote: {} };
    });
    for (let n = 0; n < 20; n++) await world.wish(aWish("slack.deployment", `slow-${n}`));
    await world.wish(aWish("slack.answer", "answer"));
    await vi.waitFor(async () => expect(await world.ends("answer")).toEqual(["sent"]), PATIENCE);
    expect(await world.states()).toEqual({ pending: 20, sent: 1 });
    go();
    await vi.waitFor(async () => expect(await world.states()).toEqual({ sent: 21 }), PATIENCE);
  });

  it("does not look again and again while all places of answers are taken", async () => {
    const gate = Promise.withResolvers<void>();
    const perform = async () => {
      await gate.promise;
      return { kind: "sent", remote: {} } as const;
    };
    const { store, queue } = world;
    const log = createLog({ level: "silent", pretty: false });
    const performers = { "slack.answer": perform } as unknown as OutboxDeps["performers"];
    const outbox = createOutbox({ store, queue, log, boot: "b", performers, pace: AT_ONCE });
    for (let n = 0; n < 5; n++) await world.wish(aWish("slack.answer", `answer-${n}`));
    expect(await outbox.round()).toBeUndefined();
    gate.resolve();
    await outbox.settled();
    await outbox.round();
    await outbox.settled();
    expect(await world.states()).toEqual({ sent: 5 });
  });

  it("puts back what has to wait, without an attempt, and tells it at once when it becomes final", async () => {
    const attempts: OutboxRow[] = [];
    const asked: number[] = [];
    const pace = {
      ...AT_ONCE,
      waitMs(row: PacedRow) {
        asked.push(row.id);
        return row.isUrgent ? 0 : 60_000;
      },
    };
    world.start(
      async (row) => {
        attempts.push(row);
        return { kind: "sent", remote: {} };
      },
      { pace },
    );
    await world.wish(aWish("slack.deployment", "a"));
    await vi.waitFor(
      async () => expect(await world.store.transact((tx) => nextOutboxMs(tx))).toBeGreaterThan(Date.now()),
      PATIENCE,
    );
    world.queue.nudge("outbox");
    await world.wish(aWish("slack.deployment", "a", { desired: { channel: "C0SHOP", step: 2 } }));
    expect(attempts).toEqual([]);
    await world.wish(aWish("slack.deployment", "a", { isUrgent: true }));
    await vi.waitFor(async () => expect(await world.states()).toEqual({ sent: 1 }), PATIENCE);
    expect(attempts).toMatchObject([{ attempts: 1, inDoubt: false, isUrgent: true }]);
    expect(asked).toEqual([1, 1]);
  });

  it("keeps what became final while it was put back due at once", async () => {
    await world.wish(aWish("slack.deployment", "a"));
    const claim = { boot: "b", nowMs: Date.now(), untilMs: Date.now() + 1000, limit: 1 };
    const [row] = await world.store.transact((tx) => claimOutbox(tx, claim));
    await world.wish(aWish("slack.deployment", "a", { isUrgent: true }));
    await world.store.transact((tx) => outboxPostponed(tx, row as OutboxRow, Date.now() + 60_000));
    expect(await world.store.transact((tx) => nextOutboxMs(tx))).toBe(0);
  });

  it("pauses the method that Slack asks to wait with, says so, and gives up nothing for it", async () => {
    const paused: unknown[] = [];
    const limited: string[] = [];
    let attempts = 0;
    world.start(
      async (row) => {
        attempts = row.attempts;
        if (paused.length < 3) throw new RetryLaterError(1, "429");
        return { kind: "sent", remote: {} };
      },
      {
        pace: { ...AT_ONCE, pauseMethod: (method) => paused.push(method) },
        // Whoever is told may fail: that is nobody's end.
        onRateLimited: async (channel) => {
          limited.push(channel);
          throw new Error("the disk is full");
        },
      },
    );
    await world.wish(aWish("slack.deployment", "a"));
    await vi.waitFor(async () => expect(await world.states()).toEqual({ sent: 1 }), { timeout: 5000 });
    expect(paused).toEqual(Array(3).fill("chat.postMessage"));
    expect(limited).toEqual(Array(3).fill("C0SHOP"));
    expect(attempts).toBe(1);
  });

  it("lets a wish wait for another one, without an attempt", async () => {
    let attempts = 0;
    const paused: string[] = [];
    world.start(
      async (row) => {
        if (row.attempts > 1) throw new Error("it was counted");
        attempts++;
        return attempts < 3 ? { kind: "waits", forMs: 10, reason: "not yet" } : { kind: "sent", remote: {} };
      },
      { pace: { ...AT_ONCE, pauseMethod: (method) => paused.push(method) } },
    );
    await world.wish(aWish("slack.thread", "a"));
    await vi.waitFor(async () => expect(await world.states()).toEqual({ sent: 1 }), PATIENCE);
    expect([attempts, paused]).toEqual([3, []]);
  });
});
