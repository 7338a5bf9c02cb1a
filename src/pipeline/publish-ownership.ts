/** Finds out which files on a host are ours, and keeps a publish away from all others. */
import { createHash } from "node:crypto";
import { PermanentError } from "../errors.ts";
import type { FileEntry, Manifest, Release } from "../model/release.ts";
import type { PublishSession } from "../publishers/publisher.ts";
import {
  type HostManifest,
  MAX_RECORD_BYTES,
  type PendingPublish,
  UNKNOWN,
  unpackManifest,
  unpackPending,
} from "../releases/host-manifest.ts";
import { collectClaims, settleClaims } from "../releases/ownership.ts";
import { showPath, TOOL_FOLDER } from "../releases/path.ts";
import { allFolders } from "../releases/plan.ts";

export const MANIFEST_PATH = `${TOOL_FOLDER}/manifest.json.gz`;
export const PENDING_PATH = `${TOOL_FOLDER}/pending.json.gz`;

export type Ours = {
  readonly files: Manifest;
  readonly folders: ReadonlySet<string>;
  /** Whether the host's own manifest says so and no publish was cut off: then nothing had to be worked out. */
  readonly recorded: boolean;
  /** The release that is live, when `recorded`. */
  readonly releaseId: string | null;
};

/** How many files of an unchanged release are looked at, in one round trip over FTP. */
const SPOT_CHECKS = 32;

/** Files up to this size are read to see whether a foreign file is the same as ours. */
const MAX_COMPARE_BYTES = 64 * 1024 * 1024;

const MAX_CONFLICTS_SHOWN = 10;

type Say = (line: string) => void;

/**
 * What is ours on the host. The manifest there is believed when it is whole and no publish was cut off; otherwise all
 * records together (`previous` is what our own store knows) are held against the sizes that the host reports.
 */
export async function findOurs(
  session: PublishSession,
  release: Release,
  previous: Manifest | null,
  say: Say,
): Promise<Ours> {
  const manifestBytes = await session.readFile(MANIFEST_PATH, MAX_RECORD_BYTES);
  const pendingBytes = await session.readFile(PENDING_PATH, MAX_RECORD_BYTES);
  const manifest = manifestBytes === undefined ? null : unpackManifest(manifestBytes);
  const pending = pendingBytes === undefined ? null : unpackPending(pendingBytes);

  if (manifest !== null && pendingBytes === undefined) {
    if (manifest.releaseId !== release.id || (await looksWhole(session, manifest))) {
      return { files: manifest.files, folders: manifest.folders, recorded: true, releaseId: manifest.releaseId };
    }
    say("Files on the host were changed or removed by others; checking all of them.");
  } else if (pendingBytes !== undefined) {
    say("An earlier publish was cut off; finding out how far it got.");
  } else if (manifestBytes !== undefined) {
    say("The record of the last publish on the host cannot be read; going by what Slipway remembers.");
  } else if (previous !== null) {
    say("The host has no record of the last publish; going by what Slipway remembers.");
  }
  const files = await settle(session, manifest?.files ?? previous, pending);
  // A pending record that cannot be read may have been about anything: sizes are no proof of content then.
  const trusted = pendingBytes === undefined || pending !== null;
  return {
    files: trusted ? files : new Map([...files].map(([path, { size }]) => [path, { sha256: UNKNOWN, size }])),
    folders: new Set([...(manifest?.folders ?? []), ...(pending?.folders ?? [])]),
    recorded: false,
    releaseId: null,
  };
}

async function settle(
  session: PublishSession,
  live: Manifest | null,
  pending: PendingPublish | null,
): Promise<Manifest> {
  const claims = collectClaims([live ?? new Map(), pending?.before ?? new Map()], pending?.files ?? new Map());
  return settleClaims(claims, await session.sizes([...claims.keys()]));
}

/** Looks at some files of a release that should be on the host as it is, spread over all of it. */
async function looksWhole(session: PublishSession, { files }: HostManifest): Promise<boolean> {
  const step = Math.max(1, Math.ceil(files.size / SPOT_CHECKS));
  const sample = [...files].filter((_, index) => index % step === 0);
  const sizes = await session.sizes(sample.map(([path]) => path));
  return sample.every(([, entry], index) => entry.size === sizes[index]);
}

/**
 * Files that a publish would put where others have put something. Those with the same content become ours; for any
 * other, throws PermanentError unless `adopt` says that they may be replaced. Answers with what becomes ours.
 */
export async function adoptForeign(
  session: PublishSession,
  ours: Manifest,
  release: Manifest,
  adopt: boolean,
  say: Say,
): Promise<Manifest> {
  const newPaths = [...release.keys()].filter((path) => !ours.has(path));
  const known = allFolders(ours.keys());
  // A foreign file may also stand where a folder of ours would have to be.
  const newFolders = [...allFolders(newPaths)].filter((folder) => !known.has(folder) && !ours.has(folder));
  const candidates = [...newPaths, ...newFolders];
  const sizes = await session.sizes(candidates);
  const adopted = new Map<string, FileEntry>();
  const conflicts: string[] = [];
  for (const [index, path] of candidates.entries()) {
    const size = sizes[index];
    if (size === undefined) continue;
    const entry = release.get(path);
    if (entry !== undefined && entry.size === size && (await hasContent(session, path, entry))) {
      adopted.set(path, entry);
    } else {
      conflicts.push(path);
      adopted.set(path, { sha256: UNKNOWN, size });
    }
  }
  const same = adopted.size - conflicts.length;
  if (conflicts.length > 0 && !adopt) throw conflictError(conflicts);
  if (same > 0) say(`${same} files of this release are on the host already; they count as Slipway's from now on.`);
  if (conflicts.length > 0)
    say(`${conflicts.length} files that Slipway did not put there will be replaced (\`adopt\`).`);
  return adopted;
}

async function hasContent(session: PublishSession, path: string, entry: FileEntry): Promise<boolean> {
  if (entry.size > MAX_COMPARE_BYTES) return false;
  const bytes = await session.readFile(path, MAX_COMPARE_BYTES);
  return bytes !== undefined && createHash("sha256").update(bytes).digest("hex") === entry.sha256;
}

function conflictError(conflicts: readonly string[]): PermanentError {
  const shown = conflicts.slice(0, MAX_CONFLICTS_SHOWN).map(showPath).join(", ");
  const more = conflicts.length > MAX_CONFLICTS_SHOWN ? ` and ${conflicts.length - MAX_CONFLICTS_SHOWN} more` : "";
  return new PermanentError(
    `The host has files that Slipway did not put there, under names this release needs: ${shown}${more}. ` +
      "Nothing was changed. Move them away, or set `adopt: true` for this site to have them replaced.",
  );
}
