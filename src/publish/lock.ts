/**
 * Keeps two publishes from working on one host at the same time. A folder that one of them managed to make is the lock.
 * No FTP server can refuse a stalled owner that wakes up in the middle of its burst, so whoever takes a lock over first
 * renames the stage folder: from then on the old owner's renames find nothing to rename.
 */
import { randomInt } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { PermanentError, RetryLaterError } from "../errors.ts";
import { NoRenameError, type PublishSession } from "../publishers/publisher.ts";
import { createDeathWatch, type Holder, ownerFileName, readHolder } from "./lock-holder.ts";
import type { PublishOptions } from "./options.ts";
import { claim, clearFolder, renameFolder, takeFolder } from "./own-folders.ts";
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

/** Six letters and digits: two owners of one host do not get the same, and a rename stays short. */
function randomName(): string {
  return randomInt(36 ** 6)
    .toString(36)
    .padStart(6, "0");
}
