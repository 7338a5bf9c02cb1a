/** Builds as a user of their own, where Slipway is root and bubblewrap is not to be had. */
import { randomUUID } from "node:crypto";
import { dirname, resolve } from "node:path";
import type { Environment } from "../process/environment.ts";
import { becomeUser, claimBuildUser, closeDataFolder, giveFolders, isRoot } from "./build-user.ts";
import { handEnvironment } from "./handed-environment.ts";
import type { Network } from "./network.ts";
import { MARK } from "./none.ts";
import { findProgram, needProgram, runTool, toolEnvironment } from "./programs.ts";
import { runLimited } from "./run-limited.ts";
import type { OpenSandboxOptions, Sandbox, SandboxedCommand } from "./sandbox.ts";
import { describeClosed, openSiteNetwork } from "./site-network.ts";
import { type OwnFiles, writeOwnFiles } from "./system-files.ts";
import { UnavailableError } from "./unavailable.ts";
import { argumentsOf, countWall } from "./walls.ts";

/** Throws UnavailableError, with what to do, when it cannot be had on this machine. */
export async function openUser(options: OpenSandboxOptions): Promise<Sandbox> {
  const { site, dataDir, env } = options;
  if (!isRoot()) throw new UnavailableError("only root can run builds as another user", "start Slipway as root");
  const setpriv = needProgram("setpriv", env);
  const prlimit = needProgram("prlimit", env);
  const id = await claimBuildUser(dataDir, site);
  await probe(dataDir, becomeUser(setpriv, id), env);
  const namespaces = await findNamespaces(env);
  const { network, files, reach } = await openReach(options, id, namespaces !== null);
  const world: World = { id, setpriv, prlimit, network, files, namespaces, dataDir, env };
  return {
    isolation: "user",
    summary: `user: user id ${id}, ${namespaces === null ? "" : "own processes, "}${reach}`,
    run: (command) => runAsUser(world, command),
    async close() {
      await network?.close();
      await files?.remove();
    },
  };
}

/** A network of its own, where it can be had: its name service needs an /etc/resolv.conf of its own, and so a mount. */
async function openReach(options: OpenSandboxOptions, owner: number, hasMounts: boolean) {
  const { settings, site, dataDir, env } = options;
  if (!hasMounts) return { network: null, files: null, reach: "the network is open: this machine forbids namespaces" };
  try {
    const network = await openSiteNetwork(options);
    const files = await writeOwnFiles({
      dataDir,
      site,
      owner,
      nameserver: network.nameserver,
      names: network.names,
      env,
    });
    return { network, files, reach: `own network (${network.tool}); ${describeClosed(settings.allowHosts)}` };
  } catch (error) {
    if (!(error instanceof UnavailableError)) throw error;
    return { network: null, files: null, reach: `the network is open: ${error.message}` };
  }
}

type World = {
  readonly id: number;
  readonly setpriv: string;
  readonly prlimit: string;
  readonly network: Network | null;
  readonly files: OwnFiles | null;
  /** Arguments that begin processes of their own; null where the machine forbids it, as most containers do. */
  readonly namespaces: readonly string[] | null;
  readonly dataDir: string;
  readonly env: Environment;
};

async function probe(dataDir: string, become: readonly string[], env: Environment): Promise<void> {
  const [file = "", ...args] = become;
  const works = await runTool(file, [...args, "/bin/true"], env);
  if (works.code !== 0) {
    throw new UnavailableError(
      `changing to another user does not work (${works.text})`,
      "give Slipway CAP_SETUID and CAP_SETGID",
    );
  }
  const above = dirname(resolve(dataDir));
  if ((await runTool(file, [...args, "/usr/bin/test", "-x", above], env)).code === 0) return;
  throw new UnavailableError(
    `other users may not pass through ${above}`,
    "set DATA_DIR to a folder such as /var/lib/slipway",
  );
}

/** unshare(1): what it started is killed when it ends, and all of a PID namespace ends with its first process. */
async function findNamespaces(env: Environment): Promise<readonly string[] | null> {
  const unshare = findProgram("unshare", env);
  if (unshare === undefined) return null;
  const args = ["--pid", "--fork", "--kill-child", "--mount-proc", "--ipc", "--uts"];
  const { code } = await runTool(unshare, [...args, "--", "/bin/true"], env);
  return code === 0 ? [unshare, ...args] : null;
}

/**
 * With mounts of its own, still as root: the name service is the sandbox's. A network namespace begins with its
 * loopback down.
 */
const ENTER = `
for name in resolv.conf hosts; do [ -z "$1" ] || mount --bind "$1/$name" "/etc/$name" || exit 1; done
[ -z "$2" ] || "$2" link set lo up || exit 1
shift 2
exec "$@"
`;

async function runAsUser(world: World, command: SandboxedCommand): Promise<void> {
  const { id, setpriv, prlimit, network, files, namespaces, dataDir, env } = world;
  const { limits, writable } = command;
  await closeDataFolder(dataDir, command);
  await giveFolders(writable, id, env);
  const mark = namespaces === null ? randomUUID() : null;
  const { input, argv } = handEnvironment(mark === null ? command.env : { ...command.env, [MARK]: mark });
  const isAlone = command.network === "none";
  const mounts = ["/bin/sh", "-c", ENTER, "sh", files?.folder ?? "", isAlone ? needProgram("ip", env) : ""];
  await runLimited(
    command,
    [
      // The namespaces' own first process dies with this one; without them only this one does.
      ...[setpriv, "--pdeathsig", "KILL", "--"],
      ...(isAlone ? [] : (network?.enter ?? [])),
      ...(namespaces === null ? [] : [...namespaces, ...(isAlone ? ["--net"] : []), "--", ...mounts]),
      ...[prlimit, countWall(limits.processes)],
      ...becomeUser(setpriv, id),
      ...argv,
      ...argumentsOf(command.command),
    ],
    { env: toolEnvironment(env), input, mark: mark === null ? null : `${MARK}=${mark}` },
  );
}
