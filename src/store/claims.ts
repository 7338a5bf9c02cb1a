/** What a new boot does with the claims of earlier ones. */
import { all, type Tx, type Work } from "./work.ts";

/**
 * Frees every delivery and outbox row that an earlier boot had claimed. Only for the embedded store, where the lock on
 * the data folder proves that this boot is the only one; on Postgres, leases run out by themselves.
 */
export function* freeClaims(tx: Tx): Work<void> {
  if (tx.dialect !== "sqlite") return;
  const free = { claimed_by: null, claimed_until: null } as const;
  yield* all(tx.db.updateTable("deliveries").set(free).where("claimed_by", "is not", null));
  yield* all(tx.db.updateTable("outbox").set(free).where("claimed_by", "is not", null));
}
