/**
 * Keeps two publishes from working on one host at the same time. A folder that one of them managed to make is the lock.
 * No FTP server can refuse a stalled owner that wakes up in the middle of its burst, so whoever takes a lock over first
 * renames the stage folder: from then on the old owner's renames find nothing to rename.
 */
import { createHash, randomInt } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { PermanentError, RetryLaterError } from "../errors.ts";
import { NoRenameError, type PublishSession } from "../publishers/publisher.ts";
import { pathProblem } from "../releases/path.ts";
import type { PublishOptions } from "./options.ts";
import type { Place } from "./place.ts";
import { type DigestedUpload, uploadOf } from "./upload-verified.ts";

export type LockOptions = {
  /** Who publishes, for whoever finds the host locked. */
  readonly owner: string;
  /**
   * Publishes with the same id never run at the same time, so a lock of this id belongs to one that died. Null: other
   * publishes know nothing of each other.
   */
  readonly ownerId: string | null;
  /** Whether there may be a stage that a publish which failed left; looking for it costs a round trip. */
  readonly mayHaveLeftStage: boolean;
  /** How long to wait for another publish, in milliseconds. */
  readonly waitMs: number;
  /** Without a sign of life for so long, by the host's clock, an owner counts as dead. */
  readonly leaseMs: number;
  /** How often to look while waiting. */
  readonly pollMs: number;
  say(line: string): void;
  readonly signal?: AbortSignal | undefined;
};

export type Lock = {
  /**
   * The folder in which this publish, and no other, stages its files. It is there from the first moment on: whoever takes
   * the lock over makes it useless to us by renaming it.
   */
  readonly stage: string;
  /** Whether the stage holds files of an earlier publish. */
  readonly hasLeftovers: boolean;
  /** Whether somebody else may have changed the host since it was looked at before. */
  readonly hasWaited: boolean;
  /** Whether it was taken from an owner that may not know yet. */
  readonly tookOver: boolean;
  /** Folders that the dead owner had made, and had no time to record as Slipway's. */
  readonly inheritedFolders: readonly string[];
  readonly ownerPath: string;
  /** Says who owns the lock and which folders it made; to be uploaded before everything else. */
  ownerFile(madeFolders: readonly string[]): DigestedUpload;
  /** A file in the stage, to be uploaded every now and then as a sign of life. */
  readonly alive: DigestedUpload;
  /** Makes a stage that somebody else left ours. Answers false when it is not there. */
  adoptStage(name: string): Promise<boolean>;
  /** Gives the lock back. With `keepStage`, what is staged waits for the next publish. */
  release(session: PublishSession, keepStage: boolean): Promise<void>;
};

/** Another publish took this host over. What it published is live, so repeating this one would undo it. */
export class LockLostError extends PermanentError {
  override readonly name = "LockLostError";
}

const LEASE_MS = 5 * 60_000;
const POLL_MS = 3000;

/** What a publish says about its lock. */
export function lockOptions({
  owner,
  ownerId,
  lockWaitMs,
  leaseMs,
  pollMs,
  say,
  signal,
}: PublishOptions): Omit<LockOptions, "mayHaveLeftStage"> {
  return { owner, ownerId, waitMs: lockWaitMs, leaseMs: leaseMs ?? LEASE_MS, pollMs: pollMs ?? POLL_MS, say, signal };
}

/** An owner that has not said who it is after this long died right after it made the folder. */
const NAMELESS_MS = 30_000;
const MAX_OWNER_BYTES = 4 * 1024 * 1024;

/**
 * What the file is called that says who owns the lock: its stage, then the owner's mark. The mark is known as soon as the
 * file is there, and an owner that dies while it is sent leaves an empty one.
 */
const OWNER_FILE = /^(?<stage>[a-z0-9]+)(?:-(?<mark>[0-9a-f]{16}))?\.json$/;

function ownerFileName(id: string, ownerId: string | null): string {
  return ownerId === null ? `${id}.json` : `${id}-${markOf(ownerId)}.json`;
}

function markOf(ownerId: string): string {
  return createHash("sha256").update(ownerId).digest("hex").slice(0, 16);
}

type Holder = {
  readonly file: string | null;
  readonly label: string;
  readonly ownerId: string | null;
  readonly madeFolders: readonly string[];
};

/** Claims the lock, waiting for others. Throws RetryLaterError when they do not finish in time. */
export async function acquireLock(session: PublishSession, place: Place, options: LockOptions): Promise<Lock> {
  const id = randomName();
  const deadlineMs = performance.now() + options.waitMs;
  const isDead = createDeathWatch(session, place, options, id);
  let told = false;
  let hasWaited = false;
  for (;;) {
    options.signal?.throwIfAborted();
    const isFirst = !hasWaited && !options.mayHaveLeftStage;
    if (await claim(session, place.lock, isFirst ? place.stage(id) : undefined)) {
      // Whoever we waited for may have failed.
      const mayHaveLeftStage = options.mayHaveLeftStage || hasWaited;
      return openLock(session, place, id, { ...options, mayHaveLeftStage }, { dead: null, hasWaited });
    }
    if (isFirst) await session.removeEmptyFolders([place.stage(id)]);
    hasWaited = true;
    const holder = await readHolder(session, place);
    if (holder === null) continue;
    if ((await isDead(holder)) && (await takeOver(session, place, id, holder))) {
      options.say(`Took the host over from ${holder.label}, which has not been heard of for a while.`);
      return openLock(session, place, id, options, { dead: holder, hasWaited });
    }
    if (performance.now() + options.pollMs > deadlineMs) {
      throw new RetryLaterError(60_000, `Another publish is still working on the host: ${holder.label}.`);
    }
    if (!told) options.say(`Waiting for another publish on this host: ${holder.label}.`);
    told = true;
    await delay(options.pollMs, undefined, { signal: options.signal });
  }
}

