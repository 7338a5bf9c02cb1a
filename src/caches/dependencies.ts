/** Dependencies move into the workspace instead of being installed, and out of it again when they are still the same. */
import { rm, writeFile } from "node:fs/promises";
import { describeError } from "../errors.ts";
import type { CachePlace } from "./cache-place.ts";
import {
  createEntry,
  type Entry,
  listEntries,
  placesIn,
  readFingerprint,
  removeEntry,
  removeUnits,
  takeEntry,
} from "./entries.ts";
import {
  compareWithFingerprint,
  type Fingerprint,
  type Places,
  placesBelow,
  putBackRewritten,
  type TreeChanges,
  takeFingerprint,
} from "./fingerprint.ts";
import { findFrameworkFolders } from "./framework-folders.ts";
import { type InstallInputs, type InstallKeys, installKeys, type RepeatedScript } from "./install-keys.ts";
import { committedDependencies, findInstalled, type SourceSnapshot, snapshotSource } from "./installed-files.ts";
import { digestListing } from "./listing.ts";
import { TreeError } from "./walk-tree.ts";

export type RestoredDependencies = {
  /** Whether the dependencies are there, and nothing has to be installed. */
  readonly isWarm: boolean;
  /** Sentences for the transcript. */
  readonly remarks: readonly string[];
  /** Scripts of the repository that have to run all the same: they write into its files. */
  readonly repeated: readonly RepeatedScript[];
};

export type DependencyCache = {
  /** Begins to look at what was kept last, so that it is known to be the same by the time it is asked for. */
  lookAhead(): Promise<void>;
  restore(inputs: InstallInputs): Promise<RestoredDependencies>;
  /** To be called when an install has ended well, before the build. Answers with sentences for the transcript. */
  afterInstall(): Promise<readonly string[]>;
  /** Keeps what is as the install left it. To be called when nothing runs in the workspace any more. */
  keep(): Promise<readonly string[]>;
  /** What framework caches are tied to; null where nobody knows what was installed. */
  toolKey(): string | null;
  /** Whether the install itself made what lies at a path of the workspace, or something in it. */
  owns(path: string): boolean;
};

/** The newest of a site that are kept: the branch, and what it was before. */
const KEPT_PER_SITE = 2;
const MAX_SHOWN = 3;

/** What the scripts that are run again write. */
const REPEATED_FILES = /(^|\/)\.(nuxt|svelte-kit|astro|react-router)(\/|$)/;

type Installed = {
  readonly units: readonly string[];
  readonly fingerprint: Fingerprint;
  /** Digest of their listing, and their size in bytes, where they were kept before. */
  readonly kept: { readonly listing: string | null; readonly bytes: number } | null;
};

