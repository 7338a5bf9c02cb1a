/** A branch moved: which sites are deployed, and which are not, and why. */
import type { Effect } from "../model/effect.ts";
import type { PushEvent } from "../model/event.ts";
import { belongsTo, isTied, type SiteFacts } from "../model/site.ts";

export type PushFacts = {
  readonly sites: readonly SiteFacts[];
  /** For each site, the deployment that waits or runs on the pushed commit already. */
  readonly activeOnCommit: ReadonlyMap<string, string>;
};

/** GitHub's own markers (https://docs.github.com/actions, "skip workflow runs"), and ours for deployments alone. */
const SKIP_MARKERS = [
  "[skip deploy]",
  "[deploy skip]",
  "[skip ci]",
  "[ci skip]",
  "[no ci]",
  "[skip actions]",
  "[actions skip]",
];

export function handlePush(event: PushEvent, facts: PushFacts): Effect[] {
  const sites = facts.sites.filter((site) => belongsTo(site, event));
  const remember: Effect = {
    do: "remember_repository",
    repoId: event.repoId,
    repoName: event.repoName,
    installationId: event.installationId,
  };
  if (sites.length === 0) return [skip(null, unknownRepository(event, facts.sites))];
  return [remember, ...sites.flatMap((site) => effectsFor(event, site, facts))];
}

function effectsFor(event: PushEvent, site: SiteFacts, facts: PushFacts): Effect[] {
  const bind: Effect[] = isTied(site)
    ? []
    : [{ do: "bind_site", site: site.name, repoId: event.repoId, boundAs: site.repo }];
  const reason = reasonToSkip(event, site) ?? alreadyUnderWay(event, site, facts);
  if (reason !== undefined) return [...bind, skip(site.name, reason)];
  return [
    ...bind,
    {
      do: "deploy",
      site: site.name,
      trigger: "push",
      cause: event.cause,
      repoId: event.repoId,
      repoName: event.repoName,
      installationId: event.installationId,
      branch: site.branch,
      commit: event.after,
      author: event.head?.author ?? "unknown",
      title: firstLine(event.head?.message ?? ""),
    },
  ];
}

function reasonToSkip(event: PushEvent, site: SiteFacts): string | undefined {
  if (!event.ref.startsWith("refs/heads/")) return `${event.ref} is not a branch`;
  const branch = event.ref.slice("refs/heads/".length);
  if (branch !== site.branch) return `${branch} is not ${site.branch}, the branch that is deployed`;
  if (event.deleted) return `the branch ${branch} was deleted`;
  if (site.paused !== null) return `the site is paused: ${site.paused}`;
  const message = event.head?.message.toLowerCase() ?? "";
  const marker = SKIP_MARKERS.find((it) => message.includes(it));
  return marker && `the commit message says ${marker}`;
}

function alreadyUnderWay(event: PushEvent, site: SiteFacts, facts: PushFacts): string | undefined {
  const deployment = facts.activeOnCommit.get(site.name);
  return deployment && `${event.after.slice(0, 7)} is being deployed already by ${deployment}`;
}

function unknownRepository(event: PushEvent, sites: readonly SiteFacts[]): string {
  const namesake = sites.find((site) => site.repo.toLowerCase() === event.repoName.toLowerCase());
  if (!namesake) return `no site is configured for ${event.repoName}`;
  return `${event.repoName} is another repository than the one that the site ${namesake.name} is tied to (${event.repoId}, not ${namesake.repoId})`;
}

const skip = (site: string | null, reason: string): Effect => ({ do: "skip", site, reason });

function firstLine(message: string): string {
  return (message.split(/\r?\n/, 1)[0] ?? "").slice(0, 200);
}
