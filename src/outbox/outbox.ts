/**
 * Performs what the outbox holds: each wish on its own and in its turn, retried with backoff, looked up before it is
 * repeated where an earlier attempt may have had its effect, and at most once where it cannot be looked up.
 */
import { describeError } from "../errors.ts";
import { createLoop, type Loop } from "../queue/loop.ts";
import type { Queue } from "../queue/queue.ts";
import {
  claimOutbox,
  nextOutboxMs,
  type OutboxRow,
  outboxPostponed,
  SHARES,
  type Share,
  shareOf,
} from "../store/outbox.ts";
import type { Tx, Work } from "../store/work.ts";
import { type AttemptDeps, attempt, expire } from "./attempt.ts";
import { createPace, type Pace } from "./pace.ts";
import { pacedRow } from "./paced-row.ts";

export type OutboxDeps = Pick<
  AttemptDeps,
  "store" | "log" | "performers" | "onRateLimited" | "onGivenUp" | "random"
> & {
  readonly queue: Queue;
  readonly boot: string;
  /** Default: Slack's published limits. */
  readonly pace?: Pace;
  /** The time in milliseconds since 1970. Default: the system's clock. */
  readonly now?: () => number;
};

/**
 * So many wishes are performed at a time, of each share: a slow party holds up one place, not the road, and never those
 * whom somebody waits for.
 */
const PLACES: Readonly<Record<Share, number>> = { quick: 4, others: 8, webhooks: 4 };
/** Longer than any single request may take, times the few requests that one wish needs. */
const LEASE_MS = 120_000;

export type Outbox = {
  /** Begins what is due. Answers in how many milliseconds more is: 0 for at once, undefined for "nothing in sight". */
  round(): Promise<number | undefined>;
  /** Resolves when no attempt is under way. */
  settled(): Promise<void>;
};

/** Starts to work off the outbox; `stop` waits for the attempts under way. */
export function startOutbox(deps: OutboxDeps): Loop {
  const { log, queue } = deps;
  const outbox = createOutbox(deps);
  const loop = createLoop({ name: "outbox", log, queue, topic: "outbox", round: outbox.round });
  return {
    async stop() {
      await loop.stop();
      await outbox.settled();
    },
  };
}

/** The outbox without a loop around it. */
export function createOutbox(deps: OutboxDeps): Outbox {
  const { store, queue, log, now = Date.now } = deps;
  const pace = deps.pace ?? createPace(now);
  const attemptDeps = { ...deps, now, pace };
  const underWay: Record<Share, Set<Promise<void>>> = { quick: new Set(), others: new Set(), webhooks: new Set() };
  const free = (share: Share) => PLACES[share] - underWay[share].size;
  const freeShares = () => SHARES.filter((share) => free(share) > 0);

  async function claim(): Promise<OutboxRow[]> {
    const nowMs = now();
    return store.transact(function* (tx): Work<OutboxRow[]> {
      const rows: OutboxRow[] = [];
      for (const share of freeShares()) {
        const limit = free(share);
        rows.push(...(yield* claimOutbox(tx, { boot: deps.boot, nowMs, untilMs: nowMs + LEASE_MS, limit, share })));
      }
      return rows;
    });
  }

  function begin(row: OutboxRow, run: typeof attempt): void {
    const set = underWay[shareOf(row.kind)];
    const done = run(attemptDeps, row)
      .catch((error: unknown) =>
        log.error({ key: row.key, error: describeError(error) }, "an attempt was not recorded"),
      )
      .finally(() => {
        set.delete(done);
        queue.nudge("outbox");
      });
    set.add(done);
  }

  async function round(): Promise<number | undefined> {
    const postponed: Array<{ readonly row: OutboxRow; readonly untilMs: number }> = [];
    for (const row of await claim()) {
      const waitMs = pace.waitMs(pacedRow(row));
      const untilMs = now() + waitMs;
      if (waitMs === 0) begin(row, attempt);
      else if (row.notAfterMs !== null && untilMs > row.notAfterMs) begin(row, expire);
      else postponed.push({ row, untilMs });
    }
    if (postponed.length > 0) {
      // What a power cut takes of this is found out anew.
      await store.transact(
        function* (tx): Work<void> {
          for (const { row, untilMs } of postponed) yield* outboxPostponed(tx, row, untilMs);
        },
        { isLazy: true },
      );
      return 0;
    }
    // A place that becomes free nudges.
    const shares = freeShares();
    if (shares.length === 0) return undefined;
    const next = await store.transact((tx) => nextOfShares(tx, shares));
    return next === undefined ? undefined : Math.max(next - now(), 10);
  }

  return {
    round,
    async settled() {
      await Promise.all(SHARES.flatMap((share) => [...underWay[share]]));
    },
  };
}

/** When the first row of these shares is due. */
function* nextOfShares(tx: Tx, shares: readonly Share[]): Work<number | undefined> {
  if (shares.length === SHARES.length) return yield* nextOutboxMs(tx);
  const dues: number[] = [];
  for (const share of shares) {
    const dueMs = yield* nextOutboxMs(tx, share);
    if (dueMs !== undefined) dues.push(dueMs);
  }
  return dues.length === 0 ? undefined : Math.min(...dues);
}
