/** The outbox: what other parties are still to be told. One row is one thing that is told, and edited as it changes. */
import { type ExpressionBuilder, type SelectQueryBuilder, sql } from "kysely";
import { isQuick, type OutboxRow, type OutboxState, QUICK_KINDS, type Share, toRow, type Wish } from "./outbox-row.ts";
import type { Tables } from "./tables.ts";
import { all, first, type Tx, type Work } from "./work.ts";

export {
  isQuick,
  type OutboxKind,
  type OutboxRow,
  type OutboxState,
  SHARES,
  type Share,
  shareOf,
  type Wish,
} from "./outbox-row.ts";

/**
 * Writes a wish down. Sent already with another content → to be sent again, as an edit. An urgent one is due at once,
 * however long the row was to wait for its turn.
 */
export function* wish(tx: Tx, wanted: Wish, nowMs: number): Work<void> {
  const { kind, key, deploymentId, isUrgent = false } = wanted;
  const content = {
    desired: JSON.stringify(wanted.desired),
    not_after: wanted.notAfterMs ?? null,
    late: wanted.late ? JSON.stringify(wanted.late) : null,
    urgent: isUrgent ? 1 : 0,
  };
  const row = { kind, key, deployment_id: deploymentId, remote: null, last_error: null, created_at: nowMs, ...content };
  yield* all(
    tx.db
      .insertInto("outbox")
      .values(row)
      .onConflict((conflict) =>
        conflict.column("key").doUpdateSet((is) => ({
          ...content,
          desired_version: sql<number>`outbox.desired_version + 1`,
          // A row that could not be reconciled is told at most once: it stays as it is.
          state: is.case().when("outbox.state", "=", "unsure").then("unsure").else("pending").end(),
          attempts: 0,
          ...(isUrgent && { not_before: 0 }),
        })),
      ),
  );
}

/**
 * Claims up to `limit` rows whose time has come, of all shares unless one is named: answers and dialogs, then what is
 * posted first and what is final, then what only goes on.
 */
export function* claimOutbox(
  tx: Tx,
  claim: { boot: string; nowMs: number; untilMs: number; limit: number; share?: Share },
): Work<OutboxRow[]> {
  let due = tx.db
    .selectFrom("outbox")
    .select("id")
    .where("state", "=", sql.lit("pending"))
    .where("not_before", "<=", claim.nowMs)
    .where((is) => is.or([is("claimed_until", "is", null), is("claimed_until", "<", claim.nowMs)]))
    .orderBy((is) =>
      is
        .case()
        .when("kind", "in", QUICK_LITERALS)
        .then(sql.lit(0))
        .when(is.or([is("urgent", "=", 1), is("remote", "is", null)]))
        .then(sql.lit(1))
        .else(sql.lit(2))
        .end(),
    )
    .orderBy("id")
    .limit(claim.limit);
  if (claim.share) due = ofShare(due, claim.share);
  if (tx.dialect === "postgres") due = due.forUpdate().skipLocked();
  const rows = yield* all(
    tx.db
      .updateTable("outbox")
      .set((is) => ({
        claimed_by: claim.boot,
        claimed_until: claim.untilMs,
        attempts: is("attempts", "+", 1),
        // Still "sending" from an attempt that never reported back: that one may have had its effect.
        in_doubt: is.case().when("sending", "=", 1).then(1).else(is.ref("in_doubt")).end(),
        sending: 1,
      }))
      .where("id", "in", due)
      .returningAll(),
  );
  return rows.map(toRow).sort((a, b) => rankOf(a) - rankOf(b) || a.id - b.id);
}

const QUICK_LITERALS = QUICK_KINDS.map((kind) => sql.lit(kind));
const WEBHOOK_LITERAL = sql.lit("webhook.out");

function ofShare<O>(
  query: SelectQueryBuilder<Tables, "outbox", O>,
  share: Share,
): SelectQueryBuilder<Tables, "outbox", O> {
  if (share === "quick") return query.where("kind", "in", QUICK_LITERALS);
  if (share === "webhooks") return query.where("kind", "=", WEBHOOK_LITERAL);
  return query.where("kind", "not in", [...QUICK_LITERALS, WEBHOOK_LITERAL]);
}

/** The order of `claimOutbox`, for the rows of one claim. */
function rankOf({ kind, isUrgent, remote }: OutboxRow): number {
  if (isQuick(kind)) return 0;
  return isUrgent || remote === null ? 1 : 2;
}

/** Remembers what the other side called a thing, at once, before anything further is attempted. */
export function* rememberRemote(tx: Tx, id: number, remote: unknown): Work<void> {
  yield* all(
    tx.db
      .updateTable("outbox")
      .set({ remote: JSON.stringify(remote), in_doubt: 0 })
      .where("id", "=", id),
  );
}

/** The wish at `version` is fulfilled. A newer wish that came meanwhile stays pending. */
export function* outboxSent(tx: Tx, id: number, version: number, remote: unknown): Work<void> {
  yield* all(
    tx.db
      .updateTable("outbox")
      .set((is) => ({
        sent_version: version,
        remote: JSON.stringify(remote),
        state: is.case().when("desired_version", "=", version).then("sent").else("pending").end(),
        ...freed,
        in_doubt: 0,
        attempts: 0,
        last_error: null,
      }))
      .where("id", "=", id),
  );
}

