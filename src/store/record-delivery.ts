/** Records what arrived, once for each id: new, a duplicate, a conflict, or one that had been given up and comes again. */
import type { CompiledQuery } from "kysely";
import { sql } from "kysely";
import type { NewDelivery } from "../model/delivery.ts";
import { reviveDelivery } from "./deliveries.ts";
import { DIGEST_MARK_LENGTH } from "./migrations.ts";
import { all, type Tx, type Work } from "./work.ts";

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
