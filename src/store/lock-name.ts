/** One piece of work at a time about something that has no row of its own to lock. */
import { sql } from "kysely";
import { all, type Tx, type Work } from "./work.ts";

/**
 * Waits until no other transaction holds the name, and holds it until this one ends. SQLite has one writer anyway.
 * https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS
 */
export function* lockName(tx: Tx, name: string): Work<void> {
  if (tx.dialect !== "postgres") return;
  const lock = sql`select pg_advisory_xact_lock(hashtextextended(${name}, 0))`;
  yield* all({ compile: () => lock.compile(tx.db) });
}
