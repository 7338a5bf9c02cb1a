/** A user id for each site's builds, where Slipway is root: the kernel's root is never what runs a build. */
import { chmod, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { dirname, join, resolve, sep } from "node:path";
import type { Environment } from "../process/environment.ts";
import { needProgram, runTool } from "./programs.ts";
import { UnavailableError } from "./unavailable.ts";

/**
 * Ids that no distribution gives to anybody, and that fit into a container's 16 bits: 60578 to 61183 are unused by
 * https://systemd.io/UIDS-GIDS/.
 */
const FIRST_ID = 60_600;
const COUNT = 500;

/** Where each id that is in use has a file with its site's name. */
const FOLDER = "build-users";

export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** The id of the site's builds: the same each time, and no other site's. Throws UnavailableError when all are taken. */
export async function claimBuildUser(dataDir: string, site: string): Promise<number> {
  const folder = join(resolve(dataDir), FOLDER);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const taken = new Map<number, string>();
  for (const name of (await readdir(folder)).sort())
    taken.set(Number(name), await readFile(join(folder, name), "utf8"));
  for (const [id, owner] of taken) if (owner === site) return id;
  for (let id = FIRST_ID; id < FIRST_ID + COUNT; id++) {
    if (taken.has(id)) continue;
    try {
      // Only one of several workers can make it.
      await writeFile(join(folder, String(id)), site, { flag: "wx", mode: 0o600 });
      return id;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
  throw new UnavailableError(
    `all ${COUNT} user ids for builds belong to sites`,
    `remove the files of sites that are gone from ${folder}`,
  );
}

/**
 * Gives the folders and what lies in them to the user. A file that has a second name elsewhere keeps its owner: a build
 * may have made that link to get at the file, and caches that are shared by links must not become the build's. Installed
 * dependencies that are the user's are not gone into: tens of thousands of files, and Slipway puts none there as itself.
 */
export async function giveFolders(folders: readonly string[], id: number, env: Environment): Promise<void> {
  if (folders.length === 0) return;
  const installed = ["-type", "d", "-name", "node_modules", "-uid", String(id), "-prune"];
  const foreign = ["!", "-uid", String(id), "(", "!", "-type", "f", "-o", "-links", "1", ")"];
  const give = ["-exec", "chown", "-h", `${id}:${id}`, "{}", "+"];
  const args = [...folders.map((path) => resolve(path)), ...installed, "-o", ...foreign, ...give];
  const { code, text } = await runTool(needProgram("find", env), ["-P", ...args], env);
  for (const folder of folders) await setMode(resolve(folder), 0o700);
  if (code !== 0) throw new Error(`the build's folders could not be given to its user ${id}: ${text}`);
}

/**
 * Arguments that make a program run as the user, without any right of root's and without a way back: setpriv(1). Whoever
 * becomes another user no longer dies with its parent (prctl(2), PR_SET_PDEATHSIG), so that is asked for anew.
 */
export function becomeUser(setpriv: string, id: number): readonly string[] {
  const none = ["--clear-groups", "--inh-caps=-all", "--ambient-caps=-all", "--bounding-set=-all", "--no-new-privs"];
  return [setpriv, `--reuid=${id}`, `--regid=${id}`, ...none, "--pdeathsig=KILL", "--"];
}

/** Passing through, and nothing else, for others. A folder of this mode was opened for some site's builds. */
const WAY = 0o711;

/** Toolchains, which hold nothing that is not for everybody, and may be in use by another site's build. */
const SHARED = "tools";

export type ShownFolders = { readonly writable: readonly string[]; readonly readable: readonly string[] };

/**
 * Lets other users pass through the data folder on the way to what is shown, and closes to them all that lies beside a
 * way to what builds may change: other sites' folders, and everything directly in the data folder. What builds of
 * other sites are being shown at the same time stays as it is.
 */
export async function closeDataFolder(dataDir: string, { writable, readable }: ShownFolders): Promise<void> {
  const root = resolve(dataDir);
  const besideBuilds = waysTo(writable, root);
  const shown = new Set([...writable, ...readable].map((path) => resolve(path)));
  for (const way of waysTo([...writable, ...readable], root)) {
    await setMode(way, WAY);
    if (!besideBuilds.has(way)) continue;
    for (const entry of await readdir(way, { withFileTypes: true })) {
      const path = join(way, entry.name);
      if (shown.has(path) || path === join(root, SHARED) || !(entry.isFile() || entry.isDirectory())) continue;
      const mode = ((await stat(path).catch(() => undefined))?.mode ?? 0) & 0o777;
      if (mode !== WAY || entry.isFile()) await setMode(path, mode & 0o700);
    }
  }
  for (const path of readable) if (resolve(path).startsWith(root + sep)) await setMode(resolve(path), 0o755);
}

/** The folders above the given ones, down from the data folder itself. */
function waysTo(paths: readonly string[], root: string): ReadonlySet<string> {
  const ways = new Set([root]);
  for (const path of paths.map((it) => resolve(it))) {
    if (!path.startsWith(root + sep)) continue;
    for (let folder = dirname(path); folder.length > root.length; folder = dirname(folder)) ways.add(folder);
  }
  return ways;
}

/** A file that is gone by now needs no rights. */
async function setMode(path: string, mode: number): Promise<void> {
  await chmod(path, mode).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
  });
}
