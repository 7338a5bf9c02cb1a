/** Folders and links on this machine, moved as a whole. Paths are full paths here. */
import { randomBytes } from "node:crypto";
import { lstat, readlink, rename, rm, symlink } from "node:fs/promises";
import { dirname, relative, resolve } from "node:path";
import { PermanentError } from "../../errors.ts";
import { MissingFileError, NoRenameError } from "../publisher.ts";
import { pathOf, type TargetPlace } from "../target-path.ts";
import { explainFileError, isMissing, orUndefinedIf, undefinedIfMissing } from "./errors.ts";

async function exists(path: string): Promise<boolean> {
  return (await lstat(path).catch(undefinedIfMissing)) !== undefined;
}

/** See `PublishSession.moveFolder`. */
export async function moveFolder(from: string, to: string): Promise<boolean> {
  // rename(2) would put a folder over an empty one without a word.
  if (await exists(to)) {
    if (!(await exists(from))) return false;
    throw new PermanentError(`${to} is in the way; it has to be a free name.`);
  }
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if (isMissing(error) && !(await exists(from))) return false;
    if (isMissing(error)) throw new PermanentError(`The folder above ${to} is missing.`, { cause: error });
    return explainFileError(error);
  }
}

/** See `PublishSession.swapFolders`. */
export async function swapFolders(live: string, next: string, old: string): Promise<void> {
  const [hasLive, hasNext, hasOld] = await Promise.all([live, next, old].map(exists));
  if (!hasNext && hasLive && hasOld) return;
  if (!hasNext) throw new MissingFileError(`Cannot rename ${next}: it is not there.`);
  if (hasLive && hasOld) throw new PermanentError(`${old} is in the way; it has to be a free name.`);
  const refuse = (error: unknown): never => {
    throw new NoRenameError(`The folder ${live} cannot be exchanged: ${String(error)}.`, { cause: error });
  };
  if (hasLive) await rename(live, old).catch(refuse);
  try {
    await rename(next, live);
  } catch (error) {
    if (hasLive || hasOld) await rename(old, live);
    refuse(error);
  }
}

/** See `PublishSession.pointLink`. The link's text is relative: the folders around may be moved. */
export async function pointLink(link: string, destination: string): Promise<void> {
  const standing = await lstat(link).catch(undefinedIfMissing);
  if (standing !== undefined && !standing.isSymbolicLink()) {
    throw new PermanentError(`${link} is no link. Move it away, then publish again.`);
  }
  const fresh = `${link}.${randomBytes(6).toString("hex")}`;
  try {
    await symlink(relative(dirname(link), destination), fresh);
    await rename(fresh, link);
  } catch (error) {
    await rm(fresh, { force: true });
    explainFileError(error);
  }
}

/** See `PublishSession.readLink`. */
export async function readLink(place: TargetPlace, link: string): Promise<string | undefined> {
  // EINVAL: it is no link (readlink(2)).
  const text = await readlink(link).catch(orUndefinedIf("ENOENT", "ENOTDIR", "EINVAL"));
  return text === undefined ? undefined : pathOf(place, resolve(dirname(link), text));
}
