/** What the status page shows, gathered from the store in one transaction. */
import type { Config } from "../config/schema.ts";
import type { Deployment } from "../model/deployment.ts";
import { whoAndWhy } from "../model/site.ts";
import { countActive } from "../store/count-deployments.ts";
import { countDeliveries } from "../store/deliveries.ts";
import { findDeployment, listDeployments } from "../store/deployments.ts";
import { countOutbox } from "../store/outbox.ts";
import { listSites, type SiteState } from "../store/sites.ts";
import type { Tx, Work } from "../store/work.ts";

export type SiteStatus = {
  readonly name: string;
  /** Where visitors see it; null where nobody said. */
  readonly url: string | null;
  readonly live: { readonly commit: string; readonly release: string; readonly sinceMs: number | null } | null;
  /** What keeps it from deploying. */
  readonly holds: readonly string[];
  /** The newest ones, newest first. */
  readonly deployments: readonly Deployment[];
};

export type StatusFacts = {
  readonly sites: readonly SiteStatus[];
  readonly running: number;
  readonly waiting: number;
  /** Deliveries that are recorded and not worked off yet, and news that are not told yet. */
  readonly deliveries: number;
  readonly untold: number;
};

/** So many deployments of each site are shown. */
const SHOWN = 5;

export function* readStatus(tx: Tx, config: Pick<Config, "sites">): Work<StatusFacts> {
  const states = yield* listSites(tx);
  const sites: SiteStatus[] = [];
  for (const [name, site] of Object.entries(config.sites)) {
    const state = states.find((one) => one.name === name);
    const deployments = yield* listDeployments(tx, { site: name, limit: SHOWN });
    const live = state ? yield* liveOf(tx, state) : null;
    sites.push({ name, url: site.confirm?.url ?? null, live, holds: state ? holdsOf(state) : [], deployments });
  }
  const { running, waiting } = yield* countActive(tx);
  const { received = 0 } = yield* countDeliveries(tx);
  const { pending = 0 } = yield* countOutbox(tx);
  return { sites, running, waiting, deliveries: received, untold: pending };
}

function* liveOf(tx: Tx, { liveCommit, liveRelease, liveDeployment }: SiteState): Work<SiteStatus["live"]> {
  if (liveRelease === null) return null;
  const by = liveDeployment === null ? undefined : yield* findDeployment(tx, liveDeployment);
  return { commit: liveCommit ?? "", release: liveRelease, sinceMs: by?.finishedAtMs ?? null };
}

function holdsOf({ githubPause, paused, locked }: SiteState): string[] {
  return [
    locked && `locked by ${whoAndWhy(locked)}`,
    paused && `paused by ${whoAndWhy(paused)}`,
    githubPause && `paused: ${githubPause}`,
  ].filter((hold) => hold !== null);
}
