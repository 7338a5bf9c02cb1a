/** Turns the output folder of a build into a release: every file is stored as a blob, its path is checked. */
import { PermanentError } from "../errors.ts";
import { sizeLimitText } from "../model/quantities.ts";
import { type Release, releaseOf } from "../model/release.ts";
import type { BlobStore } from "./blob-store.ts";
import { type ScanWords, scanFolder } from "./scan-folder.ts";

const WORDS: ScanWords = {
  missing: "The build left no output folder. Set `build.output` to the folder it writes to.",
  notAFolder: "The output of the build is a file. Set `build.output` to a folder.",
  empty: "The build is empty: its output folder has no files.",
  noPage: (files) => `The build has ${files} files but no page (.html). Is \`build.output\` the right folder?`,
  tooMany: (maxFiles) =>
    `The build has more than ${maxFiles} files (limits.files). Is \`build.output\` the right folder?`,
  advice: "Change it in the build.",
};

export type PackageOptions = {
  readonly folder: string;
  readonly blobs: BlobStore;
  /** Of the whole release; reaching one is a PermanentError that names it. */
  readonly maxFiles?: number;
  readonly maxBytes?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: { files: number; ofFiles: number; bytes: number }) => void;
};

/**
 * Stores the files under `folder` and answers with the release they are. `warnings` are sentences for the transcript:
 * what was left out, and names that clash on hosts that ignore case. Throws what `scanFolder` throws.
 */
export async function packageFolder(options: PackageOptions): Promise<{ release: Release; warnings: string[] }> {
  const { blobs, signal, onProgress, folder, maxFiles, maxBytes = Number.POSITIVE_INFINITY } = options;
  const limit = maxFiles === undefined ? {} : { maxFiles };
  const { found, warnings } = await scanFolder({ folder, words: WORDS, signal, ...limit });
  let done = 0;
  let bytes = 0;
  const entries = await blobs.putAll(
    found.map(({ source }) => source),
    ({ size }) => {
      signal?.throwIfAborted();
      done += 1;
      bytes += size;
      if (bytes > maxBytes)
        throw new PermanentError(`The built files are larger than ${sizeLimitText(maxBytes)} (limits.output).`);
      onProgress?.({ files: done, ofFiles: found.length, bytes });
    },
  );
  const files = entries.map((entry, index) => [found[index]?.path ?? "", entry] as const);
  return { release: releaseOf(new Map(files)), warnings: [...warnings] };
}
