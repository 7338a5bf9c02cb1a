/**
 * Builds in bubblewrap: processes, files and network of their own (bwrap(1)).
 *
 * Where Slipway is an ordinary user, a user namespace gives the rights to make them, and the build has none. Where it
 * is root, the build becomes the site's own user instead: the kernel's root may write all of /proc/sys whatever
 * namespace it is in, and is exempt from limits.
 */
import { release } from "node:os";
import { resolve } from "node:path";
import type { Environment } from "../process/environment.ts";
import { becomeUser, claimBuildUser, giveFolders, isRoot } from "./build-user.ts";
import { handEnvironment } from "./handed-environment.ts";
import type { Network } from "./network.ts";
import { needProgram, runTool, toolEnvironment } from "./programs.ts";
import { runLimited } from "./run-limited.ts";
import type { OpenSandboxOptions, Sandbox, SandboxedCommand } from "./sandbox.ts";
import { describeClosed, openSiteNetwork } from "./site-network.ts";
import { INSIDE_ID, type OwnFiles, parents, systemArguments, writeOwnFiles } from "./system-files.ts";
import { UnavailableError } from "./unavailable.ts";
import { argumentsOf, countWall } from "./walls.ts";

/** Throws UnavailableError, with what to do, when it cannot be had on this machine. */
export async function openBubblewrap(options: OpenSandboxOptions): Promise<Sandbox> {
  const { settings, site, dataDir, env } = options;
  const bwrap = needProgram("bwrap", env);
  const prlimit = needProgram("prlimit", env);
  const user = isRoot() ? { id: await claimBuildUser(dataDir, site), setpriv: needProgram("setpriv", env) } : null;
  const features = await readFeatures(bwrap, env);
  const network = await openSiteNetwork(options);
  try {
    const files = await writeOwnFiles({
      dataDir,
      site,
      owner: user?.id ?? null,
      nameserver: network.nameserver,
      names: network.names,
      env,
    });
    const world: World = { bwrap, prlimit, network, files, env, features, user };
    await probe(world);
    return {
      isolation: "bubblewrap",
      summary: `bubblewrap: own files, processes and network (${network.tool}); ${describeClosed(settings.allowHosts)}`,
      run: (command) => runInside(world, command),
      async close() {
        await network.close();
        await files.remove();
      },
    };
  } catch (error) {
    await network.close();
    throw error;
  }
}

type World = {
  readonly bwrap: string;
  readonly prlimit: string;
  readonly network: Network;
  readonly files: OwnFiles;
  readonly env: Environment;
  readonly features: ReadonlySet<string>;
  /** Whom a build becomes where Slipway is root. */
  readonly user: { readonly id: number; readonly setpriv: string } | null;
};

/** The options that this version knows; --disable-userns and --size are newer than those of older distributions. */
async function readFeatures(bwrap: string, env: Environment): Promise<ReadonlySet<string>> {
  const { text } = await runTool(bwrap, ["--help"], env);
  const features = new Set(text.match(/--[a-z][a-z0-9-]+/g) ?? []);
  // 0.5, of 2021: https://github.com/containers/bubblewrap/releases
  if (!features.has("--perms")) throw new UnavailableError("bubblewrap is too old", "install bubblewrap 0.5 or newer");
  return features;
}

/** Runs `true` in it. */
async function probe(world: World): Promise<void> {
  const args = insideArguments(world, { writable: [], readable: [], network: "internet", memoryBytes: 64 * 1024 ** 2 });
  const [file = "", ...rest] = [...world.network.enter, world.bwrap, ...args, "--", ...becoming(world), "/bin/true"];
  const { code, text } = await runTool(file, rest, world.env);
  if (code !== 0) throw new UnavailableError(`bubblewrap does not work here (${text})`, USER_NAMESPACES);
}

