/**
 * The caches of frameworks that are kept between builds of a site: those in which an entry is named by what it was
 * made from, so that a build with it gives what a build without it gives.
 *
 * Left out are caches that answer for something outside of the repository (answers of other servers: Next's
 * fetch-cache, Eleventy's .cache, Hugo's HUGO_CACHEDIR, Astro's data store), since a change of content would not show;
 * those that hand out whole results without running anything (Turborepo, Nx, Lage, Wireit), for the same reason;
 * Gatsby's .cache, which is of no use without its public folder; and node_modules/.vite and the like, which only servers
 * for development use.
 */
import { type Dirent, readdirSync, readlinkSync } from "node:fs";
import { dirname, isAbsolute, join, posix, relative, resolve, sep } from "node:path";
import { bytesOf, isPlainFolder, MAX_ENTRIES, type TreeEntry, TreeError, walkTree } from "./walk-tree.ts";

/** A folder of which either itself is kept, or each that lies in it but some. */
type FrameworkFolder = { readonly path: string; readonly each: boolean; readonly without?: readonly string[] };

const FOLDERS: readonly FrameworkFolder[] = [
  { path: ".angular/cache", each: false },
  { path: ".next/cache", each: true, without: ["fetch-cache"] },
  { path: "node_modules/.cache", each: true, without: ["turbo", "nx", "lage", "gatsby", "nuxt"] },
  { path: "node_modules/.astro/assets", each: false },
  { path: ".parcel-cache", each: false },
  { path: "resources/_gen/images", each: false },
];

/** Paths, relative to `root`, of what there is in these folders of the repository. Links are passed over. */
export function findFrameworkFolders(root: string, folders: readonly string[]): readonly string[] {
  const found = new Set<string>();
  for (const folder of folders) {
    for (const { path, each, without = [] } of FOLDERS) {
      const full = posix.join(folder, path);
      if (!isPlainFolder(root, full)) continue;
      if (!each) found.add(full);
      else
        for (const { name } of foldersIn(join(root, full)))
          if (!without.includes(name)) found.add(posix.join(full, name));
    }
  }
  return [...found];
}

function foldersIn(folder: string): readonly Dirent[] {
  return readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
}

/** What the folder takes, in bytes. Throws TreeError when a link in it leads out of it. */
export async function measureClosedFolder(root: string, path: string): Promise<number> {
  const full = join(root, path);
  let bytes = 0;
  const onEntry = (entry: TreeEntry) => {
    bytes += bytesOf(entry.stats);
    if (entry.stats.isSymbolicLink() && leadsOut(full, entry)) {
      throw new TreeError(`${relative(full, entry.full)} is a link that leads out of it`);
    }
    return undefined;
  };
  await walkTree(full, { maxEntries: MAX_ENTRIES, onEntry });
  return bytes;
}

function leadsOut(folder: string, { full }: TreeEntry): boolean {
  const target = readlinkSync(full);
  const absolute = isAbsolute(target) ? resolve(target) : resolve(dirname(full), target);
  return !absolute.startsWith(folder + sep);
}