/**
 * Not yet: try again at `notBeforeMs`. `inDoubt` says that this attempt may have had its effect, `isUncounted` that it is
 * none of those after which a row is given up.
 */
export function* outboxRetry(
  tx: Tx,
  id: number,
  retry: { notBeforeMs: number; inDoubt: boolean; error: string; isUncounted?: boolean },
): Work<void> {
  yield* all(
    tx.db
      .updateTable("outbox")
      .set((is) => ({
        ...freed,
        in_doubt: retry.inDoubt ? 1 : 0,
        not_before: retry.notBeforeMs,
        last_error: retry.error,
        ...(retry.isUncounted && { attempts: oneLess(is) }),
      }))
      .where("id", "=", id),
  );
}

/** No attempt was made, since others go first: its turn is at `notBeforeMs`, unless it was wished anew meanwhile. */
export function* outboxPostponed(
  tx: Tx,
  { id, desiredVersion }: Pick<OutboxRow, "id" | "desiredVersion">,
  notBeforeMs: number,
): Work<void> {
  yield* all(
    tx.db
      .updateTable("outbox")
      .set((is) => ({
        ...freed,
        attempts: oneLess(is),
        not_before: is
          .case()
          .when("desired_version", "=", desiredVersion)
          .then(is.val(notBeforeMs))
          .else(is.ref("not_before"))
          .end(),
      }))
      .where("id", "=", id),
  );
}

/** A newer wish may have begun to count anew while the attempt was under way. */
function oneLess(is: ExpressionBuilder<Tables, "outbox">) {
  return is
    .case()
    .when("attempts", ">", 0)
    .then(is("attempts", "-", 1))
    .else(0)
    .end();
}

/** What failed before is due at once: whoever starts Slipway anew may have mended why. */
export function* retryFailed(tx: Tx): Work<void> {
  yield* all(
    tx.db
      .updateTable("outbox")
      .set({ not_before: 0 })
      .where("state", "=", sql.lit("pending"))
      .where("last_error", "is not", null),
  );
}

/**
 * Never: "dead" was refused for good, "unsure" may have been told and cannot be looked up, "expired" came too late. A newer
 * wish that came meanwhile stays pending, unless nobody can tell what the older one did. Answers whether the row is over.
 */
export function* outboxGivenUp(
  tx: Tx,
  { id, desiredVersion }: Pick<OutboxRow, "id" | "desiredVersion">,
  state: Exclude<OutboxState, "pending" | "sent">,
  error: string,
): Work<boolean> {
  const unlessNewer = state === "unsure" ? state : "pending";
  const row = yield* first(
    tx.db
      .updateTable("outbox")
      .set((is) => ({
        ...freed,
        state: is.case().when("desired_version", "=", desiredVersion).then(state).else(unlessNewer).end(),
        last_error: error,
      }))
      .where("id", "=", id)
      .returning("state"),
  );
  return row?.state !== "pending";
}

/** When the next row, or the next of a share, becomes due, in milliseconds since 1970; undefined when nothing waits. */
export function* nextOutboxMs(tx: Tx, share?: Share): Work<number | undefined> {
  let query = tx.db
    .selectFrom("outbox")
    .select((is) => is.fn.min("not_before").as("at"))
    .where("state", "=", sql.lit("pending"))
    .where("claimed_by", "is", null);
  if (share) query = ofShare(query, share);
  const row = yield* first(query);
  return row?.at === null || row?.at === undefined ? undefined : Number(row.at);
}

/** How the wish with this key stands, and what the other side called the thing; null where nothing was wished. */
export function* findTold(tx: Tx, key: string): Work<Told | null> {
  const row = yield* first(tx.db.selectFrom("outbox").select(["state", "remote", "last_error"]).where("key", "=", key));
  if (!row) return null;
  const remote = row.remote ? JSON.parse(row.remote) : null;
  return { state: row.state as OutboxState, remote, hasFailed: row.last_error !== null };
}

export type Told = {
  readonly state: OutboxState;
  readonly remote: unknown;
  /** The last attempt failed. */
  readonly hasFailed: boolean;
};

/** Whether something is told, or is to be told, under this key. */
export function* isWished(tx: Tx, key: string): Work<boolean> {
  return (yield* findTold(tx, key)) !== null;
}

/** Whether any person was told, or is to be told, about a deployment; other programs are told in any case. */
export function* wasTold(tx: Tx, deploymentId: string): Work<boolean> {
  const query = tx.db.selectFrom("outbox").select("id").where("deployment_id", "=", deploymentId);
  return (yield* first(query.where("kind", "<>", WEBHOOK_LITERAL).limit(1))) !== undefined;
}

/** How many rows are in each state. */
export function* countOutbox(tx: Tx): Work<Record<string, number>> {
  const query = tx.db
    .selectFrom("outbox")
    .select(["state", tx.db.fn.countAll<number>().as("count")])
    .groupBy("state");
  return Object.fromEntries((yield* all(query)).map(({ state, count }) => [state, Number(count)]));
}

const freed = { claimed_by: null, claimed_until: null, sending: 0 } as const;
