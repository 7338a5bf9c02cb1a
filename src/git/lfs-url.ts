/** Where the large files of a repository are fetched from: what `.lfsconfig` says, judged as the word of a stranger. */
import { repositoryProblem } from "./git-name.ts";
import { isSameOrigin } from "./run-git.ts";

/**
 * The server that `.lfsconfig` names, or null for the one that belongs to the repository (git-lfs, docs/api/server-discovery.md).
 * It has to be on the repository's own host: a server elsewhere could have ours call addresses that only it reaches.
 */
export function lfsUrlFor(
  repository: string,
  settings: ReadonlyArray<readonly [key: string, value: string]>,
): { readonly url: string | null } | { readonly problem: string } {
  const named = (key: string) => settings.findLast(([name]) => name === key)?.[1];
  const url = named("lfs.url") ?? named("remote.origin.lfsurl");
  if (url === undefined) return { url: null };
  const problem = repositoryProblem(url);
  if (problem !== null) return { problem: `names an address that ${problem}` };
  const isOwn = repository.startsWith("file:") ? url === repository : isSameOrigin(url, repository);
  return isOwn ? { url } : { problem: `names ${new URL(url).origin}, and only the repository's own host may be used` };
}
