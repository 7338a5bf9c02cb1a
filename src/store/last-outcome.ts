/** How a site's last deployment ended, of those that say whether the site can be deployed. */
import type { Deployment } from "../model/deployment.ts";
import { toDeployment } from "./deployment-row.ts";
import { first, type Tx, type Work } from "./work.ts";

/**
 * Of a site's other deployments that went live or failed the one that ended last, not after `beforeMs`; undefined where
 * none did. What was cancelled, skipped or superseded says nothing of the site.
 */
export function* lastOutcomeBefore(
  tx: Tx,
  { site, id }: Pick<Deployment, "site" | "id">,
  beforeMs: number,
): Work<Deployment | undefined> {
  const ended = tx.db
    .selectFrom("deployments")
    .selectAll()
    .where("site", "=", site)
    .where("id", "<>", id)
    .where("state", "in", ["live", "failed"])
    .where("finished_at", "<=", beforeMs);
  const row = yield* first(ended.orderBy("finished_at", "desc").orderBy("id", "desc").limit(1));
  return row && toDeployment(row);
}
