/** The snapshot of facts that handlers look at, read inside the transaction that saves their effects. */
import type { Config } from "../config/schema.ts";
import type { ContentFacts } from "../handlers/content.ts";
import type { ContentChangedEvent, Event } from "../model/event.ts";
import type { SiteFacts } from "../model/site.ts";
import { activeDeploymentOf } from "../store/deployments.ts";
import { listSites, repositoriesOf, repositoryOf } from "../store/sites.ts";
import type { Tx, Work } from "../store/work.ts";

/** Every configured site with its state. */
export function* siteFacts(tx: Tx, config: Config): Work<SiteFacts[]> {
  const states = new Map((yield* listSites(tx)).map((state) => [state.name, state]));
  return Object.entries(config.sites).map(([name, site]) => {
    const state = states.get(name);
    const { repoId = null, boundAs = null, githubPause = null } = state ?? {};
    const workflow = site.build.workflow ?? null;
    return { name, repo: site.repo, branch: site.branch, workflow, repoId, boundAs, githubPause };
  });
}

/** The sites that show changed content, and how their repositories are reached. */
export function* contentFacts(tx: Tx, config: Config, event: ContentChangedEvent): Work<ContentFacts> {
  const named = (yield* siteFacts(tx, config)).filter((site) => event.sites.includes(site.name));
  const sites = [];
  for (const { name, branch, workflow, repo } of named) {
    sites.push({ name, branch, workflow, ...(yield* repositoryOf(tx, name, repo)) });
  }
  return { sites };
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
