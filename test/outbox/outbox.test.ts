import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { AmbiguousError, PermanentError, RetryLaterError } from "../../src/errors.ts";
import { createLog } from "../../src/log.ts";
import type { Perform } from "../../src/notify/perform.ts";
import { startOutbox } from "../../src/outbox/outbox.ts";
import type { PacedRow } from "../../src/outbox/pace.ts";
import type { Loop } from "../../src/queue/loop.ts";
import { createMemoryQueue } from "../../src/queue/memory-queue.ts";
import type { Queue } from "../../src/queue/queue.ts";
import { findDeployment, queueDeployment } from "../../src/store/deployments.ts";
import {
  claimOutbox,
  countOutbox,
  findTold,
  nextOutboxMs,
  type OutboxKind,
  type OutboxRow,
  outboxPostponed,
  outboxSent,
  type Wish,
  wish,
} from "../../src/store/outbox.ts";
import { openSqlite } from "../../src/store/sqlite.ts";
import type { Store } from "../../src/store/store.ts";
import type { Work } from "../../src/store/work.ts";

let folder: string;
let store: Store;
let queue: Queue;
let outbox: Loop | undefined;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "slipway-outbox-"));
  store = await openSqlite(join(folder, "slipway.db"));
  queue = createMemoryQueue();
});
afterEach(async () => {
  await outbox?.stop();
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Whatever it is, it goes now: how fast Slack is told is tested by itself. */
const AT_ONCE = { waitMs: () => 0, pauseMethod: () => {} };

/** Starts the outbox with one performer, which is called with each attempt's row. */
function start(perform: Perform, options: Partial<Parameters<typeof startOutbox>[0]> = {}): void {
  const kinds = ["deployment", "notice", "answer", "thread", "modal"].map((kind) => `slack.${kind}`);
  const performers = Object.fromEntries(
    [...kinds, "github.deployment", "github.check"].map((kind) => [kind, perform]),
  ) as Record<OutboxKind, Perform>;
  const log = createLog({ level: "silent", pretty: false });
  outbox = startOutbox({ store, queue, log, boot: "b", performers, pace: AT_ONCE, ...options });
}

async function want(key: string, desired: unknown = {}, deploymentId: string | null = null): Promise<void> {
  await wishFor({ kind: "slack.deployment", key, deploymentId, desired });
}

async function wishFor(wanted: Wish): Promise<void> {
  await store.transact((tx) => wish(tx, wanted, Date.now()));
  queue.nudge("outbox");
}

const aWish = (kind: OutboxKind, key: string, more: Partial<Wish> = {}): Wish => {
  const to = { channel: "C0SHOP", user: "U0ALICE", responseUrl: null, thread: null, isDirect: false };
  const desired = kind === "slack.answer" ? { to } : { channel: "C0SHOP" };
  return { kind, key, deploymentId: null, desired, ...more };
};

/** The state of each row, by key. */
const ends = (...keys: string[]) =>
  store.transact(function* (tx): Work<unknown[]> {
    const states: unknown[] = [];
    for (const key of keys) states.push((yield* findTold(tx, key))?.state);
    return states;
  });

const states = () => store.transact(countOutbox);

describe("the outbox", () => {
  it("performs a wish once, and remembers what the other side called it for the next version", async () => {
    const attempts: OutboxRow[] = [];
    start(async (row) => {
      attempts.push(row);
      return { kind: "sent", remote: { ts: "1" } };
    });
    await want("a", { step: 1 });
    await vi.waitFor(async () => expect(await states()).toEqual({ sent: 1 }));
    await want("a", { step: 2 });
    await vi.waitFor(() => expect(attempts).toHaveLength(2));
    expect(attempts[1]).toMatchObject({ remote: { ts: "1" }, desired: { step: 2 }, inDoubt: false });
    await vi.waitFor(async () => expect(await states()).toEqual({ sent: 1 }));
  });

  it("sends only the newest of many versions that come while one is under way", async () => {
    const seen: unknown[] = [];
    let go = () => {};
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    start(async (row) => {
      seen.push(row.desired);
      await gate;
      return { kind: "sent", remote: {} };
    });
    await want("a", 1);
    await vi.waitFor(() => expect(seen).toEqual([1]));
    for (const version of [2, 3, 4]) await want("a", version);
    go();
    await vi.waitFor(async () => expect(await states()).toEqual({ sent: 1 }));
    expect(seen).toEqual([1, 4]);
  });

  it("waits as long as it was told, without doubt, and does not hold up others", async () => {
    const attempts: Array<{ key: string; atMs: number; inDoubt: boolean }> = [];
    start(async (row) => {
      attempts.push({ key: row.key, atMs: Date.now(), inDoubt: row.inDoubt });
      if (row.key === "slow" && attempts.filter((it) => it.key === "slow").length === 1)
        throw new RetryLaterError(700, "429");
      return { kind: "sent", remote: {} };
    });
    await want("slow");
    await want("quick");
    await vi.waitFor(async () => expect(await states()).toEqual({ sent: 2 }), { timeout: 5000 });
    const [first, second] = attempts.filter((it) => it.key === "slow");
    expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBeGreaterThanOrEqual(700);
    expect(second?.inDoubt).toBe(false);
    expect(attempts.findIndex((it) => it.key === "quick")).toBeLessThan(2);
  });

  it.each([
    ["an answer that never came", new AmbiguousError("cut"), true],
    ["an error nobody knows", new Error("?"), true],
    ["a refused connection", new RetryLaterError(null, "refused"), false],
  ])("after %s it tries again, and says whether to look first", async (_, error, inDoubt) => {
    const doubts: boolean[] = [];
    start(async (row) => {
      doubts.push(row.inDoubt);
      if (doubts.length === 1) throw error;
      return { kind: "sent", remote: {} };
    });
    await want("a");
    await vi.waitFor(async () => expect(await states()).toEqual({ sent: 1 }), { timeout: 5000 });
    expect(doubts).toEqual([false, inDoubt]);
  });

  it("gives up what was refused for good or cannot be looked up, and says so in the deployment's record", async () => {
    const deployment = {
      id: "d-1",
      site: "shop",
      trigger: "push",
      cause: "c",
      repoId: null,
      repoName: "a/b",
      installationId: null,
      branch: "main",
      commit: "c",
      author: "A",
      title: "T",
    } as const;
    await store.transact((tx) => queueDeployment(tx, deployment, 1));
    start(async (row) => {
      if (row.key === "refused") throw new PermanentError("channel_not_found");
      return { kind: "unsure", reason: "no access to the history" };
    });
    await want("refused", {}, "d-1");
    await want("unsure", {}, "d-1");
    await vi.waitFor(async () => expect(await states()).toEqual({ dead: 1, unsure: 1 }));
    const record = await store.transact((tx) => findDeployment(tx, "d-1"));
    expect([...(record?.remarks ?? [])].sort()).toEqual([
      "Slack may not have been told: no access to the history",
      "Slack was not told: channel_not_found",
    ]);
  });
});

describe("what is of use for a while only", () => {
  const late = aWish("slack.answer", "modal:1.late");
  const modal = (notAfterMs: number) => aWish("slack.modal", "modal:1", { notAfterMs, late });

  /** Starts, and answers with the keys that were attempted. */
  function startWith(perform: (row: OutboxRow) => Promise<void>): string[] {
    const attempted: string[] = [];
    start(async (row) => {
      attempted.push(row.key);
      if (row.key !== late.key) await perform(row);
      return { kind: "sent", remote: null };
    });
    return attempted;
  }

  it("is told in time", async () => {
    const attempted = startWith(async () => {});
    await wishFor(modal(Date.now() + 60_000));
    await vi.waitFor(async () => expect(await ends("modal:1")).toEqual(["sent"]));
    expect(attempted).toEqual(["modal:1"]);
    expect(await states()).toEqual({ sent: 1 });
  });

  it("is not attempted when its time is over, and what is said instead is told once", async () => {
    const attempted = startWith(async () => {});
    await wishFor(modal(Date.now() - 1));
    await vi.waitFor(async () => expect(await ends("modal:1", late.key)).toEqual(["expired", "sent"]));
    expect(attempted).toEqual([late.key]);
  });

  it.each([
    ["the other side asks to wait longer than that", new RetryLaterError(10_000, "429")],
    ["the next attempt would come too late", new RetryLaterError(null, "refused")],
    ["it is refused for good", new PermanentError("expired_trigger_id")],
  ])("ends at once where %s, and what is said instead is told", async (_, error) => {
    const attempted = startWith(async () => Promise.reject(error));
    await wishFor(modal(Date.now() + 900));
    await vi.waitFor(async () => expect(await ends("modal:1", late.key)).toEqual(["expired", "sent"]));
    expect(attempted).toEqual(["modal:1", late.key]);
  });

  it.each(["slack.modal", "slack.answer"] as const)("is %s: never repeated when it may have arrived", async (kind) => {
    const attempted = startWith(async () => Promise.reject(new AmbiguousError("cut")));
    await wishFor(aWish(kind, "one", { notAfterMs: Date.now() + 60_000, late }));
    await vi.waitFor(async () => expect(await ends("one")).toEqual(["unsure"]));
    expect(await ends(late.key)).toEqual([undefined]);
    expect(attempted).toEqual(["one"]);
  });

  it("is not attempted again after a crash in the middle of it, and nothing else is said", async () => {
    await wishFor(modal(Date.now() + 60_000));
    const crashed = { boot: "a", nowMs: Date.now(), untilMs: Date.now() - 1, limit: 1 };
    await store.transact((tx) => claimOutbox(tx, crashed));
    const attempted = startWith(async () => {});
    await vi.waitFor(async () => expect(await ends("modal:1", late.key)).toEqual(["unsure", undefined]));
    expect(attempted).toEqual([]);
  });
});

describe("the order of telling", () => {
  it("is answers and dialogs, then what is new or final, then what goes on", async () => {
    const order: string[] = [];
    for (const key of ["goes on", "ends"]) {
      await wishFor(aWish("slack.deployment", key));
      const [row] = await store.transact((tx) =>
        claimOutbox(tx, { boot: "b", nowMs: Date.now(), untilMs: Date.now(), limit: 1 }),
      );
      await store.transact((tx) => outboxSent(tx, row?.id ?? 0, 1, { channel: "C0SHOP", ts: "1.1" }));
      await wishFor(aWish("slack.deployment", key, { isUrgent: key === "ends" }));
    }
    await wishFor(aWish("slack.deployment", "begins"));
    await wishFor(aWish("slack.answer", "answer"));
    start(async (row) => {
      order.push(row.key);
      return { kind: "sent", remote: {} };
    });
    await vi.waitFor(async () => expect(await states()).toEqual({ sent: 4 }));
    expect(order).toEqual(["answer", "ends", "begins", "goes on"]);
  });

  it("gives answers places of their own, however long others take", async () => {
    let go = () => {};
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    start(async (row) => {
      if (row.kind === "slack.deployment") await gate;
      return { kind: "sent", remote: {} };
    });
    for (let n = 0; n < 20; n++) await want(`slow-${n}`);
    await wishFor(aWish("slack.answer", "answer"));
    await vi.waitFor(async () => expect(await ends("answer")).toEqual(["sent"]));
    expect(await states()).toEqual({ pending: 20, sent: 1 });
    go();
    await vi.waitFor(async () => expect(await states()).toEqual({ sent: 21 }));
  });

  it("puts back what has to wait, without an attempt, and tells it at once when it becomes final", async () => {
    const attempts: OutboxRow[] = [];
    const asked: string[] = [];
    const pace = {
      ...AT_ONCE,
      waitMs(row: PacedRow) {
        asked.push(row.key);
        return row.isUrgent ? 0 : 60_000;
      },
    };
    start(
      async (row) => {
        attempts.push(row);
        return { kind: "sent", remote: {} };
      },
      { pace },
    );
    await wishFor(aWish("slack.deployment", "a"));
    await vi.waitFor(async () => expect(await store.transact((tx) => nextOutboxMs(tx))).toBeGreaterThan(Date.now()));
    queue.nudge("outbox");
    await wishFor(aWish("slack.deployment", "a", { desired: { channel: "C0SHOP", step: 2 } }));
    expect(attempts).toEqual([]);
    await wishFor(aWish("slack.deployment", "a", { isUrgent: true }));
    await vi.waitFor(async () => expect(await states()).toEqual({ sent: 1 }));
    expect(attempts).toMatchObject([{ attempts: 1, inDoubt: false, isUrgent: true }]);
    expect(asked).toEqual(["a", "a"]);
  });

  it("keeps what became final while it was put back due at once", async () => {
    await wishFor(aWish("slack.deployment", "a"));
    const claim = { boot: "b", nowMs: Date.now(), untilMs: Date.now() + 1000, limit: 1 };
    const [row] = await store.transact((tx) => claimOutbox(tx, claim));
    await wishFor(aWish("slack.deployment", "a", { isUrgent: true }));
    await store.transact((tx) => outboxPostponed(tx, row as OutboxRow, Date.now() + 60_000));
    expect(await store.transact((tx) => nextOutboxMs(tx))).toBe(0);
  });

  it("pauses the method that Slack asks to wait with, says so, and gives up nothing for it", async () => {
    const paused: unknown[] = [];
    const limited: string[] = [];
    let attempts = 0;
    start(
      async (row) => {
        attempts = row.attempts;
        if (paused.length < 3) throw new RetryLaterError(1, "429");
        return { kind: "sent", remote: {} };
      },
      {
        pace: { ...AT_ONCE, pauseMethod: (method) => paused.push(method) },
        onRateLimited: (channel) => limited.push(channel),
      },
    );
    await wishFor(aWish("slack.deployment", "a"));
    await vi.waitFor(async () => expect(await states()).toEqual({ sent: 1 }), { timeout: 5000 });
    expect(paused).toEqual(Array(3).fill("chat.postMessage"));
    expect(limited).toEqual(Array(3).fill("C0SHOP"));
    expect(attempts).toBe(1);
  });

  it("lets a wish wait for another one, without an attempt", async () => {
    let attempts = 0;
    const paused: string[] = [];
    start(
      async (row) => {
        if (row.attempts > 1) throw new Error("it was counted");
        attempts++;
        return attempts < 3 ? { kind: "waits", forMs: 10, reason: "not yet" } : { kind: "sent", remote: {} };
      },
      { pace: { ...AT_ONCE, pauseMethod: (method) => paused.push(method) } },
    );
    await wishFor(aWish("slack.thread", "a"));
    await vi.waitFor(async () => expect(await states()).toEqual({ sent: 1 }));
    expect([attempts, paused]).toEqual([3, []]);
  });
});
