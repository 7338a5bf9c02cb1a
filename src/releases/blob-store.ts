/** Keeps file contents on disk, each once, named by its SHA-256. A content is durable before anyone learns its name. */
import { createHash, randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, rename, rm, stat, utimes } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Readable } from "node:stream";
import type { FileEntry } from "../model/release.ts";

export type BlobStore = {
  /**
   * Copies a file into the store and says what it is. A content that is there already is not written again; its file
   * is touched, so that whoever collects what nobody needs (`collectBlobs`) knows that it was wanted just now.
   */
  put(sourcePath: string): Promise<FileEntry>;
  has(sha256: string): Promise<boolean>;
  /** Whether the content is there, whole. */
  holds(entry: FileEntry): Promise<boolean>;
  /** Where the content lies, whether it exists or not. Throws RangeError when `sha256` is no SHA-256 in lower-case hex. */
  path(sha256: string): string;
  /** Reads a content; the stream fails with ENOENT when it is not in the store. */
  open(sha256: string): Readable;
};

/**
 * Creates the store over `folder`, which is made when needed. Several processes may use one folder: each writes to a
 * temporary file of its own, and renaming the same content over itself changes nothing.
 */
export function createBlobStore({ folder }: { folder: string }): BlobStore {
  const incoming = join(folder, "incoming");

  function path(sha256: string): string {
    if (!/^[0-9a-f]{64}$/.test(sha256)) throw new RangeError("not a SHA-256 in lower-case hex");
    return join(folder, sha256.slice(0, 2), sha256);
  }

  /** Size of a stored content in bytes, or undefined. */
  async function sizeOf(sha256: string): Promise<number | undefined> {
    const found = await stat(path(sha256)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined;
      throw error;
    });
    return found?.size;
  }

  /** A size that differs means that the stored copy is damaged. */
  async function holds({ sha256, size }: FileEntry): Promise<boolean> {
    return (await sizeOf(sha256)) === size;
  }

  /** Touches first and looks then: what is touched and still there is there to stay. */
  async function isStored(entry: FileEntry): Promise<boolean> {
    const now = new Date();
    await utimes(path(entry.sha256), now, now).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") throw error;
    });
    return holds(entry);
  }

  async function put(sourcePath: string): Promise<FileEntry> {
    // Most files of a build were in the build before: reading them once more costs less than writing them.
    const entry = await readThrough(sourcePath, async () => {});
    return (await isStored(entry)) ? entry : copy(sourcePath);
  }

  /** The entry is that of the bytes copied, even when the file has changed since it was looked at. */
  async function copy(sourcePath: string): Promise<FileEntry> {
    await mkdir(incoming, { recursive: true });
    const temporary = join(incoming, randomUUID());
    const file = await open(temporary, "wx");
    try {
      const entry = await readThrough(sourcePath, (chunk) => writeAll(file, chunk));
      if (await isStored(entry)) return entry;
      await file.sync();
      const target = path(entry.sha256);
      const madeFolder = await mkdir(dirname(target), { recursive: true });
      await rename(temporary, target);
      await syncFolder(dirname(target));
      if (madeFolder !== undefined) await syncFolder(folder);
      return entry;
    } finally {
      await file.close();
      await rm(temporary, { force: true });
    }
  }

  return {
    put,
    path,
    holds,
    has: async (sha256) => (await sizeOf(sha256)) !== undefined,
    open: (sha256) => createReadStream(path(sha256)),
  };
}

/** Reads a file to its end and says what it is. */
async function readThrough(sourcePath: string, onChunk: (chunk: Buffer) => Promise<void>): Promise<FileEntry> {
  const hash = createHash("sha256");
  let size = 0;
  for await (const chunk of createReadStream(sourcePath, { highWaterMark: 256 * 1024 })) {
    hash.update(chunk);
    size += chunk.length;
    await onChunk(chunk);
  }
  return { sha256: hash.digest("hex"), size };
}

async function writeAll(file: Awaited<ReturnType<typeof open>>, chunk: Buffer): Promise<void> {
  for (let written = 0; written < chunk.length; ) {
    written += (await file.write(chunk, written, chunk.length - written)).bytesWritten;
  }
}

/** Makes a rename in this folder survive a power cut (fsync(2): the entry of a file has to be synced on its own). */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
