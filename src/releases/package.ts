/** Turns the output folder of a build into a release: every file is stored as a blob, its path is checked. */
import { comparePaths, type FileEntry, type Release, releaseOf } from "../model/release.ts";
import type { BlobStore } from "./blob-store.ts";
import { type FoundFile, type ScanWords, scanFolder } from "./scan-folder.ts";

/** How many files are read and hashed at the same time. */
const AT_ONCE = 4;

const WORDS: ScanWords = {
  missing: "The build left no output folder. Set `build.output` to the folder it writes to.",
  notAFolder: "The output of the build is a file. Set `build.output` to a folder.",
  empty: "The build is empty: its output folder has no files.",
  noPage: (files) => `The build has ${files} files but no page (.html). Is \`build.output\` the right folder?`,
  advice: "Change it in the build.",
};

export type PackageOptions = {
  readonly folder: string;
  readonly blobs: BlobStore;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: { files: number; ofFiles: number; bytes: number }) => void;
};

/**
 * Stores the files under `folder` and answers with the release they are. `warnings` are sentences for the transcript:
 * what was left out, and names that clash on hosts that ignore case. Throws what `scanFolder` throws.
 */
export async function packageFolder(options: PackageOptions): Promise<{ release: Release; warnings: string[] }> {
  const { blobs, signal, onProgress, folder } = options;
  const { found, warnings } = await scanFolder({ folder, words: WORDS, signal });
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
  return { release: releaseOf(new Map([...files].sort((a, b) => comparePaths(a[0], b[0])))), warnings: [...warnings] };
}

/** Shared by the workers; the first that fails ends it for all (`for … of` closes a generator on a throw). */
function* iterate(found: readonly FoundFile[]): Generator<FoundFile> {
  yield* found;
}
