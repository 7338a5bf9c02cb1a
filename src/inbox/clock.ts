/** What is due because time went by: holds that end, digests that were quiet, the summary of the day, what is forgotten. */
import type { Config } from "../config/schema.ts";
import { describeError } from "../errors.ts";
import type { Log } from "../log.ts";
import { closeQuietDigests } from "../notify/digest.ts";
import type { Telling } from "../notify/tell.ts";
import { tellSummaries } from "../notify/tell-summary.ts";
import type { Loop } from "../queue/loop.ts";
import type { Queue } from "../queue/queue.ts";
import { createSleeper } from "../queue/sleeper.ts";
import { forgetAlerts } from "../store/alerts.ts";
import { forgetRuns } from "../store/ci.ts";
import { forgetNews } from "../store/digests.ts";
import { forgetRequests } from "../store/requests.ts";
import type { Store } from "../store/store.ts";
import type { Tx, Work } from "../store/work.ts";
import type { Moment } from "./moment.ts";

/** Something that becomes due. Answers with what it did, in sentences; nothing done, nothing said. */
export type Chore = (tx: Tx, moment: Moment) => Work<string[]>;

export type ClockDeps = {
  readonly store: Store;
  readonly queue: Queue;
  readonly log: Log;
  readonly config: Pick<Config, "channel" | "sites" | "slack">;
  readonly telling: Pick<Telling, "hasSlack">;
  /** What others want looked after in the same way. */
  readonly chores?: readonly Chore[];
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  readonly everyMs?: number;
};

const EVERY_MS = 15_000;
const KEEP_MS = 30 * 86_400_000;
const FORGET_EVERY_MS = 3_600_000;

/** Starts the clock: a round now, and then one every so often. `stop` waits for the round under way. */
export function startClock(deps: ClockDeps): Loop {
  const { store, queue, log, config, telling, chores = [], now = Date.now, everyMs = EVERY_MS } = deps;
  let stopped = false;
  const sleeper = createSleeper();
  let forgetAtMs = 0;

  const tellers: Chore[] = [
    (tx, { nowMs }) => closeQuietDigests(tx, nowMs),
    (tx, moment) => tellSummaries(tx, config, moment),
  ];
  const all: Chore[] = [...chores, ...(telling.hasSlack ? tellers : [])];

  async function round(): Promise<void> {
    const nowMs = now();
    const done: string[] = [];
    for (const [index, chore] of all.entries()) {
      const moment: Moment = { nowMs, random: Math.random, cause: `clock ${nowMs}.${index}` };
      done.push(...(await attempt((tx) => chore(tx, moment), [])));
    }
    if (nowMs >= forgetAtMs) {
      await attempt((tx) => forget(tx, nowMs - KEEP_MS), undefined);
      forgetAtMs = nowMs + FORGET_EVERY_MS;
    }
    if (done.length === 0) return;
    log.info({ done }, "what was due is done");
    queue.nudge("deployments");
    queue.nudge("outbox");
  }

  /** One chore that fails keeps no other from being done; it comes round again. */
  async function attempt<T>(work: (tx: Tx) => Work<T>, otherwise: T): Promise<T> {
    try {
      return await store.transact(work);
    } catch (error) {
      log.error({ error: describeError(error) }, "the clock: something that was due failed");
      return otherwise;
    }
  }

  async function run(): Promise<void> {
    while (!stopped) {
      await round();
      if (!stopped) await sleeper.sleep(everyMs);
    }
  }

  const running = run();
  return {
    async stop() {
      stopped = true;
      sleeper.wake();
      await running;
    },
  };
}

/** The audit log is not forgotten: nobody but its operator may decide that. */
function* forget(tx: Tx, beforeMs: number): Work<void> {
  yield* forgetNews(tx, beforeMs);
  yield* forgetRuns(tx, beforeMs);
  yield* forgetRequests(tx, beforeMs);
  yield* forgetAlerts(tx, beforeMs);
}
