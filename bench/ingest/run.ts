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
import type { Sender } from "./payloads.ts";

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
/** Of the source that slipway.yaml declares. */
const GENERIC_SECRET = `whsec_${Buffer.from("a secret for the benchmark").toString("base64")}`;
const PATHS = { github: "/api/github/webhooks", generic: "/hooks/generic" } as const;
const root = new URL("../../", import.meta.url).pathname;
const file = (path: string) => join(root, path);

type Shape = { seconds: number; connections: number; mode: "unique" | "dup"; rate: number; sender?: Sender };
type Result = { sent: number; refused: number; perSecond: number; p50: number; p99: number };

const servers: Record<string, { args: string[]; env?: Record<string, string> }> = {
  slipway: { args: [file("src/main.ts"), "start"] },
  ceiling: { args: [file("bench/ingest/servers/ceiling.ts")] },
  probot: { args: [file("bench/ingest/servers/probot.ts")] },
  "probot + durable insert": { args: [file("bench/ingest/servers/probot.ts")], env: { DURABLE: "1" } },
};

type Running = { child: ChildProcess; folder: string; port: number; readyMs: number; stop(): Promise<void> };

const CONFIG = `
sites: { docs: { repo: Codertocat/Hello-World, branch: main, publish: "dir:/nowhere" } }
sources: { generic: { kind: standard-webhooks, secret: "env:GENERIC_SECRET", routes: [{ store: true }] } }
`;

/** Below the range that outgoing connections take their ports from. */
let lastPort = 21_000 + (process.pid % 1000) * 10;

