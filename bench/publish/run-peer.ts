/** Runs one publish as a process at the client's end of the link, and measures it. */
import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Link, Traffic } from "./link.ts";
import type { Command } from "./peers.ts";
import type { Server } from "./servers.ts";

export type Run = {
  /** Wall time of the whole process, its start included. */
  readonly seconds: number;
  /** Processor time of the client, to 10 ms. */
  readonly cpuSeconds: number;
  readonly traffic: Traffic;
  readonly exitCode: number | null;
  /** The end of what it printed. */
  readonly output: string;
};

export type Bench = { readonly link: Link; readonly server: Server };

/** A peer that takes longer is ended; its run counts as failed. */
const LIMIT_MS = 20 * 60_000;

export async function runPeer({ link, server }: Bench, { command, env }: Command): Promise<Run> {
  const home = join(server.work, "home");
  mkdirSync(home, { recursive: true });
  await link.traffic();
  const cpuBefore = childrenCpuSeconds();
  const startMs = performance.now();
  const [program, ...args] = link.at("client", command);
  const child = spawn(program, args, {
    cwd: home,
    env: { PATH: process.env.PATH, HOME: home, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: LIMIT_MS,
    killSignal: "SIGKILL",
  });
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => {
      output = (output + String(chunk)).slice(-3000);
    });
  }
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", resolve);
  });
  process.removeListener("exit", kill);
  const seconds = (performance.now() - startMs) / 1000;
  return { seconds, cpuSeconds: childrenCpuSeconds() - cpuBefore, traffic: await link.traffic(), exitCode, output };
}

/** Empties the host, and forgets what clients remembered of it. */
export function emptyHost({ root, work }: Server): void {
  for (const name of readdirSync(root)) rmSync(join(root, name), { recursive: true, force: true });
  for (const name of ["home", "state"]) rmSync(join(work, name), { recursive: true, force: true });
}

/** Of all children that have ended: cutime and cstime of proc(5), in ticks of 10 ms. */
function childrenCpuSeconds(): number {
  const stat = readFileSync("/proc/self/stat", "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[13]) + Number(fields[14])) / 100;
}
