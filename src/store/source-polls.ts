/** What senders that are polled last said of their content, in the store. */
import { sql } from "kysely";
import { hasContent } from "./migrations.ts";
import { all, first, type Tx, type Work } from "./work.ts";

export type SourcePoll = {
  /** What the sender said. */
  readonly updated: string;
  /** When it was last asked and said so, in milliseconds since 1970. */
  readonly askedAtMs: number;
};

/** What the source last said; undefined where it was never asked. */
export function* lastPoll(tx: Tx, source: string): Work<SourcePoll | undefined> {
  const row = yield* first(tx.db.selectFrom("source_polls").selectAll().where("source", "=", source));
  return row && { updated: row.updated, askedAtMs: row.asked_at };
}

/** Remembers it in place of what was said before. */
export function* rememberPoll(tx: Tx, source: string, { updated, askedAtMs }: SourcePoll): Work<void> {
  const row = { updated, asked_at: askedAtMs };
  yield* all(
    tx.db
      .insertInto("source_polls")
      .values({ source, ...row })
      .onConflict((conflict) => conflict.column("source").doUpdateSet(row)),
  );
}

/** So many of the newest deliveries are looked at; more within one interval are all of one kind. */
const MAX_LOOKED_AT = 200;

/**
 * Whether a delivery that the source sent since then did something. What it sent and what was skipped (a draft, say)
 * stands for no change that a site shows, and what was found by polling is no word of the sender's.
 */
export function* wasToldSince(tx: Tx, source: string, sinceMs: number, pollEvent: string): Work<boolean> {
  const rows = yield* all(
    tx.db
      .selectFrom("deliveries")
      .select("outcome")
      .where("source", "=", source)
      // Polls are never so far apart that what came between them is forgotten: so the index of what is not finds it.
      .where("finished_at", ">=", sinceMs)
      .where(hasContent)
      .where("received_at", ">=", sinceMs)
      .where("state", "=", sql.lit("done"))
      .where("event", "<>", pollEvent)
      .orderBy("finished_at", "desc")
      .limit(MAX_LOOKED_AT),
  );
  return rows.some(({ outcome }) => (JSON.parse(outcome) as string[]).some((it) => !it.startsWith("skipped")));
}
