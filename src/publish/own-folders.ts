/** Slipway's own folders on a host: claimed, renamed and cleared, also where an answer was lost on the way. */
import { PermanentError } from "../errors.ts";
import { NoRenameError, type PublishSession } from "../publishers/publisher.ts";
import type { Place } from "./place.ts";

/** How often something is tried whose answer was lost and which turned out not to have happened. */
const MAX_TRIES = 3;

/**
 * Makes the folder that is the lock. When the answer was lost and the folder is there, nobody can tell who made it; it
 * then counts as somebody's who died before saying a name, and is taken over like any other.
 */
export async function claim(session: PublishSession, folder: string, beside?: string): Promise<boolean> {
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
export async function takeFolder(session: PublishSession, from: string, to: string): Promise<boolean> {
  try {
    return await renameFolder(session, from, to);
  } catch (error) {
    if (error instanceof NoRenameError) return false;
    throw error;
  }
}

/** Renames a folder to a name that only we use, so that a lost answer can be looked up. False when it is not there. */
export async function renameFolder(session: PublishSession, from: string, to: string): Promise<boolean> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await session.moveFolder(from, to);
    } catch (error) {
      if (error instanceof PermanentError || tries === MAX_TRIES) throw error;
      if ((await session.list(to)) !== undefined) return true;
    }
  }
}

/** Removes what publishes that were cut off left in Slipway's folder: markers of other releases, clocks, stages. */
export async function sweep(session: PublishSession, place: Place, stage: string, liveMarker: string): Promise<void> {
  const listing = await session.list(place.folder);
  if (listing === undefined) return;
  const path = (name: string) => `${place.folder}/${name}`;
  const stale = [...listing.files.keys()].filter((name) => /^(live|clock)-/.test(name) && path(name) !== liveMarker);
  await session.remove(stale.map(path));
  for (const name of listing.folders) {
    if (/^[sx]-/.test(name) && path(name) !== stage) await clearFolder(session, path(name));
  }
}

/** Removes a folder of Slipway's own with the files in it. */
export async function clearFolder(session: PublishSession, folder: string): Promise<void> {
  const names = [...((await session.list(folder))?.files.keys() ?? [])];
  await session.remove(names.map((name) => `${folder}/${name}`));
  await session.removeEmptyFolders([folder]);
}
