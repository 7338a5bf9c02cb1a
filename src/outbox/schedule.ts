/** How often, and after what time, a wish is attempted again. Pure. */
import type { OutboxKind } from "../store/outbox.ts";

export type Schedule = {
  /** Waits after the 1st, 2nd … failed attempt, in milliseconds; the last one from then on. */
  readonly waitsMs: readonly number[];
  readonly maxAttempts: number;
  /** By which share of it a wait may be shorter or longer, so that what failed together does not come back together. */
  readonly jitter: number;
};

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

const USUAL: Schedule = {
  waitsMs: [SECOND, 2 * SECOND, 5 * SECOND, 15 * SECOND, MINUTE, 5 * MINUTE],
  // With these waits a party may be away, or an operator, for some three days: longer than a weekend. What a party asks
  // to wait itself comes on top of that.
  maxAttempts: 900,
  jitter: 0,
};

/** The specification's own: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#deliverability-and-reliability */
const WEBHOOK: Schedule = {
  waitsMs: [5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR],
  maxAttempts: 10,
  jitter: 0.1,
};

export function scheduleOf(kind: OutboxKind): Schedule {
  return kind === "webhook.out" ? WEBHOOK : USUAL;
}

/** The wait after that many failed attempts, in milliseconds; `random` is from 0 to 1. */
export function backoffMs({ waitsMs, jitter }: Schedule, attempts: number, random: number): number {
  const ms = waitsMs[Math.min(Math.max(attempts, 1), waitsMs.length) - 1] ?? SECOND;
  return Math.round(ms * (1 + jitter * (2 * random - 1)));
}
