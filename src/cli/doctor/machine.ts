/** What Slipway needs of the machine: a data folder, Node, git, and Chromium where a site is prerendered. */
import { execFile } from "node:child_process";
import { access, constants, mkdtemp, rmdir, stat, statfs } from "node:fs/promises";
import { connect } from "node:net";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { summarizeCaches } from "../../caches/bounds.ts";
import type { Config } from "../../config/schema.ts";
import { describeError, OperatorError } from "../../errors.ts";
import { bytesText } from "../../model/quantities.ts";
import { findChromium } from "../../prerender/find-chromium.ts";
import { refuseNetworkFileSystem } from "../../store/file-system.ts";
import { controlSocket } from "../control.ts";
import { bad, type Finding, good, note, warning } from "./finding.ts";

/** Where Slipway begins to fail for want of room, and where a build of usual size has none, in bytes. */
const LITTLE_BYTES = 256 * 1024 ** 2;
const SCARCE_BYTES = 5 * 1024 ** 3;

/** The folder's own state; `isStore` says whether SQLite lives there, which needs a disk of this machine. */
export async function checkDataFolder(folder: string, { isStore }: { isStore: boolean }): Promise<Finding[]> {
  const about = "DATA_DIR";
  const place = await nearestFolder(folder);
  try {
    if (place === folder) await rmdir(await mkdtemp(join(folder, "doctor-")));
    else await access(place, constants.W_OK | constants.X_OK);
    if (isStore) refuseNetworkFileSystem(place);
  } catch (error) {
    if (error instanceof OperatorError) return [bad(about, error.message.slice(about.length + 2))];
    const advice = "let the user that Slipway runs as write there, or set DATA_DIR to another folder";
    return [bad(about, `${folder} cannot be written to (${describeError(error)})`, advice)];
  }
  const { bavail, bsize } = await statfs(place);
  const free = bavail * bsize;
  const room = `${folder} can be written to, and has ${bytesText(free)} of room`;
  const advice = "make room: dependencies, caches and releases are kept there";
  const found = place === folder ? await stat(folder) : null;
  const isOpen = found !== null && (found.mode & 0o007) !== 0;
  const isOthers = found !== null && found.uid !== process.getuid?.();
  return [
    free < LITTLE_BYTES
      ? bad(about, room, advice)
      : free < SCARCE_BYTES
        ? warning(about, room, advice)
        : good(about, room),
    ...(isOpen ? [warning(about, "other users of this machine can look into it", `chmod 700 ${folder}`)] : []),
    ...(isOthers
      ? [warning(about, "belongs to another user", "run slipway doctor as the user that Slipway runs as")]
      : []),
  ];
}

/** The folder, or the nearest one above it that exists. */
async function nearestFolder(folder: string): Promise<string> {
  const found = await stat(folder).catch(() => null);
  return found !== null || dirname(folder) === folder ? folder : nearestFolder(dirname(folder));
}

/** How much of the disk the caches of builds take, the largest first. */
export async function checkCaches(dataDir: string): Promise<Finding> {
  const sizes = (await summarizeCaches(join(dataDir, "cache"))).map(
    ({ site, dependencies, frameworks, downloads }) => ({
      site,
      bytes: dependencies + frameworks + downloads,
    }),
  );
  const shown = sizes.filter(({ bytes }) => bytes > 0).sort((a, b) => b.bytes - a.bytes);
  const list = shown.slice(0, 10).map(({ site, bytes }) => `${site} ${bytesText(bytes)}`);
  return note("caches", list.length === 0 ? "are empty" : `hold ${list.join(", ")}`);
}

/** Whether a Slipway runs on this data folder at present. */
export async function checkService(dataDir: string): Promise<Finding> {
  const isServed = await new Promise<boolean>((resolve) => {
    const socket = connect({ path: controlSocket(dataDir) });
    socket.once("connect", () => socket.end(() => resolve(true))).once("error", () => resolve(false));
  });
  return isServed ? good("service", "is running") : note("service", "is not running; slipway start runs it");
}

/** The oldest Node that runs TypeScript as Slipway is written (package.json, engines). */
const NODE = 24;
/** The oldest git that takes settings from GIT_CONFIG_COUNT (release notes of 2.31). */
const GIT = 2.31;

export async function checkPrograms(env: NodeJS.ProcessEnv): Promise<Finding[]> {
  const node = Number.parseInt(process.versions.node, 10);
  const [git, lfs] = await Promise.all([
    versionOf("git", ["--version"], env),
    versionOf("git", ["lfs", "version"], env),
  ]);
  return [
    node >= NODE ? good("Node", process.version) : bad("Node", `${process.version} is too old`, `install Node ${NODE}`),
    git === null
      ? bad("git", "is not installed", "apt-get install git, or the like")
      : isOlder(git, GIT)
        ? bad("git", `${git} is too old`, `install git ${GIT} or newer`)
        : good("git", git),
    lfs === null
      ? note("git-lfs", "is not installed; only repositories that use Git LFS need it")
      : good("git-lfs", lfs.split(" ")[0] ?? lfs),
  ];
}

function isOlder(version: string, wanted: number): boolean {
  const [, major = 0, minor = 0] = /(\d+)\.(\d+)/.exec(version)?.map(Number) ?? [];
  const [wantedMajor = 0, wantedMinor = 0] = String(wanted).split(".").map(Number);
  return major < wantedMajor || (major === wantedMajor && minor < wantedMinor);
}

/** The first line that the program prints; null where it is not there. */
async function versionOf(file: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<string | null> {
  try {
    const options = { env: { PATH: env.PATH }, timeout: 10_000 };
    const { stdout } = await promisify(execFile)(file, args, options);
    return stdout.split("\n")[0]?.trim() ?? "";
  } catch {
    return null;
  }
}

/** Only where a site is prerendered. */
export async function checkChromium({ sites }: Config, env: NodeJS.ProcessEnv): Promise<Finding[]> {
  const names = Object.keys(sites).filter((name) => sites[name]?.prerender !== undefined);
  if (names.length === 0) return [];
  const about = `Chromium, for ${names.join(", ")}`;
  try {
    return [good(about, await findChromium(null, env.PATH ?? ""))];
  } catch (error) {
    return [bad(about, describeError(error))];
  }
}
