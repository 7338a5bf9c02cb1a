/** Finds what an install put into the workspace: the folders that are kept, and what it wrote besides them. */
import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { MAX_ENTRIES, type TreeEntry, walkTree } from "./walk-tree.ts";

/** The folders of one deployment. Their paths are the same each time, as caches may hold them. */
export type CachedWorkspace = { readonly root: string; readonly source: string; readonly home: string };

/** Of each path of the repository, what a change of its content changes. */
export type SourceSnapshot = ReadonlyMap<string, string>;

export type InstalledFiles = {
  /** What is kept, relative to the workspace: "source/node_modules", "home/.cache". */
  readonly units: readonly string[];
  /** What else came, went or changed in the repository's files. */
  readonly stray: readonly string[];
};

/** What Yarn from 2 on writes besides node_modules. yarnpkg.com/getting-started/qa, "Which files should be gitignored". */
const YARN =
  /(^|\/)(\.pnp\.(cjs|loader\.mjs|data\.json)|\.yarn\/(cache|unplugged|install-state\.gz|build-state\.yml))$/;

/** Hooks of git, which no build runs. */
const UNIMPORTANT = /(^|\/)(\.husky\/_|\.git)(\/|$)/;

/** State and logs of the tools themselves. Their downloads have a place of their own. */
const TOOL_STATE = new Set([
  ".npm",
  ".config/configstore",
  ".local/state",
  ".cache/pnpm",
  ".local/share/pnpm",
  ".yarnrc",
]);

export async function snapshotSource({ source }: CachedWorkspace): Promise<SourceSnapshot> {
  const stamps = new Map<string, string>();
  const onEntry = ({ path, name, stats }: TreeEntry) => {
    const isUnit = isDependencies(path, name);
    // Not their owner, and so not their ctime: the sandbox gives the files to the build's user in between.
    const { mode, size, ino, mtimeNs } = stats;
    stamps.set(path, stats.isDirectory() ? `${mode}` : `${mode} ${size} ${ino} ${mtimeNs}`);
    return isUnit || name === ".git" ? ("leave" as const) : undefined;
  };
  await walkTree(source, { maxEntries: MAX_ENTRIES, onEntry });
  return stamps;
}

/** Compares with what was there before the install. */
export async function findInstalled(workspace: CachedWorkspace, before: SourceSnapshot): Promise<InstalledFiles> {
  const after = await snapshotSource(workspace);
  const units: string[] = [];
  const stray: string[] = [...before.keys()].filter((path) => !after.has(path));
  for (const [path, stamp] of after) {
    const earlier = before.get(path);
    const name = path.slice(path.lastIndexOf("/") + 1);
    if (earlier === undefined && isDependencies(path, name)) units.push(`source/${path}`);
    else if (earlier !== stamp && !isFolderForUnits(workspace, path, earlier)) stray.push(path);
  }
  units.push(...listHome(workspace.home).map((path) => `home/${path}`));
  return { units, stray: stray.filter((path) => !UNIMPORTANT.test(path)) };
}

/** Dependencies that the repository itself holds: those are its own, and not to be taken away. */
export function committedDependencies(before: SourceSnapshot): string | undefined {
  return [...before.keys()].find((path) => /(^|\/)node_modules$/.test(path));
}

function isDependencies(path: string, name: string): boolean {
  return name === "node_modules" || YARN.test(path);
}

/** `.yarn`, which an install makes for what is kept of it. */
function isFolderForUnits({ source }: CachedWorkspace, path: string, earlier: string | undefined): boolean {
  return earlier === undefined && /(^|\/)\.yarn$/.test(path) && lstatSync(join(source, path)).isDirectory();
}

/** What lies in the home folder, without the state of tools. Folders that hold some are gone into. */
function listHome(home: string, folder = ""): string[] {
  return readdirSync(join(home, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    if (TOOL_STATE.has(path)) return [];
    const holdsState = entry.isDirectory() && [...TOOL_STATE].some((state) => state.startsWith(`${path}/`));
    return holdsState ? listHome(home, path) : [path];
  });
}
