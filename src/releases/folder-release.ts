/** Makes a release of a folder as it lies there, without copying it; its contents are read from the folder again. */
import { createHash, hash } from "node:crypto";
import { closeSync, createReadStream, openSync, readSync } from "node:fs";
import { Readable } from "node:stream";
import { setImmediate as nextTurn } from "node:timers/promises";
import { PermanentError } from "../errors.ts";
import { type FileEntry, type Release, releaseOf } from "../model/release.ts";
import { showPath } from "./path.ts";
import { type FoundFile, type ScanOptions, scanFolder } from "./scan-folder.ts";

/**
 * How much of a file is read at a time, in bytes. Reading is synchronous: for 2,000 small files it takes 90 ms, a third
 * of what handing each of its four system calls to another thread does.
 */
const CHUNK_BYTES = 1024 * 1024;

/** After so long, in milliseconds, whatever else there is to do gets its turn: a connection is being made meanwhile. */
const SLICE_MS = 2;

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
  const digestOf = createDigester();
  for (const file of found) {
    options.signal?.throwIfAborted();
    const entry = await digestOf(file);
    files.set(file.path, entry);
    sources.set(entry.sha256, { ...file, ...entry });
  }
  return {
    release: releaseOf(files),
    warnings,
    open(sha256) {
      const source = sources.get(sha256);
      if (source === undefined) throw new RangeError("no content of this release");
      return Readable.from(readUnchanged(source), { objectMode: false });
    },
  };
}

/** Reads on until the buffer is full or the file has ended. Answers with the bytes read. */
function fill(file: number, buffer: Buffer): number {
  let filled = 0;
  for (let bytes = -1; bytes !== 0 && filled < buffer.length; filled += bytes) {
    bytes = readSync(file, buffer, filled, buffer.length - filled, null);
  }
  return filled;
}

/** Reads and hashes one file after another, with one buffer for all of them. */
function createDigester(): (file: FoundFile) => Promise<FileEntry> {
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  let sliceEndsMs = performance.now() + SLICE_MS;

  async function breathe(): Promise<void> {
    if (performance.now() < sliceEndsMs) return;
    await nextTurn();
    sliceEndsMs = performance.now() + SLICE_MS;
  }

  async function digest(source: string): Promise<FileEntry> {
    const file = openSync(source, "r");
    try {
      let bytes = fill(file, buffer);
      if (bytes < CHUNK_BYTES) return { sha256: hash("sha256", buffer.subarray(0, bytes)), size: bytes };
      const whole = createHash("sha256");
      let size = 0;
      for (; bytes > 0; bytes = fill(file, buffer)) {
        whole.update(buffer.subarray(0, bytes));
        size += bytes;
        await breathe();
      }
      return { sha256: whole.digest("hex"), size };
    } finally {
      closeSync(file);
    }
  }

  return async ({ path, source }) => {
    try {
      await breathe();
      return await digest(source);
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      if (code !== "EACCES" && code !== "EPERM" && code !== "ENOENT") throw cause;
      throw new PermanentError(`"${showPath(path)}" cannot be read (${code}).`, { cause });
    }
  };
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
