/** Path filters: whether what changed since the commit that is deployed concerns a site. */
import { posix } from "node:path";
import picomatch from "picomatch";

export type PathDecision = {
  readonly deploys: boolean;
  /** Why, as a part of a sentence. */
  readonly reason: string;
};

/** Files that decide what a build in a folder below them gets: dependencies, the version of Node, settings. */
const ABOVE = [
  ...["package.json", "package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "pnpm-workspace.yaml"],
  ...["bun.lock", "bun.lockb", ".npmrc", ".yarnrc.yml", ".nvmrc", ".node-version", ".tool-versions"],
  ...[".gitmodules", "slipway.yaml", ".github/slipway.yml"],
];

/**
 * The patterns of a site. Where its operator named none: everything, or, for a site in a sub-folder, what lies there and
 * what decides about dependencies in the folders above. An empty list lets every change count.
 */
export function pathsOf({ folder, paths }: { folder: string; paths: readonly string[] }): readonly string[] {
  if (paths.length > 0) return paths;
  const own = posix.normalize(folder).replace(/^\/+|\/+$/g, "");
  if (own === "." || own === "") return [];
  const above = own.split("/").map((_, depth, segments) => segments.slice(0, depth).join("/"));
  return [`${literally(own)}/**`, ...above.flatMap((at) => ABOVE.map((name) => literally(posix.join(at, name))))];
}

/**
 * Whether a deployment is due. `changed` are the paths, from the repository's root, that differ between the commit that
 * was deployed last and the head; null where that is not known, and then it is due.
 *
 * Of the patterns that match a path the last one decides, as in GitHub's own `paths`
 * (https://docs.github.com/actions, "Workflow syntax"); one that begins with "!" says no. Where the first one says no,
 * everything else counts. A pattern that matches a folder stands for what is in it.
 */
export function decidePaths(patterns: readonly string[], changed: readonly string[] | null): PathDecision {
  if (patterns.length === 0) return { deploys: true, reason: "every change counts" };
  if (changed === null) return { deploys: true, reason: "what changed since the last deployment is not known" };
  const [first, ...others] = changed;
  if (first === undefined) return { deploys: false, reason: "no file changed since the last deployment" };
  const counts = createFilter(patterns);
  const found = changed.find(counts);
  if (found !== undefined) return { deploys: true, reason: `${found} changed` };
  const more = others.length > 0 ? ` and ${others.length} more` : "";
  return { deploys: false, reason: `only paths that do not count changed since the last deployment: ${first}${more}` };
}

function createFilter(patterns: readonly string[]): (path: string) => boolean {
  return lastMatch(patterns, (pattern) => {
    const matches = picomatch(pattern.replace(/^\.?\/+|\/+$/g, ""), { dot: true, nonegate: true });
    return (path) => placesOf(path).some((place) => matches(place));
  });
}

/**
 * What counts by a list of patterns: the last one that matches decides, "!" before it says no; where the first one says
 * no, everything else counts. `matcherOf` reads a pattern without its "!".
 */
export function lastMatch(
  patterns: readonly string[],
  matcherOf: (pattern: string) => (text: string) => boolean,
): (text: string) => boolean {
  const rules = patterns.map((pattern) => {
    const isNo = pattern.startsWith("!");
    return { counts: !isNo, matches: matcherOf(isNo ? pattern.slice(1) : pattern) };
  });
  return (text) => rules.findLast(({ matches }) => matches(text))?.counts ?? rules[0]?.counts === false;
}

/** The path itself, and the folders that it lies in: "a/b/c.js", "a", "a/b". */
function placesOf(path: string): string[] {
  return [path, ...[...path.matchAll(/\//g)].map(({ index }) => path.slice(0, index))];
}

/** A name as a pattern that matches nothing but itself. picomatch takes several escaped backslashes in a row for one. */
function literally(name: string): string {
  return name.replace(/[\\$^*+?.()|[\]{}!@,"]/g, (char) => (char === "\\" ? "[\\\\]" : `\\${char}`));
}
