/** Publishes into a folder on this machine (`dir:`), with the same promises as a host far away. */

import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { access, constants, lstat, mkdir, readdir, readFile, rename, rm, rmdir, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { OperatorError, PermanentError } from "../../errors.ts";
import { UNKNOWN_HOST } from "../host-profile.ts";
import { inFlight } from "../in-flight.ts";
import {
  type DirectoryTarget,
  type Listing,
  MissingFileError,
  type OpenOptions,
  type Publisher,
  type PublishSession,
  type Upload,
} from "../publisher.ts";
import { type TargetPlace, wholePath } from "../target-path.ts";
import { explainFileError, type FileError, isMissing, orUndefinedIf, undefinedIfMissing } from "./errors.ts";
import { moveFolder, pointLink, readLink, swapFolders } from "./folders.ts";

/** How many files are read or written at the same time. */
const AT_ONCE = 4;

export function createDirectoryPublisher(target: DirectoryTarget): Publisher {
  return {
    label: `dir:${target.folder}`,
    async open(options = {}) {
      await requireFolder(target);
      const base = resolve(target.folder);
      const above = dirname(base);
      return openSession({ base, hasFolderAbove: above !== base && (await mayWrite(above)) }, options);
    },
  };
}

async function requireFolder({ folder, key }: DirectoryTarget): Promise<void> {
  const found = await stat(folder).catch((error: FileError) => error);
  if (found instanceof Error) {
    throw new OperatorError(`${key}.publish`, `the folder ${folder} cannot be used (${found.code}); create it first`);
  }
  if (!found.isDirectory()) throw new OperatorError(`${key}.publish`, `${folder} is not a folder`);
  if (!(await mayWrite(folder))) {
    throw new OperatorError(`${key}.publish`, `Slipway may not write to the folder ${folder}; change its permissions`);
  }
}

function mayWrite(folder: string): Promise<boolean> {
  return access(folder, constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
}

function openSession(place: TargetPlace, { profile = UNKNOWN_HOST }: OpenOptions): PublishSession {
  const stop = new AbortController();

  /** The full path. Refuses what would leave the folder, whoever made the path up. */
  function full(path: string): string {
    stop.signal.throwIfAborted();
    return wholePath(place, path);
  }

  async function uploadOne(file: Upload): Promise<void> {
    const options = { flags: "w", flush: true, highWaterMark: 256 * 1024 };
    const sink = createWriteStream(full(file.path), options);
    await pipeline(file.open(), sink, { signal: stop.signal }).catch(explainFileError);
  }

  return {
    hasFolderAbove: place.hasFolderAbove,
    profile: () => profile,

    async readFile(path, maxBytes) {
      const size = await sizeOf(full(path));
      if (size === undefined) return undefined;
      if (size > maxBytes) throw new PermanentError(`${path} is larger than ${maxBytes} bytes`);
      return readFile(full(path)).catch(undefinedIfMissing);
    },

    sizes: async (paths) => inFlight(AT_ONCE, paths.map(full), sizeOf),
    digests: async (paths) => inFlight(AT_ONCE, paths.map(full), (path) => digestOf(path, stop.signal)),

    async modifiedAtMs(path) {
      const found = await stat(full(path)).catch(undefinedIfMissing);
      return found === undefined ? undefined : Math.floor(found.mtimeMs / 1000) * 1000;
    },

    list: async (folder) => listFolder(full(folder)),

    async makeFolders(paths) {
      const made: string[] = [];
      for (const [index, folder] of paths.map(full).entries()) {
        const path = paths[index] ?? "";
        const before = await stat(folder).catch(undefinedIfMissing);
        if (before?.isDirectory()) continue;
        try {
          await mkdir(folder);
          made.push(path);
        } catch (error) {
          const { code } = error as FileError;
          if (code !== "EEXIST" && code !== "ENOTDIR") explainFileError(error);
          // Somebody else may have been faster.
          const now = await stat(folder).catch(undefinedIfMissing);
          if (!now?.isDirectory()) throw new PermanentError(`A file is in the way of the folder ${path}.`);
        }
      }
      return made;
    },

    async claimFolder(path, beside) {
      try {
        await mkdir(full(path));
        if (beside !== undefined) await mkdir(full(beside));
        return true;
      } catch (error) {
        if ((error as FileError).code === "EEXIST") return false;
        if (isMissing(error)) throw new PermanentError(`The folder above ${path} is missing.`, { cause: error });
        return explainFileError(error);
      }
    },

    moveFolder: async (from, to) => moveFolder(full(from), full(to)),
    swapFolders: async (live, next, old) => swapFolders(full(live), full(next), full(old)),
    pointLink: async (path, destination) => pointLink(full(path), full(destination)),
    readLink: async (path) => readLink(place, full(path)),

    async upload(files, onDone) {
      for (const { path } of files) full(path);
      await inFlight(AT_ONCE, files, async (file) => {
        await uploadOne(file);
        onDone(file);
      });
    },

    async rename(moves, onMoved = () => {}) {
      for (const { from, to } of moves) [from, to].map(full);
      for (const move of moves) {
        await renameFile(full(move.from), full(move.to), move.to);
        onMoved(move);
      }
    },

    async remove(paths) {
      for (const path of paths.map(full)) {
        const found = await lstat(path).catch(undefinedIfMissing);
        if (found !== undefined && !found.isDirectory()) await rm(path, { force: true }).catch(explainFileError);
      }
    },

    async removeEmptyFolders(paths) {
      for (const path of paths.map(full)) {
        await rmdir(path).catch(
          orUndefinedIf("ENOENT", "ENOTDIR", "ENOTEMPTY", "EEXIST", "EACCES", "EPERM", "EBUSY", "EROFS"),
        );
      }
    },

    async close() {
      stop.abort(new Error("the session was closed"));
    },
  };
}

async function sizeOf(path: string): Promise<number | undefined> {
  const found = await stat(path).catch(undefinedIfMissing);
  return found?.isFile() ? found.size : undefined;
}

async function digestOf(path: string, signal: AbortSignal): Promise<string | undefined> {
  if ((await sizeOf(path)) === undefined) return undefined;
  const hash = createHash("sha256");
  try {
    await pipeline(createReadStream(path), hash, { signal });
    return hash.digest("hex");
  } catch (error) {
    return undefinedIfMissing(error as FileError);
  }
}

/** A link to a file counts as a file, as `sizes` sees it; one to a folder is left out, for it might lead in a circle. */
async function listFolder(path: string): Promise<Listing | undefined> {
  const entries = await readdir(path, { withFileTypes: true }).catch(undefinedIfMissing);
  if (entries === undefined) return undefined;
  const files = new Map<string, number>();
  for (const entry of entries) {
    const size = entry.isFile() || entry.isSymbolicLink() ? await sizeOf(join(path, entry.name)) : undefined;
    if (size !== undefined) files.set(entry.name, size);
  }
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  return { files, folders, isComplete: true };
}

async function renameFile(from: string, to: string, toPath: string): Promise<void> {
  await rename(from, to).catch(async (error: FileError) => {
    if (isMissing(error) && (await lstat(from).catch(undefinedIfMissing)) === undefined) {
      throw new MissingFileError(`Cannot rename ${from}: it is not there.`, { cause: error });
    }
    if (error.code !== "EISDIR" && error.code !== "ENOTEMPTY" && error.code !== "EEXIST")
      return explainFileError(error);
    throw new PermanentError(
      `A folder that holds other files is in the way of ${toPath}. Move it away, then publish again.`,
    );
  });
}