/** How often something is tried whose answer was lost and which turned out not to have happened. */
const MAX_TRIES = 3;

/**
 * Makes the folder that is the lock. When the answer was lost and the folder is there, nobody can tell who made it; it
 * then counts as somebody's who died before saying a name, and is taken over like any other.
 */
async function claim(session: PublishSession, folder: string, beside?: string): Promise<boolean> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await session.claimFolder(folder, beside);
    } catch (error) {
      if (error instanceof PermanentError || tries === MAX_TRIES) throw error;
      if ((await session.list(folder)) !== undefined) return false;
    }
  }
}

/** As `renameFolder`; a host that renames nothing has nothing to take. */
async function takeFolder(session: PublishSession, from: string, to: string): Promise<boolean> {
  try {
    return await renameFolder(session, from, to);
  } catch (error) {
    if (error instanceof NoRenameError) return false;
    throw error;
  }
}

/** Renames a folder to a name that only we use, so that a lost answer can be looked up. False when it is not there. */
async function renameFolder(session: PublishSession, from: string, to: string): Promise<boolean> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await session.moveFolder(from, to);
    } catch (error) {
      if (error instanceof PermanentError || tries === MAX_TRIES) throw error;
      if ((await session.list(to)) !== undefined) return true;
    }
  }
}

async function openLock(
  session: PublishSession,
  place: Place,
  id: string,
  options: LockOptions,
  { dead, hasWaited }: { dead: Holder | null; hasWaited: boolean },
): Promise<Lock> {
  const stage = place.stage(id);
  const ownerPath = `${place.lock}/${ownerFileName(id, options.ownerId)}`;
  let wasUploaded = false;
  const hasLeftovers = dead
    ? await collectStages(session, place, stage)
    : options.mayHaveLeftStage && (await takeFolder(session, place.leftStage, stage));
  if (!hasLeftovers && (dead || options.mayHaveLeftStage)) await session.makeFolders([stage]);
  return {
    stage,
    hasLeftovers,
    hasWaited,
    tookOver: dead !== null,
    inheritedFolders: dead?.madeFolders ?? [],
    ownerPath,
    alive: uploadOf(`${stage}/alive`, Buffer.from("alive")),

    ownerFile(madeFolders) {
      const said = { owner: options.owner, ownerId: options.ownerId, madeFolders };
      wasUploaded = true;
      return uploadOf(ownerPath, Buffer.from(JSON.stringify(said)));
    },

    async adoptStage(name) {
      const theirs = `${place.folder}/${name}`;
      if (theirs === stage) return true;
      // Ours is empty as yet, and a folder cannot be renamed to a name that is taken.
      await session.removeEmptyFolders([stage]);
      if (await takeFolder(session, theirs, stage)) return true;
      await session.makeFolders([stage]);
      return false;
    },

    async release(current, keepStage) {
      const listing = await current.list(stage);
      const [ownerFile] = await current.sizes([ownerPath]);
      // Both renamed by somebody who took over: what is called lock now is theirs. A stage that is still there says that
      // our file never arrived.
      if (wasUploaded && ownerFile === undefined && listing === undefined) return;
      // Its journal is what the next publish sees.
      if (keepStage && listing?.files.has("journal")) await takeFolder(current, stage, place.leftStage);
      else if (listing !== undefined) await clearFolder(current, stage);
      await current.remove([ownerPath]);
      await current.removeEmptyFolders([place.lock]);
    },
  };
}

/** Who holds the lock; null when nobody does any more. */
async function readHolder(session: PublishSession, place: Place): Promise<Holder | null> {
  const listing = await session.list(place.lock);
  if (listing === undefined) return null;
  const [file] = listing.files.keys();
  if (file === undefined) return { file: null, label: "one that has just begun", ownerId: null, madeFolders: [] };
  const bytes = await session.readFile(`${place.lock}/${file}`, MAX_OWNER_BYTES);
  return { file, ...readOwner(bytes) };
}

/** Written by whoever can write to the host, so nothing in it is believed before it is checked. */
function readOwner(bytes: Buffer | undefined): Omit<Holder, "file"> {
  try {
    const { owner, ownerId, madeFolders } = JSON.parse(String(bytes)) as Record<string, unknown>;
    const folders = Array.isArray(madeFolders) ? (madeFolders as unknown[]) : [];
    return {
      label: String(owner)
        .replace(/\p{Cc}/gu, "")
        .slice(0, 200),
      ownerId: typeof ownerId === "string" ? ownerId : null,
      madeFolders: folders.filter((path): path is string => typeof path === "string" && pathProblem(path) === null),
    };
  } catch {
    return { label: "an unknown one", ownerId: null, madeFolders: [] };
  }
}

