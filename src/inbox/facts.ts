/** The snapshot of facts that handlers look at, read inside the transaction that saves their effects. */
import type { Config } from "../config/schema.ts";
import type { Event } from "../model/event.ts";
import type { SiteFacts } from "../model/site.ts";
import { activeDeploymentOf } from "../store/deployments.ts";
import { listSites, repositoriesOf } from "../store/sites.ts";
import type { Tx, Work } from "../store/work.ts";

/** Every configured site with its state. */
export function* siteFacts(tx: Tx, config: Config): Work<SiteFacts[]> {
  const states = new Map((yield* listSites(tx)).map((state) => [state.name, state]));
  return Object.entries(config.sites).map(([name, site]) => {
    const state = states.get(name);
    const { repoId = null, boundAs = null, paused = null } = state ?? {};
    return { name, repo: site.repo, branch: site.branch, repoId, boundAs, paused };
  });
}

/** For each site, the deployment that waits or runs on `commit` already. */
export function* activeOn(tx: Tx, sites: readonly SiteFacts[], commit: string): Work<Map<string, string>> {
  const active = new Map<string, string>();
  for (const site of sites) {
    const deployment = yield* activeDeploymentOf(tx, site.name, commit);
    if (deployment) active.set(site.name, deployment.id);
  }
  return active;
}

/** The repositories reached through the installation that an event is about. */
export function* knownRepositories(tx: Tx, event: Extract<Event, { type: "installation" }>) {
  const repositories = yield* repositoriesOf(tx, event.installationId);
  return repositories.map((repository) => ({ repoId: repository.id, repoName: repository.name }));
}
