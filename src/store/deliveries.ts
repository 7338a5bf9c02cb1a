/** Deliveries in the store: claimed, finished, given up, revived, found. Recorded they are in record-delivery.ts. */
import type { Selectable } from "kysely";
import { sql } from "kysely";
import type { Delivery, DeliveryRequest, DeliveryState, DeliveryVerdict } from "../model/delivery.ts";
import { lockName } from "./lock-name.ts";
import { DIGEST_MARK_LENGTH, digestMark } from "./migrations.ts";
import type { DeliveryTable } from "./tables.ts";
import { all, first, type Tx, type Work } from "./work.ts";

/** Claims up to `limit` deliveries whose time has come, oldest first, for `boot` until `untilMs`. */
export function* claimDeliveries(
  tx: Tx,
  claim: { boot: string; nowMs: number; untilMs: number; limit: number },
): Work<Delivery[]> {
  let due = tx.db
    .selectFrom("deliveries")
    .select("id")
    // Written out, not bound: only so can SQLite tell that the partial index covers it.
    .where("state", "=", sql.lit("received"))
    .where("not_before", "<=", claim.nowMs)
    .where((is) => is.or([is("claimed_until", "is", null), is("claimed_until", "<", claim.nowMs)]))
    .orderBy("id")
    .limit(claim.limit);
  if (tx.dialect === "postgres") due = due.forUpdate().skipLocked();
  const rows = yield* all(
    tx.db
      .updateTable("deliveries")
      .set((is) => ({ claimed_by: claim.boot, claimed_until: claim.untilMs, attempts: is("attempts", "+", 1) }))
      .where("id", "in", due)
      .returningAll(),
  );
  return rows.map(toDelivery).sort((a, b) => a.id - b.id);
}

/**
 * Ends work on a delivery: done, unparseable or dead, with what became of it. Only now its bytes are compared with
 * those of the deliveries finished before, so that the intake does not pay for it. Answers with the id of the
 * suspected replay, if there is one: the later of the two, whichever is finished first.
 */
export function* finishDelivery(
  tx: Tx,
  delivery: Pick<Delivery, "id" | "source" | "digest">,
  end: { state: Exclude<DeliveryState, "received">; outcome: readonly string[]; nowMs: number },
): Work<number | null> {
  const { id } = delivery;
  const twin = yield* findTwin(tx, delivery);
  const isReplay = twin !== undefined && twin < id;
  yield* all(
    tx.db
      .updateTable("deliveries")
      .set({
        state: end.state,
        outcome: JSON.stringify(end.outcome),
        finished_at: end.nowMs,
        claimed_by: null,
        claimed_until: null,
        // A conflict stays one.
        ...(isReplay && {
          verdict: sql<string>`case when verdict = 'conflict' then verdict else 'suspected_replay' end`,
        }),
      })
      .where("id", "=", id),
  );
  if (twin === undefined) return null;
  if (isReplay) return id;
  yield* all(tx.db.updateTable("deliveries").set({ verdict: "suspected_replay" }).where("id", "=", twin));
  return twin;
}

/** Ends a delivery that nobody has begun to work on. Answers false where somebody has. */
export function* settleDelivery(
  tx: Tx,
  id: number,
  { outcome, nowMs }: { outcome: readonly string[]; nowMs: number },
): Work<boolean> {
  const settled = tx.db
    .updateTable("deliveries")
    .set({ state: "done", outcome: JSON.stringify(outcome), finished_at: nowMs })
    .where("id", "=", id)
    .where("state", "=", sql.lit("received"))
    .where("attempts", "=", 0);
  return (yield* all(settled.returning("id"))).length > 0;
}

/** Another delivery, worked off already, of the same bytes from the same source; with `hasRun` one that did what it says. */
function* findTwin(tx: Tx, { id, source, digest }: Pick<Delivery, "id" | "source" | "digest">, hasRun = false) {
  let query = tx.db
    .selectFrom("deliveries")
    .select("id")
    .where(digestMark, "=", digest.slice(0, DIGEST_MARK_LENGTH))
    .where("digest", "=", digest)
    .where("source", "=", source)
    // Written out, not bound, as in the partial index.
    .where("state", "<>", sql.lit("received"))
    .where("id", "<>", id);
  if (hasRun) {
    query = query
      .where("state", "=", sql.lit("done"))
      .where((is) => is.or([is("verdict", "<>", "conflict"), is("released_by", "is not", null)]));
  }
  const twin = yield* first(query.orderBy("id").limit(1));
  return twin?.id;
}

/**
 * The delivery of the same bytes from the same source that did what they say, or that came before this one and waits to;
 * undefined where there is none. One that was given up, held or skipped as a conflict did nothing. Until the transaction
 * ends nobody else is told of these bytes, so that of two at the same moment one sees the other.
 */
