/** A link with a fixed round-trip time between two network namespaces; see delay-link.c, which is compiled here. */
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { cacheFolder } from "./cache-folder.ts";

/** What crossed the link: connections to the control port, all others, lines sent to the control port, and packets. */
export type Traffic = {
  readonly control: number;
  /** Control connections at the same time, at most. */
  readonly controlPeak: number;
  readonly data: number;
  /** Means nothing where the control connection is encrypted. */
  readonly commands: number;
  readonly packets: number;
  readonly bytesUp: number;
  readonly bytesDown: number;
};

export type Link = {
  /** Where the server's end is, as clients see it. */
  readonly address: string;
  /** TCP's congestion control at both ends. */
  readonly congestion: string;
  /** A command line that runs another one at the given end. */
  at(end: "client" | "server", command: readonly string[]): [string, ...string[]];
  /** What crossed since this was asked the last time. */
  traffic(): Promise<Traffic>;
  /** Milliseconds that a TCP connection to a port of the server takes: one round trip. Median of 9. */
  measure(port: number): number;
  close(): Promise<void>;
};

/**
 * Needs root's rights, /dev/net/tun and a C compiler. `rttMs` is the whole round trip. The file `trace` gets every
 * command and reply with its time; with TLS they are unreadable.
 */
export async function openLink(rttMs: number, controlPort: number, trace?: string): Promise<Link> {
  const args = [Math.round(rttMs * 500), controlPort, ...(trace === undefined ? [] : [trace])].map(String);
  const child = spawn(compile(), args, { stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const nextLine = async (): Promise<string> => {
    const line = await lines.next();
    if (line.done) throw new Error("the link is gone");
    return line.value;
  };
  const [, client, server, congestion = ""] = (await nextLine()).split(" ");
  const ends = { client, server };
  const at: Link["at"] = (end, command) => ["nsenter", `--net=/proc/${child.pid}/fd/${ends[end]}`, "--", ...command];
  return {
    address: "10.77.0.2",
    congestion,
    at,
    async traffic() {
      child.stdin.write("\n");
      return JSON.parse(await nextLine()) as Traffic;
    },
    measure(port) {
      const [command, ...args] = at("client", [process.execPath, "-e", CONNECT, "10.77.0.2", String(port)]);
      return Number(execFileSync(command, args, { encoding: "utf8" }));
    },
    async close() {
      child.stdin.end();
      await ended;
    },
  };
}

const CONNECT = `
const [host, port] = process.argv.slice(1), times = [];
const once = () => {
  const start = performance.now();
  const socket = require("node:net").connect({ host, port: Number(port) }, () => {
    times.push(performance.now() - start);
    socket.destroy();
    if (times.length < 9) once();
    else console.log(times.sort((a, b) => a - b)[4].toFixed(2));
  });
};
once();`;

function compile(): string {
  mkdirSync(cacheFolder(), { recursive: true });
  const program = join(cacheFolder(), "delay-link");
  execFileSync("cc", ["-O2", "-o", program, new URL("delay-link.c", import.meta.url).pathname], { stdio: "inherit" });
  return program;
}
