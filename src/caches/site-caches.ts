/** What builds of a site leave for later ones. The door to this folder: opened at the start of a deployment. */
import { existsSync } from "node:fs";
import { mkdir, stat } from "node:fs/promises";
import { describeError } from "../errors.ts";
import { enforceBound, noteDownloads, removeAll, removeDownloads } from "./bounds.ts";
import { type CachePlace, siteFolders } from "./cache-place.ts";
import { digestOf } from "./deciding-files.ts";
import { createDependencyCache, type RestoredDependencies } from "./dependencies.ts";
import { downloadCacheEnvironment, type Manager } from "./download-cache.ts";
import { sweepEntries } from "./entries.ts";
import { type BuildInputs, createFrameworkCaches } from "./frameworks.ts";
import type { InstallInputs } from "./install-keys.ts";
import type { CachedWorkspace } from "./installed-files.ts";
import { lockSite, type SiteLock } from "./site-lock.ts";

export type SiteCachesOptions = {
  /** The folder of all caches, on the file system of the workspaces. Made when needed. */
  readonly folder: string;
  readonly site: string;
  /** Absolute, and the same for each deployment of the site. */
  readonly workspace: CachedWorkspace;
  /** What the caches of all sites together may hold, in bytes; 0 keeps nothing. */
  readonly maxBytes: number;
  /** Removes all that is kept for the site before anything of it is used. */
  readonly isClean: boolean;
  /** Told sentences for the transcript. */
  say(text: string): void;
  /** Milliseconds since 1970. Default is the clock. */
  now?(): number;
};

/** The caches of one deployment. They fail no deployment: what cannot be kept or used is said, and done without. */
export type SiteCaches = {
  /** For the install stage alone: a build could change what later installs take from there. Null without caches. */
  readonly downloads: { readonly folder: string; environment(manager: Manager): Record<string, string> } | null;
  /**
   * Before the install, with the repository's files in place. Where it answers that it is warm, nothing is installed,
   * and the `repeated` scripts are run.
   */
  restoreDependencies(inputs: InstallInputs): Promise<Omit<RestoredDependencies, "remarks">>;
  /** After an install that ended well, when none of its processes are left, and before the build. */
  afterInstall(): Promise<void>;
  /** Directly before the build. */
  restoreFrameworks(inputs: BuildInputs): Promise<void>;
  /**
   * When nothing runs in the workspace any more, however the build ended, and nobody reads from it. Framework caches
   * are kept after a build that ended well; dependencies always, if they are still what was installed.
   */
  keep(build: { readonly endedWell: boolean }): Promise<void>;
  /** Lets others have the caches; idempotent. What was not kept by then is lost. */
  close(): void;
};

/** Only clearing and eviction by others are waited for; they remove files. */
const LOCK_WAIT_MS = 30_000;

/** What framework caches are tied to where a site installs nothing. */
const NOTHING_INSTALLED = digestOf("nothing is installed");

export async function openSiteCaches(options: SiteCachesOptions): Promise<SiteCaches> {
  const { say, maxBytes } = options;
  if (maxBytes <= 0) return NO_CACHES;
  try {
    const opened = await open(options);
    if (typeof opened !== "string") return opened;
    say(`Builds of this site keep nothing: ${opened}`);
  } catch (error) {
    say(`Builds of this site keep nothing: ${describeError(error)}`);
  }
  return NO_CACHES;
}

/** A sentence where there can be no caches. */
async function open(options: SiteCachesOptions): Promise<SiteCaches | string> {
  const { folder, site, workspace, isClean, say } = options;
  const place = { ...siteFolders(folder, site), workspace, now: options.now ?? Date.now };
  await mkdir(place.folder, { recursive: true, mode: 0o700 });
  if ((await stat(place.folder)).dev !== (await stat(workspace.root)).dev) {
    return "the folders of caches and of builds have to be on one file system";
  }
  const lock = await lockSite(place.lock, LOCK_WAIT_MS);
  if (lock === null) return "somebody else is using its caches";
  try {
    if (isClean) {
      await removeAll(place);
      say("Caches are empty, as asked for");
    } else if (existsSync(place.downloadsInDoubt)) {
      await removeDownloads(place);
      say("Downloaded packages are dropped: the last build could have changed them, and was cut off");
    }
    await sweepEntries(place.entries);
    await mkdir(place.downloads, { recursive: true, mode: 0o700 });
    return await assemble(options, place, lock);
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function assemble(
  { folder, site, maxBytes, say }: SiteCachesOptions,
  place: CachePlace,
  lock: SiteLock,
): Promise<SiteCaches> {
  const dependencies = createDependencyCache(place);
  await dependencies.lookAhead();
  const frameworks = createFrameworkCaches(place);
  let asksForInstall = false;
  let isInstalled = false;
  let isOpen = true;

  /** Answers with null when it failed, which was said then. */
  async function attempt<T>(what: string, work: () => Promise<T>): Promise<T | null> {
    try {
      return await work();
    } catch (error) {
      say(`Caches: ${what} failed: ${describeError(error)}`);
      return null;
    }
  }
  async function sayAll(what: string, work: () => Promise<readonly string[]>): Promise<void> {
    for (const remark of (await attempt(what, work)) ?? []) say(remark);
  }

  async function restoreDependencies(inputs: InstallInputs) {
    asksForInstall = true;
    const restored = await attempt("looking for dependencies", () => dependencies.restore(inputs));
    for (const remark of restored?.remarks ?? []) say(remark);
    return { isWarm: restored?.isWarm ?? false, repeated: restored?.repeated ?? [] };
  }

  async function afterInstall() {
    isInstalled = true;
    await sayAll("looking at the installed dependencies", dependencies.afterInstall);
  }

  async function restoreFrameworks(inputs: BuildInputs) {
    const toolKey = asksForInstall ? dependencies.toolKey() : NOTHING_INSTALLED;
    await sayAll("taking those of the last build", () => frameworks.restore(inputs, toolKey));
  }

  async function keep({ endedWell }: { endedWell: boolean }) {
    if (!isOpen) return;
    if (endedWell) await sayAll("keeping those of the build", () => frameworks.keep(dependencies.owns));
    await sayAll("keeping dependencies", dependencies.keep);
    await attempt("measuring them", async () => {
      if (existsSync(place.downloadsInDoubt)) await removeDownloads(place);
      await noteDownloads(place, place.now(), isInstalled);
      const removed = await enforceBound(folder, maxBytes, site);
      for (const item of removed) {
        const what = item.kind === "downloads" ? "downloaded packages" : `caches (${item.kind})`;
        say(`Removed ${what} of ${item.site}, which were not used for longest: all caches together were too large`);
      }
    });
  }

  function close() {
    if (isOpen) lock.release();
    isOpen = false;
  }

  const downloads = {
    folder: place.downloads,
    environment: (manager: Manager) => downloadCacheEnvironment(place.downloads, manager),
  };
  return { downloads, restoreDependencies, afterInstall, restoreFrameworks, keep, close };
}

const NO_CACHES: SiteCaches = {
  downloads: null,
  async restoreDependencies() {
    return { isWarm: false, repeated: [] };
  },
  async afterInstall() {},
  async restoreFrameworks() {},
  async keep() {},
  close() {},
};
