/**
 * Takes signed pushes over loopback, in interleaved rounds, with Slipway and with its peers, and prints ratios.
 * Server on core 0, load on core 1. Usage: npm run bench:ingest [-- --rounds 3 --seconds 8]
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import Database from "better-sqlite3";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    seconds: { type: "string", default: "8" },
    only: { type: "string" },
    servers: { type: "string" },
  },
});
const ROUNDS = Number(values.rounds);
const SECONDS = Number(values.seconds);
const SECRET = "a secret for the benchmark alone";
const PATH = "/api/github/webhooks";
const root = new URL("../../", import.meta.url).pathname;
const file = (path: string) => join(root, path);

type Shape = { seconds: number; connections: number; mode: "unique" | "dup"; rate: number };
type Result = { sent: number; refused: number; perSecond: number; p50: number; p99: number };

const servers: Record<string, { args: string[]; env?: Record<string, string> }> = {
  slipway: { args: [file("src/main.ts"), "start"] },
  ceiling: { args: [file("bench/ingest/servers/ceiling.ts")] },
  probot: { args: [file("bench/ingest/servers/probot.ts")] },
  "probot + durable insert": { args: [file("bench/ingest/servers/probot.ts")], env: { DURABLE: "1" } },
};

type Running = { child: ChildProcess; folder: string; port: number; readyMs: number; stop(): Promise<void> };

/** Below the range that outgoing connections take their ports from. */
let lastPort = 21_000 + (process.pid % 1000) * 10;

/** Starts a server on core 0 with an empty data folder, and waits until it is ready. */
async function startServer(name: string): Promise<Running> {
  const server = servers[name];
  if (!server) throw new Error(`no server ${name}`);
  const folder = mkdtempSync(join(tmpdir(), "slipway-bench-"));
  const config = join(folder, "slipway.yaml");
  writeFileSync(config, "sites: { docs: { repo: Codertocat/Hello-World, branch: main, publish: 'dir:/nowhere' } }\n");
  const port = ++lastPort;
  const startMs = performance.now();
  const child = spawn("taskset", ["-c", "0", process.execPath, ...server.args], {
    cwd: folder,
    stdio: ["ignore", "pipe", "inherit"],
    env: {
      PATH: process.env.PATH,
      WEBHOOK_SECRET: SECRET,
      PORT: String(port),
      HOST: "127.0.0.1",
      DATA_DIR: folder,
      SLIPWAY_CONFIG: config,
      NODE_ENV: "production",
      NO_SMEE_SETUP: "true",
      ...server.env,
    },
  });
  // Slipway and Probot log, at their default level, as in production, and somebody reads it.
  const ready = new Promise<void>((resolve, reject) => {
    child.stdout?.on("data", (chunk: Buffer) => {
      if (/\bready\b/.test(chunk.toString())) resolve();
    });
    child.once("exit", (code) => reject(new Error(`${name} ended with ${code}`)));
  });
  await ready;
  const readyMs = performance.now() - startMs;
  return {
    child,
    folder,
    port,
    readyMs,
    async stop() {
      child.removeAllListeners("exit");
      const gone = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), 3000);
      if (child.exitCode === null && child.signalCode === null) await gone;
      clearTimeout(timer);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Lets the generator, on core 1, shoot at a server. */
function load(port: number, shape: Shape): Result {
  const { seconds, connections, mode, rate } = shape;
  const args = [port, PATH, SECRET, seconds, connections, mode, rate].map(String);
  const command = ["-c", "1", process.execPath, file("bench/ingest/generator.ts"), ...args];
  return JSON.parse(execFileSync("taskset", command, { encoding: "utf8", maxBuffer: 1e8 })) as Result;
}

const BURST: Shape = { seconds: SECONDS, connections: 50, mode: "unique", rate: 0 };
const median = (numbers: number[]) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;

async function compare(title: string, names: string[], shape: Shape): Promise<Map<string, Result[]>> {
  const results = new Map<string, Result[]>(names.map((name) => [name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const name of names) {
      const server = await startServer(name);
      load(server.port, { ...shape, seconds: 2 });
      const result = load(server.port, shape);
      results.get(name)?.push(result);
      const { perSecond, p50, p99 } = result;
      console.error(`${name}: ${perSecond.toFixed(0)}/s, p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`);
      await server.stop();
    }
  }
  console.log(`\n${title} (median of ${ROUNDS} rounds of ${shape.seconds} s)`);
  const ours = median(results.get("slipway")?.map((it) => it.perSecond) ?? []);
  for (const [name, rounds] of results) {
    const perSecond = median(rounds.map((it) => it.perSecond));
    const refused = rounds.reduce((sum, it) => sum + it.refused, 0);
    const p50 = median(rounds.map((it) => it.p50)).toFixed(1);
    const p99 = median(rounds.map((it) => it.p99)).toFixed(1);
    const ratio = name === "slipway" ? "" : `  Slipway is ${(ours / perSecond).toFixed(2)} ×`;
    console.log(
      `  ${name.padEnd(24)} ${perSecond.toFixed(0).padStart(7)}/s  p50 ${p50} ms  p99 ${p99} ms  refused ${refused}${ratio}`,
    );
  }
  return results;
}

/** From the first receipt to the last delivery done, for one burst. */
async function sustained(): Promise<void> {
  const server = await startServer("slipway");
  const startMs = performance.now();
  const { sent } = load(server.port, BURST);
  const database = new Database(join(server.folder, "slipway.db"), { readonly: true });
  const waiting = database.prepare("SELECT count(*) AS count FROM deliveries WHERE state = 'received'");
  const left = (waiting.get() as { count: number }).count;
  while ((waiting.get() as { count: number }).count > 0) await new Promise((resolve) => setTimeout(resolve, 50));
  const seconds = (performance.now() - startMs) / 1000;
  database.close();
  console.log(
    `\nreceipt to done: ${sent} deliveries in ${seconds.toFixed(1)} s, ${(sent / seconds).toFixed(0)}/s (${left} were waiting when the burst ended)`,
  );
  await server.stop();
}

async function startUp(): Promise<void> {
  const ready: number[] = [];
  const memory: number[] = [];
  for (let round = 0; round < 5; round++) {
    const server = await startServer("slipway");
    ready.push(server.readyMs);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const status = readFileSync(`/proc/${server.child.pid}/status`, "utf8");
    memory.push(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024);
    await server.stop();
  }
  console.log(`\nstart to ready: ${median(ready).toFixed(0)} ms; idle memory: ${median(memory).toFixed(0)} MB`);
}

if (cpus().length < 2) throw new Error("needs two cores: one for the server, one for the load");
const all = values.servers ? values.servers.split(",") : Object.keys(servers);
if (!values.only || values.only === "burst") await compare("unique deliveries, 50 connections", all, BURST);
if (!values.only || values.only === "dup")
  await compare("half of them duplicates", ["slipway", "ceiling", "probot"], { ...BURST, mode: "dup" });
if (!values.only || values.only === "steady") {
  await compare("a steady 100/s", ["slipway", "ceiling"], { ...BURST, connections: 10, rate: 100 });
}
if (!values.only || values.only === "sustained") await sustained();
if (!values.only || values.only === "start") await startUp();
