/** Deliveries in the store: recorded once, claimed, finished, given up, revived. */
import type { CompiledQuery, Selectable } from "kysely";
import { sql } from "kysely";
import type { Delivery, DeliveryRequest, DeliveryState, DeliveryVerdict, NewDelivery } from "../model/delivery.ts";
import { lockName } from "./lock-name.ts";
import { DIGEST_MARK_LENGTH, digestMark } from "./migrations.ts";
import type { DeliveryTable } from "./tables.ts";
import { all, first, type Tx, type Work } from "./work.ts";

/**
 * What became of a recording. "conflict": the sender's id is known, with other bytes; the first ones stay, and the others
 * are kept as a delivery of their own, which does nothing. "revived": the same delivery had been given up, and is worked
 * on again. `id` is the number of the row.
 */
export type Recorded = {
  readonly verdict: "new" | "duplicate" | "conflict" | "revived";
  readonly id: number;
};

/** How the sender's ids are to be taken. */
export type Identity = {
  /** Whether the sender may come again with other bytes under the same id. */
  readonly bodyMayChange?: boolean;
  /** For how long the key names one delivery, in milliseconds; absent: for ever. */
  readonly windowMs?: number;
};

/** Records a delivery unless its key is known. Whether its bytes were seen before is told when it is finished. */
export function* recordDelivery(tx: Tx, delivery: NewDelivery, identity: Identity = {}): Work<Recorded> {
  const { windowMs } = identity;
  if (windowMs === undefined) return yield* recordOnce(tx, delivery, identity);
  const span = Math.floor(delivery.receivedAtMs / windowMs);
  const earlier = yield* knownUnder(tx, delivery.source, `${delivery.key}.${span - 1}`);
  const recorded = yield* recordOnce(tx, { ...delivery, key: `${delivery.key}.${span}` }, identity);
  if (recorded.verdict !== "new" || !earlier || earlier.received_at <= delivery.receivedAtMs - windowMs)
    return recorded;
  // The window began in the span before. This row must not become the one that later ones are compared with.
  yield* all(tx.db.deleteFrom("deliveries").where("id", "=", recorded.id));
  return yield* sawAgain(tx, earlier.id, delivery);
}

function* recordOnce(tx: Tx, delivery: NewDelivery, { bodyMayChange = false }: Identity): Work<Recorded> {
  const inserted = yield* insertNew(tx, delivery);
  if (inserted !== null) return { id: inserted, verdict: "new" };
  const { source, key, digest } = delivery;
  const row = yield* knownUnder(tx, source, key);
  if (!row) throw new Error(`delivery ${key} is neither new nor known`);
  if (row.digest !== digest && !bodyMayChange) return yield* recordConflict(tx, delivery);
  return yield* sawAgain(tx, row.id, delivery);
}

/** The number of the row; null where the key is known. */
function* insertNew(tx: Tx, delivery: NewDelivery): Work<number | null> {
  const { source, key, event, digest, body, receivedAtMs, request = null, matched = null } = delivery;
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(body);
  const kept = request === null ? null : JSON.stringify(request);
  const parameters = [source, key, event, digest, bytes, receivedAtMs, kept, matched];
  const [inserted] = (yield { ...hotQueries(tx).insert, parameters }) as Array<{ id: number }>;
  return inserted?.id ?? null;
}

type Known = { id: number; digest: string; received_at: number };

function* knownUnder(tx: Tx, source: string, key: string): Work<Known | undefined> {
  return ((yield { ...hotQueries(tx).known, parameters: [source, key] }) as Known[])[0];
}

/** A duplicate is counted. One that had been given up is worked on again: whoever sends it again may have mended something. */
function* sawAgain(tx: Tx, id: number, delivery: NewDelivery): Work<Recorded> {
  // What the count says is what stands there once nobody else can change it: of two that come at once one alone revives.
  const counted = yield* all(
    tx.db
      .updateTable("deliveries")
      .set((is) => ({ seen: is("seen", "+", 1) }))
      .where("id", "=", id)
      .returning(["state", "request", sql<number>`length(body)`.as("bytes")]),
  );
  const [row] = counted;
  if (row?.state !== "dead") return { id, verdict: "duplicate" };
  if (Number(row.bytes) === 0 && row.request === null) yield* rememberAgain(tx, id, delivery);
  yield* reviveDelivery(tx, id);
  return { id, verdict: "revived" };
}

/** What a delivery said was forgotten (`forgetBodies`); it says it again. */
function* rememberAgain(tx: Tx, id: number, { digest, body, request = null, matched = null }: NewDelivery): Work<void> {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(body);
  const kept = request === null ? null : JSON.stringify(request);
  yield* all(tx.db.updateTable("deliveries").set({ digest, body: bytes, request: kept, matched }).where("id", "=", id));
}

/** Keeps what came under a known id with other bytes, once, under a key of its own. */
function* recordConflict(tx: Tx, delivery: NewDelivery): Work<Recorded> {
  const key = `${delivery.key}~${delivery.digest.slice(0, DIGEST_MARK_LENGTH)}`;
  const id = yield* insertNew(tx, { ...delivery, key });
  if (id === null) {
    const row = yield* knownUnder(tx, delivery.source, key);
    if (!row) throw new Error(`delivery ${key} is neither new nor known`);
    return yield* sawAgain(tx, row.id, delivery);
  }
  yield* all(tx.db.updateTable("deliveries").set({ verdict: "conflict" }).where("id", "=", id));
  return { id, verdict: "conflict" };
}

type HotQueries = { readonly insert: CompiledQuery; readonly known: CompiledQuery };
const compiled = new WeakMap<Tx["db"], HotQueries>();

/** The queries of the intake, built once: to build them for each request would cost as much as to run them. */
function hotQueries({ db }: Tx): HotQueries {
  let queries = compiled.get(db);
  if (!queries) {
    const values = { source: "", key: "", event: "", digest: "", body: Buffer.alloc(0), received_at: 0 };
    const insert = db
      .insertInto("deliveries")
      .values({ ...values, request: "", matched: "" })
      .onConflict((conflict) => conflict.columns(["source", "key"]).doNothing())
      .returning("id")
      .compile();
    const known = db
      .selectFrom("deliveries")
      .select(["id", "digest", "received_at"])
      .where("source", "=", "")
      .where("key", "=", "")
      .compile();
    queries = { insert, known };
    compiled.set(db, queries);
  }
  return queries;
}

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