/** Answers whether a holder is dead: silent for a lease by the host's clock, and its stage does not grow either. */
function createDeathWatch(session: PublishSession, place: Place, options: LockOptions, id: string) {
  const clock = `${place.folder}/clock-${id}`;
  let seen = { key: "", atMs: 0 };

  async function silentForMs(file: string): Promise<number | undefined> {
    const stage = place.stage(stageIn(file));
    await session.upload([uploadOf(clock, Buffer.from("now"))], () => {});
    const now = await session.modifiedAtMs(clock);
    await session.remove([clock]);
    const signs = [await session.modifiedAtMs(`${place.lock}/${file}`), await session.modifiedAtMs(`${stage}/alive`)];
    const known = signs.filter((sign) => sign !== undefined);
    return now === undefined || known.length === 0 ? undefined : now - Math.max(...known);
  }

  return async (holder: Holder): Promise<boolean> => {
    if (isOurs(holder, options.ownerId)) return true;
    const stage = holder.file === null ? undefined : await session.list(place.stage(stageIn(holder.file)));
    const key = JSON.stringify([holder.file, [...(stage?.files ?? [])]]);
    const nowMs = performance.now();
    if (seen.key !== key) {
      seen = { key, atMs: nowMs };
      return false;
    }
    const stillForMs = nowMs - seen.atMs;
    if (holder.file === null) return stillForMs >= Math.min(NAMELESS_MS, options.leaseMs);
    return ((await silentForMs(holder.file)) ?? stillForMs) >= options.leaseMs;
  };
}

/** The mark counts only where the file itself says nothing. */
function isOurs({ file, ownerId }: Holder, ours: string | null): boolean {
  if (ours === null) return false;
  return ownerId === null ? markIn(file ?? "") === markOf(ours) : ownerId === ours;
}

function stageIn(ownerFile: string): string {
  return OWNER_FILE.exec(ownerFile)?.groups?.stage ?? ownerFile;
}

function markIn(ownerFile: string): string | undefined {
  return OWNER_FILE.exec(ownerFile)?.groups?.mark;
}

/** Takes the lock from a dead holder. Of several that try, one gets true. */
async function takeOver(session: PublishSession, place: Place, id: string, holder: Holder): Promise<boolean> {
  const taken = `${place.folder}/x-${id}`;
  try {
    if (!(await renameFolder(session, place.lock, taken))) return false;
  } catch (error) {
    if (!(error instanceof NoRenameError)) throw error;
    // Nobody's late renames can do harm on a host that renames nothing.
    await clearFolder(session, place.lock);
    return claim(session, place.lock);
  }
  const files = (await session.list(taken))?.files ?? new Map<string, number>();
  const isTheirs = holder.file === null ? files.size === 0 : files.has(holder.file);
  if (!isTheirs) {
    // Somebody else was faster, and this is the lock of a living owner.
    await session.moveFolder(taken, place.lock);
    return false;
  }
  const claimed = await claim(session, place.lock);
  await clearFolder(session, taken);
  return claimed;
}

/** Makes the stages of all earlier owners useless to them: one becomes ours, the others go. Answers whether one did. */
async function collectStages(session: PublishSession, place: Place, stage: string): Promise<boolean> {
  const prefix = place.stage("").slice(place.folder.length + 1);
  const folders = (await session.list(place.folder))?.folders ?? [];
  const stages = folders.filter((name) => name.startsWith(prefix)).map((name) => `${place.folder}/${name}`);
  let ours = await takeFolder(session, place.leftStage, stage);
  for (const folder of stages) {
    if (ours) await clearFolder(session, folder);
    else ours = await takeFolder(session, folder, stage);
  }
  return ours;
}

/** Removes what publishes that were cut off left in Slipway's folder: markers of other releases, clocks, stages. */
export async function sweep(session: PublishSession, place: Place, lock: Lock, liveMarker: string): Promise<void> {
  const listing = await session.list(place.folder);
  if (listing === undefined) return;
  const path = (name: string) => `${place.folder}/${name}`;
  const stale = [...listing.files.keys()].filter((name) => /^(live|clock)-/.test(name) && path(name) !== liveMarker);
  await session.remove(stale.map(path));
  for (const name of listing.folders) {
    if (/^[sx]-/.test(name) && path(name) !== lock.stage) await clearFolder(session, path(name));
  }
}

/** Removes a folder of Slipway's own with the files in it. */
export async function clearFolder(session: PublishSession, folder: string): Promise<void> {
  const names = [...((await session.list(folder))?.files.keys() ?? [])];
  await session.remove(names.map((name) => `${folder}/${name}`));
  await session.removeEmptyFolders([folder]);
}

/** Six letters and digits: two owners of one host do not get the same, and a rename stays short. */
function randomName(): string {
  return randomInt(36 ** 6)
    .toString(36)
    .padStart(6, "0");
}
