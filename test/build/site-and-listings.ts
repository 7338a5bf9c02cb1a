/** A site without settings, and repositories: as listings without files, and as files. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { type FolderListing, isDeciding } from "../../src/build/folder-listing.ts";
import type { SiteBuild } from "../../src/model/build.ts";
import { temporaryFolder } from "../git/git-repository.ts";

export function siteWith(changes: Partial<SiteBuild> = {}): SiteBuild {
  return {
    name: "shop",
    folder: ".",
    command: null,
    install: null,
    output: null,
    node: null,
    env: {},
    timeoutMs: 1000,
    idleTimeoutMs: 1000,
    prerender: null,
    links: null,
    ...changes,
  };
}

export type Files = Readonly<Record<string, string | object>>;

/** What `readFolders` would find, innermost folder first. Objects are written as JSON. */
export function listingsOf(files: Files, folder = "."): FolderListing[] {
  const listings: FolderListing[] = [];
  for (let at = folder; ; at = posix.dirname(at)) {
    const names = new Set<string>();
    const texts = new Map<string, string>();
    for (const [path, content] of Object.entries(files)) {
      const relative = posix.relative(at, path);
      const [name = ""] = relative.split("/");
      if (name === "..") continue;
      names.add(name);
      if (relative === name && isDeciding(name)) {
        texts.set(name, typeof content === "string" ? content : JSON.stringify(content));
      }
    }
    listings.push({ folder: at, names, texts });
    if (at === ".") return listings;
  }
}

/** The files in a folder that is gone after the test. */
export function writeRepository(files: Files): string {
  const folder = temporaryFolder();
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), typeof content === "string" ? content : JSON.stringify(content));
  }
  return folder;
}
