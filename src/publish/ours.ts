/** Finds out which files on a host are ours, and keeps a publish away from all others. */
import { createHash } from "node:crypto";
import type { FileEntry, Manifest, Release } from "../model/release.ts";
import { releaseOf } from "../model/release.ts";
import type { PublishSession } from "../publishers/publisher.ts";
import {
  type HostManifest,
  type Journal,
  MAX_RECORD_BYTES,
  UNKNOWN,
  type Unusable,
  unpackJournal,
  unpackManifest,
} from "../releases/host-manifest.ts";
import { collectClaims, settleClaims } from "../releases/ownership.ts";
import { foldersAbove } from "../releases/path.ts";
import { allFolders } from "../releases/plan.ts";
import { looksHashed, type Retained } from "../releases/retained.ts";
import type { Place } from "./place.ts";

export type Ours = {
  /** All files of ours on the host, those that stay from earlier releases included. */
  readonly files: Manifest;
  readonly retained: Retained;
  readonly folders: ReadonlySet<string>;
  /** Whether the host's own manifest says so and nothing had to be worked out. */
  readonly recorded: boolean;
  /** The release that the host's manifest names; null without one that can be read. */
  readonly releaseId: string | null;
  /** What a publish that was cut off in its commit was about to do. */
  readonly journal: Journal | null;
  /** Whether there is a journal, readable or not. */
  readonly wasCutOff: boolean;
  /** Whether files are written in place on this host, because none can be renamed. */
  readonly overwrites: boolean;
};

/** Sizes of the records on the host, undefined where there is none. */
export type RecordSizes = { readonly manifest: number | undefined; readonly journal: number | undefined };

export const NO_RECORDS: RecordSizes = { manifest: undefined, journal: undefined };

export type FindOptions = {
  readonly release: Release;
  /** What our own store knows; null when it knows nothing. */
  readonly previous: Manifest | null;
  /**
   * What to hold against the host although its record is in order: a sample of sizes, all sizes, or all contents. Where
   * the host does not know digests, contents of files without a hash in their name count as unknown.
   */
  readonly check: "sample" | "sizes" | "contents";
  say(line: string): void;
};

/** How many files of an unchanged release are looked at, in one round trip over FTP. */
const SPOT_CHECKS = 32;

/** Files up to this size are read to see whether a foreign file is the same as ours. */
const MAX_COMPARE_BYTES = 64 * 1024 * 1024;

/**
 * What is ours on the host. The manifest there is believed when it is whole, no commit was cut off, and our own store
 * does not remember another release; otherwise all records together are held against the sizes that the host reports.
 */
