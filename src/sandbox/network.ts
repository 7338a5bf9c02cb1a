/**
 * A network of a build's own: the internet by slirp4netns or pasta, without this machine and its neighbours.
 *
 * A holder makes the namespaces and keeps them; its rights there end where builds begin, since a build runs in a user
 * namespace below the holder's, or as a user without rights. What is closed is closed by routes of the namespace
 * (ip-route(8), "prohibit"). A socket that is bound to the device (SO_BINDTODEVICE, allowed to everybody since Linux 5.7)
 * goes round routes, because the kernel then takes any address for a neighbour's; so the device knows one neighbour for
 * good, the gateway, and may not ask for others.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { networkInterfaces } from "node:os";
import { describeError } from "../errors.ts";
import type { Environment } from "../process/environment.ts";
import { killGroup } from "../process/run-command.ts";
import { planRoutes } from "./addresses.ts";
import { isRoot } from "./build-user.ts";
import type { OpenedHosts } from "./opened-hosts.ts";
import { findProgram, missingProgram, needProgram, toolEnvironment } from "./programs.ts";
import { UnavailableError } from "./unavailable.ts";

/** Both programs give the same layout. Of the benchmark range (RFC 2544), which nobody's machines have. */
const NETWORK = "198.18.77.0/24";
const GATEWAY = "198.18.77.2";
const NAMESERVER = "198.18.77.3";
const ADDRESS = "198.18.77.100";
const DEVICE = "tap0";

export type NetworkTool = "slirp4netns" | "pasta";

export type Network = {
  readonly tool: NetworkTool;
  /** Begins an argument list for what shall run in it. */
  readonly enter: readonly string[];
  /** For /etc/resolv.conf. It asks whom this machine asks, wherever that one is. */
  readonly nameserver: string;
  close(): Promise<void>;
};

export type NetworkOptions = {
  readonly env: Environment;
  readonly opened: OpenedHosts;
  /** For tests; default is what is installed. */
  readonly tool?: NetworkTool;
};

/** This machine's own IPv4 addresses, without those of its loopback. */
export function findOwnAddresses(): readonly string[] {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return [
    ...new Set(all.filter(({ family, internal }) => family === "IPv4" && !internal).map(({ address }) => address)),
  ];
}

function findNetworkTool(env: Environment): NetworkTool | undefined {
  return (["slirp4netns", "pasta"] as const).find((name) => findProgram(name, env) !== undefined);
}

/** Makes the network and waits until it is ready. Throws UnavailableError. */
export async function openNetwork({ env, opened, tool }: NetworkOptions): Promise<Network> {
  const chosen = tool ?? findNetworkTool(env);
  if (chosen === undefined) throw missingProgram("slirp4netns");
  const ip = needProgram("ip", env);
  const enterer = needProgram("nsenter", env);
  // A user namespace around it gives an ordinary user the rights for it. pasta gives up root's before it opens the
  // namespace of a process, and gets in by that one too.
  const namespaces = !isRoot() || chosen === "pasta" ? ["--user", "--map-root-user", "--net"] : ["--net"];
  const holder = start(
    needProgram("unshare", env),
    [...namespaces, "/bin/sh", "-c", HOLD, "sh", ip, setup(opened)],
    env,
  );
  let plug: Started | undefined;
  try {
    await holder.said("made");
    const args = chosen === "pasta" ? pastaArguments(holder.pid) : slirpArguments(holder.pid);
    plug = start("/bin/sh", ["-c", ATTEND, "sh", needProgram(chosen, env), ...args], env);
    await Promise.race([holder.said("ready"), plug.ended]);
  } catch (error) {
    await Promise.all([holder.stop(), plug?.stop()]);
    const text = plug?.text() || describeError(error);
    throw new UnavailableError(
      `a network of its own could not be made (${text.replace(/\s+/g, " ").trim().slice(-300)})`,
      adviceFor(text),
      { cause: error },
    );
  }
  const user = isRoot() ? [] : ["--user", "--preserve-credentials"];
  const opening = plug;
  return {
    tool: chosen,
    enter: [enterer, "--target", String(holder.pid), ...user, "--net", "--"],
    nameserver: NAMESERVER,
    async close() {
      await Promise.all([opening.stop(), holder.stop()]);
    },
  };
}

/** Keeps the namespaces until its input closes, which it does also when whoever holds the other end is killed. */
const HOLD = `
echo made
until [ -d /proc/sys/net/ipv4/conf/${DEVICE} ]; do sleep 0.005; done
off=/proc/sys/net/ipv6/conf/${DEVICE}/disable_ipv6
[ ! -e $off ] || echo 1 >$off || exit 1
# The other end learns our hardware address when the device comes up, since it is never asked for its own.
echo 1 >/proc/sys/net/ipv4/conf/${DEVICE}/arp_notify || exit 1
for probes in mcast_solicit ucast_solicit app_solicit; do
  echo 0 >/proc/sys/net/ipv4/neigh/${DEVICE}/$probes || exit 1
done
printf '%s' "$2" | "$1" -batch - || exit 1
echo ready
read -r _
`;

