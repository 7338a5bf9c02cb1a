/**
 * Proves that dependencies are as the install left them, without reading them. A file's ctime is set by the kernel on
 * every change of content, mode, owner or number of names, and no program can set it back (inode(7)).
 */
import { createHash } from "node:crypto";
import {
  type BigIntStats,
  chownSync,
  lstatSync,
  readFileSync,
  readlinkSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, isAbsolute, join, resolve, sep } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { bytesOf, MAX_ENTRIES, type TreeEntry, TreeError, walkTree } from "./walk-tree.ts";

/** A small file that tools rewrite on every run; its content at the time of the install is put back instead. */
const restoredFile = z.object({
  path: z.string(),
  base64: z.string(),
  mode: z.number(),
  uid: z.number(),
  gid: z.number(),
  mtimeMs: z.number(),
});
type RestoredFile = z.output<typeof restoredFile>;

export const fingerprintSchema = z.object({
  /** Of each path, relative to the workspace, what a change of it would change. */
  stamps: z.custom<Array<[path: string, stamp: string]>>(isListOfPairs),
  restored: z.array(restoredFile),
});
export type Fingerprint = z.output<typeof fingerprintSchema>;

/** Tens of thousands of entries, for which zod's own way takes as long as walking them. */
function isListOfPairs(value: unknown): boolean {
  const isText = (part: unknown) => typeof part === "string";
  return Array.isArray(value) && value.every((one) => Array.isArray(one) && one.length === 2 && one.every(isText));
}

export type TreeChanges = {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
};

/** Where units lie now (paths of a workspace that are kept, each a folder or a file): unit → absolute path. */
export type Places = ReadonlyMap<string, string>;

/** What a walk saw of the units. */
type Survey = {
  readonly stamps: Map<string, string>;
  readonly bytes: number;
  /** Whether a file has a second name somewhere, through which it could be changed. */
  readonly hasSharedFiles: boolean;
};

/** pnpm keeps the time of its last check there, from version 10 on; `pnpm run` of 11 and 12 writes it anew. */
const REWRITTEN = /(^|\/)node_modules\/\.pnpm-workspace-state(-v\d+)?\.json$/;
const MAX_RESTORED_BYTES = 1024 * 1024;
const MAX_HASHED_BYTES = 128 * 1024 * 1024;

/** The coarsest clock of a kernel ticks every 10 ms (CONFIG_HZ=100): a change within one tick would leave no trace. */
const TICK_MS = 20;

/** Takes the fingerprint of what an install left. Throws TreeError when it is nothing that can be kept. */
export async function takeFingerprint(
  root: string,
  units: readonly string[],
): Promise<{ fingerprint: Fingerprint; hasSharedFiles: boolean }> {
  const restored: RestoredFile[] = [];
  const { stamps, hasSharedFiles } = await survey(placesBelow(root, units), (path, full, stats) => {
    if (stats.isSymbolicLink()) requireInside(root, path, readlinkSync(full));
    if (REWRITTEN.test(path) && stats.isFile() && stats.size <= MAX_RESTORED_BYTES)
      restored.push(readRestored(path, full));
  });
  await delay(TICK_MS);
  return { fingerprint: { stamps: [...stamps], restored }, hasSharedFiles };
}

export function placesBelow(root: string, units: readonly string[]): Places {
  return new Map(units.map((unit) => [unit, join(root, unit)]));
}

/** Compares what lies there now with the fingerprint. Throws TreeError when there is too much of it. */
export async function compareWithFingerprint(
  places: Places,
  fingerprint: Fingerprint,
): Promise<TreeChanges & { readonly bytes: number }> {
  const { stamps, bytes } = await survey(places);
  const changed: string[] = [];
  const removed: string[] = [];
  for (const [path, stamp] of fingerprint.stamps) {
    const now = stamps.get(path);
    if (now === undefined) removed.push(path);
    else if (now !== stamp) changed.push(path);
    stamps.delete(path);
  }
  return { added: [...stamps.keys()], changed, removed, bytes };
}

/** Writes the files that tools rewrite as the install left them. */
export function putBackRewritten(root: string, { restored }: Fingerprint): void {
  for (const { path, base64, mode, uid, gid, mtimeMs } of restored) {
    const full = join(root, path);
    rmSync(full, { recursive: true, force: true });
    writeFileSync(full, Buffer.from(base64, "base64"), { flag: "wx", mode });
    if (process.getuid?.() === 0) chownSync(full, uid, gid);
    utimesSync(full, mtimeMs / 1000, mtimeMs / 1000);
  }
}

async function survey(
  places: Places,
  onEach?: (path: string, full: string, stats: BigIntStats) => void,
): Promise<Survey> {
  const stamps = new Map<string, string>();
  let bytes = 0;
  let hasSharedFiles = false;
  const see = (path: string, full: string, stats: BigIntStats, stamp: string) => {
    stamps.set(path, stamp);
    bytes += bytesOf(stats);
    hasSharedFiles ||= stats.isFile() && stats.nlink > 1n;
    onEach?.(path, full, stats);
  };
  for (const [unit, full] of places) {
    const stats = lstatSync(full, { bigint: true, throwIfNoEntry: false });
    if (!stats) continue;
    see(unit, full, stats, unitStamp(full, stats));
    const onEntry = (entry: TreeEntry) => {
      const path = `${unit}/${entry.path}`;
      see(path, entry.full, entry.stats, REWRITTEN.test(path) ? "rewritten" : stampOf(entry.stats));
      return undefined;
    };
    if (stats.isDirectory()) await walkTree(full, { maxEntries: MAX_ENTRIES - stamps.size, onEntry });
  }
  return { stamps, bytes, hasSharedFiles };
}

/** A folder's own times tell only that entries came and went, which the walk sees better. */
function stampOf(stats: BigIntStats): string {
  const { size, mode, uid, gid, ino, mtimeNs, ctimeNs } = stats;
  return stats.isDirectory() ? `${mode} ${uid} ${gid}` : `${mode} ${uid} ${gid} ${size} ${ino} ${mtimeNs} ${ctimeNs}`;
}

/** Moving a unit gives itself, and nothing in it, a new ctime. */
function unitStamp(full: string, stats: BigIntStats): string {
  const { mode, uid, gid, size } = stats;
  if (stats.isDirectory()) return stampOf(stats);
  if (stats.isSymbolicLink()) return `${uid} ${gid} ${readlinkSync(full)}`;
  if (!stats.isFile() || size > MAX_HASHED_BYTES) throw new TreeError(`${basename(full)} is nothing that can be kept`);
  return `${mode} ${uid} ${gid} ${createHash("sha256").update(readFileSync(full)).digest("hex")}`;
}

function readRestored(path: string, full: string): RestoredFile {
  const { mode, uid, gid, mtimeMs } = lstatSync(full);
  return { path, base64: readFileSync(full, "base64"), mode: mode & 0o777, uid, gid, mtimeMs };
}

/** A link that leads out of the workspace leads to something that no fingerprint covers. */
function requireInside(root: string, path: string, target: string): void {
  const absolute = isAbsolute(target) ? resolve(target) : resolve(root, dirname(path), target);
  if (!absolute.startsWith(root + sep)) throw new TreeError(`${path} is a link that leads out of the workspace`);
}
