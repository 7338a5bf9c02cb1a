/** What the tests of publishing share: a host's folder, a blob store, releases, and a publisher that crashes on command. */
import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach } from "vitest";
import type { Release } from "../../src/model/release.ts";
import {
  DEFAULT_RULES,
  type PublishOptions,
  type PublishResult,
  type PublishRules,
} from "../../src/publish/options.ts";
import { publishRelease } from "../../src/publish/publish.ts";
import { createDirectoryPublisher } from "../../src/publishers/directory/directory.ts";
import type { Publisher, PublishSession } from "../../src/publishers/publisher.ts";
import { type BlobStore, createBlobStore } from "../../src/releases/blob-store.ts";
import { packageFolder } from "../../src/releases/package.ts";

export type Files = Readonly<Record<string, string>>;

/** What Slipway leaves of its own on a host after a publish that ended well, as `World.read` shows it. */
export const OWN: Files = { ".slipway": "in order" };

export const A: Files = {
  "index.html": "<h1>A</h1>",
  "about/index.html": "about A",
  "assets/app-AAAAAAA1.js": "js A",
  "robots.txt": "same",
  "twin-1.txt": "twin",
  "old/deep/page.html": "old",
};
export const B: Files = {
  "index.html": "<h1>B</h1>",
  "about/index.html": "about B, longer",
  "assets/app-BBBBBBB2.js": "js B",
  "robots.txt": "same",
  "twin-1.txt": "other twin",
  "twin-2.txt": "other twin",
  "twin-3.txt": "other twin",
  "blog/post/index.html": "post",
};
/** Clashes with A and B: a file where they have a folder, a folder where they have a file. */
export const C: Files = {
  "index.html": "<h1>C</h1>",
  about: "a file now",
  "robots.txt/index.html": "a folder now",
  "old/deep/page.html": "old",
};

export type WorldOptions = Omit<Partial<PublishOptions>, "rules"> & {
  readonly rules?: Partial<PublishRules>;
  /** Speaks to the target instead of the directory publisher. */
  readonly publisher?: Publisher;
};

export type World = {
  /** Everything of the test lies in here; the host's folder is `site`. */
  readonly root: string;
  readonly site: string;
  /** What the last publishes said. */
  readonly lines: string[];
  directory(folder?: string): Publisher;
  build(files: Files): Promise<Release>;
  /** Publishes into `site`, with Slipway's folder inside, no asset retained and every removal agreed to. */
  publish(release: Release, options?: WorldOptions): Promise<PublishResult["stats"]>;
  options(release: Release, options?: WorldOptions): PublishOptions;
  write(folder: string, files: Files): Promise<void>;
  /** Path → content of everything on the host; of Slipway's own folder whether it is in order, or what is in it. */
  read(): Promise<Files>;
  /** Empties the host. */
  wipe(): Promise<void>;
};

