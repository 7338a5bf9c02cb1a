/** A push that another git host reports: the sites of that repository and branch are deployed. */
import type { Effect } from "../model/effect.ts";
import type { GitPushEvent } from "../model/event.ts";

export type GitPushFacts = {
  /** Every site that the event may be about. */
  readonly sites: ReadonlyArray<{
    readonly name: string;
    readonly repo: string;
    /** Where it is cloned from; null: from GitHub. */
    readonly git: string | null;
    readonly branch: string;
    /** The deployment of this commit that waits or runs already. */
    readonly active: string | null;
  }>;
};

export function handleGitPush(event: GitPushEvent, _facts: GitPushFacts): Effect[] {
  return [{ do: "skip", site: null, reason: `pushes of ${event.label} are not handled yet` }];
}
