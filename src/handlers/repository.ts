/** A repository changed its name, owner or settings. Sites are tied to its id, so only the name is noted. */
import type { Effect } from "../model/effect.ts";
import type { RepositoryChangedEvent } from "../model/event.ts";
import { belongsTo, type SiteFacts } from "../model/site.ts";

export function handleRepository(event: RepositoryChangedEvent, facts: { sites: readonly SiteFacts[] }): Effect[] {
  const { repoId, repoName, installationId } = event;
  if (!facts.sites.some((site) => belongsTo(site, event))) {
    return [{ do: "skip", site: null, reason: `no site is configured for ${repoName}` }];
  }
  return [{ do: "remember_repository", repoId, repoName, installationId }];
}
