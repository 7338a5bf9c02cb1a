/** Reads what the build plan is made from. The files come from a repository, so links and sizes are not trusted. */
import { constants } from "node:fs";
import { open, readdir, stat } from "node:fs/promises";
import { basename, join, posix } from "node:path";
import { PermanentError } from "../errors.ts";
import { folderInside } from "./folder-inside.ts";
import { type FolderListing, isDeciding } from "./folder-listing.ts";

/** The largest package.json seen in the wild are far below. */
const MAX_BYTES = 4 * 1024 * 1024;
const BEGINNING_BYTES = 1000;

/** Listings of the site's folder and of all above it up to the repository, innermost first. */
export async function readFolders(repository: string, folder: string): Promise<FolderListing[]> {
  const listings: FolderListing[] = [];
  for (let at = posix.normalize(folder).replace(/(.)\/+$/, "$1"); ; at = posix.dirname(at)) {
    const full = await folderInside(repository, at, "the site's folder");
    const names = new Set(await readdir(full));
    listings.push({ folder: at, names, texts: await readTexts(full, names) });
    if (at === ".") return listings;
  }
}

/** Which of these folders, relative to `folder`, exist. */
export async function existingFolders(folder: string, paths: readonly string[]): Promise<Set<string>> {
  const existing = new Set<string>();
  for (const path of paths) if ((await stat(join(folder, path)).catch(() => null))?.isDirectory()) existing.add(path);
  return existing;
}

async function readTexts(folder: string, names: ReadonlySet<string>): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  for (const name of names) {
    const part = isDeciding(name);
    if (part === null) continue;
    const text = await readSmall(join(folder, name), MAX_BYTES, part === "beginning" ? BEGINNING_BYTES : undefined);
    if (text !== null) texts.set(name, text);
  }
  return texts;
}

/** A file's text, or its first `onlyBytes`; null where there is none. A link counts as none: it may lead anywhere. */
export async function readSmall(path: string, maxBytes: number, onlyBytes?: number): Promise<string | null> {
  // O_NOFOLLOW refuses a link, O_NONBLOCK keeps a named pipe from blocking.
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(() => null);
  if (!file) return null;
  try {
    const found = await file.stat();
    if (!found.isFile()) return null;
    if (onlyBytes === undefined && found.size > maxBytes)
      throw new PermanentError(`${basename(path)} is too large: ${found.size} bytes, where ${maxBytes} are the limit`);
    const buffer = Buffer.alloc(Math.min(found.size, onlyBytes ?? maxBytes));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
    return buffer.toString("utf8", 0, bytesRead).replace(/^\uFEFF/, "");
  } finally {
    await file.close();
  }
}
