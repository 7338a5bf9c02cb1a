/** Wishes are fulfilled once, whatever attempts end with. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { AmbiguousError, OperatorError, PermanentError, RetryLaterError } from "../../src/errors.ts";
import { createLog } from "../../src/log.ts";
import { createOutbox, type OutboxDeps } from "../../src/outbox/outbox.ts";
import { findDeployment, queueDeployment } from "../../src/store/deployments.ts";
import { nextOutboxMs, type OutboxRow } from "../../src/store/outbox.ts";
import { PATIENCE } from "../patience.ts";
import { AT_ONCE, type OutboxWorld, openOutboxWorld } from "./outbox-world.ts";

let world: OutboxWorld;
beforeEach(async () => {
  world = await openOutboxWorld();
});
afterEach(() => world.stop());

const want = (key: string, desired: unknown = {}, deploymentId: string | null = null) =>
  world.wish({ kind: "slack.deployment", key, deploymentId, desired });

describe("the outbox", () => {
  it("performs a wish once, and remembers what the other side called it for the next version", async () => {
    const attempts: OutboxRow[] = [];
    world.start(async (row) => {
      attempts.push(row);
      return { kind: "sent", remote: { ts: "1" } };
    });
    await want("a", { step: 1 });
    await vi.waitFor(async () => expect(await world.states()).toEqual({ sent: 1 }), PATIENCE);
    await want("a", { step: 2 });
    await vi.waitFor(() => expect(attempts).toHaveLength(2), PATIENCE);
    expect(attempts[1]).toMatchObject({ remote: { ts: "1" }, desired: { step: 2 }, inDoubt: false });
    await vi.waitFor(async () => expect(await world.states()).toEqual({ sent: 1 }), PATIENCE);
  });

  it("sends only the newest of many versions that come while one is under way", async () => {
    const seen: unknown[] = [];
    let go = () => {};
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    world.start(async (row) => {
      seen.push(row.desired);
      await gate;
      return { kind: "sent", remote: {} };
    });
    await want("a", 1);
    await vi.waitFor(() => expect(seen).toEqual([1]), PATIENCE);
    for (const version of [2, 3, 4]) await want("a", version);
    go();
    await vi.waitFor(async () => expect(await world.states()).toEqual({ sent: 1 }), PATIENCE);
    expect(seen).toEqual([1, 4]);
  });

  it("sends what was wished while it was refused something older", async () => {
    const seen: unknown[] = [];
    world.start(async (row) => {
      seen.push(row.desired);
      if (row.desired === 2) return { kind: "sent", remote: {} };
      await want("a", 2);
      throw new PermanentError("msg_too_long");
    });
    await want("a", 1);
    await vi.waitFor(async () => expect(await world.states()).toEqual({ sent: 1 }), PATIENCE);
    expect(seen).toEqual([1, 2]);
  });

  it("waits as long as it was told, without doubt, and does not hold up others", async () => {
    const attempts: Array<{ key: string; atMs: number; inDoubt: boolean }> = [];
    world.start(async (row) => {
      attempts.push({ key: row.key, atMs: Date.now(), inDoubt: row.inDoubt });
      if (row.key === "slow" && attempts.filter((it) => it.key === "slow").length === 1)
        throw new RetryLaterError(700, "429");
      return { kind: "sent", remote: {} };
    });
    await want("slow");
    await want("quick");
    await vi.waitFor(async () => expect(await world.states()).toEqual({ sent: 2 }), { timeout: 5000 });
    const [first, second] = attempts.filter((it) => it.key === "slow");
    expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBeGreaterThanOrEqual(700);
    expect(second?.inDoubt).toBe(false);
    expect(attempts.findIndex((it) => it.key === "quick")).toBeLessThan(2);
  });

  it.each([
    ["an answer that never came", new AmbiguousError("cut"), true],
    ["an error nobody knows", new Error("?"), true],
    ["a refused connection", new RetryLaterError(null, "refused"), false],
    ["a refusal that the operator can mend", new OperatorError("SLACK_BOT_TOKEN", "is not accepted"), false],
  ])("after %s it tries again, and says whether to look first", async (_, error, inDoubt) => {
    const doubts: boolean[] = [];
    world.start(async (row) => {
      doubts.push(row.inDoubt);
      if (doubts.length === 1) throw error;
      return { kind: "sent", remote: {} };
    });
    await want("a");
    await vi.waitFor(async () => expect(await world.states()).toEqual({ sent: 1 }), { timeout: 5000 });
    expect(doubts).toEqual([false, inDoubt]);
  });

  it("tells what only an operator can mend when they are back in the morning, and says so once in the log", async () => {
    const startMs = 1_000_000;
    let nowMs = startMs;
    const said: string[] = [];
    const log = createLog({ level: "silent", pretty: false });
    log.error = (_: unknown, words?: unknown) => void said.push(String(words));
    const perform = async () => {
      if (nowMs < startMs + 13 * 3_600_000) throw new OperatorError("SLACK_BOT_TOKEN", "is not accepted");
      return { kind: "sent", remote: {} } as const;
    };
    const performers = { "slack.deployment": perform } as unknown as OutboxDeps["performers"];
    const { store, queue } = world;
    const outbox = createOutbox({ store, queue, log, boot: "b", performers, pace: AT_ONCE, now: () => nowMs });
    await want("a");
    for (let dueMs: number | undefined = nowMs; dueMs !== undefined; dueMs = await store.transact(nextOutboxMs)) {
      nowMs = Math.max(nowMs, dueMs);
      await outbox.round();
      await outbox.settled();
    }
    expect(await world.states()).toEqual({ sent: 1 });
    expect(said).toEqual(["could not tell; it is tried again until that is mended"]);
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
    await world.store.transact((tx) => queueDeployment(tx, deployment, 1));
    world.start(async (row) => {
      if (row.key === "refused") throw new PermanentError("channel_not_found");
      return { kind: "unsure", reason: "no access to the history" };
    });
    await want("refused", {}, "d-1");
    await want("unsure", {}, "d-1");
    await vi.waitFor(async () => expect(await world.states()).toEqual({ dead: 1, unsure: 1 }), PATIENCE);
    const record = await world.store.transact((tx) => findDeployment(tx, "d-1"));
    expect([...(record?.remarks ?? [])].sort()).toEqual([
      "Slack may not have been told: no access to the history",
      "Slack was not told: channel_not_found",
    ]);
  });
});
