/** Makes a release of a folder as it lies there, without copying it; its contents are read from the folder again. */
import { createHash, hash } from "node:crypto";
import { createReadStream, readFile, stat } from "node:fs";
import { Readable } from "node:stream";
import { promisify } from "node:util";
import { PermanentError } from "../errors.ts";
import { comparePaths, type FileEntry, type Release, releaseOf } from "../model/release.ts";
import { showPath } from "./path.ts";
import { type FoundFile, type ScanOptions, scanFolder } from "./scan-folder.ts";

/** How many files are read at the same time. More than libuv's four threads for files, so that none of them waits. */
const AT_ONCE = 16;

/** Files up to this size are read in one go, in bytes; memory for a few of them is all that is needed. */
const MAX_WHOLE_BYTES = 2 * 1024 * 1024;

const CHUNK_BYTES = 256 * 1024;

// The callback API takes half the time of node:fs/promises for small files: 130 ms instead of 290 ms for 2,000 files.
const status = promisify(stat);
const readWhole = promisify(readFile);

export type FolderRelease = {
  readonly release: Release;
  /** Sentences for people, as `scanFolder` gives them. */
  readonly warnings: readonly string[];
  /** Reads a content of the release from the folder. The stream fails with PermanentError when it has changed there. */
  open(sha256: string): Readable;
};

/** Scans and hashes a folder. Throws what `scanFolder` throws, and what the system says of files that cannot be read. */
export async function readFolderRelease(options: ScanOptions): Promise<FolderRelease> {
  const { found, warnings } = await scanFolder(options);
  const files = new Map<string, FileEntry>();
  const sources = new Map<string, FoundFile & FileEntry>();
  const waiting = iterate(found);
  const work = Array.from({ length: AT_ONCE }, async () => {
    for (const file of waiting) {
      options.signal?.throwIfAborted();
      const entry = await digestOf(file);
      files.set(file.path, entry);
      sources.set(entry.sha256, { ...file, ...entry });
    }
  });
  for (const result of await Promise.allSettled(work)) if (result.status === "rejected") throw result.reason;
  return {
    release: releaseOf(new Map([...files].sort((a, b) => comparePaths(a[0], b[0])))),
    warnings,
    open(sha256) {
      const source = sources.get(sha256);
      if (source === undefined) throw new RangeError("no content of this release");
      return Readable.from(readUnchanged(source), { objectMode: false });
    },
  };
}

/** Shared by the workers; the first that fails ends it for all (`for … of` closes a generator on a throw). */
function* iterate(found: readonly FoundFile[]): Generator<FoundFile> {
  yield* found;
}

async function digestOf({ path, source }: FoundFile): Promise<FileEntry> {
  try {
    if ((await status(source)).size > MAX_WHOLE_BYTES) return await digestInChunks(source);
    const content = await readWhole(source);
    return { sha256: hash("sha256", content), size: content.length };
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== "EACCES" && code !== "EPERM" && code !== "ENOENT") throw cause;
    throw new PermanentError(`"${showPath(path)}" cannot be read (${code}).`, { cause });
  }
}

async function digestInChunks(source: string): Promise<FileEntry> {
  const digest = createHash("sha256");
  let size = 0;
  for await (const chunk of createReadStream(source, { highWaterMark: CHUNK_BYTES })) {
    digest.update(chunk);
    size += chunk.length;
  }
  return { sha256: digest.digest("hex"), size };
}

/**
 * The bytes of a file that has to be what it was. One chunk is held back until the digest is known: what differs never
 * arrives in full length, so that nobody takes it for the right content later.
 */
async function* readUnchanged({ path, source, sha256, size }: FoundFile & FileEntry): AsyncGenerator<Buffer> {
  const changed = (cause?: unknown) =>
    new PermanentError(`"${showPath(path)}" was changed while it was being published. Publish again.`, { cause });
  const digest = createHash("sha256");
  let bytes = 0;
  let held: Buffer | undefined;
  const chunks: AsyncIterable<Buffer> = createReadStream(source, { highWaterMark: CHUNK_BYTES });
  try {
    for await (const chunk of chunks) {
      if (held !== undefined) yield held;
      digest.update(chunk);
      bytes += chunk.length;
      if (bytes > size) throw changed();
      held = chunk;
    }
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === "ENOENT" ? changed(error) : error;
  }
  if (digest.digest("hex") !== sha256) throw changed();
  if (held !== undefined) yield held;
}
