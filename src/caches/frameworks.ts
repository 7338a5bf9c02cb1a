/** Caches of frameworks move into the workspace before a build, and out of it when the build has ended well. */
import { join } from "node:path";
import { describeError } from "../errors.ts";
import type { CachePlace } from "./cache-place.ts";
import { digestOf } from "./deciding-files.ts";
import { createEntry, type Entry, listEntries, removeEntry, takeEntry } from "./entries.ts";
import { findFrameworkFolders, measureClosedFolder } from "./framework-folders.ts";
import { TreeError } from "./walk-tree.ts";

export type BuildInputs = {
  /** Folders of the repository in which caches may lie: the site's, and the one where the install ran. */
  readonly folders: readonly string[];
  readonly command: string;
  readonly nodeVersion: string;
  readonly isolation: string;
  /** The whole environment of the build. */
  readonly env: Readonly<Record<string, string>>;
};

export type FrameworkCaches = {
  /**
   * `toolKey` stands for what was installed. A cache is used where that, the command and the environment are the same:
   * not every tool notices when they change. Answers with sentences for the transcript.
   */
  restore(inputs: BuildInputs, toolKey: string | null): Promise<readonly string[]>;
  /** Only what `isOwn` denies is a cache. Nothing runs in the workspace any more. */
  keep(isOwn: (path: string) => boolean): Promise<readonly string[]>;
};

/** Of each deployment its own. */
const VOLATILE = new Set(["SLIPWAY_COMMIT"]);

/** For one deployment. */
export function createFrameworkCaches(place: CachePlace): FrameworkCaches {
  const { workspace, entries } = place;
  let current: { readonly key: string; readonly folders: readonly string[] } | null = null;

  const listOwn = async () => (await listEntries(entries)).filter(({ kind }) => kind === "frameworks");

  async function restore(inputs: BuildInputs, toolKey: string | null): Promise<readonly string[]> {
    const { folders, command, nodeVersion, isolation, env } = inputs;
    if (toolKey === null) return [];
    const variables = Object.entries(env).filter(([name]) => !VOLATILE.has(name));
    const key = digestOf(JSON.stringify([toolKey, command, nodeVersion, isolation, variables.sort()]));
    current = { key, folders: folders.map((folder) => join("source", folder)) };
    const entry = (await listOwn()).find((it) => it.key === key);
    if (!entry) return [];
    return await takeIn(entry);
  }

  async function takeIn(entry: Entry): Promise<readonly string[]> {
    try {
      await takeEntry(entry, workspace.root);
      return [`Caches of the last build: ${entry.units.map((unit) => unit.replace(/^source\//, "")).join(", ")}`];
    } catch (error) {
      return [`The caches of the last build could not be used (${describeError(error)})`];
    }
  }

  async function keep(isOwn: (path: string) => boolean): Promise<readonly string[]> {
    if (current === null) return [];
    const { key, folders } = current;
    current = null;
    const remarks: string[] = [];
    const units: string[] = [];
    let bytes = 0;
    for (const path of findFrameworkFolders(workspace.root, folders)) {
      if (isOwn(path)) continue;
      try {
        bytes += await measureClosedFolder(workspace.root, path);
        units.push(path);
      } catch (error) {
        if (!(error instanceof TreeError)) throw error;
        remarks.push(`${path.replace(/^source\//, "")} is not kept for the next build: ${error.message}`);
      }
    }
    const older = await listOwn();
    if (units.length > 0) {
      const facts = { kind: "frameworks" as const, key, units, bytes, listing: null, usedMs: place.now() };
      await createEntry(entries, workspace.root, facts, null);
    }
    for (const entry of older) await removeEntry(entry);
    return remarks;
  }

  return { restore, keep };
}
