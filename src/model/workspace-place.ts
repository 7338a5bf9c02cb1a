/** Where a site is built: what builds print names their files by it, and whoever reads that has to know. */
import { posix } from "node:path";

/** The folder of a site's workspace, seen from the data folder. The same each time: caches may depend on it. */
export function workspacePlace(site: string): string {
  return posix.join("work", site);
}

/** The folder in it that holds the repository's files, seen from the data folder. */
export function sourcePlace(site: string): string {
  return posix.join(workspacePlace(site), "source");
}
