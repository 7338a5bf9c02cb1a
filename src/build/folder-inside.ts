/** Keeps a path that a repository, or a setting about one, names inside of that repository, wherever links lead. */
import { realpath, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import { PermanentError } from "../errors.ts";

/**
 * The real path of a folder that the repository, or its build, has. Throws PermanentError when it does not exist or
 * links lead it out of `root`.
 */
export async function folderInside(root: string, relative: string, what: string): Promise<string> {
  const realRoot = await realpath(root);
  const found = await realpath(join(realRoot, relative)).catch(() => null);
  if (found === null || !(await stat(found)).isDirectory()) {
    throw new PermanentError(`${what} ${JSON.stringify(relative)} does not exist`);
  }
  if (found !== realRoot && !found.startsWith(realRoot + sep)) {
    throw new PermanentError(`${what} ${JSON.stringify(relative)} leads out of the repository`);
  }
  return found;
}
