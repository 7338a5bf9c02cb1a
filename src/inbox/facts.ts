/** The snapshot of facts that handlers look at, read inside the transaction that saves their effects. */

import { z } from "zod";
import type { Config } from "../config/schema.ts";
import type { ConsentFacts } from "../handlers/consent.ts";
import type { ContentFacts } from "../handlers/content.ts";
import type { ContentChangedEvent, Event } from "../model/event.ts";
import type { SiteFacts } from "../model/site.ts";
import { slackKey } from "../notify/announce.ts";
import { slackChannelOf } from "../notify/tell.ts";
import { hasBuilt } from "../store/built-releases.ts";
import { newestDeployment } from "../store/consent.ts";
import { activeDeploymentOf, findDeployment } from "../store/deployments.ts";
import { findRemote } from "../store/outbox.ts";
import { findSite, listSites, repositoriesOf, repositoryOf } from "../store/sites.ts";
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

const posted = z.object({ channel: z.string() });

/** The deployment that a command is about, its site, and where its message stands. */
export function* consentFacts(tx: Tx, config: Config, id: string): Work<ConsentFacts> {
  const deployment = (yield* findDeployment(tx, id)) ?? null;
  if (!deployment) return { deployment, newest: null, site: null, channel: null, isBuilt: false };
  const { site: name } = deployment;
  const newest = (yield* newestDeployment(tx, name)) ?? null;
  const site = Object.hasOwn(config.sites, name) ? config.sites[name] : undefined;
  const isBuilt = yield* hasBuilt(tx, id);
  if (!site) return { deployment, newest, site: null, channel: null, isBuilt };
  const { githubPause = null, paused = null, locked = null } = (yield* findSite(tx, name)) ?? {};
  // Slack's id of the channel: in slipway.yaml it may stand by its name.
  const key = slackChannelOf(config, name);
  const message = key === null ? null : yield* findRemote(tx, slackKey(id, key));
  const channel = posted.safeParse(message).data?.channel ?? null;
  const holds = { githubPause, paused, locked };
  const facts = { name, branch: site.branch, holds, deployers: site.deployers };
  return { deployment, newest, site: facts, channel, isBuilt };
}
