/** Deliveries in the store: recorded once, claimed, finished, given up, revived. */
import type { CompiledQuery, Selectable } from "kysely";
import { sql } from "kysely";
import type { Delivery, DeliveryState, DeliveryVerdict, NewDelivery } from "../model/delivery.ts";
import type { DeliveryTable } from "./tables.ts";
import { all, first, type Tx, type Work } from "./work.ts";

/**
 * What became of a recording. "conflict": the sender's id is known, with other bytes; the first ones stay.
 * "revived": the same delivery had been given up, and is worked on again.
 */
export type Recorded = {
  readonly verdict: DeliveryVerdict | "duplicate" | "conflict" | "revived";
  readonly id: number;
};

/** Records a delivery unless its key is known. */
export function* recordDelivery(tx: Tx, delivery: NewDelivery): Work<Recorded> {
  const { source, key, event, digest, body, receivedAtMs } = delivery;
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(body);
  // The hot path: building this query anew for each request would cost as much as running it.
  const insert = compiledInsert(tx);
  const mark = digestMark(digest);
  const parameters = [source, key, event, digest, mark, bytes, mark, digest, source, receivedAtMs];
  const [inserted] = (yield { ...insert, parameters }) as Array<{ id: number; verdict: DeliveryVerdict }>;
  if (inserted) return inserted;

  const known = yield* first(
    tx.db
      .selectFrom("deliveries")
      .select(["id", "digest", "state"])
      .where("source", "=", source)
      .where("key", "=", key),
  );
  if (!known) throw new Error(`delivery ${key} is neither new nor known`);
  if (known.digest !== digest) return { id: known.id, verdict: "conflict" };
  if (known.state !== "dead") return { id: known.id, verdict: "duplicate" };
  yield* reviveDelivery(tx, known.id);
  return { id: known.id, verdict: "revived" };
}

/** The first 48 bits of a digest as a number: an index over numbers is several times smaller than one over text. */
const digestMark = (digest: string) => Number.parseInt(digest.slice(0, 12), 16) || 0;

const inserts = new WeakMap<object, CompiledQuery>();

function compiledInsert(tx: Tx): CompiledQuery {
  let insert = inserts.get(tx.db);
  if (!insert) {
    const seen = tx.db
      .selectFrom("deliveries")
      .select(sql.lit(1).as("one"))
      .where("digest_mark", "=", 0)
      .where("digest", "=", "")
      .where("source", "=", "");
    insert = tx.db
      .insertInto("deliveries")
      .values({
        source: "",
        key: "",
        event: "",
        digest: "",
        digest_mark: 0,
        body: Buffer.alloc(0),
        verdict: sql<string>`case when exists ${seen} then 'suspected_replay' else 'new' end`,
        received_at: 0,
      } as never)
      .onConflict((conflict) => conflict.columns(["source", "key"]).doNothing())
      .returning(["id", "verdict"])
      .compile();
    inserts.set(tx.db, insert);
  }
  return insert;
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

/** Ends work on a delivery: done, unparseable or dead, with what became of it. */
export function* finishDelivery(
  tx: Tx,
  id: number,
  end: { state: Exclude<DeliveryState, "received">; outcome: readonly string[]; nowMs: number },
): Work<void> {
  yield* all(
    tx.db
      .updateTable("deliveries")
      .set({
        state: end.state,
        outcome: JSON.stringify(end.outcome),
        finished_at: end.nowMs,
        claimed_by: null,
        claimed_until: null,
      })
      .where("id", "=", id),
  );
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

/** Takes a delivery up again that had been given up. */
export function* reviveDelivery(tx: Tx, id: number): Work<void> {
  yield* all(
    tx.db
      .updateTable("deliveries")
      .set({ state: "received", attempts: 0, not_before: 0, finished_at: null, claimed_by: null, claimed_until: null })
      .where("id", "=", id),
  );
}

/** The newest deliveries, newest first, without their bodies. */
export function* listDeliveries(
  tx: Tx,
  filter: { limit: number; state?: string },
): Work<Array<Omit<Delivery, "body">>> {
  let query = tx.db
    .selectFrom("deliveries")
    .select([
      ...(["id", "source", "key", "event", "digest", "state", "verdict", "attempts", "outcome"] as const),
      ...(["received_at", "finished_at"] as const),
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

type Row = Omit<Selectable<DeliveryTable>, "digest_mark" | "claimed_by" | "claimed_until" | "not_before">;

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
    outcome: JSON.parse(row.outcome) as string[],
    receivedAtMs: row.received_at,
    finishedAtMs: row.finished_at,
  };
}