/** For one deployment. */
export function createDependencyCache(place: CachePlace): DependencyCache {
  const { workspace, entries } = place;
  let keys: InstallKeys | null = null;
  let before: SourceSnapshot | null = null;
  let installed: Installed | null = null;
  let ahead: { readonly folder: string; readonly found: Promise<Fingerprint | string> } | null = null;

  /** The entry, found to be what it was and moved in; a sentence where it is not; null where there is none. */
  async function takeIn({ key }: InstallKeys): Promise<Installed | string | null> {
    const entry = (await listKept(entries)).find((it) => it.key === key);
    if (!entry) return null;
    try {
      const found = await (entry.folder === ahead?.folder ? ahead.found : lookAt(entry));
      if (typeof found === "string") {
        await removeEntry(entry);
        return `The kept dependencies are not what they were (${found}), so they are installed anew`;
      }
      await takeEntry(entry, workspace.root);
      putBackRewritten(workspace.root, found);
      return { units: entry.units, fingerprint: found, kept: entry };
    } catch (error) {
      await removeEntry(entry);
      await removeUnits(workspace.root, entry.units);
      return `The kept dependencies could not be used (${describeError(error)}), so they are installed anew`;
    }
  }

  async function lookAhead(): Promise<void> {
    const [newest] = await listKept(entries);
    if (!newest) return;
    ahead = { folder: newest.folder, found: lookAt(newest) };
    // Told where it is needed, if it is.
    ahead.found.catch(() => {});
  }

  async function restore(inputs: InstallInputs): Promise<RestoredDependencies> {
    const cold = (...remarks: string[]) => ({ isWarm: false, remarks, repeated: [] });
    try {
      keys = await installKeys(inputs);
      const taken = await takeIn(keys);
      if (taken !== null && typeof taken !== "string") {
        installed = taken;
        const remark = "The dependencies are those of an earlier deployment: what decides about them is the same";
        return { isWarm: true, remarks: [remark], repeated: keys.repeated };
      }
      before = await snapshotSource(workspace);
      const committed = committedDependencies(before);
      if (committed !== undefined) throw new TreeError(`${committed} is part of the repository`);
      return cold(...(taken === null ? [] : [taken]));
    } catch (error) {
      if (!(error instanceof TreeError)) throw error;
      before = null;
      return cold(notKept(error.message));
    }
  }

  async function afterInstall(): Promise<readonly string[]> {
    if (keys === null || before === null) return [];
    try {
      const { units, stray } = await findInstalled(workspace, before);
      before = null;
      const lost = stray.filter((path) => keys?.repeated.length === 0 || !REPEATED_FILES.test(path));
      if (lost.length > 0) return [notKept(`the install also changed ${shown(lost)} in the repository`)];
      const { fingerprint, hasSharedFiles } = await takeFingerprint(workspace.root, units);
      if (hasSharedFiles) await writeFile(place.downloadsInDoubt, "", { mode: 0o600 });
      const own = keys.repeated.length > 0 ? withoutCaches(fingerprint, units) : fingerprint;
      installed = { units, fingerprint: own, kept: null };
      return [];
    } catch (error) {
      if (!(error instanceof TreeError)) throw error;
      return [notKept(error.message)];
    }
  }

  /** What repeated scripts write there is made again by them. */
  function withoutCaches(fingerprint: Fingerprint, units: readonly string[]): Fingerprint {
    const folders = units.map((unit) => unit.replace(/\/?node_modules$/, ""));
    const caches = findFrameworkFolders(workspace.root, folders).map((path) => `${path}/`);
    const stamps = fingerprint.stamps.filter(([path]) => !caches.some((cache) => `${path}/`.startsWith(cache)));
    return { ...fingerprint, stamps };
  }

  async function keep(): Promise<readonly string[]> {
    await ahead?.found.catch(() => {});
    if (keys === null || installed === null) return [];
    const { units, fingerprint, kept } = installed;
    installed = null;
    try {
      const places = placesBelow(workspace.root, units);
      const same = kept !== null && (await isListedAs(kept.listing, places)) ? kept : await settle(places, fingerprint);
      if (typeof same === "string") return [same];
      await rm(place.downloadsInDoubt, { force: true });
      const { listing, bytes } = same;
      const facts = { kind: "dependencies" as const, key: keys.key, units: [...units], bytes, listing };
      await createEntry(entries, workspace.root, { ...facts, usedMs: place.now() }, fingerprint);
      const all = await listKept(entries);
      const isOlder = (index: number) => all.findIndex(({ key }) => key === all[index]?.key) < index;
      for (const [index, entry] of all.entries())
        if (index >= KEPT_PER_SITE || isOlder(index)) await removeEntry(entry);
      return [];
    } catch (error) {
      return [notKept(describeError(error))];
    }
  }

  /** Takes away what a build added; a sentence where it changed something. */
  async function settle(places: Places, fingerprint: Fingerprint) {
    const changes = await compareWithFingerprint(places, fingerprint);
    if (isDifferent(changes)) return changedByBuild(changes);
    await removeUnits(workspace.root, outermost(changes.added));
    return { listing: await digestListing(places), bytes: changes.bytes };
  }

  function owns(path: string): boolean {
    return installed?.fingerprint.stamps.some(([it]) => it === path || it.startsWith(`${path}/`)) === true;
  }

  return { lookAhead, restore, afterInstall, keep, toolKey: () => keys?.toolKey ?? null, owns };
}

/** All dependencies that are kept, the newest first. */
async function listKept(entriesFolder: string): Promise<Entry[]> {
  return (await listEntries(entriesFolder)).filter(({ kind }) => kind === "dependencies");
}

/** False may also mean that nobody can tell. */
async function isListedAs(listing: string | null, places: Places): Promise<boolean> {
  return listing !== null && (await digestListing(places)) === listing;
}

/** The entry's fingerprint, if all is as it says; a few words where it is not. Throws TreeError. */
async function lookAt(entry: Entry): Promise<Fingerprint | string> {
  const places = placesIn(entry);
  const [isSame, fingerprint] = await Promise.all([isListedAs(entry.listing, places), readFingerprint(entry)]);
  if (fingerprint === null) return "their record is damaged";
  if (isSame) return fingerprint;
  const changes = await compareWithFingerprint(places, fingerprint);
  return isDifferent(changes) || changes.added.length > 0 ? describeChanges(changes) : fingerprint;
}

/** Additions are taken away again, and then the tree is what the install left. */
function isDifferent({ changed, removed }: TreeChanges): boolean {
  return changed.length + removed.length > 0;
}

function changedByBuild(changes: TreeChanges): string {
  return `The build changed installed dependencies (${describeChanges(changes)}), so they are installed anew next time`;
}

function describeChanges({ changed, removed, added }: TreeChanges): string {
  const lists = [
    ["changed", changed],
    ["gone", removed],
    ["new", added],
  ] as const;
  return lists.flatMap(([what, paths]) => (paths.length > 0 ? [`${what}: ${shown(paths)}`] : [])).join("; ");
}

function shown(paths: readonly string[]): string {
  const first = paths.slice(0, MAX_SHOWN).map((path) => JSON.stringify(path.replace(/^source\//, "")).slice(1, -1));
  const more = paths.length - first.length;
  return `${first.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

function notKept(reason: string): string {
  return `The dependencies are not kept for the next deployment: ${reason}`;
}

/** The paths that lie in none of the others. */
function outermost(paths: readonly string[]): readonly string[] {
  const all = new Set(paths);
  return paths.filter((path) => {
    const segments = path.split("/");
    return !segments.some((_, index) => index > 0 && all.has(segments.slice(0, index).join("/")));
  });
}