export async function findOurs(
  session: PublishSession,
  place: Place,
  sizes: RecordSizes,
  options: FindOptions,
): Promise<Ours> {
  const { previous, say } = options;
  const readManifest = await readRecord(session, place.manifest, sizes.manifest, unpackManifest);
  const readJournal = await readRecord(session, place.journal, sizes.journal, unpackJournal);
  const manifest = isRecord(readManifest) ? readManifest : null;
  const journal = isRecord(readJournal) ? readJournal : null;
  const wasCutOff = sizes.journal !== undefined;
  const shared = {
    retained: new Map([...(manifest?.retained ?? []), ...(journal?.retained ?? [])]),
    releaseId: manifest?.releaseId ?? null,
    journal,
    wasCutOff,
    overwrites: manifest?.overwrites ?? journal?.overwrites ?? false,
  };

  if (manifest !== null && !wasCutOff) {
    const doubt = await doubtAbout(session, manifest, options);
    const recorded = new Map([...manifest.retained, ...manifest.files]);
    if (doubt === null) return { ...shared, files: recorded, folders: manifest.folders, recorded: true };
    if (doubt !== "") say(doubt);
    const settled = settleClaims(collectClaims([recorded], new Map()), await session.sizes([...recorded.keys()]));
    const files = options.check === "contents" ? await withRealContents(session, settled) : settled;
    return { ...shared, files, folders: manifest.folders, recorded: false };
  }
  if (wasCutOff) say("An earlier publish was cut off in its commit; finding out how far it got.");
  else if (readManifest === "newer")
    say("The host's record is of a newer version of Slipway; comparing with the host.");
  else if (readManifest !== undefined) say("The record of the last publish on the host cannot be read.");
  else if (previous !== null) say("The host has no record of the last publish; going by what Slipway remembers.");

  const published = [manifest?.files, manifest?.retained, journal?.before, previous ?? undefined];
  // A damaged manifest is no first publish: the ones before it still tell what was ours.
  const older = manifest === null ? await readEarlier(session, place) : [];
  const claims = collectClaims(
    [...published, ...older.flatMap(({ files, retained }) => [files, retained])].filter((it) => it !== undefined),
    journal?.files ?? new Map(),
  );
  const settled = settleClaims(claims, await session.sizes([...claims.keys()]));
  // Where the newest record is missing or cannot be read, what it was about may have the size of what came before.
  const isSure = wasCutOff ? journal !== null : manifest !== null;
  return {
    ...shared,
    files: isSure ? settled : await withRealContents(session, settled),
    folders: new Set([manifest, journal, ...older].flatMap((record) => [...(record?.folders ?? [])])),
    recorded: false,
  };
}

/** Why the manifest is not enough: a sentence, or "" when there is nothing to say; null when it is. */
async function doubtAbout(
  session: PublishSession,
  manifest: HostManifest,
  { release, previous, check }: FindOptions,
): Promise<string | null> {
  if (check !== "sample") return "";
  if (previous !== null && releaseOf(previous).id !== manifest.releaseId && manifest.releaseId !== release.id) {
    return "Somebody else published to this host since; looking at every file.";
  }
  if (manifest.releaseId !== release.id) return null;
  const spots = chooseSpots(manifest.files);
  const sizes = await session.sizes(spots.map(([path]) => path));
  const isWhole = spots.every(([, { size }], index) => size === sizes[index]);
  return isWhole ? null : "Files on the host were changed or removed by others; looking at every file.";
}

/** The files with what is really in them, as far as the host can tell. */
async function withRealContents(session: PublishSession, files: Manifest): Promise<Manifest> {
  const digests = await session.digests([...files.keys()]);
  return new Map(
    [...files].map(([path, entry], index): [string, FileEntry] => {
      const sha256 = digests[index] ?? (looksHashed(path) ? entry.sha256 : UNKNOWN);
      return [path, { ...entry, sha256: sha256 === entry.sha256 ? sha256 : UNKNOWN }];
    }),
  );
}

/** Some files, spread over all of them, by which to see whether a release is still on the host as it was put there. */
export function chooseSpots(files: Manifest): Array<[string, FileEntry]> {
  const step = Math.max(1, Math.ceil(files.size / SPOT_CHECKS));
  return [...files].filter((_, index) => index % step === 0);
}

async function readRecord<T>(
  session: PublishSession,
  path: string,
  size: number | undefined,
  unpack: (bytes: Buffer) => T | Unusable,
): Promise<T | Unusable | undefined> {
  if (size === undefined) return undefined;
  if (size > MAX_RECORD_BYTES) return "damaged";
  const bytes = await session.readFile(path, MAX_RECORD_BYTES, true);
  return bytes === undefined ? undefined : unpack(bytes);
}

function isRecord<T extends object>(read: T | Unusable | undefined): read is T {
  return typeof read === "object";
}

async function readEarlier(session: PublishSession, place: Place): Promise<HostManifest[]> {
  const sizes = await session.sizes(place.earlier);
  const found: HostManifest[] = [];
  for (const [index, path] of place.earlier.entries()) {
    const read = await readRecord(session, path, sizes[index], unpackManifest);
    if (isRecord(read)) found.push(read);
  }
  return found;
}