/** Starts a server on core 0 with an empty data folder, and waits until it is ready. */
async function startServer(name: string): Promise<Running> {
  const server = servers[name];
  if (!server) throw new Error(`no server ${name}`);
  const folder = mkdtempSync(join(tmpdir(), "slipway-bench-"));
  const config = join(folder, "slipway.yaml");
  writeFileSync(config, CONFIG);
  const port = ++lastPort;
  const startMs = performance.now();
  const child = spawn("taskset", ["-c", "0", process.execPath, ...server.args], {
    cwd: folder,
    stdio: ["ignore", "pipe", "inherit"],
    env: {
      PATH: process.env.PATH,
      WEBHOOK_SECRET: SECRET,
      GENERIC_SECRET,
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
  const { seconds, connections, mode, rate, sender = "github" } = shape;
  const secret = sender === "github" ? SECRET : GENERIC_SECRET;
  const args = [port, PATHS[sender], secret, seconds, connections, mode, rate, sender].map(String);
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

/** Waits until no delivery waits any more; answers with how many did at first. */
async function workedOff(server: Running): Promise<number> {
  const database = new Database(join(server.folder, "slipway.db"), { readonly: true });
  const waiting = database.prepare("SELECT count(*) AS count FROM deliveries WHERE state = 'received'");
  const left = (waiting.get() as { count: number }).count;
  while ((waiting.get() as { count: number }).count > 0) await new Promise((resolve) => setTimeout(resolve, 50));
  database.close();
  return left;
}

/** From the first receipt to the last delivery done, for one burst. */
async function sustained(): Promise<void> {
  const server = await startServer("slipway");
  const startMs = performance.now();
  const { sent } = load(server.port, BURST);
  const left = await workedOff(server);
  const seconds = (performance.now() - startMs) / 1000;
  console.log(
    `\nreceipt to done: ${sent} deliveries in ${seconds.toFixed(1)} s, ${(sent / seconds).toFixed(0)}/s (${left} were waiting when the burst ended)`,
  );
  await server.stop();
}

/** A source that is declared, beside GitHub's: the same bytes, signed as Standard Webhooks says. */
async function generic(): Promise<void> {
  const rates: Record<Sender, number[]> = { github: [], generic: [] };
  let refused = 0;
  for (let round = 0; round < ROUNDS; round++) {
    for (const sender of ["github", "generic"] as const) {
      const server = await startServer("slipway");
      load(server.port, { ...BURST, sender, seconds: 2 });
      const result = load(server.port, { ...BURST, sender });
      rates[sender].push(result.perSecond);
      refused += result.refused;
      await server.stop();
    }
  }
  const [github, declared] = [median(rates.github), median(rates.generic)];
  console.log(`\na declared source beside GitHub's (median of ${ROUNDS} rounds of ${SECONDS} s)`);
  console.log(
    `  GitHub ${github.toFixed(0)}/s, declared ${declared.toFixed(0)}/s: ${(declared / github).toFixed(2)} ×; refused ${refused}`,
  );
}

const memoryOf = ({ child }: Running) =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1]) / 1024;

/** What runs on core 1 beside the load: nothing, another process that takes half of the core, or a flood. */
const BESIDE = {
  alone: null,
  "beside a busy loop": ["-e", "for (;;);"],
  "unsigned flood": "unsigned",
  "forged flood": "forged",
} as const;

type Flood = { sent: number; perSecond: number; statuses: Record<string, number> };

/** Runs it on core 1 while `work` does; answers with what a flood counted. */
async function beside<T>(server: Running, other: (typeof BESIDE)[keyof typeof BESIDE], seconds: number, work: () => T) {
  if (other === null) return { result: work(), flood: null };
  const isFlood = typeof other === "string";
  const flooding = [file("bench/ingest/flood.ts"), server.port, PATHS.generic, seconds, 50, other].map(String);
  const command = ["-c", "1", process.execPath, ...(isFlood ? flooding : other)];
  const child = spawn("taskset", command, { stdio: ["ignore", "pipe", "inherit"] });
  let out = "";
  child.stdout.on("data", (chunk: Buffer) => {
    out += chunk;
  });
  const ended = new Promise((resolve) => child.once("close", resolve));
  await new Promise((resolve) => setTimeout(resolve, 500));
  const result = work();
  if (!isFlood) child.kill("SIGKILL");
  await ended;
  return { result, flood: isFlood ? (JSON.parse(out) as Flood) : null };
}

/** Verified deliveries from GitHub while others send what nobody signed to the declared source, and the memory after it. */
async function flood(): Promise<void> {
  const server = await startServer("slipway");
  load(server.port, { ...BURST, seconds: 2 });
  console.log(`\nverified deliveries beside a flood (${ROUNDS} rounds of ${SECONDS} s each; one server)`);
  for (const [title, shape] of [
    ["as fast as it goes", BURST],
    ["a steady 100/s", { ...BURST, connections: 10, rate: 100 }],
  ] as const) {
    for (const [name, other] of Object.entries(BESIDE)) {
      const rounds: Array<{ result: Result; flood: Flood | null }> = [];
      for (let round = 0; round < ROUNDS; round++)
        rounds.push(await beside(server, other, SECONDS + 1, () => load(server.port, shape)));
      const [perSecond = 0, p50 = 0, p99 = 0] = (["perSecond", "p50", "p99"] as const).map((key) =>
        median(rounds.map(({ result }) => result[key])),
      );
      const refused = rounds.reduce((sum, { result }) => sum + result.refused, 0);
      const floods = rounds.flatMap((it) => it.flood ?? []);
      const answers =
        floods.length > 0
          ? `; flood ${median(floods.map((it) => it.perSecond)).toFixed(0)}/s, answered ${JSON.stringify(floods.at(-1)?.statuses)}`
          : "";
      console.log(
        `  ${title}, ${name}: ${perSecond.toFixed(0)}/s  p50 ${p50.toFixed(1)} ms  p99 ${p99.toFixed(1)} ms  refused ${refused}${answers}`,
      );
    }
  }
  // What was verified is worked off first, so that only the flood can need memory.
  await workedOff(server);
  const memory = [memoryOf(server)];
  for (const kind of ["unsigned", "forged", "unsigned", "forged"] as const) {
    await beside(server, kind, SECONDS, () => {});
    memory.push(memoryOf(server));
  }
  console.log(
    `  memory before, and after each of four floods alone, MB: ${memory.map((it) => it.toFixed(0)).join(" ")}`,
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
if (!values.only || values.only === "generic") await generic();
if (!values.only || values.only === "flood") await flood();
if (!values.only || values.only === "start") await startUp();
