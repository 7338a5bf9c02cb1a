/** Prints what was measured: seconds, where they went, and Slipway's goals. */
import type { Protocol } from "./servers.ts";
import type { SiteName } from "./sites.ts";
import { CASES, type Case, type Measured } from "./three-cases.ts";

export const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;

const isRight = (run: Measured): boolean => run.exitCode === 0 && run.wrong.length === 0;

const of = (runs: readonly Measured[], peer: string, which: Case): Measured[] =>
  runs.filter((run) => run.peer === peer && run.case === which);

export function printRuns(runs: readonly Measured[], protocol: Protocol): void {
  console.log(
    `\n${"peer".padEnd(18)}${CASES.map((which) => `${which} s`.padStart(10)).join("")}   (✗: the host is wrong after it)`,
  );
  for (const peer of new Set(runs.map((run) => run.peer))) {
    const cells = CASES.map((which) => {
      const all = of(runs, peer, which);
      const seconds = median(all.map((run) => run.seconds)).toFixed(2);
      return `${seconds}${all.every(isRight) ? "  " : " ✗"}`.padStart(12);
    });
    console.log(`${peer.padEnd(18)}${cells.join("")}`);
  }
  console.log("\nwhat crossed the link (the last run of each)");
  const head = ["control", "at once", "data", "commands", "packets", "MB up", "MB down", "client's CPU s"];
  console.log(`${"".padEnd(22)}${head.map((text) => text.padStart(10)).join("")}`);
  for (const peer of new Set(runs.map((run) => run.peer))) {
    for (const which of CASES) {
      const run = of(runs, peer, which).at(-1);
      if (!run) continue;
      const { control, controlPeak, data, commands, packets, bytesUp, bytesDown } = run.traffic;
      const mb = [bytesUp, bytesDown].map((bytes) => (bytes / 1e6).toFixed(1));
      const read = protocol === "ftp" ? commands : "–";
      const cells = [control, controlPeak, data, read, packets, ...mb, run.cpuSeconds.toFixed(2)];
      console.log(`${`${peer} ${which}`.padEnd(22)}${cells.map((text) => String(text).padStart(10)).join("")}`);
    }
  }
}

/** Bytes in the first flight of a TCP connection: 10 segments (RFC 6928) of 1448. */
const FIRST_FLIGHT = 14_480;

/**
 * The least time C0 takes on this link, all connections busy all the time. A file is EPSV, the connection for its data,
 * and data until the 226, one round trip each (RFC 959, RFC 2428; STOR rides along), one more for TLS, and one for each
 * further flight of slow start, which doubles (RFC 5681). A login takes about five. SFTP sends all files over one
 * connection: about seven to log in, two for the files, and slow start for all bytes at once.
 */
export function wireFloor(protocol: Protocol, sizes: readonly number[], rttMs: number, connections: number): number {
  const flights = (bytes: number) => Math.max(1, Math.ceil(Math.log2(bytes / FIRST_FLIGHT + 1)));
  const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);
  if (protocol === "sftp") return ((9 + flights(sum(sizes))) * rttMs) / 1000;
  const perFile = protocol === "ftps" ? 3 : 2;
  return ((5 + sum(sizes.map((size) => perFile + flights(size))) / connections) * rttMs) / 1000;
}

type Goal = {
  readonly site: SiteName;
  readonly protocols: readonly Protocol[];
  readonly case: Case;
  readonly us: string;
  readonly peer: string;
  readonly atMost: number;
};

/** What Slipway is meant to reach, as a share of the peer's time, on vsftpd or OpenSSH at 20 ms. */
const GOALS: readonly Goal[] = [
  { site: "s2", protocols: ["ftp"], case: "C0", us: "slipway8", peer: "lftp8", atMost: 0.5 },
  { site: "s2", protocols: ["ftp"], case: "C0", us: "slipway", peer: "lftp8", atMost: 0.75 },
  { site: "s2", protocols: ["ftp"], case: "C0", us: "slipway8", peer: "ftp-deploy", atMost: 0.09 },
  { site: "s2", protocols: ["ftp"], case: "C1", us: "slipway", peer: "ftp-deploy", atMost: 0.2 },
  { site: "s2", protocols: ["ftp"], case: "C2", us: "slipway", peer: "ftp-deploy", atMost: 0.3 },
  { site: "s1", protocols: ["ftp"], case: "C2", us: "slipway", peer: "ftp-deploy", atMost: 0.6 },
  { site: "s2", protocols: ["sftp"], case: "C0", us: "slipway", peer: "lftp8", atMost: 0.25 },
];

export function printGoals(runs: readonly Measured[], site: SiteName, protocol: Protocol): void {
  for (const goal of GOALS) {
    if (goal.site !== site || !goal.protocols.includes(protocol)) continue;
    const seconds = (peer: string) => median(of(runs, peer, goal.case).map((run) => run.seconds));
    const ratio = seconds(goal.us) / seconds(goal.peer);
    if (Number.isNaN(ratio)) continue;
    const right = of(runs, goal.us, goal.case).every(isRight);
    const verdict = !right ? "✗ the host is wrong" : ratio <= goal.atMost ? "reached" : "missed";
    console.log(`${goal.case}: ${goal.us} is ${ratio.toFixed(2)} × ${goal.peer}, goal ≤ ${goal.atMost}: ${verdict}`);
  }
}
