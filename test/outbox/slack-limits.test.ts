/** A storm: a thousand deployments at once, told under Slack's limits, with connections that break, in simulated time. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createLog } from "../../src/log.ts";
import { type DeploymentState, STAGES, type Stage, stateDuring } from "../../src/model/deployment.ts";
import { announce } from "../../src/notify/announce.ts";
import { createSlackPerformers } from "../../src/notify/slack.ts";
import { createOutbox } from "../../src/outbox/outbox.ts";
import { createMemoryQueue } from "../../src/queue/memory-queue.ts";
import { secret } from "../../src/secrets/secret.ts";
import { createSlackClient } from "../../src/slack/slack-client.ts";
import { countOutbox, findTold, nextOutboxMs, wish } from "../../src/store/outbox.ts";
import { openSqlite } from "../../src/store/sqlite.ts";
import type { Store } from "../../src/store/store.ts";
import type { Work } from "../../src/store/work.ts";
import { news } from "../notify/deployment.ts";
import { type StrictSlack, startStrictSlack } from "./strict-slack.ts";

const DEPLOYMENTS = 1000;
const CHANNELS = ["C0ONE", "C0TWO", "C0THREE", "C0FOUR"];
/** They all begin within so much time, and each takes a few minutes. */
const STORM_MS = 5 * 60_000;
/** What happens within so much time comes together, which makes the test quick. */
const TICK_MS = 1000;
const START_MS = Date.UTC(2026, 0, 1);

type Step = {
  readonly atMs: number;
  readonly number: number;
  readonly state: DeploymentState;
  readonly stage: Stage | null;
};

let folder: string;
let store: Store;
let slack: StrictSlack;
let nowMs = START_MS;
const now = () => nowMs;
const random = seeded(20_261_201);

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "slipway-storm-"));
  const durable = await openSqlite(join(folder, "slipway.db"));
  // Nobody cuts the power here, so nobody waits for the disk.
  store = { ...durable, transact: (work) => durable.transact(work, { isLazy: true }) };
  slack = await startStrictSlack({
    now,
    isCut: (method) => method !== "conversations.history" && random() < 0.02,
  });
});
afterEach(async () => {
  await slack.stop();
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

test("A thousand deployments are one message each, which ends with the truth, and Slack hardly has to say no", async () => {
  const steps = Array.from({ length: DEPLOYMENTS }, (_, number) => stepsOf(number))
    .flat()
    .sort((a, b) => a.atMs - b.atMs);
  const log = createLog({ level: "silent", pretty: false });
  const client = createSlackClient({ botToken: secret("xoxb-of-the-test"), apiUrl: slack.apiUrl, log });
  const performers = createSlackPerformers({
    slack: client,
    log,
    findTold: (key) => store.transact((tx) => findTold(tx, key)),
    lookAgainMs: 0,
  });
  const never = async () => Promise.reject(new Error("nothing is told but to Slack here"));
  let limited = 0;
  const outbox = createOutbox({
    store,
    queue: createMemoryQueue(),
    log,
    boot: "b",
    performers: {
      ...performers,
      ...{ "github.deployment": never, "github.check": never, "alertmanager.silence": never, "webhook.out": never },
    },
    now,
    onRateLimited: () => limited++,
  });

  for (let next = 0; ; ) {
    const due = steps.slice(next).findIndex(({ atMs }) => atMs > nowMs);
    const upTo = due === -1 ? steps.length : next + due;
    await wishAll(steps.slice(next, upTo));
    next = upTo;
    while ((await outbox.round()) === 0);
    await outbox.settled();
    const dueMs = await store.transact(nextOutboxMs);
    const moments = [steps[next]?.atMs, dueMs].filter((it) => it !== undefined);
    if (moments.length === 0) break;
    nowMs = Math.max(nowMs, Math.min(...moments));
  }

  expect(await store.transact(countOutbox)).toEqual({ sent: DEPLOYMENTS });
  expect(slack.messages.map(({ key }) => key).sort()).toEqual(
    Array.from({ length: DEPLOYMENTS }, (_, number) => keyOf(number)).sort(),
  );
  for (const { key, texts, channel } of slack.messages) {
    const number = Number(/d-(\d+)/.exec(key)?.[1]);
    expect(channel).toBe(channelOf(number));
    const ranks = texts.map(({ text }) => rankOf(text));
    expect(ranks, key).toEqual(ranks.toSorted((a, b) => a - b));
    expect(texts.at(-1)?.text, key).toContain(`site-${number} ${endOf(number) === "live" ? "is live" : endOf(number)}`);
  }
  expect(slack.cuts()).toBeGreaterThan(20);
  const refusals = [...slack.refused.values()].reduce((sum, it) => sum + it, 0);
  expect(refusals).toBeLessThanOrEqual(3);
  expect(limited).toBe(refusals);

  // Nobody could be faster: Slack takes so many edits a minute, and so many posts a second, and the last step has its time.
  const edits = slack.messages.filter(({ texts }) => !/is live|failed/.test(texts[0]?.text ?? "")).length;
  const theoreticalMs = Math.max((edits / 50) * 60_000, (DEPLOYMENTS / CHANNELS.length) * 1000, lastOf(steps));
  expect(nowMs - START_MS).toBeLessThan(theoreticalMs * 1.3);
}, 120_000);

async function wishAll(steps: readonly Step[]): Promise<void> {
  if (steps.length === 0) return;
  await store.transact(function* (tx): Work<void> {
    for (const { number, state, stage } of steps) {
      const told = news({ id: `d-${number}`, site: `site-${number}`, state, stage });
      const parties = { slackChannel: channelOf(number), github: false };
      for (const one of announce(told, parties, { wasTold: true })) yield* wish(tx, one, nowMs);
    }
  });
}

const channelOf = (number: number) => CHANNELS[number % CHANNELS.length] ?? "";
const keyOf = (number: number) => `slack:d-${number}:${channelOf(number)}`;
const endOf = (number: number) => (number % 5 === 0 ? "failed" : "live");
const lastOf = (steps: readonly Step[]) => (steps.at(-1)?.atMs ?? 0) - START_MS;

/** From queued to its end, at random moments. */
function stepsOf(number: number): Step[] {
  let atMs = START_MS + random() * STORM_MS;
  const tick = (ms: number) => Math.ceil(ms / TICK_MS) * TICK_MS;
  const wait = (maxMs: number) => {
    atMs += random() * maxMs;
    return tick(atMs);
  };
  const stages = STAGES.filter((stage) => stage !== "prerender");
  return [
    { atMs: tick(atMs), number, state: "queued", stage: null },
    ...stages.map((stage) => ({ atMs: wait(30_000), number, state: stateDuring(stage), stage })),
    { atMs: wait(30_000), number, state: endOf(number), stage: "confirm" },
  ];
}

const ORDER = ["is queued", "is building", "is publishing"];

/** How far the deployment was that a message shows. */
function rankOf(text: string): number {
  const rank = ORDER.findIndex((words) => text.includes(words));
  return rank === -1 ? ORDER.length : rank;
}

/** The same numbers in every run: a linear congruential generator (Numerical Recipes). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
