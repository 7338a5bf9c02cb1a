/** What there is to tell of a delivery or a source beside the delivery's own row. */
import type { Delivery } from "../model/delivery.ts";
import { all, first, type Tx, type Work } from "./work.ts";

export type CausedDeployment = { readonly id: string; readonly site: string; readonly state: string };

/** The deployments that a delivery caused, or that bring the content it told of. */
export function* deploymentsCausedBy(
  tx: Tx,
  { id: deliveryId, source }: Pick<Delivery, "id" | "source">,
): Work<CausedDeployment[]> {
  // As the readers of declared sources name what they make of a delivery: "cms 12.0".
  const cause = `${source} ${deliveryId}.%`;
  const brought = tx.db.selectFrom("content_changes").select("deployment_id").where("cause", "like", cause);
  return yield* all(
    tx.db
      .selectFrom("deployments")
      .select(["id", "site", "state"])
      .where((is) => is.or([is("cause", "like", cause), is("id", "in", brought)]))
      .orderBy("created_at")
      .limit(100),
  );
}

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
