/** Outgoing webhooks in the outbox: one row for each event and endpoint, and what is asked of them. */
import { sql } from "kysely";
import type { OutEvent } from "../model/outgoing.ts";
import { isWished } from "./outbox.ts";
import type { OutboxRow, Wish } from "./outbox-row.ts";
import { all, first, type Tx, type Work } from "./work.ts";

export const WEBHOOK = "webhook.out" as const;

/** What a row of this kind wishes. */
export type OutWish = {
  /** `endpointId` of the address, which stands in slipway.yaml alone. */
  readonly endpoint: string;
  /** The host of it, for people. */
  readonly host: string;
  /** The same for every attempt: "webhook-id". */
  readonly messageId: string;
  readonly event: OutEvent;
};

/** What an event is about, as keys name it: a deployment's id, or "alert-7". */
type Subject = string;

/** The wish of one event; `version` tells it from the others of the subject. */
export function outWish(
  { endpoint, host, event }: Omit<OutWish, "messageId">,
  { subject, version, deploymentId }: { subject: Subject; version: string; deploymentId: string | null },
): Wish {
  // The signed text is joined by dots, so there is none in the id.
  const messageId = `msg_${endpoint}_${subject}_${version}`;
  const desired: OutWish = { endpoint, host, messageId, event };
  return { kind: WEBHOOK, key: outKey(endpoint, subject, version), deploymentId, desired };
}

export function outKey(endpoint: string, subject: Subject, version: string): string {
  return `webhook:${endpoint}:${subject}:${version}`;
}

const OWN_ID = /^msg_([0-9a-f]{12})_(.+)_([^_]+)$/;

/** Whether a message with this id was sent by ourselves. */
export function* isOwnMessage(tx: Tx, messageId: string): Work<boolean> {
  const [, endpoint, subject, version] = OWN_ID.exec(messageId) ?? [];
  if (endpoint === undefined || subject === undefined || version === undefined) return false;
  return yield* isWished(tx, outKey(endpoint, subject, version));
}

/** Everything that endpoints were, or are to be, told of a deployment, the oldest first. */
export function* outEventsOf(tx: Tx, deploymentId: string): Work<OutWish[]> {
  const query = tx.db.selectFrom("outbox").select("desired").where("deployment_id", "=", deploymentId);
  return (yield* all(query.where("kind", "=", WEBHOOK).orderBy("id"))).map(wishOf);
}

/**
 * Whether the endpoint is to get another event of the same subject first: an earlier one that was not tried yet, or is on
 * its way just now. One that failed holds up nobody.
 */
export function* isBehind(tx: Tx, { id, key }: Pick<OutboxRow, "id" | "key">): Work<boolean> {
  const earlier = tx.db
    .selectFrom("outbox")
    .select("id")
    .where("state", "=", sql.lit("pending"))
    .where("kind", "=", WEBHOOK)
    .where("id", "<", id)
    .where("key", "like", `${key.slice(0, key.lastIndexOf(":"))}:%`)
    .where((is) => is.or([is("attempts", "=", 0), is("sending", "=", 1)]));
  return (yield* first(earlier.limit(1))) !== undefined;
}

/** An event that was given up. */
export type DeadWebhook = {
  readonly id: number;
  readonly host: string;
  readonly messageId: string;
  readonly type: string;
  /** The site, or the source of the alert. */
  readonly about: string;
  readonly createdAtMs: number;
  readonly error: string;
};

/** The newest events that were given up, newest first. */
export function* listDeadWebhooks(tx: Tx, limit: number): Work<DeadWebhook[]> {
  const dead = tx.db.selectFrom("outbox").select(["id", "desired", "created_at", "last_error"]);
  const rows = yield* all(
    dead.where("kind", "=", WEBHOOK).where("state", "=", sql.lit("dead")).orderBy("id", "desc").limit(limit),
  );
  return rows.map(({ id, desired, created_at, last_error }) => {
    const { host, messageId, event } = wishOf({ desired });
    const about = "site" in event.data ? event.data.site : event.data.source;
    return { id, host, messageId, type: event.type, about, createdAtMs: created_at, error: last_error ?? "" };
  });
}

/** How many events of an endpoint are given up. */
export function* countDeadWebhooks(tx: Tx, endpoint: string): Work<number> {
  const query = tx.db
    .selectFrom("outbox")
    .select((is) => is.fn.countAll<number>().as("count"))
    .where("kind", "=", WEBHOOK)
    .where("state", "=", sql.lit("dead"))
    .where("key", "like", `webhook:${endpoint}:%`);
  return Number((yield* first(query))?.count ?? 0);
}

/** Has events that were given up sent again, all of them or one, from the first attempt on. Answers with how many. */
export function* reviveWebhooks(tx: Tx, id: number | null): Work<number> {
  let query = tx.db
    .updateTable("outbox")
    .set({ state: "pending", attempts: 0, not_before: 0, last_error: null })
    .where("kind", "=", WEBHOOK)
    .where("state", "=", sql.lit("dead"));
  if (id !== null) query = query.where("id", "=", id);
  return (yield* all(query.returning("id"))).length;
}

const wishOf = ({ desired }: { desired: string }) => JSON.parse(desired) as OutWish;
