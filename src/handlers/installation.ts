/** The App was installed, removed or suspended: sites pause or resume, and whoever installed it learns what to do next. */
import type { Effect } from "../model/effect.ts";
import type { InstallationEvent } from "../model/event.ts";
import { belongsTo, isTied, PAUSED_SUSPENDED, PAUSED_UNINSTALLED, type SiteFacts } from "../model/site.ts";

export type InstallationFacts = {
  readonly sites: readonly SiteFacts[];
  /** Repositories that were reached through this installation so far. */
  readonly known: ReadonlyArray<{ readonly repoId: number; readonly repoName: string }>;
};

type Repositories = InstallationFacts["known"];

export function handleInstallation(event: InstallationEvent, facts: InstallationFacts): Effect[] {
  const { installationId, change, added, removed } = event;
  switch (change) {
    case "installed":
    case "repositories_changed": {
      return [
        ...added.map((it): Effect => ({ do: "remember_repository", ...it, installationId })),
        ...tie(facts.sites, added),
        ...resume(facts.sites, added, PAUSED_UNINSTALLED),
        ...pause(facts.sites, removed, PAUSED_UNINSTALLED),
        ...welcome(event),
      ];
    }
    case "uninstalled":
      return pause(facts.sites, [...facts.known, ...removed], PAUSED_UNINSTALLED);
    case "suspended":
      return pause(facts.sites, facts.known, PAUSED_SUSPENDED);
    case "unsuspended":
      return resume(facts.sites, facts.known, PAUSED_SUSPENDED);
  }
}

function tie(sites: readonly SiteFacts[], repositories: Repositories): Effect[] {
  return repositories.flatMap((repository) =>
    sites
      .filter((site) => !isTied(site) && belongsTo(site, repository))
      .map((site): Effect => ({ do: "bind_site", site: site.name, repoId: repository.repoId, boundAs: site.repo })),
  );
}

function pause(sites: readonly SiteFacts[], repositories: Repositories, reason: string): Effect[] {
  return sitesOf(sites, repositories)
    .filter((site) => site.githubPause === null)
    .flatMap((site): Effect[] => [
      { do: "pause_site", site: site.name, reason },
      { do: "notice", notice: { about: "site_paused", site: site.name, reason } },
    ]);
}

function resume(sites: readonly SiteFacts[], repositories: Repositories, reason: string): Effect[] {
  return sitesOf(sites, repositories)
    .filter((site) => site.githubPause === reason)
    .flatMap((site): Effect[] => [
      { do: "resume_site", site: site.name },
      { do: "notice", notice: { about: "site_resumed", site: site.name, reason: `no longer: ${reason}` } },
    ]);
}

function welcome(event: InstallationEvent): Effect[] {
  if (event.added.length === 0) return [];
  const repoNames = event.added.map((it) => it.repoName);
  return [{ do: "notice", notice: { about: "installed", account: event.account, repoNames } }];
}

function sitesOf(sites: readonly SiteFacts[], repositories: Repositories): SiteFacts[] {
  return sites.filter((site) => repositories.some((repository) => belongsTo(site, repository)));
}
