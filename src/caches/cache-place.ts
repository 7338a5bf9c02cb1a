/** Where the caches of a site lie, below the folder of all caches. */
import { join } from "node:path";
import type { CachedWorkspace } from "./installed-files.ts";

export type SiteFolders = {
  readonly folder: string;
  /** Held as long as a deployment of the site runs. */
  readonly lock: string;
  readonly entries: string;
  /** What package managers downloaded. */
  readonly downloads: string;
  /** How large that is, and when it was used last. */
  readonly downloadsFacts: string;
  /** There while installed files are second names of downloaded ones, and nobody has looked at them since the build. */
  readonly downloadsInDoubt: string;
};

/** `folder` is the folder of all caches. */
export function siteFolders(folder: string, site: string): SiteFolders {
  const own = join(folder, site);
  return {
    folder: own,
    lock: join(own, "lock"),
    entries: join(own, "entries"),
    downloads: join(own, "downloads"),
    downloadsFacts: join(own, "downloads.json"),
    downloadsInDoubt: join(own, "downloads.in-doubt"),
  };
}

/** What the parts of a site's caches work on. */
export type CachePlace = SiteFolders & {
  readonly workspace: CachedWorkspace;
  now(): number;
};
