/** What waits on a site is held when the site is locked or paused, and goes on when that ends. */
import type { Deployment } from "../model/deployment.ts";
import { holdOf } from "../model/site.ts";
import { answerQuestion } from "./consent.ts";
import { changeDeployment, supersede } from "./deployments.ts";
import { findSite } from "./sites.ts";
import { bequeath, waitingOf } from "./waiting.ts";
import type { Tx, Work } from "./work.ts";

/**
 * Brings what waits on a site in line with its locks and pauses. Answers with every deployment that changed. One that
 * was held deploys whatever is the head by then; of two that wait for the same, the newer one stands.
 */
export function* settleWaiting(tx: Tx, site: string, nowMs: number): Work<Deployment[]> {
  const holds = yield* findSite(tx, site);
  if (!holds) return [];
  const changed: Deployment[] = [];
  let standing: { deployment: Deployment; hold: string | null } | undefined;
  for (const deployment of (yield* waitingOf(tx, site)).reverse()) {
    const hold = holdOf(site, holds, deployment.trigger);
    // Newest first: what is older makes way, unless it may run while the newer one may not.
    if (standing && !(hold === null && standing.hold !== null)) {
      yield* bequeath(tx, deployment, standing.deployment);
      changed.push(...(yield* supersede(tx, deployment, standing.deployment, nowMs)));
    } else {
      standing ??= { deployment, hold };
    }
  }
  for (const deployment of yield* waitingOf(tx, site)) {
    const hold = holdOf(site, holds, deployment.trigger);
    const state = hold === null ? "queued" : "held";
    if (deployment.state === state && deployment.reason === hold) continue;
    if (deployment.state === state && state === "queued") continue;
    // Before it counts as the newest itself.
    if (state === "queued") changed.push(...(yield* answerQuestion(tx, deployment)));
    const moved = yield* changeDeployment(tx, deployment.id, { state, reason: hold }, nowMs);
    if (moved) changed.push(moved);
  }
  return changed;
}
