/** What there is to tell of a delivery or a source beside the delivery's own row. */
import { deploymentIdsIn } from "../model/id.ts";
import { all, first, type Tx, type Work } from "./work.ts";

export type NamedDeployment = { readonly id: string; readonly site: string; readonly state: string };

/** How the deployments stand now that the outcome of a delivery names, in their order. */
export function* deploymentsIn(tx: Tx, outcome: readonly string[]): Work<NamedDeployment[]> {
  const ids = outcome.flatMap(deploymentIdsIn).slice(0, MAX_DEPLOYMENTS);
  if (ids.length === 0) return [];
  const named = tx.db.selectFrom("deployments").select(["id", "site", "state"]).where("id", "in", ids);
  return yield* all(named.orderBy("created_at"));
}

const MAX_DEPLOYMENTS = 100;

export type LastAccepted = {
  readonly id: number;
  readonly atMs: number;
  readonly event: string;
  readonly matched: string | null;
};

/** The newest delivery of a source that was accepted. */
export function* lastAcceptedOf(tx: Tx, source: string): Work<LastAccepted | null> {
  const row = yield* first(
    tx.db
      .selectFrom("deliveries")
      .select(["id", "received_at", "event", "matched"])
      .where("source", "=", source)
      .orderBy("id", "desc")
      .limit(1),
  );
  return row ? { id: row.id, atMs: row.received_at, event: row.event, matched: row.matched } : null;
}

/** When each of a source's secrets was last seen to fit, the latest first. */
export function* secretUsesOf(tx: Tx, source: string): Work<Array<{ secret: string; atMs: number }>> {
  const rows = yield* all(
    tx.db
      .selectFrom("secret_uses")
      .select(["secret", "last_at"])
      .where("source", "=", source)
      .orderBy("last_at", "desc")
      .limit(20),
  );
  return rows.map((row) => ({ secret: row.secret, atMs: row.last_at }));
}
