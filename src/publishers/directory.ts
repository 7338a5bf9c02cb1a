/** Publishes into a folder on this machine (`dir:`), with the same promises as a host far away. */
import { createWriteStream } from "node:fs";
import { access, constants, lstat, mkdir, readdir, readFile, rename, rm, rmdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { OperatorError, PermanentError } from "../errors.ts";
import type { DirectoryTarget, Move, Publisher, PublishSession, Upload } from "./publisher.ts";

/** How many files are written at the same time. */
const AT_ONCE = 4;

export function createDirectoryPublisher(target: DirectoryTarget): Publisher {
  return {
    label: `dir:${target.folder}`,
    async open() {
      await requireFolder(target);
      return openSession(target.folder);
    },
  };
}

async function requireFolder({ folder, key }: DirectoryTarget): Promise<void> {
  const found = await stat(folder).catch((error: NodeJS.ErrnoException) => error);
  if (found instanceof Error) {
    throw new OperatorError(`${key}.publish`, `the folder ${folder} cannot be used (${found.code}); create it first`);
  }
  if (!found.isDirectory()) throw new OperatorError(`${key}.publish`, `${folder} is not a folder`);
  await access(folder, constants.W_OK | constants.X_OK).catch(() => {
    throw new OperatorError(`${key}.publish`, `Slipway may not write to the folder ${folder}; change its permissions`);
  });
}

function openSession(folder: string): PublishSession {
  const stop = new AbortController();

  /** The full path. Refuses what would leave the folder, whoever made the path up. */
  function full(path: string): string {
    stop.signal.throwIfAborted();
    if (/\p{Cc}/u.test(path) || path.split("/").some((segment) => ["", ".", ".."].includes(segment))) {
      throw new PermanentError(`${JSON.stringify(path)} is not a path inside the target`);
    }
    return join(folder, path);
  }

  async function sizeOf(path: string): Promise<number | undefined> {
    const found = await stat(full(path)).catch(orUndefinedIf("ENOENT", "ENOTDIR"));
    return found?.isFile() ? found.size : undefined;
  }

  async function uploadOne(file: Upload): Promise<void> {
    const options = { flags: "w", flush: true, highWaterMark: 256 * 1024 };
    await pipeline(file.open(), createWriteStream(full(file.path), options), { signal: stop.signal }).catch(
      explainFull,
    );
  }

  return {
    async readFile(path, maxBytes) {
      const size = await sizeOf(path);
      if (size === undefined) return undefined;
      if (size > maxBytes) throw new PermanentError(`${path} is larger than ${maxBytes} bytes`);
      return readFile(full(path)).catch(orUndefinedIf("ENOENT"));
    },

    async sizes(paths) {
      const sizes: Array<number | undefined> = [];
      for (const path of paths) sizes.push(await sizeOf(path));
      return sizes;
    },

    async list(path) {
      const files = new Map<string, number>();
      for (const entry of await readdir(full(path), { withFileTypes: true })) {
        const size = entry.isFile() ? await sizeOf(`${path}/${entry.name}`) : undefined;
        if (size !== undefined) files.set(entry.name, size);
      }
      return files;
    },

    async makeFolders(paths) {
      const made: string[] = [];
      for (const path of paths) {
        const before = await stat(full(path)).catch(orUndefinedIf("ENOENT", "ENOTDIR"));
        if (before?.isDirectory()) continue;
        await mkdir(full(path)).catch((error: NodeJS.ErrnoException) => {
          if (error.code !== "EEXIST" && error.code !== "ENOTDIR") throw explained(error);
          throw new PermanentError(`A file is in the way of the folder ${path}.`);
        });
        made.push(path);
      }
      return made;
    },

    async upload(files, onDone) {
      const waiting = iterate(files);
      const work = Array.from({ length: AT_ONCE }, async () => {
        for (const file of waiting) {
          await uploadOne(file);
          onDone(file);
        }
      });
      for (const result of await Promise.allSettled(work)) if (result.status === "rejected") throw result.reason;
    },

    async rename(moves: readonly Move[]) {
      for (const { from, to } of moves) {
        await rename(full(from), full(to)).catch((error: NodeJS.ErrnoException) => {
          if (error.code !== "EISDIR" && error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw explained(error);
          throw new PermanentError(
            `A folder that holds other files is in the way of ${to}. Move it away, then publish again.`,
          );
        });
      }
    },

    async remove(paths) {
      for (const path of paths) {
        const found = await lstat(full(path)).catch(orUndefinedIf("ENOENT", "ENOTDIR"));
        if (found !== undefined) await rm(full(path), { force: true });
      }
    },

    async removeEmptyFolders(paths) {
      for (const path of paths) {
        await rmdir(full(path)).catch(
          orUndefinedIf("ENOENT", "ENOTDIR", "ENOTEMPTY", "EEXIST", "EACCES", "EPERM", "EBUSY"),
        );
      }
    },

    async close() {
      stop.abort(new Error("the session was closed"));
    },
  };
}

/** Shared by the workers; the first that fails ends it for all (`for … of` closes a generator on a throw). */
function* iterate(files: readonly Upload[]): Generator<Upload> {
  yield* files;
}

/** For `catch`: these codes mean "there is none"; any other error is thrown on. */
function orUndefinedIf(...codes: readonly string[]) {
  return (error: NodeJS.ErrnoException): undefined => {
    if (error.code === undefined || !codes.includes(error.code)) throw error;
    return undefined;
  };
}

function explainFull(error: NodeJS.ErrnoException): never {
  throw explained(error);
}

/** A full disk or quota stays full: saying so beats trying again. */
function explained(error: NodeJS.ErrnoException): Error {
  if (error.code !== "ENOSPC" && error.code !== "EDQUOT") return error;
  return new PermanentError(`There is no room left on the target (${error.code}).`, { cause: error });
}
