/** Content was changed elsewhere: the sites that show it are built anew, once the changes have ended. */
import type { Debounce } from "../model/content.ts";
import type { Effect } from "../model/effect.ts";
import type { ContentChangedEvent } from "../model/event.ts";

export type ContentFacts = {
  /** The sites that the event names, as far as they are configured. */
  readonly sites: ReadonlyArray<{
    readonly name: string;
    readonly branch: string;
    /** As in `SiteFacts`. */
    readonly workflow: string | null;
    readonly after: readonly string[];
    readonly liveCommit: string | null;
    /** How the repository is reached. */
    readonly repoId: number | null;
    readonly repoName: string;
    readonly installationId: number | null;
  }>;
};

/** People save several times, and in several places, before they are done; and somebody waits to see it live. */
const USUAL: Debounce = { quietMs: 30_000, longestMs: 300_000 };

export function handleContentChanged(event: ContentChangedEvent, facts: ContentFacts): Effect[] {
  if (event.sites.length === 0) return [skip(null, `no site shows the content of ${event.source}`)];
  return [...new Set(event.sites)].map((name) => effectFor(event, name, facts));
}

function effectFor(event: ContentChangedEvent, name: string, facts: ContentFacts): Effect {
  const site = facts.sites.find((it) => it.name === name);
  if (!site) return skip(null, `there is no site ${name} in slipway.yaml`);
  if (site.workflow !== null) {
    return skip(name, `it is built by the workflow ${site.workflow}, which has to run again for changed content`);
  }
  const { branch, repoId, repoName, installationId, after, liveCommit } = site;
  // The head of the branch may not have passed what the site waits for; what is live has.
  const askedCommit = after.length > 0 ? liveCommit : null;
  const { source, titles, by, cause } = event;
  const change = { source, titles, by };
  const debounce = { ...USUAL, ...event.debounce };
  return {
    do: "deploy_content",
    site: name,
    branch,
    repoId,
    repoName,
    installationId,
    askedCommit,
    cause,
    change,
    debounce,
  };
}

const skip = (site: string | null, reason: string): Effect => ({ do: "skip", site, reason });
