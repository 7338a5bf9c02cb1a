/** What handlers may know of a site: its configuration and its state, side by side. */

export type SiteFacts = {
  readonly name: string;
  /** As the configuration calls it, owner/name. */
  readonly repo: string;
  readonly branch: string;
  /** The repository the site is tied to, and how the configuration called it when it was tied. */
  readonly repoId: number | null;
  readonly boundAs: string | null;
  /** Why the site does not deploy at present; null when it does. */
  readonly paused: string | null;
};

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
