/** What a summary of the day counts. */
import type { DeploymentState } from "../model/deployment.ts";
import { all, first, type Tx, type Work } from "./work.ts";

export type Finished = {
  readonly site: string;
  readonly state: DeploymentState;
  /** From its start to its end, in milliseconds; null where it never began. */
  readonly tookMs: number | null;
};

/** The deployments of these sites that ended in that time. */
export function* finishedBetween(tx: Tx, sites: readonly string[], fromMs: number, toMs: number): Work<Finished[]> {
  if (sites.length === 0) return [];
  const rows = yield* all(
    tx.db
      .selectFrom("deployments")
      .select(["site", "state", "started_at", "finished_at"])
      .where("site", "in", sites)
      .where("finished_at", ">=", fromMs)
      .where("finished_at", "<", toMs),
  );
  return rows.map(({ site, state, started_at: from, finished_at: to }) => ({
    site,
    state: state as DeploymentState,
    tookMs: from === null || to === null ? null : Math.max(0, to - from),
  }));
}

/** Whether anything was delivered or deployed before that time: whether Slipway was there. */
export function* wasThereBefore(tx: Tx, atMs: number): Work<boolean> {
  const deliveries = tx.db.selectFrom("deliveries").select("id").where("received_at", "<", atMs).limit(1);
  if (yield* first(deliveries)) return true;
  const deployments = tx.db.selectFrom("deployments").select("id").where("created_at", "<", atMs).limit(1);
  return (yield* first(deployments)) !== undefined;
}