/** Runs a program until it ends, or its own input closes. */
const ATTEND = `
exec 3<&0
"$@" </dev/null 3<&- &
pid=$!
{ read -r _ <&3; kill -KILL $pid; } &
reader=$!
wait $pid
code=$?
kill -KILL $reader
exit $code
`;

/** Lines for `ip -batch`. The gateway's hardware address is arbitrary: neither program looks at it. */
function setup(opened: OpenedHosts): string {
  const { closed, open } = planRoutes(opened.ranges, findOwnAddresses());
  // "onlink", so that the gateway itself needs no route: it is closed like all others.
  const through = `via ${GATEWAY} dev ${DEVICE} onlink`;
  const lines = [
    "link set lo up",
    `addr add ${ADDRESS}/32 dev ${DEVICE}`,
    `link set ${DEVICE} mtu 1500 up`,
    `neigh replace ${GATEWAY} lladdr 02:00:00:00:00:01 dev ${DEVICE} nud permanent`,
    ...closed.map((range) => `route replace prohibit ${range}`),
    `route replace ${NAMESERVER}/32 ${through}`,
    ...open.map((range) => `route replace ${range} ${through}`),
    `route replace default ${through}`,
    ...opened.ports
      .filter(({ address }) => !address.startsWith("127."))
      .map(({ address }) => `addr replace ${address}/32 dev lo`),
  ];
  return `${lines.join("\n")}\n`;
}

/** https://github.com/rootless-containers/slirp4netns, "Security". Of its addresses, .2 and .3 are fixed. */
function slirpArguments(pid: number): readonly string[] {
  const safety = ["--disable-host-loopback", "--enable-sandbox", "--enable-seccomp"];
  return [...safety, `--cidr=${NETWORK}`, String(pid), DEVICE];
}

/** passt(1). Without the four "none" it forwards ports between the two loopbacks. */
function pastaArguments(pid: number): readonly string[] {
  const layout = ["--address", ADDRESS, "--netmask", "24", "--gateway", GATEWAY, "--dns-forward", NAMESERVER];
  const closed = ["--no-map-gw", ..."tuTU".split("").flatMap((direction) => [`-${direction}`, "none"])];
  // As root it would become "nobody", who may not enter root's namespaces; it gives up its rights by itself.
  const runAs = isRoot() ? ["--runas", "0:0"] : [];
  const general = ["--foreground", "--ipv4-only", "--quiet", "--ns-ifname", DEVICE];
  return [...general, ...runAs, ...layout, ...closed, String(pid)];
}

type Started = {
  readonly pid: number;
  /** Resolves when the program says the word, rejects when it ends or takes too long. */
  said(word: string): Promise<void>;
  /** Rejects when it ends. */
  readonly ended: Promise<never>;
  text(): string;
  stop(): Promise<void>;
};

const READY_WITHIN_MS = 10_000;

/** In a process group of its own, so that a terminal's Ctrl-C does not reach it before the build's end. */
function start(file: string, args: readonly string[], env: Environment): Started {
  const child = spawn(file, args, { env: toolEnvironment(env), cwd: "/", detached: true, stdio: "pipe" });
  let text = "";
  const keep = (chunk: string) => {
    text = (text + chunk).slice(-2000);
  };
  child.stdout.setEncoding("utf8").on("data", keep);
  child.stderr.setEncoding("utf8").on("data", keep);
  child.stdin.on("error", () => {});
  const gone = whenGone(child);
  const ended = gone.then((how) => {
    throw new Error(`${how}: ${text.replace(/^made\n/, "")}`);
  });
  ended.catch(() => {});
  return {
    pid: child.pid ?? 0,
    ended,
    text: () => text,
    said(word) {
      let timer: NodeJS.Timeout | undefined;
      const waited = new Promise<void>((resolve, reject) => {
        const look = () => {
          if (text.split("\n").includes(word)) resolve();
        };
        child.stdout.on("data", look);
        look();
        timer = setTimeout(() => reject(new Error(`not "${word}" within 10 seconds`)), READY_WITHIN_MS);
      });
      return Promise.race([waited, ended]).finally(() => clearTimeout(timer));
    },
    async stop() {
      if (child.pid !== undefined) killGroup(child.pid, "SIGKILL");
      await gone;
    },
  };
}

function whenGone(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once("error", (error) => resolve(describeError(error)));
    child.once("exit", (code, signal) => resolve(`ended with ${signal ?? `exit code ${code}`}`));
  });
}

/** What is usually behind a failure. The words are only a hint for people; nothing is decided by them. */
function adviceFor(text: string): string {
  if (/dev\/net\/tun/.test(text)) return "let Slipway's user open /dev/net/tun (in a container: --device /dev/net/tun)";
  return "see what docs/building.md says about user namespaces";
}
