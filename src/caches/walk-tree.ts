/** Walks a folder without following a link, and says of each entry what nobody can change without leaving a trace. */
import { type BigIntStats, lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as breathe } from "node:timers/promises";

export type TreeEntry = {
  /** From the root of the walk, with "/". */
  readonly path: string;
  readonly name: string;
  readonly full: string;
  readonly stats: BigIntStats;
};

export type WalkOptions = {
  /** More entries than this end the walk. */
  readonly maxEntries: number;
  /** Told each entry; "leave" keeps the walk out of a folder. */
  onEntry(entry: TreeEntry): "leave" | undefined;
};

/** What a tree that is cached may hold; builds with more of it do without. */
export const MAX_ENTRIES = 500_000;

/** So long entries are read before others get their turn: a cancellation, the lines of the transcript. */
const BREATH_MS = 20;

/** A tree that cannot be cached, with the reason as the end of a sentence. */
export class TreeError extends Error {
  override readonly name = "TreeError";
}

/** Walks the folder `root`, which must be one. Throws TreeError when it holds too much or cannot be read. */
export async function walkTree(root: string, { maxEntries, onEntry }: WalkOptions): Promise<void> {
  const waiting = [""];
  let count = 0;
  let sinceMs = performance.now();
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    if (performance.now() - sinceMs > BREATH_MS) {
      await breathe();
      sinceMs = performance.now();
    }
    for (const entry of listFolder(root, folder)) {
      count++;
      if (count > maxEntries) throw new TreeError(`it holds more than ${maxEntries} files`);
      if (onEntry(entry) !== "leave" && entry.stats.isDirectory()) waiting.push(entry.path);
    }
  }
}

/** Synchronous: an entry costs 6 µs so, and four times that in another thread. */
function* listFolder(root: string, folder: string): Iterable<TreeEntry> {
  const parent = folder === "" ? root : join(root, folder);
  try {
    for (const name of readdirSync(parent)) {
      const full = `${parent}/${name}`;
      const path = folder === "" ? name : `${folder}/${name}`;
      yield { path, name, full, stats: lstatSync(full, { bigint: true }) };
    }
  } catch (error) {
    // A name that is no UTF-8, a path that is too long, a folder that a build closed.
    const code = (error as NodeJS.ErrnoException).code;
    if (code === undefined) throw error;
    throw new TreeError(`${folder === "" ? "it" : folder} could not be read (${code})`);
  }
}

/** What an entry takes on the disk, in bytes. stat(2): blocks of 512 bytes, whatever those of the file system are. */
export function bytesOf({ blocks }: BigIntStats): number {
  return Number(blocks) * 512;
}

/** Sum of what is in the folder, in bytes; 0 where there is none. */
export async function measureFolder(folder: string): Promise<number> {
  let bytes = 0;
  const onEntry = ({ stats }: TreeEntry) => {
    bytes += bytesOf(stats);
    return undefined;
  };
  const isThere = lstatSync(folder, { throwIfNoEntry: false })?.isDirectory() === true;
  if (isThere) await walkTree(folder, { maxEntries: Number.POSITIVE_INFINITY, onEntry });
  return bytes;
}

/** Whether there is an entry of this name, be it a link that leads nowhere. */
export function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** Whether all folders from `root` down to `path` are folders, and none of them is a link; `path` itself included. */
export function isPlainFolder(root: string, path: string): boolean {
  let full = root;
  for (const segment of path.split("/")) {
    full = join(full, segment);
    if (lstatSync(full, { throwIfNoEntry: false })?.isDirectory() !== true) return false;
  }
  return true;
}
