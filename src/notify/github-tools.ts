/** What whoever tells GitHub needs: its client, and the repository that a wish is about. */
import type { GithubClient, Repository } from "../github/github-client.ts";
import type { GithubWish } from "./announce.ts";

export type Tools = { readonly github: GithubClient; readonly lookAgainMs: number };

/** All requests for one wish together; shorter than the outbox's lease, so that nobody else begins on the same wish. */
const WISH_MS = 90_000;

/** The repository that a wish is about, with the time that it may take. */
export function repositoryOf({ installationId, repoName }: GithubWish): Repository {
  return { installationId, repoName, limit: AbortSignal.timeout(WISH_MS) };
}

/** What a report was that may have arrived, for `unsure`. */
export const A_REPORT = "a report may have reached GitHub";
