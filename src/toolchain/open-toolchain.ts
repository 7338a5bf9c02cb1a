/** Provides builds with the Node and the package manager that their repository asks for, from the npm registry. */
import { stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { PermanentError } from "../errors.ts";
import type { Environment } from "../process/environment.ts";
import type { ProcessControl } from "../process/run-command.ts";
import { binFolder, type Program, scriptFor } from "./bin-folder.ts";
import { fits } from "./choose-version.ts";
import { createToolFetcher, type ToolFetcher } from "./fetch-tool.ts";
import { openNpmRegistry } from "./npm-registry.ts";
import { type ManagerPackage, managerPackage, nodePackage, thisMachine } from "./platform-package.ts";
import { makeShared } from "./shared-folder.ts";
import { findSystemNpm, type SystemNpm } from "./system-npm.ts";
import type { ManagerName, WantedTools, WantedVersion } from "./wanted-tools.ts";

export type ToolchainOptions = ProcessControl & {
  /** Keeps the tools of all sites: DATA_DIR/tools. Builds of every isolation have to be able to read it. */
  readonly folder: string;
  /** The worker's own environment: npm's settings in it name the registry. */
  readonly env: Environment;
  say(line: string): void;
};

export type Tools = {
  /** Its exact version. */
  readonly node: string;
  /** The manager's; null where the build has no packages. */
  readonly manager: string | null;
  /** First in PATH: node, npm, npx, and the manager's own programs. */
  readonly binFolder: string;
  /** All absolute folders that the programs need, this one included. */
  readonly readable: readonly string[];
};

export type Toolchain = {
  /**
   * Throws PermanentError when a version cannot be had, naming it, who asks for it and what there is, and
   * RetryLaterError when the registry is not reached.
   */
  provide(wanted: WantedTools): Promise<Tools>;
};

export async function openToolchain(options: ToolchainOptions): Promise<Toolchain> {
  const folder = resolve(options.folder);
  await makeShared(folder);
  const npm = await findSystemNpm(options.env, process.execPath);
  const registry = openNpmRegistry({ ...options, folder, npm });
  const fetcher = createToolFetcher({ folder, registry, say: options.say });
  return { provide: (wanted) => provide({ folder, fetcher, npm }, wanted) };
}

type Deps = { readonly folder: string; readonly fetcher: ToolFetcher; readonly npm: SystemNpm | null };

async function provide(deps: Deps, wanted: WantedTools): Promise<Tools> {
  const node = await provideNode(deps, wanted.node);
  const { manager } = wanted;
  // Scripts of packages call npm and npx whatever manager they were installed by.
  const npm = await provideNpm(deps, node.version, manager?.name === "npm" ? manager.version : null);
  const other =
    manager === null || manager.name === "npm"
      ? null
      : await provideManager(deps, node.version, manager.name, manager.version);
  const path = await binFolder(deps.folder, {
    node: { link: node.program },
    ...(await programsOf(node.program, npm)),
    ...(other && (await programsOf(node.program, other))),
  });
  const folders = [path, node.folder, npm.folder, ...(other ? [other.folder] : [])];
  return {
    node: node.version,
    manager: manager && (other ?? npm).version,
    binFolder: path,
    readable: [...new Set(folders)],
  };
}

/** The Node that runs Slipway where it fits: it is there, and it is the one that the operator keeps up to date. */
async function provideNode({ fetcher }: Deps, wanted: WantedVersion | null) {
  const own = process.versions.node;
  if (wanted === null || fits(own, wanted.range))
    return { version: own, program: process.execPath, folder: dirname(process.execPath) };
  const name = nodePackage(thisMachine());
  if (name === null)
    throw new PermanentError(
      `Node ${wanted.range}, asked for by ${wanted.because}, cannot be had: the npm registry has no Node for Alpine's C library (musl), and the one that runs Slipway is ${own}. Run Slipway on a system with glibc, such as Debian.`,
    );
  const { version, folder } = await fetcher.fetch({ label: "Node", name }, wanted, null);
  return { version, program: join(folder, "bin/node"), folder };
}

type Manager = { readonly version: string; readonly folder: string; readonly pack: ManagerPackage };

/** The machine's npm where it suits, else the newest in the range that runs on this Node. */
async function provideNpm({ fetcher, npm }: Deps, node: string, wanted: WantedVersion | null): Promise<Manager> {
  const range = wanted?.range ?? "*";
  const pack = managerPackage("npm", range, thisMachine());
  if (npm && fits(npm.version, range) && fits(node, npm.engines)) return { ...npm, pack };
  const asked = wanted ?? { range, because: `Node ${node}` };
  return { ...(await fetcher.fetch({ label: "npm", name: pack.name }, asked, node)), pack };
}

async function provideManager(
  { fetcher }: Deps,
  node: string,
  name: Exclude<ManagerName, "npm">,
  wanted: WantedVersion | null,
): Promise<Manager> {
  // Without a statement Yarn is the first one: the later ones are chosen by project.
  const asked = wanted ?? { range: name === "yarn" ? "^1.22.22" : "*", because: "the build" };
  const pack = managerPackage(name, asked.range, thisMachine());
  return { ...(await fetcher.fetch({ label: name, name: pack.name }, asked, node)), pack };
}

async function programsOf(node: string, { folder, pack }: Manager): Promise<Record<string, Program>> {
  const programs: Record<string, Program> = {};
  for (const [name, { files, args }] of Object.entries(pack.programs)) {
    for (const file of files.map((one) => join(folder, one))) {
      if (name in programs || !(await stat(file).catch(() => null))) continue;
      programs[name] = scriptFor(...(pack.isScript ? [node] : []), file, ...(args ? [args] : []));
    }
  }
  return programs;
}
