import {
  appendFileSync,
  chmodSync,
  linkSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { CachedWorkspace } from "../../src/caches/installed-files.ts";
import { temporaryFolder } from "../git/git-repository.ts";
import {
  changeOne,
  createCacheWorld,
  type Deployment,
  type Files,
  installLeft,
  SHOP,
  writeFiles,
} from "./cache-world.ts";

const open = () => createCacheWorld(temporaryFolder());
const pack = SHOP["package.json"] as object;
const LEFT = "source/node_modules/left/index.js";

/** Whether the second of two deployments finds the dependencies of the first. */
async function isWarmAfter(first: Deployment, second: Deployment): Promise<boolean> {
  const { deploy } = open();
  expect((await deploy(first)).isWarm).toBe(false);
  return (await deploy(second)).isWarm;
}

describe("Dependencies are put back", () => {
  test("as the install left them, also a third time", async () => {
    const { deploy } = open();
    const first = await deploy();
    const second = await deploy();
    expect(second).toMatchObject({ isWarm: true, before: first.before });
    expect(second.said).toContain("The dependencies are those of an earlier deployment");
    expect(await deploy()).toMatchObject({ isWarm: true, before: first.before });
  });

  test.each<[string, Deployment]>([
    ["the sources", { files: { ...SHOP, "src/index.js": "two", "src/new.js": "new" } }],
    ["the commit", { inputs: { env: { PATH: "/usr/bin", CI: "true", SLIPWAY_COMMIT: "abc" } } }],
    ["the commit's tree, which a frozen install does not read", { inputs: { treeId: "another" } }],
    ["what package.json says to people", { files: { ...SHOP, "package.json": { ...pack, description: "new" } } }],
    ["the build script", { files: { ...SHOP, "package.json": { ...pack, scripts: { build: "y" } } } }],
  ])("when %s changed", async (_, second) => {
    expect(await isWarmAfter({}, second)).toBe(true);
  });

  test("after a build that failed or was cancelled, too", async () => {
    expect(await isWarmAfter({ endedWell: false }, {})).toBe(true);
  });

  test("after a build that left something of its own among them, without that", async () => {
    const { deploy } = open();
    const first = await deploy({ build: ({ source }) => writeFiles(source, { "node_modules/.vite/deps/a.js": "a" }) });
    expect(await deploy()).toMatchObject({ isWarm: true, before: first.before });
  });

  test("with those of the packages of a workspace", async () => {
    const { deploy } = open();
    const files: Files = {
      ...SHOP,
      "package.json": { ...pack, workspaces: ["sites/*"] },
      "sites/a/package.json": { name: "a", dependencies: { right: "1" } },
    };
    const install = (workspace: CachedWorkspace) => {
      installLeft(workspace);
      writeFiles(workspace.source, { "sites/a/node_modules/right/index.js": "right" });
      symlinkSync("../sites/a", join(workspace.source, "node_modules/a"));
    };
    const first = await deploy({ files, install });
    expect(await deploy({ files })).toMatchObject({ isWarm: true, before: first.before });
    const changed = { ...files, "sites/a/package.json": { name: "a", dependencies: { right: "2" } } };
    expect((await deploy({ files: changed })).isWarm).toBe(false);
  });
});

describe("Dependencies are installed anew", () => {
  const env = { PATH: "/usr/bin", CI: "true" };
  test.each<[string, Deployment]>([
    ["the lock file", { files: { ...SHOP, "package-lock.json": { lockfileVersion: 3, packages: {} } } }],
    ["a dependency", { files: { ...SHOP, "package.json": { ...pack, dependencies: { left: "^1.1.0" } } } }],
    ["a dependency of development", { files: { ...SHOP, "package.json": { ...pack, devDependencies: { up: "1" } } } }],
    ["an override", { files: { ...SHOP, "package.json": { ...pack, overrides: { up: "1" } } } }],
    ["a field that nobody knows", { files: { ...SHOP, "package.json": { ...pack, whatever: 1 } } }],
    ["a script of the install", { files: { ...SHOP, "package.json": { ...pack, scripts: { postinstall: "x" } } } }],
    ["npm's settings", { files: { ...SHOP, ".npmrc": "legacy-peer-deps=true" } }],
    ["a patch", { files: { ...SHOP, "patches/left+1.0.0.patch": "x" } }],
    ["the version of Node", { inputs: { nodeVersion: "24.1.1" } }],
    ["the version of the package manager", { inputs: { manager: { name: "npm", version: "11.0.1" } } }],
    ["the package manager", { inputs: { manager: { name: "bun", version: "11.0.0" } } }],
    ["the command", { inputs: { command: "npm ci --omit=dev" } }],
    ["the isolation", { inputs: { isolation: "bubblewrap" } }],
    ["a variable", { inputs: { env: { ...env, NODE_ENV: "production" } } }],
    ["a variable's value", { inputs: { env: { ...env, CI: "false" } } }],
  ])("when %s changed", async (_, second) => {
    expect(await isWarmAfter({}, second)).toBe(false);
  });

  test("when anything changed in the repository, where a script of it may read that", async () => {
    const files = { ...SHOP, "package.json": { ...pack, scripts: { postinstall: "node make.js" } } };
    const same = { files, inputs: { treeId: "tree" } };
    expect(await isWarmAfter(same, same)).toBe(true);
    expect(await isWarmAfter(same, { files, inputs: { treeId: "another" } })).toBe(false);
  });

  test("when a package of the repository itself changed", async () => {
    const files = { ...SHOP, "package.json": { ...pack, dependencies: { own: "file:./own" } }, "own/a.js": "one" };
    expect(await isWarmAfter({ files }, { files })).toBe(true);
    expect(await isWarmAfter({ files }, { files: { ...files, "own/a.js": "two" } })).toBe(false);
  });

  test("with the one lock file back, those from before are used again", async () => {
    const { deploy } = open();
    const other = { ...SHOP, "package-lock.json": { lockfileVersion: 2 } };
    const warm: boolean[] = [];
    for (const files of [SHOP, other, SHOP, other]) warm.push((await deploy({ files })).isWarm);
    expect(warm).toEqual([false, false, true, true]);
  });
});

describe("Dependencies that a build changed are installed anew, and named:", () => {
  const changes: ReadonlyArray<readonly [string, string, (file: string) => void]> = [
    [
      "content, with its time and size set back",
      "changed: node_modules/left/index.js",
      (file) => {
        const { atime, mtime } = statSync(file);
        writeFileSync(file, "LEFT");
        utimesSync(file, atime, mtime);
      },
    ],
    ["content that grew", "changed: node_modules/left/index.js", (file) => appendFileSync(file, "x")],
    [
      "a file put in its place",
      "changed: node_modules/left/index.js",
      (file) => {
        writeFileSync(`${file}.new`, "left");
        renameSync(`${file}.new`, file);
      },
    ],
    ["its mode", "changed: node_modules/left/index.js", (file) => chmodSync(file, 0o755)],
    [
      "a second name of it",
      "changed: node_modules/left/index.js",
      (file) => linkSync(file, join(file, "../../../s.js")),
    ],
    ["a file that is gone", "gone: node_modules/left/index.js", (file) => rmSync(file)],
    [
      "a link in its place",
      "changed: node_modules/left/index.js",
      (file) => {
        rmSync(file);
        symlinkSync("/etc/passwd", file);
      },
    ],
    [
      "a folder in its place",
      "changed: node_modules/left/index.js",
      (file) => {
        rmSync(file);
        mkdirSync(file);
      },
    ],
    ["all of them gone", "gone: node_modules", (file) => rmSync(join(file, "../.."), { recursive: true })],
    [
      "a link in place of their folder",
      "node_modules",
      (file) => {
        renameSync(join(file, "../.."), join(file, "../../../moved"));
        symlinkSync("moved", join(file, "../.."));
      },
    ],
  ];
  test.each(changes)("%s", async (_, named, change) => {
    const { deploy } = open();
    const first = await deploy({ build: ({ root }) => change(join(root, LEFT)) });
    expect(first.said).toContain("The build changed installed dependencies");
    expect(first.said).toContain(named);
    const second = await deploy();
    expect(second).toMatchObject({ isWarm: false, before: first.before });
    expect((await deploy()).isWarm).toBe(true);
  });

  test("also when it was a warm build", async () => {
    const { deploy } = open();
    await deploy();
    const second = await deploy({ build: ({ root }) => appendFileSync(join(root, LEFT), "x") });
    expect(second).toMatchObject({
      isWarm: true,
      said: expect.stringContaining("changed: node_modules/left/index.js"),
    });
    expect((await deploy()).isWarm).toBe(false);
  });

  test("what somebody changed in the kept files, before they are used", async () => {
    const world = open();
    const first = await world.deploy();
    const kept = join(world.folder, "shop/entries");
    changeOne(kept, "index.js", (file) => writeFileSync(file, "LEFT"));
    const second = await world.deploy();
    expect(second).toMatchObject({ isWarm: false, before: first.before });
    expect(second.said).toContain("The kept dependencies are not what they were (changed: node_modules/left/index.js)");
  });
});
