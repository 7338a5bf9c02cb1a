/** Runs `slipway publish` as a process of its own, with an environment that holds nothing of ours. */
import { spawn } from "node:child_process";
import { BUILT_PROGRAM } from "../built-program.ts";

export type Ended = { readonly code: number | null; readonly out: string; readonly err: string };

export type RunningPublish = {
  readonly ended: Promise<Ended>;
  /** What it has written to both streams so far. */
  output(): string;
  kill(signal: NodeJS.Signals): void;
};

export type PublishProcessOptions = {
  readonly env?: Readonly<Record<string, string>>;
  /** What it reads on standard input. */
  readonly input?: string;
  readonly cwd?: string;
  /** Another program than `slipway publish`. */
  readonly command?: readonly [string, ...string[]];
};

export function startPublish(args: readonly string[], options: PublishProcessOptions = {}): RunningPublish {
  const [file, ...before] = options.command ?? [process.execPath, BUILT_PROGRAM, "publish"];
  const child = spawn(file, [...before, ...args], {
    env: { PATH: process.env.PATH, CI: "1", ...options.env },
    ...(options.cwd !== undefined && { cwd: options.cwd }),
  });
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk) => {
    out += chunk;
  });
  child.stderr.on("data", (chunk) => {
    err += chunk;
  });
  // A program that ends before it has read is no failure of the test.
  child.stdin.on("error", () => {});
  child.stdin.end(options.input ?? "");
  return {
    ended: new Promise((resolve) => child.once("close", (code) => resolve({ code, out, err }))),
    output: () => out + err,
    kill: (signal) => void child.kill(signal),
  };
}

/** Runs it to its end. */
export function runPublishProcess(args: readonly string[], options?: PublishProcessOptions): Promise<Ended> {
  return startPublish(args, options).ended;
}
