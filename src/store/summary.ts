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
  // The first ones by their ids, which grow with the time: there is no index of the times themselves.
  const delivery = yield* first(tx.db.selectFrom("deliveries").select("received_at as at").orderBy("id").limit(1));
  if (delivery && delivery.at < atMs) return true;
  const deployment = yield* first(tx.db.selectFrom("deployments").select("created_at as at").orderBy("id").limit(1));
  return deployment !== undefined && deployment.at < atMs;
}
