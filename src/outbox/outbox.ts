/**
 * Performs what the outbox holds: each wish on its own, retried with backoff, looked up before it is repeated where an
 * earlier attempt may have had its effect, and at most once where it cannot be looked up.
 */
import { AmbiguousError, describeError, PermanentError, RetryLaterError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Perform } from "../notify/perform.ts";
import { createLoop, type Loop } from "../queue/loop.ts";
import type { Queue } from "../queue/queue.ts";
import { remarkOnDeployment } from "../store/deployments.ts";
import {
  claimOutbox,
  nextOutboxMs,
  type OutboxKind,
  type OutboxRow,
  outboxGivenUp,
  outboxRetry,
  outboxSent,
  rememberRemote,
} from "../store/outbox.ts";
import type { Store } from "../store/store.ts";
import type { Tx, Work } from "../store/work.ts";

export type OutboxDeps = {
  readonly store: Store;
  readonly queue: Queue;
  readonly log: Log;
  readonly boot: string;
  readonly performers: Readonly<Record<OutboxKind, Perform>>;
};

/** So many wishes are performed at a time; a slow party holds up one place, not the road. */
const PLACES = 8;
/** Longer than any single request may take, times the few requests that one wish needs. */
const LEASE_MS = 120_000;
/** Waits after the 1st, 2nd … failed attempt, in milliseconds; the last one from then on. */
const BACKOFF_MS = [1000, 2000, 5000, 15_000, 60_000, 300_000];
/** With these waits a party may be away for some three hours. */
const MAX_ATTEMPTS = 40;

/** Starts to work off the outbox; `stop` waits for the attempts under way. */
export function startOutbox(deps: OutboxDeps): Loop {
  const { store, queue, log } = deps;
  const underWay = new Set<Promise<void>>();

  async function round(): Promise<number | undefined> {
    const limit = PLACES - underWay.size;
    if (limit === 0) return undefined;
    const nowMs = Date.now();
    const claim = { boot: deps.boot, nowMs, untilMs: nowMs + LEASE_MS, limit };
    const rows = await store.transact((tx) => claimOutbox(tx, claim));
    for (const row of rows) {
      const attempt = performOne(deps, row)
        .catch((error: unknown) =>
          log.error({ key: row.key, error: describeError(error) }, "an attempt was not recorded"),
        )
        .finally(() => {
          underWay.delete(attempt);
          queue.nudge("outbox");
        });
      underWay.add(attempt);
    }
    const next = await store.transact(nextOutboxMs);
    return next === undefined ? undefined : Math.max(next - Date.now(), 10);
  }

  const loop = createLoop({ name: "outbox", log, queue, topic: "outbox", round });
  return {
    async stop() {
      await loop.stop();
      await Promise.all(underWay);
    },
  };
}

async function performOne(deps: OutboxDeps, row: OutboxRow): Promise<void> {
  const { store } = deps;
  try {
    const perform = deps.performers[row.kind];
    const remember = (remote: unknown) => store.transact((tx) => rememberRemote(tx, row.id, remote));
    const performed = await perform(row, remember);
    await store.transact((tx) =>
      performed.kind === "sent"
        ? outboxSent(tx, row.id, row.desiredVersion, performed.remote)
        : giveUp(tx, row, "unsure", performed.reason),
    );
    if (performed.kind === "unsure") deps.log.warn({ key: row.key }, performed.reason);
  } catch (error) {
    await recordFailure(deps, row, error);
  }
}

/** The ladder: each kind of failure has one consequence. */
async function recordFailure({ store, log }: OutboxDeps, row: OutboxRow, error: unknown): Promise<void> {
  const reason = describeError(error);
  const isFinal = error instanceof PermanentError || row.attempts >= MAX_ATTEMPTS;
  if (isFinal) {
    log.error({ key: row.key, error: reason }, "could not tell; given up");
    await store.transact((tx) => giveUp(tx, row, "dead", reason));
    return;
  }
  const backoffMs = BACKOFF_MS[Math.min(row.attempts, BACKOFF_MS.length) - 1] ?? 1000;
  const waitMs = error instanceof RetryLaterError ? (error.delayMs ?? backoffMs) : backoffMs;
  // Only a failure that certainly had no effect leaves no doubt; an earlier doubt stays until somebody has looked.
  const inDoubt = error instanceof RetryLaterError ? row.inDoubt : true;
  log.warn({ key: row.key, error: reason, waitMs, inDoubt: error instanceof AmbiguousError }, "could not tell yet");
  await store.transact((tx) => outboxRetry(tx, row.id, { notBeforeMs: Date.now() + waitMs, inDoubt, error: reason }));
}

function* giveUp(tx: Tx, row: OutboxRow, state: "dead" | "unsure", reason: string): Work<void> {
  yield* outboxGivenUp(tx, row.id, state, reason);
  if (row.deploymentId === null) return;
  const whom = row.kind.startsWith("slack") ? "Slack" : "GitHub";
  const remark = state === "dead" ? `${whom} was not told: ${reason}` : `${whom} may not have been told: ${reason}`;
  yield* remarkOnDeployment(tx, row.deploymentId, remark);
}
