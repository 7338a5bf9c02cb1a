/** Runs a daemon for a test: starts it on a free port of the loopback interface, waits until it listens, and ends it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "../../src/demo/free-port.ts";
import { type DaemonName, packageEnvironment } from "./debian-package.ts";

export type Daemon = { readonly port: number; stop(): Promise<void> };

/** What a daemon's command line is made from: a port nobody listens on and a private folder for its files. */
export type DaemonPlace = { readonly port: number; readonly folder: string; write(name: string, text: string): string };

const START_TIMEOUT_MS = 15_000;
const STOP_TIMEOUT_MS = 10_000;

/** Starts the daemon with the command line that `prepare` returns. Throws with its output when it ends or does not listen. */
export async function startDaemon(
  name: DaemonName,
  prepare: (place: DaemonPlace) => Promise<string[]> | string[],
): Promise<Daemon> {
  const folder = mkdtempSync(join(tmpdir(), `slipway-${name}-`));
  const port = await freePort();
  const write = (file: string, text: string): string => {
    const path = join(folder, file);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  const [command = "", ...args] = await prepare({ port, folder, write });
  // A group of its own: a daemon has one process for each connection, and all have to end.
  const child = spawn(command, args, {
    cwd: folder,
    env: packageEnvironment(),
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => {
      output = (output + String(chunk)).slice(-4000);
    });
  }
  const ended = once(child, "exit").catch((error: Error) => {
    output += error.message;
  });

  // A test process that breaks off leaves nothing running either.
  const killAtExit = () => {
    if (child.pid !== undefined) signalGroup(child.pid, "SIGKILL");
  };
  process.once("exit", killAtExit);

  async function stop(): Promise<void> {
    process.removeListener("exit", killAtExit);
    if (child.pid !== undefined) await endGroup(child.pid);
    await ended;
    rmSync(folder, { recursive: true, force: true });
  }

  try {
    await until(START_TIMEOUT_MS, async () => {
      if (child.pid === undefined || child.exitCode !== null) throw new Error("it ended");
      return isListening(port);
    });
  } catch (error) {
    await stop();
    throw new Error(`${name} did not start: ${output.trim()}`, { cause: error });
  }
  return { port, stop };
}

async function endGroup(pid: number): Promise<void> {
  signalGroup(pid, "SIGTERM");
  const isGone = async () => !signalGroup(pid, 0);
  await until(STOP_TIMEOUT_MS, isGone).catch(async () => {
    signalGroup(pid, "SIGKILL");
    await until(STOP_TIMEOUT_MS, isGone);
  });
}

/** False when the group has no process any more. */
function signalGroup(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-pid, signal);
  } catch {
    return false;
  }
}

async function until(timeoutMs: number, condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not within ${timeoutMs} ms`);
    await delay(20);
  }
}

/** Asks the kernel: a connection made to find out would count against the daemon's limits for a while. */
function isListening(port: number): boolean {
  const address = `0100007F:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  // proc(5): local address, remote address, state; 0A is TCP_LISTEN.
  return new RegExp(`: ${address} [0-9A-F:]+ 0A `).test(readFileSync("/proc/net/tcp", "latin1"));
}
