/** A push that another git host reports: the sites of that repository and branch are deployed. */
import type { Effect } from "../model/effect.ts";
import type { GitPushEvent } from "../model/event.ts";
import { repositoryPlace } from "../model/git-push.ts";
import { waitsText } from "./after.ts";
import { titleOf, underWayText, whyNoMatter, whySkipped } from "./pushed-commit.ts";

export type GitPushFacts = {
  /** Every site that the event may be about. */
  readonly sites: ReadonlyArray<{
    readonly name: string;
    /** Where it is cloned from; null: from GitHub. */
    readonly git: string | null;
    readonly branch: string;
    /** As in `SiteFacts`. */
    readonly workflow: string | null;
    readonly after: readonly string[];
    /** The repository as we know it: what is cloned never follows from what a push says. */
    readonly repoId: number | null;
    readonly repoName: string;
    readonly installationId: number | null;
    /** The deployment of this commit that waits or runs already. */
    readonly active: string | null;
  }>;
};

type Site = GitPushFacts["sites"][number];

export function handleGitPush(event: GitPushEvent, facts: GitPushFacts): Effect[] {
  const { sites: named } = event;
  if (named === null) {
    const places = event.cloneUrls.map(repositoryPlace);
    const sites = facts.sites.filter(({ git }) => git !== null && places.includes(repositoryPlace(git) ?? ""));
    return sites.length === 0 ? [skip(null, nobodys(event))] : sites.map((site) => effectFor(event, site));
  }
  return [...new Set(named)].map((name) => {
    const site = facts.sites.find((it) => it.name === name);
    return site ? effectFor(event, site) : skip(null, `there is no site ${name} in slipway.yaml`);
  });
}

function effectFor(event: GitPushEvent, site: Site): Effect {
  const { ref, before, after, head, again } = event;
  const noMatter = whyNoMatter({ ref, isDeleted: after === null }, site);
  if (noMatter !== undefined || after === null) return skip(site.name, noMatter ?? "nothing is there any more");
  if (site.active !== null) return skip(site.name, underWayText(after, site.active));
  const { name, branch, repoId, repoName, installationId } = site;
  const place = repositoryPlace(site.git ?? "") ?? repoName;
  const asked = {
    site: name,
    trigger: "push",
    // The same for every report of it: two webhooks of one repository, and a delivery that is sent again under another id.
    cause: `push ${place} ${before}..${after}${again === undefined ? "" : ` again ${again}`}`,
    repoId,
    repoName,
    installationId,
    branch,
    commit: after,
    author: head?.author || "unknown",
    title: titleOf(head?.message ?? ""),
  } as const;
  const waits = site.after.length > 0 ? waitsText(name, site.after) : undefined;
  const reason = whySkipped(head?.message ?? "", site) ?? waits;
  return reason === undefined ? { do: "deploy", ...asked } : { do: "skip_deployment", ...asked, reason };
}

function nobodys({ source, repoName, cloneUrls }: GitPushEvent): string {
  const name = repoName.slice(0, 200);
  const advice =
    cloneUrls.length > 0 ? "the git of a site has to be one of its addresses" : "the sender names no address of it";
  return `no site is configured for ${name}; ${advice}, or sources.${source}.sites has to name the site`;
}

const skip = (site: string | null, reason: string): Effect => ({ do: "skip", site, reason });
