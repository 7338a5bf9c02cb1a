/** Forgets what deliveries said once nobody needs it: their bodies may be personal data, their keys and digests are not. */
import { sql } from "kysely";
import { hasContent } from "./migrations.ts";
import { all, first, type Tx, type Work } from "./work.ts";

/** So many in one transaction: nothing waits long behind it. */
const BATCH = 500;

/**
 * Empties body and request of the source's deliveries that ended before `beforeMs` (milliseconds since 1970), however they
 * ended. Keys, digests and outcomes stay, so that they are known when they come again. Answers with how many it emptied, at
 * most 500: ask again while it is that many.
 */
export function* forgetBodies(
  tx: Tx,
  { source, beforeMs }: { readonly source: string; readonly beforeMs: number },
): Work<number> {
  const old = tx.db
    .selectFrom("deliveries")
    .select("id")
    .where("source", "=", source)
    .where("finished_at", "<", beforeMs)
    .where("state", "<>", sql.lit("received"))
    .where(hasContent)
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

/** The sources, declared or not, of whose ended deliveries something is left. Each is found by one look into the index. */
export function* sourcesWithBodies(tx: Tx): Work<string[]> {
  const sources: string[] = [];
  for (;;) {
    const next = yield* first(
      tx.db
        .selectFrom("deliveries")
        .select("source")
        .where("source", ">", sources.at(-1) ?? "")
        .where("finished_at", "is not", null)
        .where(hasContent)
        .orderBy("source")
        .limit(1),
    );
    if (!next) return sources;
    sources.push(next.source);
  }
}
