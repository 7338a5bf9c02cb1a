import { existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { summarizeCaches } from "../../src/caches/bounds.ts";
import { siteFolders } from "../../src/caches/cache-place.ts";
import type { CachedWorkspace } from "../../src/caches/installed-files.ts";
import { openSiteCaches } from "../../src/caches/site-caches.ts";
import { lockSite } from "../../src/caches/site-lock.ts";
import { temporaryFolder } from "../git/git-repository.ts";
import { createCacheWorld, layOut, pathsIn, SHOP, writeFiles } from "./cache-world.ts";

const open = () => createCacheWorld(temporaryFolder());
const KB = 1024;

/** Dependencies of this size. */
const install =
  (bytes: number) =>
  ({ source }: CachedWorkspace) =>
    writeFiles(source, { "node_modules/big/a.bin": "x".repeat(bytes) });

describe("The bound on all caches", () => {
  test("takes what was not used for longest, and leaves the rest", async () => {
    const { deploy, folder } = open();
    await deploy({ site: "a", install: install(200 * KB), nowMs: 1000 });
    await deploy({ site: "b", install: install(200 * KB), nowMs: 2000 });
    await deploy({ site: "c", install: install(200 * KB), nowMs: 3000 });
    // Used again, so that it is no longer the oldest.
    expect((await deploy({ site: "a", nowMs: 4000 })).isWarm).toBe(true);
    const all = (await summarizeCaches(folder)).reduce((sum, { dependencies }) => sum + dependencies, 0);

    const { said } = await deploy({ site: "d", install: install(200 * KB), nowMs: 5000, maxBytes: all + 100 * KB });
    expect(said).toContain("Removed caches (dependencies) of b, which were not used for longest");
    expect((await summarizeCaches(folder)).filter(({ dependencies }) => dependencies > 0)).toMatchObject([
      { site: "a", usedMs: 4000 },
      { site: "c", usedMs: 3000 },
      { site: "d", usedMs: 5000 },
    ]);
    expect(readdirSync(join(folder, "b/entries"))).toEqual([]);
    for (const [site, isWarm] of [
      ["a", true],
      ["c", true],
      ["d", true],
      ["b", false],
    ] as const) {
      expect(await deploy({ site, nowMs: 6000 })).toMatchObject({ isWarm });
    }
  });

  test("counts what package managers downloaded, which goes first where installs no longer need it", async () => {
    const { deploy, folder } = open();
    const { downloads } = siteFolders(folder, "a");
    const fill = (workspace: CachedWorkspace) => {
      install(10 * KB)(workspace);
      writeFiles(downloads, { "npm/a": "x".repeat(300 * KB) });
    };
    await deploy({ site: "a", install: fill, nowMs: 1000 });
    expect((await summarizeCaches(folder))[0]?.downloads).toBeGreaterThan(300 * KB);
    expect((await deploy({ site: "a", nowMs: 2000 })).isWarm).toBe(true);

    const { said } = await deploy({ site: "b", install: install(10 * KB), nowMs: 3000, maxBytes: 200 * KB });
    expect(said).toBe(
      "Removed downloaded packages of a, which were not used for longest: all caches together were too large",
    );
    expect(existsSync(join(downloads, "npm"))).toBe(false);
    expect((await deploy({ site: "a", nowMs: 4000 })).isWarm).toBe(true);
  });

  test("takes even what was just kept, where that alone is too large", async () => {
    const { deploy, folder } = open();
    const { said } = await deploy({ install: install(300 * KB), maxBytes: 100 * KB });
    expect(said).toContain("Removed caches (dependencies) of shop");
    expect(await deploy()).toMatchObject({ isWarm: false });
    expect((await summarizeCaches(folder)).length).toBe(1);
  });

  test("leaves a site alone whose deployment is running", async () => {
    const { deploy, folder } = open();
    await deploy({ site: "a", install: install(200 * KB), nowMs: 1000 });
    await deploy({ site: "b", install: install(200 * KB), nowMs: 2000 });
    const lock = await lockSite(siteFolders(folder, "a").lock, 0);
    await deploy({ site: "c", install: install(200 * KB), nowMs: 3000, maxBytes: 500 * KB });
    lock?.release();
    expect(await deploy({ site: "a", nowMs: 4000 })).toMatchObject({ isWarm: true });
    expect(await deploy({ site: "b", nowMs: 5000 })).toMatchObject({ isWarm: false });
  });

  test("of nothing keeps nothing, and uses nothing that is there", async () => {
    const { deploy, folder } = open();
    await deploy();
    const before = pathsIn(folder);
    expect(await deploy({ maxBytes: 0 })).toMatchObject({ isWarm: false, said: "" });
    expect(pathsIn(folder)).toEqual(before);
  });
});

test("Of one site, dependencies of the two last lock files are kept", async () => {
  const { deploy, folder } = open();
  for (const version of [1, 2, 3]) {
    await deploy({ files: { ...SHOP, "package-lock.json": { version } }, nowMs: version });
  }
  expect(readdirSync(join(folder, "shop/entries")).length).toBe(2);
  expect((await deploy({ files: { ...SHOP, "package-lock.json": { version: 1 } }, nowMs: 4 })).isWarm).toBe(false);
});

describe("Clean caches", () => {
  test("are never read, and what they held is gone", async () => {
    const { deploy, folder } = open();
    const build = ({ source }: CachedWorkspace) => writeFiles(source, { ".angular/cache/a": "a" });
    const first = await deploy({ build });
    const { downloads } = siteFolders(folder, "shop");
    writeFiles(downloads, { "npm/a": "downloaded" });
    const clean = await deploy({
      isClean: true,
      install: ({ source }) => {
        expect(pathsIn(downloads)).toEqual([]);
        writeFiles(source, { "node_modules/left/index.js": "another" });
      },
    });
    expect(clean).toMatchObject({ isWarm: false, said: expect.stringContaining("Caches are empty, as asked for") });
    expect(clean.before).not.toEqual(first.before);
    expect(clean.before).not.toContain("source/.angular/cache/a");
    expect(await deploy()).toMatchObject({ isWarm: true, before: clean.before });
  });

  test("of one site leave those of others alone", async () => {
    const { deploy } = open();
    await deploy({ site: "a" });
    await deploy({ site: "b", isClean: true });
    expect((await deploy({ site: "a" })).isWarm).toBe(true);
  });
});

test("Two sites never see what the other one kept, however alike they are", async () => {
  const { deploy } = open();
  const build = ({ source }: CachedWorkspace) => writeFiles(source, { ".angular/cache/a": "a" });
  await deploy({ site: "a", build });
  const other = await deploy({ site: "b" });
  expect(other.isWarm).toBe(false);
  expect(other.before).not.toContain("source/.angular/cache/a");
});

test("A deployment waits for the one that holds the caches of its site", async () => {
  const folder = temporaryFolder();
  const caches = join(folder, "cache");
  const workspace = layOut(join(folder, "work/shop"), SHOP);
  const options = { folder: caches, site: "shop", workspace, maxBytes: 1e9, isClean: false };
  const said: string[] = [];
  const held = await openSiteCaches({ ...options, say: (text) => void said.push(text) });
  const released = openSiteCaches({ ...options, say: (text) => void said.push(text) });
  held.close();
  expect((await released).downloads).not.toBeNull();
  (await released).close();
  expect(said).toEqual([]);
});

test("A folder of caches that cannot be made costs time, and no deployment", async () => {
  const folder = temporaryFolder();
  const { deploy } = createCacheWorld(folder);
  rmSync(join(folder, "cache"), { recursive: true, force: true });
  writeFileSync(join(folder, "cache"), "a file");
  expect(await deploy()).toMatchObject({
    isWarm: false,
    said: expect.stringContaining("Builds of this site keep nothing"),
  });
});