export function* earlierTwin(tx: Tx, delivery: Pick<Delivery, "id" | "source" | "digest">): Work<number | undefined> {
  yield* lockName(tx, `bytes ${delivery.digest} of ${delivery.source}`);
  return (yield* findTwin(tx, delivery, true)) ?? (yield* waitingTwin(tx, delivery));
}

function* waitingTwin(tx: Tx, { id, source, digest }: Pick<Delivery, "id" | "source" | "digest">) {
  const waiting = yield* first(
    tx.db
      .selectFrom("deliveries")
      .select("id")
      // Written out, not bound: only so can SQLite tell that the partial index covers it.
      .where("state", "=", sql.lit("received"))
      .where("id", "<", id)
      .where("digest", "=", digest)
      .where("source", "=", source)
      .orderBy("id")
      .limit(1),
  );
  return waiting?.id;
}

/** Puts a delivery back to be tried again at `notBeforeMs`. */
export function* postponeDelivery(tx: Tx, id: number, notBeforeMs: number, error: string): Work<void> {
  yield* all(
    tx.db
      .updateTable("deliveries")
      .set({ not_before: notBeforeMs, outcome: JSON.stringify([error]), claimed_by: null, claimed_until: null })
      .where("id", "=", id),
  );
}

/**
 * Takes a delivery up again that had been given up, or was held. `by` names who wants that: then it does what it says
 * although it looks like a replay.
 */
export function* reviveDelivery(tx: Tx, id: number, by: string | null = null): Work<void> {
  const unclaimed = { finished_at: null, claimed_by: null, claimed_until: null };
  yield* all(
    tx.db
      .updateTable("deliveries")
      .set({ state: "received", attempts: 0, not_before: 0, ...unclaimed, ...(by !== null && { released_by: by }) })
      .where("id", "=", id),
  );
}

/** Whether body and request were forgotten (`forgetBodies`), so that nothing is left to work off. */
export const isForgotten = ({ body, request }: Pick<Delivery, "body" | "request">): boolean =>
  body.length === 0 && (request ?? null) === null;

/** The newest deliveries, newest first, without their bodies. */
export function* listDeliveries(
  tx: Tx,
  filter: { limit: number; state?: string },
): Work<Array<Omit<Delivery, "body">>> {
  let query = tx.db
    .selectFrom("deliveries")
    .select([
      ...(["id", "source", "key", "event", "digest", "state", "verdict", "attempts", "outcome"] as const),
      ...(["received_at", "finished_at", "request", "matched", "seen", "released_by"] as const),
    ])
    .orderBy("id", "desc")
    .limit(filter.limit);
  if (filter.state) query = query.where("state", "=", filter.state);
  const rows = yield* all(query);
  return rows.map((row) => {
    const { body: _, ...rest } = toDelivery({ ...row, body: Buffer.alloc(0) });
    return rest;
  });
}

/** One delivery, by our number or by the sender's own id (the part of the key after the hook's). */
export function* findDelivery(tx: Tx, name: string): Work<Delivery | undefined> {
  const row = yield* first(
    tx.db
      .selectFrom("deliveries")
      .selectAll()
      .where((is) =>
        is.or([
          is("key", "=", name),
          is("key", "like", `%/${name.replace(/[%_\\]/g, "")}`),
          ...(/^\d{1,15}$/.test(name) ? [is("id", "=", Number(name))] : []),
        ]),
      )
      .orderBy("id", "desc")
      .limit(1),
  );
  return row && toDelivery(row);
}

/** How many deliveries are in each state. */
export function* countDeliveries(tx: Tx): Work<Record<string, number>> {
  const rows = yield* all(
    tx.db
      .selectFrom("deliveries")
      .select(["state", tx.db.fn.countAll<number>().as("count")])
      .groupBy("state"),
  );
  return Object.fromEntries(rows.map(({ state, count }) => [state, Number(count)]));
}

type Row = Omit<Selectable<DeliveryTable>, "claimed_by" | "claimed_until" | "not_before">;

function toDelivery(row: Row): Delivery {
  return {
    id: row.id,
    source: row.source,
    key: row.key,
    event: row.event,
    digest: row.digest,
    body: row.body,
    state: row.state as DeliveryState,
    verdict: row.verdict as DeliveryVerdict,
    attempts: row.attempts,
    seen: row.seen,
    releasedBy: row.released_by,
    request: row.request === null ? null : (JSON.parse(row.request) as DeliveryRequest),
    matched: row.matched,
    outcome: JSON.parse(row.outcome) as string[],
    receivedAtMs: row.received_at,
    finishedAtMs: row.finished_at,
  };
}
