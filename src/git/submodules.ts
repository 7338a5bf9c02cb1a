/** Finds the submodules of a commit: where they go, what they are, and what the repository says of their origin. */
import { PermanentError } from "../errors.ts";
import { CommandError } from "../process/run-command.ts";
import type { TreeEntry } from "./list-tree.ts";
import type { Git } from "./run-git.ts";

export type Submodule = {
  readonly path: string;
  readonly commit: string;
  /** As `.gitmodules` has it; null when that does not mention the submodule. */
  readonly url: string | null;
};

const MAX_CONFIG_BYTES = 1024 * 1024;

/**
 * The tree decides what is a submodule; `.gitmodules` only adds addresses. Names of submodules are used for nothing, and
 * `git submodule` is not run: it would take commands (`update = !…`), options and folder names from the repository
 * (CVE-2018-11235, CVE-2018-17456, CVE-2024-32002).
 */
export async function findSubmodules(git: Git, entries: readonly TreeEntry[]): Promise<Submodule[]> {
  const links = entries.filter((entry) => entry.kind === "submodule");
  if (links.length === 0) return [];
  const settings = await readConfigFile(git, entries, ".gitmodules");
  const byName = new Map<string, { path?: string; url?: string }>();
  for (const [key, value] of settings) {
    const [, name, what] = /^submodule\.(.*)\.(path|url)$/s.exec(key) ?? [];
    if (name !== undefined && what !== undefined) byName.set(name, { ...byName.get(name), [what]: value });
  }
  const urls = new Map([...byName.values()].map(({ path, url }) => [path, url]));
  return links.map(({ path, id }) => ({ path, commit: id, url: urls.get(path) ?? null }));
}

/** Keys and values of a file of the tree in git's configuration format; none when it is missing, or a link. */
export async function readConfigFile(
  git: Git,
  entries: readonly TreeEntry[],
  path: string,
): Promise<Array<[key: string, value: string]>> {
  const entry = entries.find((candidate) => candidate.path === path && candidate.kind === "file");
  if (!entry) return [];
  const output = await git
    .read(["config", `--blob=${entry.id}`, "--no-includes", "--null", "--list"], MAX_CONFIG_BYTES)
    .catch((cause: unknown) => {
      if (!(cause instanceof CommandError && cause.why === "exit")) throw cause;
      throw new PermanentError(`${path} of the repository cannot be read; the transcript has what git says`, { cause });
    });
  if (output === null) throw new PermanentError(`${path} of the repository is larger than ${MAX_CONFIG_BYTES} bytes`);
  return output
    .toString()
    .split("\0")
    .slice(0, -1)
    .map((item) => {
      const end = item.indexOf("\n");
      return end < 0 ? [item, ""] : [item.slice(0, end), item.slice(end + 1)];
    });
}