/** What stands on the host where a publish is going to put something. */
export type Foreign = {
  /** Those with the same content, and those that will be replaced; all of them become ours. */
  readonly entries: Manifest;
  /** The ones with other content. */
  readonly conflicts: readonly string[];
  /** Folders that are there for sure, since a file of ours in them was seen. */
  readonly folders: ReadonlySet<string>;
  /** Sizes of the paths that were asked for along the way. */
  readonly others: ReadonlyArray<number | undefined>;
};

/**
 * Looks where a publish would put something and others have put something. Those with the same content are no conflict.
 * With `willReplace` nothing needs to be read: sending a file again costs no more than reading it.
 */
export async function findForeign(
  session: PublishSession,
  ours: Manifest,
  release: Manifest,
  willReplace: boolean,
  say: (line: string) => void,
  /** Further paths whose sizes somebody wants to know; asking for them here costs no round trip. */
  others: readonly string[] = [],
): Promise<Foreign> {
  const newPaths = [...release.keys()].filter((path) => !ours.has(path));
  const known = allFolders(ours.keys());
  // A foreign file may also stand where a folder of ours would have to be.
  const newFolders = [...allFolders(newPaths)].filter((folder) => !known.has(folder) && !ours.has(folder));
  const candidates = [...newPaths, ...newFolders];
  const witnesses = chooseWitnesses(ours, release);
  const all = await session.sizes([...candidates, ...others, ...witnesses]);
  const sizes = all.slice(0, candidates.length);
  const seen = witnesses.filter((_, index) => all[candidates.length + others.length + index] !== undefined);
  const standing = candidates.flatMap((path, index) => {
    const size = sizes[index];
    return size === undefined ? [] : [{ path, size, entry: release.get(path) }];
  });
  const alike = standing.filter(({ entry, size }) => entry?.size === size).map(({ path }) => path);
  if (alike.length > 0) say(`Comparing ${alike.length} files that are on the host already.`);
  const same = await sameContent(session, alike, release, willReplace);
  const entries = new Map(
    standing.map(({ path, size, entry }) => [path, entry && same.has(path) ? entry : { sha256: UNKNOWN, size }]),
  );
  return {
    entries,
    conflicts: standing.map(({ path }) => path).filter((path) => !same.has(path)),
    folders: allFolders(seen),
    others: all.slice(candidates.length, candidates.length + others.length),
  };
}

/** For each folder in which something is going to be put, one file of ours that should be in it. */
function chooseWitnesses(ours: Manifest, release: Manifest): string[] {
  const changed = [...release].filter(([path, { sha256 }]) => ours.get(path)?.sha256 !== sha256).map(([path]) => path);
  const open = allFolders(changed);
  const witnesses = new Set<string>();
  for (const path of ours.keys()) {
    const folders = foldersAbove(path).filter((folder) => open.has(folder));
    if (folders.length > 0) witnesses.add(path);
    for (const folder of folders) open.delete(folder);
    if (open.size === 0) break;
  }
  return [...witnesses];
}

/** Which of these files on the host have the release's content: by the host's own digest, else by reading them. */
async function sameContent(
  session: PublishSession,
  paths: readonly string[],
  release: Manifest,
  willReplace: boolean,
): Promise<Set<string>> {
  const digests = paths.length === 0 ? [] : await session.digests(paths);
  const same = new Set<string>();
  for (const [index, path] of paths.entries()) {
    const entry = release.get(path);
    if (entry === undefined) continue;
    let digest = digests[index];
    if (digest === undefined && !willReplace && entry.size <= MAX_COMPARE_BYTES) {
      const bytes = await session.readFile(path, MAX_COMPARE_BYTES);
      digest = bytes && createHash("sha256").update(bytes).digest("hex");
    }
    if (digest === entry.sha256) same.add(path);
  }
  return same;
}
