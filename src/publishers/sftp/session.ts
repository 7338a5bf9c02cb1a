/** What a publish does over SFTP: batches of requests, all under way at once, that survive the loss of a connection. */
import { PermanentError } from "../../errors.ts";
import { inFlight } from "../in-flight.ts";
import type { Listing, PublishSession } from "../publisher.ts";
import { wholePath } from "../target-path.ts";
import type { SftpConnection } from "./connection.ts";
import type { SftpLine } from "./line.ts";
import { pointLink, readLink } from "./links.ts";
import { readWholeFile } from "./read.ts";
import { moveFolder, renameFiles, swapFolders } from "./rename.ts";
import {
  exists,
  lstat,
  makeFolder,
  REQUESTS_IN_FLIGHT,
  readFolder,
  removeFile,
  removeFolder,
  stat,
  statIfAny,
} from "./requests.ts";
import { explainFull } from "./space.ts";
import { explainStatus, ifRefused, isMissing, SftpStatusError, undefinedIfMissing } from "./status.ts";
import type { SftpUploader } from "./upload.ts";

export type SftpSessionParts = {
  readonly line: SftpLine;
  readonly uploader: SftpUploader;
  /** The session's first connection: others to the same host are alike. */
  readonly first: Pick<SftpConnection, "hasFolderAbove" | "renamesOver" | "renamesLinks">;
  readonly profile: PublishSession["profile"];
};

export function createSftpSession({ line, uploader, first, profile }: SftpSessionParts): PublishSession {
  /** Does `work` for every path, many at a time. `results` survive a lost connection: only the rest is repeated. */
  async function forEach<R>(
    paths: readonly string[],
    work: (connection: SftpConnection, whole: string, path: string) => Promise<R>,
  ): Promise<R[]> {
    const results = new Map<number, R>();
    await line.onConnection(async (connection) => {
      const wholes = paths.map((path) => wholePath(connection, path));
      const left = [...paths.keys()].filter((index) => !results.has(index));
      await inFlight(REQUESTS_IN_FLIGHT, left, async (index) => {
        const [path = "", whole = ""] = [paths[index], wholes[index]];
        results.set(index, await work(connection, whole, path));
      });
    });
    return paths.map((_, index) => results.get(index) as R);
  }

  /** Whether the folder was made by this call. Throws PermanentError when there is none afterwards. */
  async function ensureFolder(connection: SftpConnection, whole: string, path: string): Promise<boolean> {
    try {
      await makeFolder(connection, whole);
      return true;
    } catch (error) {
      if (!(error instanceof SftpStatusError)) throw error;
      const standing = await statIfAny(connection, whole);
      if (standing?.isDirectory()) return false;
      if (standing !== undefined) throw new PermanentError(`A file is in the way of the folder ${path}.`);
      throw await explainMakeFolder(connection, error, path);
    }
  }

  async function explainMakeFolder(connection: SftpConnection, error: unknown, path: string): Promise<unknown> {
    const full = await explainFull(connection, error, connection.base, 1);
    return full ?? explainStatus(error, `the folder ${path} be made`);
  }

  return {
    hasFolderAbove: first.hasFolderAbove,
    profile,
    upload: uploader.upload,
    readFile: (path, maxBytes) => line.onConnection((connection) => readWholeFile(connection, path, maxBytes)),

    sizes: (paths) =>
      forEach(paths, async (connection, whole, path) => {
        const found = await statIfAny(connection, whole).catch((error: unknown) => {
          throw explainStatus(error, `${path} be looked at`);
        });
        return found?.isFile() ? found.size : undefined;
      }),

    // No server in use offers it: OpenSSH has no such extension.
    digests: (paths) => forEach(paths, async () => undefined),

    async modifiedAtMs(path) {
      const [found] = await forEach([path], statIfAny);
      return found === undefined ? undefined : found.mtime * 1000;
    },

    async list(folder) {
      const [listing] = await forEach([folder], listFolder);
      return listing;
    },

    async makeFolders(paths) {
      const made = await forEach(paths, ensureFolder);
      return paths.filter((_, index) => made[index]);
    },

    claimFolder: (path, beside) =>
      line.once(async (connection) => {
        const whole = wholePath(connection, path);
        const wholeBeside = beside === undefined ? undefined : wholePath(connection, beside);
        try {
          // Whether the one beside can be made shows when something is put there.
          const [claim] = await Promise.allSettled([
            makeFolder(connection, whole),
            ...(wholeBeside === undefined ? [] : [makeFolder(connection, wholeBeside)]),
          ]);
          if (claim.status === "rejected") throw claim.reason;
          return true;
        } catch (error) {
          if (!(error instanceof SftpStatusError)) throw error;
          // Of what stands there already, the protocol says only that it failed.
          if (await exists(connection, whole)) return false;
          throw await explainMakeFolder(connection, error, path);
        }
      }),

    moveFolder: (from, to) => moveFolder(line, from, to),
    swapFolders: (live, next, old) => swapFolders(line, live, next, old),
    // Elsewhere a link cannot be replaced in one step.
    ...(first.renamesOver &&
      first.renamesLinks && {
        pointLink: (path: string, destination: string) => pointLink(line, path, destination),
      }),
    readLink: (path) => readLink(line, path),
    rename: (moves, onMoved) => renameFiles(line, moves, onMoved),

    async remove(paths) {
      await forEach(paths, async (connection, whole, path) => {
        await removeFile(connection, whole).catch(async (error: unknown) => {
          if (isMissing(error) || !(error instanceof SftpStatusError)) return undefinedIfMissing(error);
          const standing = await lstat(connection, whole).catch(undefinedIfMissing);
          if (standing !== undefined && !standing.isDirectory()) throw explainStatus(error, `${path} be removed`);
        });
      });
    },

    async removeEmptyFolders(paths) {
      await forEach(paths, (connection, whole) => removeFolder(connection, whole).catch(ifRefused(undefined)));
    },

    async close() {
      line.close();
    },
  };
}

/** A link to a file counts as a file, as `sizes` sees it; one to a folder is left out, for it might lead in a circle. */
async function listFolder(connection: SftpConnection, whole: string, path: string): Promise<Listing | undefined> {
  const entries = await readFolder(connection, whole).catch(async (error: unknown) => {
    if (isMissing(error)) return undefined;
    if (error instanceof SftpStatusError && !(await statIfAny(connection, whole))?.isDirectory()) return undefined;
    throw explainStatus(error, `the folder ${path} be listed`);
  });
  if (entries === undefined) return undefined;
  const links = entries.filter(({ attrs }) => attrs.isSymbolicLink());
  const linked = await inFlight(REQUESTS_IN_FLIGHT, links, ({ filename }) =>
    stat(connection, `${whole}/${filename}`).catch(ifRefused(undefined)),
  );
  const files = new Map<string, number>();
  for (const { filename, attrs } of entries) if (attrs.isFile()) files.set(filename, attrs.size);
  for (const [index, { filename }] of links.entries()) {
    const found = linked[index];
    if (found?.isFile()) files.set(filename, found.size);
  }
  const folders = entries.filter(({ attrs }) => attrs.isDirectory()).map(({ filename }) => filename);
  return { files, folders, isComplete: true };
}
