/** Keeps file contents on disk, each once, named by its SHA-256. A content is durable before anyone learns its name. */
import { createHash, hash, randomUUID } from "node:crypto";
import {
  closeSync,
  createReadStream,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { open, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { setImmediate as breathe } from "node:timers/promises";
import type { FileEntry } from "../model/release.ts";

export type BlobStore = {
  /**
   * Copies files into the store and says what each of them is, in their order. A content that is there already is not
   * written again; its file is touched, so that whoever collects what nobody needs (`collectBlobs`) knows that it was
   * wanted just now. `onTaken` is told each one as it is read; what it throws ends it, with nothing stored.
   */
  putAll(sourcePaths: Iterable<string>, onTaken?: (entry: FileEntry) => void): Promise<FileEntry[]>;
  has(sha256: string): Promise<boolean>;
  /** Whether the content is there, whole. */
  holds(entry: FileEntry): Promise<boolean>;
  /** Where the content lies, whether it exists or not. Throws RangeError when `sha256` is no SHA-256 in lower-case hex. */
  path(sha256: string): string;
  /** Reads a content; the stream fails with ENOENT when it is not in the store. */
  open(sha256: string): Readable;
};

/** A file that was read: what it is, and where its copy lies until it gets its name; null where the store had it. */
type Taken = { readonly entry: FileEntry; readonly copy: string | null };
type Copied = Taken & { readonly copy: string };

/** Larger files are read and copied in pieces. */
const MAX_AT_ONCE_BYTES = 1024 * 1024;
/** So long files are read before others get their turn: a cancellation, the lines of the transcript. */
const BREATH_MS = 20;

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
  function isStored({ sha256, size }: FileEntry): boolean {
    const nowS = Date.now() / 1000;
    try {
      utimesSync(path(sha256), nowS, nowS);
      return statSync(path(sha256)).size === size;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      return false;
    }
  }

  /**
   * Says what a file is and, where the store has no such content, leaves a copy of the bytes it looked at in `incoming`.
   * Small files are read in one go and without waiting: a worker has nothing else to do, and that is six times as fast.
   */
  async function take(sourcePath: string, buffer: Buffer): Promise<Taken> {
    const bytes = readSmall(sourcePath, buffer);
    if (bytes === null) return takeLarge(sourcePath);
    const entry = { sha256: hash("sha256", bytes, "hex"), size: bytes.length };
    if (isStored(entry)) return { entry, copy: null };
    const copy = newCopy();
    writeFileSync(copy, bytes, { flag: "wx" });
    return { entry, copy };
  }

  /** Most files of a build were in the build before: reading them once more costs less than writing them. */
  async function takeLarge(sourcePath: string): Promise<Taken> {
    const seen = await readThrough(sourcePath, async () => {});
    if (isStored(seen)) return { entry: seen, copy: null };
    const copy = newCopy();
    const file = await open(copy, "wx");
    try {
      // The entry is that of the bytes copied, even when the file has changed since it was looked at.
      return { entry: await readThrough(sourcePath, (chunk) => writeAll(file, chunk)), copy };
    } finally {
      await file.close();
    }
  }

  function newCopy(): string {
    mkdirSync(incoming, { recursive: true });
    return join(incoming, randomUUID());
  }

  /** Gives copies their names, once all of them are on disk; a name is on disk when this resolves. */
  async function settle(taken: readonly Taken[]): Promise<void> {
    const copies = taken.filter((one): one is Copied => one.copy !== null && !isStored(one.entry));
    await eachOf(copies, async ({ copy }) => syncPath(copy));
    const shelves = new Set(copies.map(({ entry }) => dirname(path(entry.sha256))));
    const isNew = [...shelves].map((shelf) => mkdirSync(shelf, { recursive: true })).some((made) => made !== undefined);
    for (const { entry, copy } of copies) renameSync(copy, path(entry.sha256));
    await eachOf([...shelves, ...(isNew ? [folder] : [])], syncPath);
  }

  async function putAll(sourcePaths: Iterable<string>, onTaken: (entry: FileEntry) => void = () => {}) {
    const taken: Taken[] = [];
    const buffer = Buffer.allocUnsafe(MAX_AT_ONCE_BYTES + 1);
    let pauseAtMs = performance.now() + BREATH_MS;
    try {
      for (const sourcePath of sourcePaths) {
        const one = await take(sourcePath, buffer);
        taken.push(one);
        onTaken(one.entry);
        if (performance.now() < pauseAtMs) continue;
        await breathe();
        pauseAtMs = performance.now() + BREATH_MS;
      }
      await settle(taken);
      return taken.map(({ entry }) => entry);
    } finally {
      for (const { copy } of taken) if (copy !== null) rmSync(copy, { force: true });
    }
  }

  return {
    putAll,
    path,
    holds,
    has: async (sha256) => (await sizeOf(sha256)) !== undefined,
    open: (sha256) => createReadStream(path(sha256)),
  };
}

/** The bytes of a file, in `buffer`; null when they do not fit, with one byte to spare. */
function readSmall(sourcePath: string, buffer: Buffer): Buffer | null {
  const file = openSync(sourcePath, "r");
  try {
    let length = 0;
    for (;;) {
      const read = readSync(file, buffer, length, buffer.length - length, null);
      if (read === 0) return buffer.subarray(0, length);
      length += read;
      if (length === buffer.length) return null;
    }
  } finally {
    closeSync(file);
  }
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

/** Has a file's content, or the names in a folder, survive a power cut (fsync(2): both have to be synced on their own). */
async function syncPath(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The file system joins syncs that wait together into one. */
async function eachOf<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const waiting = items.values();
  const workers = Array.from({ length: 64 }, async () => {
    for (const item of waiting) await work(item);
  });
  for (const result of await Promise.allSettled(workers)) if (result.status === "rejected") throw result.reason;
}
