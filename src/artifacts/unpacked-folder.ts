/** The folder that an archive is unpacked into: private, with no name twice and no link in it, and bounded. */
import { closeSync, mkdirSync, openSync, writeFileSync } from "node:fs";
import { chmod, mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { PermanentError } from "../errors.ts";
import type { BuildLimits } from "../model/build.ts";
import { sizeLimitText } from "../model/quantities.ts";
import { showEntry } from "./entry-path.ts";

export type UnpackLimits = Pick<BuildLimits, "outputBytes" | "outputFiles">;

export type UnpackedFolder = {
  /** Makes a folder and those above it. One that is there already is left as it is. */
  addFolder(path: string): void;
  /** Writes a file. Its bytes count while they come, whatever the archive says of their number. */
  addFile(path: string, content: AsyncIterable<Uint8Array>): Promise<void>;
  totals(): { readonly files: number; readonly bytes: number };
};

/**
 * Opens a folder that is empty or not there yet. Paths are those of `entryPath`. Modes of the archive mean nothing
 * here: files are 0600, folders 0700. Both functions throw PermanentError for a name that stands there already, and at
 * a limit.
 */
export async function openUnpackedFolder(
  root: string,
  limits: UnpackLimits,
  signal: AbortSignal,
): Promise<UnpackedFolder> {
  await mkdir(root, { recursive: true, mode: 0o700 });
  await chmod(root, 0o700);
  if ((await readdir(root)).length > 0) throw new Error(`${root} is not empty`);
  const kinds = new Map<string, "file" | "folder">([["", "folder"]]);
  let files = 0;
  let bytes = 0;

  function addFolder(path: string): void {
    const known = kinds.get(path);
    if (known === "folder") return;
    if (known === "file") refuse(path, "is a file and a folder");
    const end = path.lastIndexOf("/");
    addFolder(end < 0 ? "" : path.slice(0, end));
    kinds.set(path, "folder");
    // Folders without files cost as much as files do; the outermost one is not counted.
    if (kinds.size - files > limits.outputFiles + 1) tooMany(limits);
    // Synchronous, as are files: in another thread each call costs several times as much.
    create(path, () => mkdirSync(join(root, path), { mode: 0o700 }));
  }

  return {
    addFolder,
    async addFile(path, content) {
      const known = kinds.get(path);
      if (known !== undefined) refuse(path, known === "file" ? "is in it twice" : "is a file and a folder");
      const end = path.lastIndexOf("/");
      addFolder(end < 0 ? "" : path.slice(0, end));
      kinds.set(path, "file");
      files++;
      if (files > limits.outputFiles) tooMany(limits);
      // "x": it must not be there, so no link is ever followed.
      const file = create(path, () => openSync(join(root, path), "wx", 0o600));
      try {
        for await (const chunk of content) {
          signal.throwIfAborted();
          bytes += chunk.length;
          if (bytes > limits.outputBytes) tooLarge(limits);
          writeFileSync(file, chunk);
        }
      } finally {
        closeSync(file);
      }
    },
    totals: () => ({ files, bytes }),
  };
}

/** Where a file system takes two names for one, it says that the second is there already. */
function create<T>(path: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return refuse(path, "has the name of another entry, as this machine's file system sees it");
  }
}

function refuse(path: string, problem: string): never {
  throw new PermanentError(`The artifact cannot be unpacked: ${showEntry(path)} ${problem}.`);
}

export function tooMany({ outputFiles }: UnpackLimits): never {
  throw new PermanentError(
    `The artifact has more files or folders than limits.files of the site allows (${outputFiles}).`,
  );
}

export function tooLarge({ outputBytes }: UnpackLimits): never {
  throw new PermanentError(
    `The artifact is larger, once unpacked, than limits.output of the site allows (${sizeLimitText(outputBytes)}).`,
  );
}
