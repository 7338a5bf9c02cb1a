/** A row of the outbox in our own words, and the wish that it was made from. */
import type { Selectable } from "kysely";
import type { OutboxTable } from "./tables.ts";

/** "expired": it would have come too late, and what was to be told instead was. */
export type OutboxState = "pending" | "sent" | "dead" | "unsure" | "expired";

export type OutboxKind =
  | "slack.deployment"
  | "slack.notice"
  | "slack.thread"
  | "slack.answer"
  | "slack.modal"
  | "github.deployment"
  | "github.check"
  | "alertmanager.silence"
  | "webhook.out";

/** What somebody waits for who asked: it goes before all else, and is never repeated when it may have arrived. */
export const QUICK_KINDS = ["slack.answer", "slack.modal"] as const satisfies readonly OutboxKind[];
/** Which rows: the quick kinds, other programs, which may be slow as long as they like, or all the others. */
export const SHARES = ["quick", "others", "webhooks"] as const;
export type Share = (typeof SHARES)[number];

export function shareOf(kind: OutboxKind): Share {
  if (isQuick(kind)) return "quick";
  return kind === "webhook.out" ? "webhooks" : "others";
}

export function isQuick(kind: OutboxKind): boolean {
  return QUICK_KINDS.some((it) => it === kind);
}

/** What is wanted of the other side. A second wish with the same key replaces the first one. */
export type Wish = {
  readonly kind: OutboxKind;
  readonly key: string;
  readonly deploymentId: string | null;
  readonly desired: unknown;
  /** Nothing follows it, such as a final state: it does not wait until what changes all the time was told. */
  readonly isUrgent?: boolean;
  /** After this time, in milliseconds since 1970, it is of no use and not told any more. */
  readonly notAfterMs?: number;
  /** What is told instead then. */
  readonly late?: Wish;
};

export type OutboxRow = {
  readonly id: number;
  readonly kind: OutboxKind;
  readonly key: string;
  readonly deploymentId: string | null;
  readonly desired: unknown;
  readonly desiredVersion: number;
  /** What an earlier success was told by the other side; null before the first one. */
  readonly remote: unknown;
  /** An earlier attempt may have had its effect: look before repeating. */
  readonly inDoubt: boolean;
  readonly attempts: number;
  readonly isUrgent: boolean;
  readonly createdAtMs: number;
  readonly notAfterMs: number | null;
  readonly late: Wish | null;
};

export function toRow(row: Selectable<OutboxTable>): OutboxRow {
  return {
    id: row.id,
    kind: row.kind as OutboxKind,
    key: row.key,
    deploymentId: row.deployment_id,
    desired: JSON.parse(row.desired),
    desiredVersion: row.desired_version,
    remote: row.remote === null ? null : JSON.parse(row.remote),
    inDoubt: row.in_doubt === 1,
    attempts: row.attempts,
    isUrgent: row.urgent === 1,
    createdAtMs: row.created_at,
    notAfterMs: row.not_after,
    late: row.late === null ? null : (JSON.parse(row.late) as Wish),
  };
}