const USER_NAMESPACES =
  "unprivileged user namespaces have to be allowed: sysctl kernel.unprivileged_userns_clone=1 on older Debian, an " +
  "AppArmor profile for bwrap or kernel.apparmor_restrict_unprivileged_userns=0 on Ubuntu 24.04 and newer, and in " +
  "Docker --security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined " +
  "--device /dev/net/tun";

type Shown = Pick<SandboxedCommand, "writable" | "readable" | "network"> & { readonly memoryBytes: number };

/** All but the command itself. What is named last lies on top, so the build's own folders come after all others. */
function insideArguments({ files, features, user }: World, shown: Shown): readonly string[] {
  const { writable, readable, network, memoryBytes } = shown;
  // Their pages are memory, which counts for no process.
  const temporary = (path: string, parts: number) => [
    ...(features.has("--size") ? ["--size", String(Math.max(1024 ** 2, Math.floor(memoryBytes / parts)))] : []),
    ...["--perms", "1777", "--tmpfs", path],
  ];
  return [
    ...["--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try", "--hostname", "slipway"],
    ...(network === "none" ? ["--unshare-net"] : []),
    ...(user === null ? ownUser(features) : rightsToBecomeUser()),
    ...["--die-with-parent", "--new-session", "--clearenv", "--setenv", "PATH", "/usr/bin:/bin"],
    ...systemArguments(),
    // The kernel's own settings are not the build's, even if a future version ran it as root.
    ...["--proc", "/proc", "--ro-bind", "/proc/sys", "/proc/sys", "--dev", "/dev"],
    ...temporary("/dev/shm", 4),
    ...temporary("/tmp", 4),
    ...temporary("/run", 64),
    ...files.args,
    ...readable.flatMap((path) => [...parents(path), "--ro-bind", resolve(path), resolve(path)]),
    ...writable.flatMap((path) => [...parents(path), "--bind", resolve(path), resolve(path)]),
    // What bubblewrap made itself is memory too.
    ...["--remount-ro", "/dev", "--remount-ro", "/"],
  ];
}

function ownUser(features: ReadonlySet<string>): readonly string[] {
  const closed = features.has("--disable-userns") ? ["--disable-userns"] : [];
  return ["--unshare-user", ...closed, "--uid", String(INSIDE_ID), "--gid", String(INSIDE_ID), "--cap-drop", "ALL"];
}

function rightsToBecomeUser(): readonly string[] {
  return ["--cap-drop", "ALL", ...["SETUID", "SETGID", "SETPCAP"].flatMap((name) => ["--cap-add", `CAP_${name}`])];
}

function becoming({ user }: World): readonly string[] {
  return user === null ? [] : becomeUser(user.setpriv, user.id);
}

const ENTER_FOLDER = 'cd -- "$1" && shift && exec "$@"';

async function runInside(world: World, command: SandboxedCommand): Promise<void> {
  const { limits, writable } = command;
  if (world.user !== null) await giveFolders(writable, world.user.id, world.env);
  const { input, argv } = handEnvironment(command.env);
  const enter = command.network === "internet" ? world.network.enter : [];
  const sandbox = [world.bwrap, ...insideArguments(world, { ...command, memoryBytes: limits.memoryBytes })];
  const inner = [
    ...countProcesses(world, limits.processes),
    ...becoming(world),
    // Only by then: the folder is the build's own, and root without its rights may not enter it.
    ...["/bin/sh", "-c", ENTER_FOLDER, "sh", resolve(command.cwd)],
    ...argv,
    ...argumentsOf(command.command),
  ];
  await runLimited(command, [...enter, ...sandbox, "--", ...inner], {
    env: toolEnvironment(world.env),
    input,
    mark: null,
  });
}

/**
 * Since Linux 5.14 processes are counted for each user namespace by itself (ucounts); before, all those of Slipway's
 * user would count. A site's own user has no others.
 */
function countProcesses({ prlimit, user }: World, processes: number): readonly string[] {
  const [major = 0, minor = 0] = release().split(".").map(Number);
  return user === null && (major < 5 || (major === 5 && minor < 14)) ? [] : [prlimit, countWall(processes)];
}
