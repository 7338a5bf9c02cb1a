/**
 * Publishes generated sites over a link with a fixed round-trip time, with Slipway and with its peers, and prints
 * seconds, what crossed the link, and ratios. Needs root's rights, a C compiler, scripts/fetch-ftp-servers.sh, and
 * lftp and rclone for those two; Slipway is run as `npm run build` left it in dist/, or from the file in SLIPWAY_MAIN.
 *
 *     node bench/publish/run.ts [--site s1|s2] [--peers slipway,lftp8,…] [--protocol ftp|ftps|sftp]
 *       [--server vsftpd|proftpd|pure-ftpd] [--rtt 20] [--rounds 1] [--json FILE] [--trace FILE]
 *     node bench/publish/run.ts --case click [--protocol …] [--server …] [--rtt 50] [--rounds 3]
 *     node bench/publish/run.ts --case rollback50|window|planning [--peers slipway] [--protocol …] [--server …] [--rtt 50] [--rounds 3]
 */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { openLink } from "./link.ts";
import { installPeers, PEERS, type Peer } from "./peers.ts";
import { printPlanning } from "./planning.ts";
import type { Bench } from "./run-peer.ts";
import { type Protocol, portOf, type ServerName, startServer } from "./servers.ts";
import { describeSite, firstBuild, type SiteName } from "./sites.ts";
import { printGoals, printRuns, wireFloor } from "./table.ts";
import { type Measured, runCases } from "./three-cases.ts";
import { rollback50, visibleWindow } from "./window.ts";

const { values } = parseArgs({
  options: {
    case: { type: "string", default: "publish" },
    site: { type: "string", default: "s1" },
    peers: { type: "string" },
    protocol: { type: "string", default: "ftp" },
    server: { type: "string" },
    rtt: { type: "string" },
    rounds: { type: "string" },
    json: { type: "string" },
    trace: { type: "string" },
  },
});

function oneOf<T extends string>(option: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((it) => it === value);
  if (found === undefined) throw new Error(`--${option} is one of ${allowed.join(", ")}`);
  return found;
}

const what = oneOf("case", values.case, ["publish", "rollback50", "click", "window", "planning"]);
const site = oneOf<SiteName>("site", values.site, ["s1", "s2"]);
const protocol = oneOf<Protocol>("protocol", values.protocol, ["ftp", "ftps", "sftp"]);
const ftpServers: readonly ServerName[] = ["vsftpd", "proftpd", "pure-ftpd"];
const servers = protocol === "sftp" ? (["openssh"] as const) : ftpServers;
const serverName = oneOf<ServerName>("server", values.server ?? servers[0] ?? "", servers);
const rttMs = Number(values.rtt ?? (what === "publish" ? 20 : 50));
const rounds = Number(values.rounds ?? (what === "publish" ? 1 : 3));

/** ssh2-sftp-client sends one file at a time and takes nine minutes for S2; lftp1 even longer: only when asked for. */
const usual = ["slipway", "slipway8", "ftp-deploy", "lftp8", "rclone8"];
const peers = (values.peers?.split(",") ?? usual).filter((name) => {
  const peer = PEERS[name];
  if (!peer) throw new Error(`--peers are of ${Object.keys(PEERS).join(", ")}`);
  return peer.protocols.includes(protocol);
});

async function publishAll(bench: Bench): Promise<Measured[]> {
  installPeers();
  const runs: Measured[] = [];
  const onRun = (run: Measured) => {
    runs.push(run);
    const right = run.exitCode === 0 && run.wrong.length === 0;
    console.error(`${run.peer} ${run.case}: ${run.seconds.toFixed(2)} s${right ? "" : " ✗"}`);
    if (!right) {
      console.error(`  exit ${run.exitCode}; ${run.wrong.length} wrong: ${run.wrong.slice(0, 4).join(", ")}`);
      console.error(run.output.trim().split("\n").slice(-4).join("\n").replace(/^/gm, "  | "));
    }
  };
  for (let round = 0; round < rounds; round++) for (const peer of peers) await runCases(bench, peer, site, onRun);
  return runs;
}

async function withBench<T>(work: (bench: Bench) => Promise<T>): Promise<T> {
  const link = await openLink(rttMs, portOf(protocol), values.trace);
  try {
    const server = await startServer(link, serverName, protocol);
    try {
      console.log(
        `${protocol} to ${serverName}, round trip ${rttMs} ms (measured ${link.measure(server.port)}), TCP ${link.congestion}`,
      );
      return await work({ link, server });
    } finally {
      await server.stop();
    }
  } finally {
    await link.close();
  }
}

for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

/** The whole service at the client's end, with a Slack beside it. */
async function clickToLive({ link, server }: Bench): Promise<void> {
  const program = fileURLToPath(new URL("click-live.ts", import.meta.url));
  const [command, ...args] = link.at("client", [process.execPath, program, JSON.stringify(server), String(rounds)]);
  execFileSync(command, args, { stdio: "inherit" });
}

if (what === "planning") printPlanning();
else if (what === "click") await withBench(clickToLive);
else if (what !== "publish") {
  installPeers();
  const measure = { rollback50, window: visibleWindow }[what];
  await withBench(async (bench) => {
    for (const name of values.peers ? peers : ["slipway"]) {
      console.log(name);
      await measure(bench, PEERS[name] as Peer, rounds);
    }
  });
} else {
  const files = firstBuild(site);
  console.log(`${site}: ${describeSite(files)}; ${rounds} round(s)`);
  const runs = await withBench(publishAll);
  printRuns(runs, protocol);
  const sizes = [...files.values()].map((file) => file.size);
  const floors = (protocol === "sftp" ? [1] : [1, 6, 8]).map(
    (n) => `${wireFloor(protocol, sizes, rttMs, n).toFixed(2)} s with ${n}`,
  );
  console.log(`\nround trips alone make C0 take, by the number of connections: ${floors.join(", ")}`);
  printGoals(runs, site, protocol);
  if (values.json)
    writeFileSync(values.json, JSON.stringify({ site, protocol, server: serverName, rttMs, runs }, null, 1));
}
