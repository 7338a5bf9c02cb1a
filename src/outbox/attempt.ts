/** One attempt to fulfil a wish, and what its end means for the wish: the ladder of failures. */
import { AmbiguousError, describeError, OperatorError, PermanentError, RetryLaterError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Perform } from "../notify/perform.ts";
import { remarkOnDeployment } from "../store/deployments.ts";
import {
  isQuick,
  type OutboxKind,
  type OutboxRow,
  type OutboxState,
  outboxGivenUp,
  outboxRetry,
  outboxSent,
  rememberRemote,
  wish,
} from "../store/outbox.ts";
import type { Store } from "../store/store.ts";
import type { Tx, Work } from "../store/work.ts";
import { methodOf, type Pace } from "./pace.ts";
import { channelOf, pacedRow } from "./paced-row.ts";
import { backoffMs, scheduleOf } from "./schedule.ts";

export type AttemptDeps = {
  readonly store: Store;
  readonly log: Log;
  readonly performers: Readonly<Record<OutboxKind, Perform>>;
  readonly pace: Pace;
  /** The time in milliseconds since 1970. */
  readonly now: () => number;
  /**
   * Slack asked to wait with what is told in this channel, as the wish names it; "" where it names none. What it rejects is
   * logged.
   */
  readonly onRateLimited?: (channel: string) => unknown;
  /** What follows from a row that is dead, in the transaction that says so. */
  readonly onGivenUp?: (tx: Tx, row: OutboxRow, reason: string, nowMs: number) => Work<void>;
  /** From 0 to 1. Default: chance. */
  readonly random?: () => number;
};

/** Nobody is asked more often than that, whatever they say. */
const MIN_DELAY_MS = 500;

/** Attempts once, and records what came of it. */
export async function attempt(deps: AttemptDeps, row: OutboxRow): Promise<void> {
  const { store, performers } = deps;
  if (row.inDoubt && isQuick(row.kind)) return end(deps, row, "unsure", NOT_REPEATED);
  if (row.notAfterMs !== null && deps.now() > row.notAfterMs) return expire(deps, row);
  try {
    const remember = (remote: unknown) => store.transact((tx) => rememberRemote(tx, row.id, remote));
    const performed = await performers[row.kind](row, remember);
    if (performed.kind === "unsure") return await end(deps, row, "unsure", performed.reason);
    if (performed.kind === "waits") return await putOff(deps, row, performed.forMs, performed.reason);
    await store.transact((tx) => outboxSent(tx, row.id, row.desiredVersion, performed.remote));
  } catch (error) {
    await recordFailure(deps, row, error);
  }
}

/** Ends a wish whose time is over, or will be before its turn. */
export function expire(deps: AttemptDeps, row: OutboxRow): Promise<void> {
  return end(deps, row, "expired", "its time is over");
}

const NOT_REPEATED = "it may have arrived, and it is not repeated";

/** Each kind of failure has one consequence. */
async function recordFailure(deps: AttemptDeps, row: OutboxRow, error: unknown): Promise<void> {
  const reason = describeError(error);
  const isLater = error instanceof RetryLaterError;
  // Whoever waits for an answer does not wait for the operator.
  const isOperators = error instanceof OperatorError && !isQuick(row.kind);
  const isPermanent = error instanceof PermanentError && !isOperators;
  if (!isLater && !isPermanent && isQuick(row.kind)) return end(deps, row, "unsure", `${NOT_REPEATED}: ${reason}`);
  const schedule = scheduleOf(row.kind);
  const delayMs = isLater && error.delayMs !== null ? Math.max(error.delayMs, MIN_DELAY_MS) : null;
  if (delayMs !== null) await slowDown(deps, row, delayMs);
  // As long as they ask to wait themselves they have not given up, so neither do we.
  const isOver = isPermanent || (delayMs === null && row.attempts >= schedule.maxAttempts);
  if (isOver) return end(deps, row, row.late ? "expired" : "dead", reason);

  const { random = Math.random } = deps;
  const waitMs = delayMs ?? backoffMs(schedule, row.attempts, random());
  const notBeforeMs = deps.now() + waitMs;
  if (row.notAfterMs !== null && notBeforeMs > row.notAfterMs) return end(deps, row, "expired", reason);
  // Only a failure that certainly had no effect leaves no doubt; an earlier doubt stays until somebody has looked.
  const inDoubt = isLater || isOperators ? row.inDoubt : true;
  const told = { key: row.key, error: reason, waitMs, inDoubt: error instanceof AmbiguousError };
  if (isOperators && row.attempts === 1) deps.log.error(told, "could not tell; it is tried again until that is mended");
  else deps.log[isOperators ? "debug" : "warn"](told, "could not tell yet");
  const retry = { notBeforeMs, inDoubt, error: reason, isUncounted: delayMs !== null };
  await deps.store.transact((tx) => outboxRetry(tx, row.id, retry));
}

/** It waits for another wish of ours: nobody failed. */
async function putOff(deps: AttemptDeps, row: OutboxRow, forMs: number, reason: string): Promise<void> {
  const retry = { notBeforeMs: deps.now() + forMs, inDoubt: row.inDoubt, error: reason, isUncounted: true };
  await deps.store.transact((tx) => outboxRetry(tx, row.id, retry));
}

/** What Slack asks to wait concerns every row that is told by the same method. */
async function slowDown(
  { pace, now, log, onRateLimited }: AttemptDeps,
  row: OutboxRow,
  delayMs: number,
): Promise<void> {
  if (!row.kind.startsWith("slack.")) return;
  const channel = channelOf(row);
  pace.pauseMethod(methodOf(pacedRow(row)), now() + delayMs, channel);
  try {
    await onRateLimited?.(channel);
  } catch (error) {
    log.warn(
      { key: row.key, error: describeError(error) },
      "Slack asked to wait, and that was not noted for its channel",
    );
  }
}

/** The wish is not pursued any more. What is to be told when it comes too late is told when it surely did not come. */
async function end(
  { store, log, now, onGivenUp }: AttemptDeps,
  row: OutboxRow,
  state: Exclude<OutboxState, "pending" | "sent">,
  reason: string,
): Promise<void> {
  const level = state === "dead" ? "error" : "warn";
  log[level]({ key: row.key, error: reason }, ENDS[state]);
  const nowMs = now();
  await store.transact(function* (tx): Work<void> {
    if (!(yield* outboxGivenUp(tx, row, state, reason))) return;
    if (state === "expired" && row.late) yield* wish(tx, row.late, nowMs);
    yield* remark(tx, row, state, reason);
    if (state === "dead" && onGivenUp) yield* onGivenUp(tx, row, reason, nowMs);
  });
}

const ENDS = {
  dead: "could not tell; given up",
  unsure: "may not have told",
  expired: "too late to tell",
} as const;

function* remark(tx: Tx, row: OutboxRow, state: keyof typeof ENDS, reason: string): Work<void> {
  // Events for other programs have a list of their own.
  if (row.deploymentId === null || row.kind === "webhook.out") return;
  const whom = row.kind.startsWith("slack") ? "Slack" : "GitHub";
  const was = state === "unsure" ? "may not have been told" : "was not told";
  yield* remarkOnDeployment(tx, row.deploymentId, `${whom} ${was}: ${reason}`);
}
