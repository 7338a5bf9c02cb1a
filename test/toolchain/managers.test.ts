import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { managerPackage } from "../../src/toolchain/platform-package.ts";
import type { ManagerName } from "../../src/toolchain/wanted-tools.ts";
import { startNpmRegistry } from "./npm-registry.ts";
import { createToolchainWorld, managerOf, nodeOf, run } from "./toolchain-world.ts";

const TIMEOUT_MS = 120_000;

async function start() {
  const registry = await startNpmRegistry();
  registry.publish(
    managerOf("npm", "9.0.0"),
    managerOf("npm", "10.9.0"),
    managerOf("pnpm", "8.15.9"),
    managerOf("pnpm", "10.2.0", ">=18"),
    managerOf("pnpm", "10.99.0", ">=999"),
    managerOf("yarn", "1.22.22"),
    managerOf("yarn", "3.8.7"),
    managerOf("yarn", "4.5.0", ">=18.12.0"),
    managerOf("bun", "1.1.0"),
    managerOf("bun", "1.3.1"),
  );
  const { provide, folder } = createToolchainWorld(registry.url);
  const manager = (name: ManagerName, range: string | null) =>
    provide({
      manager: { name, version: range === null ? null : { range, because: "packageManager of package.json" } },
    });
  return { registry, provide, folder, manager };
}

describe("A package manager", { timeout: TIMEOUT_MS }, () => {
  test.each<[ManagerName, string | null, string, string]>([
    ["npm", "9.0.0", "9.0.0", "npx"],
    ["pnpm", "^10", "10.2.0", "pnpx"],
    ["yarn", null, "1.22.22", "yarnpkg"],
    ["yarn", "4.5.0", "4.5.0", "yarn"],
    ["bun", "1.1.0", "1.1.0", "bunx"],
  ])("%s at %s is %s, with its programs", async (name, range, version, program) => {
    const { manager } = await start();
    const tools = await manager(name, range);
    expect(tools).toMatchObject({ node: process.versions.node, manager: version });
    expect(run(tools, program)).toMatch(`${name} ${version}`);
    // Scripts of packages start these whatever the manager is.
    for (const one of ["node", "npm", "npx"]) expect(existsSync(join(tools.binFolder, one))).toBe(true);
  });

  test.each<[ManagerName, string, string]>([
    ["npm", "*", "npm"],
    ["pnpm", "^11", "pnpm"],
    ["yarn", "1.22.22", "yarn"],
    ["yarn", "^1.22 || ^3", "yarn"],
    ["yarn", "^2", "@yarnpkg/cli-dist"],
    ["yarn", ">=3.0.0", "@yarnpkg/cli-dist"],
    ["bun", "^1", "@oven/bun-linux-x64"],
  ])("%s at %s is in the package %s", (name, range, packageName) => {
    const machine = { platform: "linux", arch: "x64", isMusl: false, hasAvx2: true };
    expect(managerPackage(name, range, machine).name).toBe(packageName);
  });

  test("that the machine has is taken where it suits, without asking anybody", async () => {
    const { registry, manager } = await start();
    const { manager: version } = await manager("npm", null);
    expect(version).not.toBeNull();
    expect(registry.documents).toEqual([]);
  });

  test("of no version that there is, and one that runs on no Node here, are told apart", async () => {
    const { manager } = await start();
    const asked = "asked for by packageManager of package.json, cannot be had: the npm registry has none";
    await expect(manager("pnpm", "^7")).rejects.toThrow(
      `pnpm ^7, ${asked} for this machine; the newest there is 10.99.0`,
    );
    const needsOther = `pnpm 10.99.x, ${asked} that runs on Node ${process.versions.node}`;
    await expect(manager("pnpm", "10.99.x")).rejects.toThrow(needsOther);
  });

  test("gets the Node of its build", async () => {
    const { registry, provide } = await start();
    registry.publish(nodeOf("22.9.0"));
    const version = { range: "8.15.9", because: "x" };
    const tools = await provide({ node: { range: "22.9.0", because: ".nvmrc" }, manager: { name: "pnpm", version } });
    expect(run(tools, "pnpm", "install")).toMatch(/^v22\.9\.0 .*pnpm\.cjs install$/);
  });
});
