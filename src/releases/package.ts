/** Turns the output folder of a build into a release: every file is stored as a blob, its path is checked. */
import type { Dirent } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import { PermanentError } from "../errors.ts";
import { comparePaths, type FileEntry, type Release, releaseOf } from "../model/release.ts";
import type { BlobStore } from "./blob-store.ts";
import { foldersAbove, pathProblem, showPath } from "./path.ts";

/** Folders that a build may leave in its output and that nobody wants on a web host, with the reason. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  ".git": "the history of the repository is no part of a site",
  node_modules: "installed packages are no part of a site",
};

/** A site of more files than this is taken for a mistake, such as a link that multiplies folders. */
const MAX_FILES = 200_000;

/** How many files are read and hashed at the same time. */
const AT_ONCE = 4;

type Found = { readonly path: string; readonly source: string };

export type PackageOptions = {
  readonly folder: string;
  readonly blobs: BlobStore;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: { files: number; ofFiles: number; bytes: number }) => void;
};

/**
 * Stores the files under `folder` and answers with the release they are. `warnings` are sentences for the transcript:
 * what was left out, and names that clash on hosts that ignore case.
 *
 * Throws PermanentError when the output is missing, empty or has no page, when a name cannot be published, when two
 * names are the same after Unicode normalisation, and when a link leads outside the output.
 */
export async function packageFolder(options: PackageOptions): Promise<{ release: Release; warnings: string[] }> {
  const { blobs, signal, onProgress } = options;
  const { found, warnings } = await findFiles(options.folder, signal);
  const files = new Map<string, FileEntry>();
  let bytes = 0;

  const waiting = iterate(found);
  const work = Array.from({ length: AT_ONCE }, async () => {
    for (const { path, source } of waiting) {
      signal?.throwIfAborted();
      const entry = await blobs.put(source);
      files.set(path, entry);
      bytes += entry.size;
      onProgress?.({ files: files.size, ofFiles: found.length, bytes });
    }
  });
  for (const result of await Promise.allSettled(work)) if (result.status === "rejected") throw result.reason;
  return { release: releaseOf(new Map([...files].sort((a, b) => comparePaths(a[0], b[0])))), warnings };
}

/** Shared by the workers; the first that fails ends it for all (`for … of` closes a generator on a throw). */
function* iterate(found: readonly Found[]): Generator<Found> {
  yield* found;
}

async function findFiles(folder: string, signal: AbortSignal | undefined) {
  const root = await realpath(folder).catch(() => {
    throw new PermanentError("The build left no output folder. Set `build.output` to the folder it writes to.");
  });
  if (!(await stat(root)).isDirectory()) {
    throw new PermanentError("The output of the build is a file. Set `build.output` to a folder.");
  }
  const found: Found[] = [];
  const warnings: string[] = [];

  /** `trail` holds the real paths of the folders above, so that a link back to one of them is noticed. */
  async function walk(realFolder: string, prefix: string, trail: readonly string[]): Promise<void> {
    signal?.throwIfAborted();
    const entries = await readdir(realFolder, { withFileTypes: true });
    for (const entry of entries.sort((a, b) => comparePaths(a.name, b.name))) {
      const path = prefix + entry.name.normalize("NFC");
      const reason = Object.hasOwn(LEFT_OUT, entry.name) ? LEFT_OUT[entry.name] : undefined;
      if (reason !== undefined) {
        warnings.push(`Left out ${showPath(path)}: ${reason}.`);
        continue;
      }
      const problem = pathProblem(path);
      if (problem !== null) {
        throw new PermanentError(`"${showPath(path)}" ${problem}, so it cannot be published. Rename it in the build.`);
      }
      const { kind, source } = await resolveEntry(root, join(realFolder, entry.name), path, entry);
      if (kind === "folder") {
        if ([...trail, realFolder].includes(source)) {
          throw new PermanentError(`"${showPath(path)}" links to a folder that contains it. Remove the link.`);
        }
        await walk(source, `${path}/`, [...trail, realFolder]);
      } else if (kind === "file") {
        found.push({ path, source });
        if (found.length > MAX_FILES) throw new PermanentError(`The build has more than ${MAX_FILES} files.`);
      } else {
        warnings.push(`Left out ${showPath(path)}: it is neither a file nor a folder.`);
      }
    }
  }

  await walk(root, "", []);
  refuseTwins(found);
  if (found.length === 0) throw new PermanentError("The build is empty: its output folder has no files.");
  if (!found.some(({ path }) => /\.html?$/i.test(path))) {
    throw new PermanentError(
      `The build has ${found.length} files but no page (.html). Is \`build.output\` the right folder?`,
    );
  }
  return { found, warnings: [...warnings, ...caseTwins(found)] };
}

/** What an entry really is. Links are followed as long as they stay inside the output. */
async function resolveEntry(root: string, full: string, path: string, entry: Dirent) {
  if (entry.isDirectory()) return { kind: "folder", source: full } as const;
  if (entry.isFile()) return { kind: "file", source: full } as const;
  if (!entry.isSymbolicLink()) return { kind: "other", source: full } as const;
  const source = await realpath(full).catch(() => {
    throw new PermanentError(`"${showPath(path)}" is a link that leads nowhere. Remove it, or build a real file.`);
  });
  if (source !== root && !source.startsWith(root + sep)) {
    throw new PermanentError(
      `"${showPath(path)}" is a link that leads out of the build's output. Copy the file instead.`,
    );
  }
  const target = await stat(source);
  return { kind: target.isDirectory() ? "folder" : target.isFile() ? "file" : "other", source } as const;
}

function refuseTwins(found: readonly Found[]): void {
  const seen = new Set<string>();
  for (const { path } of found) {
    if (seen.has(path)) {
      throw new PermanentError(
        `Two files are called "${showPath(path)}" once their names are in Unicode normal form C.`,
      );
    }
    seen.add(path);
  }
  const folder = found.flatMap(({ path }) => foldersAbove(path)).find((above) => seen.has(above));
  if (folder !== undefined) {
    throw new PermanentError(`"${showPath(folder)}" is a file and a folder once names are in Unicode normal form C.`);
  }
}

function caseTwins(found: readonly Found[]): string[] {
  const byLower = new Map<string, string>();
  const warnings: string[] = [];
  for (const { path } of found) {
    const twin = byLower.get(path.toLowerCase());
    if (twin === undefined) byLower.set(path.toLowerCase(), path);
    else warnings.push(`"${showPath(twin)}" and "${showPath(path)}" are the same file on hosts that ignore case.`);
  }
  return warnings;
}
