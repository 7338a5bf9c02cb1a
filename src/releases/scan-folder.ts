/** Finds what a folder has to publish, by the same rules for the output of a build and for a folder of the operator's. */
import { type Dirent, readdirSync } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import { join, matchesGlob, sep } from "node:path";
import { PermanentError } from "../errors.ts";
import { comparePaths } from "../model/release.ts";
import { foldersAbove, newPathProblem, showPath } from "./path.ts";

/** Folders that nobody wants on a web host, with the reason. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  ".git": "the history of the repository is no part of a site",
  node_modules: "installed packages are no part of a site",
};

/** A site of more files than this is taken for a mistake, such as a link that multiplies folders. */
const MAX_FILES = 200_000;

const MAX_PROBLEMS_SHOWN = 10;

/** `path` is the name of the file in the release, `source` the real file on this machine. */
export type FoundFile = { readonly path: string; readonly source: string };

/** What is said about the folder as a whole; whoever reads it knows the folder by different names. */
export type ScanWords = {
  readonly missing: string;
  readonly notAFolder: string;
  readonly empty: string;
  noPage(files: number): string;
  tooMany(maxFiles: number): string;
  /** What to do about names that cannot be published: "Rename it in the build." */
  readonly advice: string;
};

export type ScanOptions = {
  readonly folder: string;
  readonly words: ScanWords;
  /** Patterns (as in `path.matchesGlob`) of paths that are not published. */
  readonly exclude?: readonly string[];
  /** More files than this end the walk. Default 200,000. */
  readonly maxFiles?: number;
  readonly signal?: AbortSignal | undefined;
};

export type ScannedFolder = {
  /** Sorted by path. */
  readonly found: readonly FoundFile[];
  /** Sentences for people: what was left out, and names that clash on hosts that ignore case. */
  readonly warnings: readonly string[];
};

type Walk = {
  readonly root: string;
  readonly exclude: readonly string[];
  readonly signal: AbortSignal | undefined;
  checkCount(files: number): void;
  readonly found: FoundFile[];
  readonly warnings: string[];
  /** Sentences about names that cannot be published; told together at the end. */
  readonly problems: string[];
};

/**
 * Walks the folder. Names are published in Unicode normal form C, links are followed as long as they stay inside.
 *
 * Throws PermanentError when the folder is missing, empty or has no page, and, naming up to ten at once, when names
 * cannot be published, are the same after normalisation, or are links that lead outside.
 */
export async function scanFolder(options: ScanOptions): Promise<ScannedFolder> {
  const { folder, words, exclude = [], maxFiles = MAX_FILES, signal } = options;
  const root = await realpath(folder).catch(() => {
    throw new PermanentError(words.missing);
  });
  if (!(await stat(root)).isDirectory()) throw new PermanentError(words.notAFolder);

  const checkCount = (files: number) => {
    if (files > maxFiles) throw new PermanentError(words.tooMany(maxFiles));
  };
  const walk: Walk = { root, exclude, signal, checkCount, found: [], warnings: [], problems: [] };
  await walkFolder(walk, root, "", []);
  const { found, warnings, problems } = walk;
  problems.push(...twins(found));
  if (problems.length > 0) throw new PermanentError(tellProblems(problems, words.advice));
  if (found.length === 0) throw new PermanentError(words.empty);
  if (!found.some(({ path }) => /\.html?$/i.test(path))) throw new PermanentError(words.noPage(found.length));
  found.sort((a, b) => comparePaths(a.path, b.path));
  return { found, warnings: [...warnings, ...caseTwins(found)] };
}

