/** Looks at what is really on the disk below a folder that a stranger's files were written into. */
import { lstat } from "node:fs/promises";
import { join } from "node:path";

/** Whether each part of `path` below `root` is a folder itself, and not a link to one. "" is the root. */
export async function isRealFolder(root: string, path: string): Promise<boolean> {
  let at = root;
  for (const part of path.split("/")) {
    if (part === "..") return false;
    at = join(at, part);
    const found = await lstat(at).catch(() => null);
    if (!found?.isDirectory()) return false;
  }
  return true;
}
