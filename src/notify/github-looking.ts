/** Doubt about what GitHub was told is settled by looking: how, and what it means where GitHub does not let us look. */
import { setTimeout as sleep } from "node:timers/promises";
import { describeError, OperatorError, PermanentError } from "../errors.ts";
import type { GithubClient, Repository } from "../github/github-client.ts";
import type { GithubWish } from "./announce.ts";
import type { Perform, Performed } from "./perform.ts";

export type Tools = { readonly github: GithubClient; readonly lookAgainMs: number };
export type Remember = Parameters<Perform>[1];

/** All requests for one wish together; shorter than the outbox's lease, so that nobody else begins on the same wish. */
const WISH_MS = 90_000;

/** The repository that a wish is about, with the time that it may take. */
export function repositoryOf({ installationId, repoName }: GithubWish): Repository {
  return { installationId, repoName, limit: AbortSignal.timeout(WISH_MS) };
}

/** Looks, and once more after a while where that did not settle it: GitHub's lists may lag behind. */
export async function twice<T>(
  { lookAgainMs }: Tools,
  look: () => Promise<T | null>,
  isClear: (found: T | null) => boolean = (found) => found !== null,
): Promise<T | null> {
  const found = await look();
  if (isClear(found)) return found;
  await sleep(lookAgainMs);
  return look();
}

/** What `look` sees, or why GitHub does not let us look. */
export async function unlessRefused<T>(look: () => Promise<T>): Promise<T | string> {
  try {
    return await look();
  } catch (error) {
    // What the operator can mend makes looking possible later.
    if (error instanceof PermanentError && !(error instanceof OperatorError)) return describeError(error);
    throw error;
  }
}

/** It may have been told, and GitHub does not let us see whether. */
export function unsure(why: string): Performed {
  const reason = `a report may have reached GitHub, and Slipway cannot look for it (${why}); it is not repeated`;
  return { kind: "unsure", reason };
}