/** `trail` holds the real paths of the folders above, so that a link back to one of them is noticed. */
async function walkFolder(walk: Walk, realFolder: string, prefix: string, trail: readonly string[]): Promise<void> {
  const { root, found, warnings, problems } = walk;
  walk.signal?.throwIfAborted();
  // Synchronous: a folder costs 15 µs so, and 60 µs in another thread.
  const entries = readdirSync(realFolder, { withFileTypes: true });
  const above = [...trail, realFolder];
  for (const entry of entries.sort((a, b) => comparePaths(a.name, b.name))) {
    const path = prefix + entry.name.normalize("NFC");
    const shown = showPath(path);
    if (isExcluded(path, walk.exclude)) continue;
    const reason = Object.hasOwn(LEFT_OUT, entry.name) ? LEFT_OUT[entry.name] : undefined;
    if (reason !== undefined) {
      warnings.push(`Left out ${shown}: ${reason}.`);
      continue;
    }
    const problem = newPathProblem(path);
    if (problem !== null) {
      problems.push(`"${shown}" ${problem}`);
      continue;
    }
    const { kind, source } = await resolveEntry(root, join(realFolder, entry.name), entry);
    if (kind === "folder" && above.includes(source)) problems.push(`"${shown}" links to a folder that contains it`);
    else if (kind === "folder") await walkFolder(walk, source, `${path}/`, above);
    else if (kind === "file") found.push({ path, source });
    else if (kind === "other") warnings.push(`Left out ${shown}: it is neither a file nor a folder.`);
    else problems.push(`"${shown}" is a link that ${kind}`);
    walk.checkCount(found.length);
  }
}

type Kind = "file" | "folder" | "other" | "leads nowhere" | "leads out of the folder";

/** What an entry really is, and where. */
async function resolveEntry(root: string, full: string, entry: Dirent): Promise<{ kind: Kind; source: string }> {
  if (entry.isDirectory()) return { kind: "folder", source: full };
  if (entry.isFile()) return { kind: "file", source: full };
  if (!entry.isSymbolicLink()) return { kind: "other", source: full };
  const source = await realpath(full).catch(() => undefined);
  if (source === undefined) return { kind: "leads nowhere", source: full };
  if (source !== root && !source.startsWith(root === sep ? sep : root + sep)) {
    return { kind: "leads out of the folder", source };
  }
  const target = await stat(source);
  return { kind: target.isDirectory() ? "folder" : target.isFile() ? "file" : "other", source };
}

/** A pattern that takes all that is in a folder ("drafts/**") takes the folder, so that hidden files go with it. */
function isExcluded(path: string, patterns: readonly string[]): boolean {
  return patterns.some(
    (pattern) =>
      matchesGlob(path, pattern) || (pattern.endsWith("/**") && matchesGlob(path, pattern.slice(0, -"/**".length))),
  );
}

/** Names that cannot both be on the host. */
function twins(found: readonly FoundFile[]): string[] {
  const seen = new Set<string>();
  const double = new Set<string>();
  for (const { path } of found) (seen.has(path) ? double : seen).add(path);
  const both = new Set(found.flatMap(({ path }) => foldersAbove(path)).filter((above) => seen.has(above)));
  return [
    ...[...double].map(
      (path) => `Two files are called "${showPath(path)}" once their names are in Unicode normal form C`,
    ),
    ...[...both].map((path) => `"${showPath(path)}" is a file and a folder once names are in Unicode normal form C`),
  ];
}

function tellProblems(problems: readonly string[], advice: string): string {
  const [first] = problems;
  if (problems.length === 1) return `${first}, so it cannot be published. ${advice}`;
  const more = problems.length - MAX_PROBLEMS_SHOWN;
  const shown = problems.slice(0, MAX_PROBLEMS_SHOWN).map((problem) => `\n  ${problem}`);
  return `${problems.length} names cannot be published. ${advice}${shown.join("")}${more > 0 ? `\n  … and ${more} more` : ""}`;
}

function caseTwins(found: readonly FoundFile[]): string[] {
  const byLower = new Map<string, string>();
  const warnings: string[] = [];
  for (const { path } of found) {
    const twin = byLower.get(path.toLowerCase());
    if (twin === undefined) byLower.set(path.toLowerCase(), path);
    else warnings.push(`"${showPath(twin)}" and "${showPath(path)}" are the same file on hosts that ignore case.`);
  }
  return warnings;
}