/** A fresh world for each test of the file. */
export function useWorld(): World {
  let root = "";
  let lines: string[] = [];
  let blobs: BlobStore;
  let built = new Map<Files, Promise<Release>>();
  const site = () => join(root, "site");
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "slipway-publish-"));
    await mkdir(site());
    blobs = createBlobStore({ folder: join(root, "blobs") });
    lines = [];
    built = new Map();
  });
  afterEach(() => rm(root, { recursive: true }));

  async function write(folder: string, files: Files): Promise<void> {
    for (const [path, content] of Object.entries(files)) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), content);
    }
  }

  async function buildNow(files: Files): Promise<Release> {
    const folder = await mkdtemp(join(root, "build-"));
    await write(folder, files);
    return (await packageFolder({ folder, blobs })).release;
  }

  const directory = (folder = site()) => createDirectoryPublisher({ protocol: "dir", folder, key: "sites.shop" });

  return {
    get root() {
      return root;
    },
    get site() {
      return site();
    },
    get lines() {
      return lines;
    },
    directory,
    write,
    build(files) {
      const release = built.get(files) ?? buildNow(files);
      built.set(files, release);
      return release;
    },
    options(release, { rules, publisher, ...options } = {}) {
      return {
        target: { protocol: "dir", folder: site(), key: "sites.shop" },
        ...(publisher && { createPublisher: () => publisher }),
        contents: blobs,
        release,
        rules: { ...DEFAULT_RULES, keepAssets: { releases: 0, forMs: 0 }, allowRemovals: true, ...rules },
        ...{ previous: null, profile: null, siteUrl: null, placeInside: true },
        ...{ owner: "the test", ownerId: "the test", lockWaitMs: 10_000, pollMs: 5, leaseMs: 15 },
        say: (line) => lines.push(line),
        ...options,
      };
    },
    async publish(release, options) {
      return (await publishRelease(this.options(release, options))).stats;
    },
    async read() {
      const files: Record<string, string> = {};
      const own: string[] = [];
      for (const entry of await readdir(site(), { recursive: true, withFileTypes: true })) {
        const full = join(entry.parentPath, entry.name);
        const path = full.slice(site().length + 1);
        if (path.startsWith(".slipway/")) own.push(path.slice(9));
        else if (entry.isFile()) files[path] = await readFile(full, "utf8");
      }
      if (own.length === 0) return files;
      const strange = own.filter((name) => !/^(\.htaccess|manifest(-[12])?\.json\.gz|live-[0-9a-f]{32})$/.test(name));
      const markers = own.filter((name) => name.startsWith("live-")).length;
      const isInOrder = strange.length === 0 && markers === 1 && own.includes("manifest.json.gz");
      return { ...files, ".slipway": isInOrder ? "in order" : own.sort().join(" ") };
    },
    async wipe() {
      await rm(site(), { recursive: true });
      await mkdir(site());
    },
  };
}

/** Counts every single change, and stops (as a crash would) before the one numbered `crashAt`. */
export function crashing(
  world: Pick<World, "directory" | "site">,
  crashAt: number,
  /** Counts for several publishers together. */
  count: () => number = (() => {
    let changes = 0;
    return () => {
      changes += 1;
      return changes;
    };
  })(),
): { publisher: Publisher; changes: string[] } {
  const publisher = world.directory();
  const changes: string[] = [];
  const step = (change: string) => {
    changes.push(change);
    if (count() >= crashAt) throw new Error("crash");
  };
  async function open(): Promise<PublishSession> {
    const session = await publisher.open();
    return {
      ...session,
      async makeFolders(paths) {
        const made: string[] = [];
        for (const path of paths) {
          step(`makeFolder ${path}`);
          made.push(...(await session.makeFolders([path])));
        }
        return made;
      },
      async upload(files, onDone) {
        for (const file of files) {
          step(`upload ${file.path}`);
          await session.upload([file], onDone);
          try {
            step(`finish ${file.path}`);
          } catch (error) {
            await truncate(join(world.site, file.path), Math.floor(file.size / 2));
            throw error;
          }
        }
      },
      async rename(moves, onMoved) {
        for (const move of moves) {
          step(`rename ${move.to}`);
          await session.rename([move], onMoved);
        }
      },
      async claimFolder(path, beside) {
        step(`claim ${path}`);
        const isOurs = await session.claimFolder(path);
        if (isOurs && beside !== undefined) {
          step(`makeFolder ${beside}`);
          await session.makeFolders([beside]);
        }
        return isOurs;
      },
      async moveFolder(from, to) {
        step(`move ${from}`);
        return session.moveFolder(from, to);
      },
      async swapFolders(live, next, old) {
        step(`swap ${live}`);
        await session.swapFolders(live, next, old);
      },

      async remove(paths) {
        for (const path of paths) {
          step(`remove ${path}`);
          await session.remove([path]);
        }
      },
      async removeEmptyFolders(paths) {
        for (const path of paths) {
          step(`removeFolder ${path}`);
          await session.removeEmptyFolders([path]);
        }
      },
    };
  }
  return { publisher: { label: publisher.label, open }, changes };
}
