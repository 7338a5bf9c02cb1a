/** What handlers may know of a site: its configuration and its state, side by side. And what keeps it from deploying. */
import { isAutomatic, publishesKept, type Trigger } from "./deployment.ts";

export type SiteFacts = {
  readonly name: string;
  /** As the configuration calls it, owner/name. */
  readonly repo: string;
  readonly branch: string;
  /** The workflow whose artifact is published, by name or file; null where Slipway builds the site. */
  readonly workflow: string | null;
  /** Workflows, by name or file, that have to succeed for a commit before Slipway builds it; none: it waits for nothing. */
  readonly after: readonly string[];
  /** The repository the site is tied to, and how the configuration called it when it was tied. */
  readonly repoId: number | null;
  readonly boundAs: string | null;
  /** As in `SiteHolds`. */
  readonly githubPause: string | null;
};

/** Who keeps a site from deploying, and since when. Both texts come from people. */
export type Hold = {
  readonly by: string;
  readonly reason: string | null;
  readonly atMs: number;
  /** When it ends by itself, in milliseconds since 1970; absent: when somebody ends it. */
  readonly untilMs?: number;
};

/** What keeps a site from deploying. Each is ended by itself: GitHub's coming back ends no person's pause. */
export type SiteHolds = {
  /** Why GitHub keeps the repository from us. Kept releases can be published all the same. */
  readonly githubPause: string | null;
  /** Holds what nobody asked for by name. */
  readonly paused: Hold | null;
  /** Holds everything. */
  readonly locked: Hold | null;
};

/** Why such a deployment of the site is held at present, and what ends that; null where it may run. */
export function holdOf(name: string, { locked, githubPause, paused }: SiteHolds, trigger: Trigger): string | null {
  if (locked) return `locked by ${whoAndWhy(locked)}; \`slipway unlock ${name}\` lets it go on`;
  if (githubPause !== null && !publishesKept(trigger)) return `${githubPause}; it goes on when that ends`;
  if (paused && isAutomatic(trigger)) {
    return `paused by ${whoAndWhy(paused)}; \`slipway resume ${name}\` deploys it, \`slipway deploy ${name}\` does so at once`;
  }
  return null;
}

/** Why nobody may ask for such a deployment at present; null where it may be asked for. */
export function refusalOf(name: string, holds: SiteHolds, trigger: Trigger): string | null {
  const { locked, githubPause } = holds;
  if (locked) return `${name} is locked by ${whoAndWhy(locked)}; unlock ends that`;
  if (githubPause !== null && !publishesKept(trigger)) return `${name} is paused: ${githubPause}`;
  return null;
}

/** "ada: the fair begins", "ada until 14:30 UTC: the fair begins", "ada" */
export function whoAndWhy({ by, reason, atMs, untilMs }: Hold): string {
  const who = untilMs === undefined ? by : `${by} ${untilText(untilMs, atMs)}`;
  return reason === null ? who : `${who}: ${reason}`;
}

/** "until 14:30 UTC"; with the day where that is not within a day of `sinceMs`. */
export function untilText(untilMs: number, sinceMs: number): string {
  const [day, time] = new Date(untilMs).toISOString().slice(0, 16).split("T");
  return untilMs - sinceMs < 86_400_000 ? `until ${time} UTC` : `until ${day} ${time} UTC`;
}

/** Whether a hold has ended by itself. */
export function isOver({ untilMs }: Hold, nowMs: number): boolean {
  return untilMs !== undefined && untilMs <= nowMs;
}

/** Pauses that GitHub caused, and that end when GitHub says so. */
export const PAUSED_UNINSTALLED = "the GitHub App was uninstalled from its repository";
export const PAUSED_SUSPENDED = "the GitHub App is suspended";

/** Whether the site belongs to the repository: by id once it is tied to one, by its configured name before. */
export function belongsTo(site: SiteFacts, repository: { repoId: number; repoName: string }): boolean {
  if (isTied(site)) return site.repoId === repository.repoId;
  return site.repo.toLowerCase() === repository.repoName.toLowerCase();
}

/** Tied to a repository id, unless the operator named another repository since. */
export function isTied(site: SiteFacts): boolean {
  return site.repoId !== null && site.boundAs?.toLowerCase() === site.repo.toLowerCase();
}
