/** Unpacked tools on disk, one folder for each version, shared by all workers. What lies there is complete and never changed. */
import { mkdtemp, readdir, rename, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { makeShared } from "./shared-folder.ts";

/** So many are kept at most: a Node has 190 MB. */
const MAX_PACKAGES = 16;
/** Younger ones may be in use by a build. */
const SPARED_MS = 24 * 3_600_000;

export type PackageStore = {
  /** The folder of the package; null when it is not there. */
  find(name: string, version: string): Promise<string | null>;
  /** The versions that are there. */
  list(name: string): Promise<string[]>;
  /** Lets `unpack` fill a folder with `lib/node_modules/NAME`, and keeps it. Answers with the package's folder. */
  add(name: string, version: string, unpack: (prefix: string) => Promise<void>): Promise<string>;
};

export function openPackageStore(folder: string): PackageStore {
  const entries = join(folder, "packages");
  const within = (entry: string, name: string) => join(entries, entry, "lib/node_modules", name);

  async function find(name: string, version: string): Promise<string | null> {
    const entry = entryName(name, version);
    // Its time says when it was last used.
    const isThere = await touch(join(entries, entry));
    return isThere ? within(entry, name) : null;
  }

  return {
    find,
    async list(name) {
      const start = entryName(name, "");
      const names = await readdir(entries).catch(() => []);
      return names.flatMap((entry) => (entry.startsWith(start) ? entry.slice(start.length) : []));
    },
    async add(name, version, unpack) {
      await makeShared(entries);
      const temporary = await mkdtemp(join(folder, "new-"));
      try {
        await unpack(join(temporary, "package"));
        const entry = entryName(name, version);
        // Whoever was first wins: both have the same files.
        await rename(join(temporary, "package"), join(entries, entry)).catch(async (error: unknown) => {
          if ((await find(name, version)) === null) throw error;
        });
        await removeOldest(folder, entries);
        return within(entry, name);
      } finally {
        await rm(temporary, { recursive: true, force: true });
      }
    },
  };
}

/** "@yarnpkg/cli-dist", "4.5.0" → "@yarnpkg+cli-dist@4.5.0". */
function entryName(name: string, version: string): string {
  return `${name.replace("/", "+")}@${version}`;
}

async function touch(path: string): Promise<boolean> {
  const now = new Date();
  return utimes(path, now, now).then(
    () => true,
    // On a file system that can only be read it is there all the same.
    (error: NodeJS.ErrnoException) => error.code !== "ENOENT" && error.code !== "ENOTDIR",
  );
}

/** Removes what was not used for the longest, and what crashed workers left. */
async function removeOldest(folder: string, entries: string): Promise<void> {
  const old = async (path: string) => ({ path, usedMs: (await stat(path).catch(() => null))?.mtimeMs ?? Date.now() });
  const oldestFirst = async (paths: readonly string[]) => {
    const known = await Promise.all(paths.map(old));
    return known.sort((a, b) => a.usedMs - b.usedMs).filter(({ usedMs }) => Date.now() - usedMs > SPARED_MS);
  };
  const kept = (await readdir(entries)).map((name) => join(entries, name));
  const tooMany = Math.max(0, kept.length - MAX_PACKAGES);
  const left = (await readdir(folder)).filter((name) => name.startsWith("new-")).map((name) => join(folder, name));
  for (const { path } of [...(await oldestFirst(kept)).slice(0, tooMany), ...(await oldestFirst(left))]) {
    // In one step, so that nobody finds half a package.
    const doomed = await mkdtemp(join(folder, "new-"));
    await rename(path, join(doomed, "old")).catch(() => {});
    await rm(doomed, { recursive: true, force: true });
  }
}
