/** Forgets what deliveries said once nobody needs it: their bodies may be personal data, their keys and digests are not. */
import { sql } from "kysely";
import { all, type Tx, type Work } from "./work.ts";

/** So many in one transaction: nothing waits long behind it. */
const BATCH = 500;

/**
 * Empties body and request of the source's deliveries that ended before `beforeMs` (milliseconds since 1970). What is
 * needed to know them again, keys, digests and outcomes, stays; so does what waits for somebody (held), or may be replayed
 * (dead, unparseable), until `alsoUndone` says that it has waited for long enough. Answers with how many it emptied, at
 * most 500: ask again until it is fewer.
 */
export function* forgetBodies(
  tx: Tx,
  { source, beforeMs, alsoUndone = false }: { source: string; beforeMs: number; alsoUndone?: boolean },
): Work<number> {
  const old = tx.db
    .selectFrom("deliveries")
    .select("id")
    .where("source", "=", source)
    .where("finished_at", "<", beforeMs)
    .where("state", alsoUndone ? "<>" : "=", alsoUndone ? "received" : "done")
    .where((is) => is.or([is(sql<number>`length(body)`, ">", 0), is("request", "is not", null)]))
    .orderBy("id")
    .limit(BATCH);
  const forgotten = yield* all(
    tx.db
      .updateTable("deliveries")
      .set({ body: Buffer.alloc(0), request: null })
      .where("id", "in", old)
      .returning("id"),
  );
  return forgotten.length;
}
