import { mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { CachedWorkspace } from "../../src/caches/installed-files.ts";
import { temporaryFolder } from "../git/git-repository.ts";
import { createCacheWorld, type Deployment, SHOP, writeFiles } from "./cache-world.ts";

const open = () => createCacheWorld(temporaryFolder());
const CACHE = "source/.angular/cache/22/a";

/** A build that leaves a cache. */
const build = ({ source }: CachedWorkspace) =>
  writeFiles(source, { ".angular/cache/22/a": "made", "dist/a.js": "made" });
const isKept = ({ before }: { before: readonly string[] }) => before.includes(CACHE);

describe("The cache of a framework", () => {
  test("is there again in the next build, and nothing else that the build made", async () => {
    const { deploy } = open();
    const first = await deploy({ build });
    const second = await deploy({ build });
    expect(second.before).toEqual([...first.before, CACHE].sort());
    expect(second.said).toContain("Caches of the last build: .angular/cache");
    expect(isKept(await deploy())).toBe(true);
  });

  test("is not kept after a build that failed, and neither is the one that it was given", async () => {
    const { deploy } = open();
    await deploy({ build, endedWell: false });
    expect(isKept(await deploy({ build }))).toBe(false);
    expect(isKept(await deploy({ build, endedWell: false }))).toBe(true);
    expect(isKept(await deploy())).toBe(false);
  });

  test.each<[string, Deployment]>([
    ["dependencies", { files: { ...SHOP, "package-lock.json": { lockfileVersion: 2 } } }],
    ["version of Node", { inputs: { nodeVersion: "22.1.0" } }],
    ["isolation", { inputs: { isolation: "user" } }],
    ["build command", { framework: { command: "npm run build:prod" } }],
    ["variables", { framework: { env: { PATH: "/usr/bin", CI: "true", API: "https://x" } } }],
  ])("is not used with another state of the %s", async (_, second) => {
    const { deploy } = open();
    await deploy({ build });
    expect(isKept(await deploy(second))).toBe(false);
  });

  test("is used when sources and commit changed", async () => {
    const { deploy } = open();
    await deploy({ build });
    const env = { PATH: "/usr/bin", CI: "true", SLIPWAY_COMMIT: "abc" };
    expect(isKept(await deploy({ files: { ...SHOP, "src/index.js": "two" }, framework: { env } }))).toBe(true);
  });

  test("that several frameworks left comes from all known places, without what answers for other servers", async () => {
    const { deploy } = open();
    const kept = [
      ".next/cache/webpack/0.pack",
      ".parcel-cache/data.mdb",
      "node_modules/.astro/assets/a.webp",
      "node_modules/.cache/babel-loader/a.json",
      "resources/_gen/images/a.webp",
    ];
    const others = [
      ".cache/eleventy-fetch",
      ".next/cache/fetch-cache/a",
      ".next/server/page.js",
      "node_modules/.astro/data-store.json",
      "node_modules/.cache/turbo/a",
      "node_modules/.vite/deps/a.js",
      "public/index.html",
    ];
    const all = Object.fromEntries([...kept, ...others].map((path) => [path, "made"]));
    const first = await deploy({ build: ({ source }) => writeFiles(source, all) });
    const { before } = await deploy();
    const come = before.filter((path) => !first.before.includes(path));
    expect(come).toEqual(kept.map((path) => `source/${path}`));
  });

  test("in the folder of a site is kept beside one where the install ran", async () => {
    const { deploy } = open();
    const framework = { folders: ["sites/a", "."] };
    const make = ({ source }: CachedWorkspace) =>
      writeFiles(source, { "sites/a/.angular/cache/a": "a", "node_modules/.cache/b/c": "b" });
    await deploy({ framework, build: make });
    const { before } = await deploy({ framework });
    expect(before).toEqual(
      expect.arrayContaining(["source/sites/a/.angular/cache/a", "source/node_modules/.cache/b/c"]),
    );
  });

  test("that the repository itself has, is the repository's", async () => {
    const { deploy } = open();
    await deploy({ build });
    const second = await deploy({ files: { ...SHOP, ".angular/cache/own": "own" } });
    expect(second.said).toContain("source/.angular/cache is there already");
    expect(second.before).toContain("source/.angular/cache/own");
    expect(isKept(second)).toBe(false);
  });
});

describe("A link that leads out", () => {
  test.each<[string, string]>([
    ["to a file of the machine", "/etc/passwd"],
    ["to a folder above", "../../../.."],
    ["to the folder itself", ".."],
  ])("%s, in the cache of a framework, keeps it from being kept, which is said", async (_, target) => {
    const { deploy } = open();
    const first = await deploy({
      build(workspace) {
        build(workspace);
        symlinkSync(target, join(workspace.root, `${CACHE}.link`));
      },
    });
    expect(first.said).toContain(".angular/cache is not kept for the next build");
    expect(isKept(await deploy())).toBe(false);
  });

  test("in place of the cache itself is passed over", async () => {
    const { deploy, folder } = open();
    const precious = join(folder, "../precious");
    writeFiles(precious, { cache: "precious" });
    await deploy({ build: ({ source }) => symlinkSync(precious, join(source, ".angular")) });
    const { before } = await deploy();
    expect(before.filter((path) => path.includes("angular"))).toEqual([]);
  });

  test("among dependencies keeps them from being kept, which is said", async () => {
    const { deploy } = open();
    const install = ({ source }: CachedWorkspace) => {
      mkdirSync(join(source, "node_modules"));
      symlinkSync("/etc", join(source, "node_modules/etc"));
    };
    const first = await deploy({ install });
    expect(first.said).toContain("source/node_modules/etc is a link that leads out of the workspace");
    expect((await deploy()).isWarm).toBe(false);
  });

  test("of the repository, in place of a folder that a cache belongs into, leads it nowhere", async () => {
    const { deploy, folder } = open();
    await deploy({ build });
    const outside = join(folder, "../outside");
    mkdirSync(outside);
    const second = await deploy({ prepare: ({ source }) => symlinkSync(outside, join(source, ".angular")) });
    expect(second.said).toContain("source/.angular is no folder");
    expect(readdirSync(outside)).toEqual([]);
  });
});
