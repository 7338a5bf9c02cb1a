/** Runs the program of an `exec:` reference: `op`, `sops`, `aws` or any other that prints a secret. There is no shell. */

import { isUtf8 } from "node:buffer";
import { spawn } from "node:child_process";
import { OperatorError } from "../errors.ts";
import { BASICS, NETWORK, pick } from "../process/environment.ts";
import { maskSecrets } from "../process/mask.ts";
import { killGroup } from "../process/run-command.ts";
import type { ExecReference } from "./secret-reference.ts";

const TIME_LIMIT_MS = 10_000;
const MAX_BYTES = 64 * 1024;
/** Of what it says on its standard error. */
const MAX_SAID = 200;

/** Where programs find their settings and the user's session. */
const OF_THE_USER = /^(HOME|USER|LOGNAME|TMPDIR|XDG_\w+|GNUPGHOME|SSH_AUTH_SOCK|DBUS_SESSION_BUS_ADDRESS|KUBECONFIG)$/;
/** Settings and credentials of the helpers themselves: 1Password, sops, AWS, Google Cloud, Azure, Vault and OpenBao, Bitwarden, Doppler, Infisical. */
const OF_HELPERS = /^(OP|SOPS|AWS|GOOGLE|CLOUDSDK|AZURE|VAULT|BAO|BW|BWS|DOPPLER|INFISICAL)_\w+$/;
/** The variable that names others, separated by commas. */
const LISTED = "SLIPWAY_EXEC_ENV";

/** What a helper gets of the service's environment. Slipway's own secrets are not among it, unless SLIPWAY_EXEC_ENV lists them. */
export function helperEnvironment(env: NodeJS.ProcessEnv): Record<string, string> {
  const listed = new Set((env[LISTED] ?? "").split(",").map((name) => name.trim()));
  return pick(
    env,
    (name) =>
      BASICS.includes(name) ||
      NETWORK.test(name) ||
      OF_THE_USER.test(name) ||
      OF_HELPERS.test(name) ||
      listed.has(name),
  );
}

/** A helper failed. The message names the program and how it ended, and neither its arguments nor what it said. */
export class HelperError extends OperatorError {
  readonly #said: string;

  constructor(key: string, message: string, said: string) {
    super(key, message);
    this.#said = said;
  }

  /** The first line that it said on its standard error, for the eyes of whoever runs the doctor; "" for none. */
  firstLine(): string {
    return this.#said;
  }
}

/**
 * What the program prints, without one trailing line break. Throws HelperError when it is not found, fails, prints
 * nothing, prints more than 64 KB or what is no text, or takes longer than 10 seconds; it is killed then, with all that it started.
 */
export async function runHelper(
  { words: [program, ...args] }: ExecReference,
  { key, env, signal, timeLimitMs = TIME_LIMIT_MS }: HelperOptions,
): Promise<string> {
  const handed = helperEnvironment(env);
  const { printed, said, ended } = await run(program, args, { env: handed, signal, timeLimitMs });
  const fail = (message: string) => {
    throw new HelperError(key, `${program} ${message}`, firstLineOf(said, handed));
  };
  if (ended !== null) return fail(ended);
  if (!isUtf8(printed)) return fail("printed what is no text in UTF-8");
  const value = printed.toString("utf8").replace(/\r?\n$/, "");
  return value === "" ? fail("printed nothing") : value;
}

export type HelperOptions = {
  readonly key: string;
  /** The service's environment. */
  readonly env: NodeJS.ProcessEnv;
  /** Ends it at once. */
  readonly signal: AbortSignal;
  readonly timeLimitMs?: number;
};

/** `ended` says what went wrong; null where nothing did. */
type Run = { readonly printed: Buffer; readonly said: Buffer; readonly ended: string | null };

function run(
  program: string,
  args: readonly string[],
  { env, signal, timeLimitMs }: { env: Record<string, string>; signal: AbortSignal; timeLimitMs: number },
): Promise<Run> {
  return new Promise((resolve) => {
    // A group of its own, so that all that it starts can be ended with it.
    const child = spawn(program, [...args], { env, cwd: "/", detached: true, stdio: ["ignore", "pipe", "pipe"] });
    const printed: Buffer[] = [];
    const said: Buffer[] = [];
    let printedBytes = 0;
    let saidBytes = 0;
    let why: string | null = null;
    const end = (message: string) => {
      why ??= message;
      if (child.pid !== undefined) killGroup(child.pid, "SIGKILL");
      // One that left the group may hold the pipes.
      child.stdout.destroy();
      child.stderr.destroy();
    };
    const timer = setTimeout(() => end(`took longer than ${timeLimitMs / 1000} seconds`), timeLimitMs);
    const onAbort = () => end("was ended, since Slipway stops");
    signal.addEventListener("abort", onAbort);
    child.stdout.on("data", (chunk: Buffer) => {
      printedBytes += chunk.length;
      if (printedBytes > MAX_BYTES) end("printed more than 64 KB");
      else printed.push(chunk);
    });
    child.stderr.on("data", (chunk: Buffer) => {
      if (saidBytes < MAX_BYTES) said.push(chunk);
      saidBytes += chunk.length;
    });
    const finish = (ended: string | null) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      resolve({ printed: Buffer.concat(printed), said: Buffer.concat(said), ended });
    };
    child.once("error", (error: NodeJS.ErrnoException) => {
      finish(error.code === "ENOENT" ? "is not to be found in PATH" : `cannot be started (${error.code ?? "unknown"})`);
    });
    child.once("close", (code, killedBy) => {
      if (child.pid === undefined) return;
      killGroup(child.pid, "SIGKILL");
      if (why !== null) finish(why);
      else if (killedBy !== null) finish(`was ended by ${killedBy}`);
      else finish(code === 0 ? null : `failed with exit code ${code}`);
    });
    if (signal.aborted) onAbort();
  });
}

/** Bounded, and without the credentials that the helper was handed. */
function firstLineOf(said: Buffer, handed: Record<string, string>): string {
  const credentials = Object.entries(handed)
    .filter(([name]) => /TOKEN|KEY|SECRET|PASS|SESSION|CREDENTIAL/i.test(name))
    .map(([, value]) => value);
  const [line = ""] = maskSecrets(said.toString("utf8"), credentials).trim().split(/\r?\n/, 1);
  return line
    .replaceAll(/\p{Cc}/gu, " ")
    .slice(0, MAX_SAID)
    .toWellFormed();
}
