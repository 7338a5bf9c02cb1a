/** `slipway start`, as anybody starts it, in a process of its own. */
import { spawn } from "node:child_process";
import { ownProgram } from "../process/own-file.ts";

export type RunningSlipway = {
  readonly pid: number;
  /** Resolves with the signal or exit code when the process is gone, however that came about. */
  readonly ended: Promise<NodeJS.Signals | number>;
  kill(signal: NodeJS.Signals): void;
  /** Asks it to stop and waits until it has. */
  stop(): Promise<void>;
};

const START_WITHIN_MS = 30_000;

/** What a user's shell would hand on. */
const PASSED_ON = /^(PATH|HOME|LANG|TZ|NODE_EXTRA_CA_CERTS|SSL_CERT_(FILE|DIR)|npm_config_.*|.*_proxy)$/i;

/**
 * Starts Slipway with these settings and nothing else of ours in its environment, and resolves once it takes
 * deliveries. For tests: `nodeArguments` stand before the program, and `program` is another file than Slipway's own.
 */
export async function startSlipway(
  { folder, settings }: { readonly folder: string; readonly settings: Readonly<Record<string, string>> },
  options: {
    readonly onLog?: (line: string) => void;
    readonly nodeArguments?: readonly string[];
    readonly program?: string;
  } = {},
): Promise<RunningSlipway> {
  const { nodeArguments = [], program = ownProgram("main") } = options;
  const child = spawn(process.execPath, [...nodeArguments, program, "start"], {
    cwd: folder,
    // A group of its own: Ctrl-C is for the demo, which then ends Slipway in good order.
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...Object.fromEntries(Object.entries(process.env).filter(([name]) => PASSED_ON.test(name))), ...settings },
  });
  const ended = new Promise<NodeJS.Signals | number>((resolve) => {
    child.once("exit", (code, signal) => resolve(signal ?? code ?? 0));
  });
  let said = "";
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`Slipway did not start:\n${said}`)), START_WITHIN_MS);
    const onData = (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-4000);
      for (const line of chunk.toString().split("\n").filter(Boolean)) options.onLog?.(line);
      if (!said.includes("ready to take deliveries")) return;
      clearTimeout(timer);
      resolve();
    };
    child.stdout.on("data", onData);
    child.stderr.on("data", onData);
    void ended.then((how) => {
      clearTimeout(timer);
      reject(new Error(`Slipway ended (${how}):\n${said}`));
    });
  });
  return {
    pid: child.pid ?? 0,
    ended,
    kill: (signal) => void child.kill(signal),
    async stop() {
      child.kill("SIGTERM");
      await ended;
    },
  };
}
