/** The snapshot of facts that handlers look at, read inside the transaction that saves their effects. */
import type { Config } from "../config/schema.ts";
import { type AfterFacts, NO_RESULTS } from "../handlers/after.ts";
import type { CiFacts } from "../handlers/ci.ts";
import type { ContentFacts } from "../handlers/content.ts";
import type { ContentChangedEvent, Event, WorkflowRunEvent } from "../model/event.ts";
import { belongsTo, type SiteFacts } from "../model/site.ts";
import { slackChannelOf } from "../notify/tell.ts";
import { hasWorkflows, lockRepository, resultsFor, resultsSince } from "../store/ci.ts";
import { activeDeploymentOf } from "../store/deployments.ts";
import { findSite, listSites, repositoriesOf, repositoryOf } from "../store/sites.ts";
import type { Tx, Work } from "../store/work.ts";

/** Every configured site with its state. */
export function* siteFacts(tx: Tx, config: Config): Work<SiteFacts[]> {
  const states = new Map((yield* listSites(tx)).map((state) => [state.name, state]));
  return Object.entries(config.sites).map(([name, site]) => {
    const state = states.get(name);
    const { repoId = null, boundAs = null, githubPause = null } = state ?? {};
    const workflow = site.build.workflow ?? null;
    const { repo, branch, after } = site;
    return { name, repo, branch, workflow, after, repoId, boundAs, githubPause };
  });
}

/** What CI said of a commit, and of what was pushed later, where a site of the repository waits for it. */
export function* afterFacts(
  tx: Tx,
  sites: readonly SiteFacts[],
  { repoId, repoName, commit, runId }: { repoId: number; repoName: string; commit: string; runId: number | null },
): Work<AfterFacts> {
  if (!sites.some((site) => site.after.length > 0 && belongsTo(site, { repoId, repoName }))) return NO_RESULTS;
  yield* lockRepository(tx, repoId);
  const ofCommit = yield* resultsFor(tx, repoId, commit);
  const runs = [...ofCommit.map((it) => it.runId), ...(runId === null ? [] : [runId])];
  const newer = runs.length === 0 ? [] : yield* resultsSince(tx, repoId, Math.min(...runs));
  return { ofCommit, newer: newer.filter((it) => it.commit !== commit) };
}

/** Who follows what CI says. */
export function* ciFacts(
  tx: Tx,
  config: Config,
  sites: readonly SiteFacts[],
  { repoId, isCheckSuite }: WorkflowRunEvent,
): Work<CiFacts> {
  const channels = new Map<string, { channel: string; setting: string }>();
  for (const { name } of sites) {
    const channel = slackChannelOf(config, name);
    const setting = config.sites[name]?.channel === undefined ? "channel" : `sites.${name}.channel`;
    if (channel !== null) channels.set(name, { channel, setting });
  }
  return { sites, rules: config.ci, channels, hasWorkflows: isCheckSuite && (yield* hasWorkflows(tx, repoId)) };
}

/** The sites that show changed content, and how their repositories are reached. */
export function* contentFacts(tx: Tx, config: Config, event: Pick<ContentChangedEvent, "sites">): Work<ContentFacts> {
  const named = (yield* siteFacts(tx, config)).filter((site) => event.sites.includes(site.name));
  const sites = [];
  for (const { name, branch, workflow, after, repo } of named) {
    const liveCommit = (yield* findSite(tx, name))?.liveCommit ?? null;
    sites.push({ name, branch, workflow, after, liveCommit, ...(yield* repositoryOf(tx, name, repo)) });
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
