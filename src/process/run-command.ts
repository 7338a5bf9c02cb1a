/** Runs one command in a process group of its own, with limits, and leaves nothing of the group behind. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import { setTimeout as delay } from "node:timers/promises";
import { describeError, PermanentError } from "../errors.ts";
import { sizeLimitText, timeLimitText } from "../model/quantities.ts";
import { createLineReader } from "./lines.ts";
import { createMask } from "./mask.ts";

/** How whoever runs commands can end them. */
export type ProcessControl = {
  /** Ends the command politely; `runCommand` then throws the signal's reason. */
  readonly signal: AbortSignal;
  /** Kills the command's group at once, within the call of `abort()`. */
  readonly gone: AbortSignal;
  /** Told the id of the process group that is about to run, which waits for the answer, and null when it has ended. */
  onGroup(pid: number | null): Promise<void>;
};

export type CommandOptions = ProcessControl & {
  /** A line for /bin/sh, or a program with its arguments. */
  readonly command: string | { readonly file: string; readonly args: readonly string[] };
  readonly cwd: string;
  /** The whole environment; nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** Null sets no limit. */
  readonly idleTimeoutMs: number | null;
  /** Values that are masked in the output. */
  readonly secrets: readonly string[];
  /** Gets one or more whole lines, without the last line end. */
  onOutput(text: string, from: "stdout" | "stderr"): void;
  /** Time between INT, TERM and KILL. */
  readonly graceMs?: number;
  /** What the command reads from its input. Without it, its input is empty. */
  readonly input?: string;
  /** What it may print before it is ended, in bytes. Without it, there is no limit. */
  readonly printedBytes?: number;
  /**
   * Told the process group before anything runs in it; may `end` the command at once, for a limit that it watches.
   * `finish` of the answer is called when the command has ended, and leaves nothing of it behind.
   */
  watch?(pid: number, end: (error: CommandError) => void): Promise<Watch>;
};

export type Watch = {
  finish(): Promise<void>;
};

/** A command failed; `why` says how, `exitCode` is set when it exited by itself. */
export class CommandError extends PermanentError {
  override readonly name = "CommandError";
  readonly why: "start" | "exit" | "killed" | "timeout" | "idle" | "memory" | "processes" | "disk" | "printed";
  readonly exitCode: number | null;

  constructor(why: CommandError["why"], message: string, exitCode: number | null = null) {
    super(message);
    this.why = why;
    this.exitCode = exitCode;
  }
}

/**
 * Waits for a line before it becomes the command, so that nothing runs before its group is known to those who may have
 * to end it. When this process dies first, the line never comes, and the command never runs.
 */
const GATE = 'read -r go && exec "$@" </dev/null';
/** The same for a command that has input: `read` takes single bytes from a pipe, so all that follows is left. */
const GATE_WITH_INPUT = 'read -r go && exec "$@"';

const GRACE_MS = 5000;
/** How long output may still arrive after all processes of the group are gone: one that left the group may hold the pipe. */
const DRAIN_MS = 2000;
/** setTimeout counts in 32 bits. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Runs the command to its end. Throws CommandError when it fails or reaches a limit (its group then gets INT, TERM and
 * KILL in turn), and the signal's reason when it was cancelled. Whatever the main process leaves running is killed.
 */
export async function runCommand(options: CommandOptions): Promise<void> {
  const { command, cwd, env, signal, gone, timeoutMs, idleTimeoutMs, graceMs = GRACE_MS } = options;
  signal.throwIfAborted();
  gone.throwIfAborted();
  const argv = typeof command === "string" ? ["/bin/sh", "-c", command] : [command.file, ...command.args];
  // `detached` makes the child the leader of a new process group (setsid(2)), whose id is its pid.
  const gate = options.input === undefined ? GATE : GATE_WITH_INPUT;
  const child = spawn("/bin/sh", ["-c", gate, "sh", ...argv], { cwd, env, detached: true, stdio: "pipe" });
  if (child.pid === undefined) throw await startError(child);
  const pid: number = child.pid;
  const exited = once(child, "exit");

  let stopped: CommandError | "cancelled" | undefined;
  const steps: NodeJS.Timeout[] = [];
  function stop(reason: CommandError | "cancelled"): void {
    if (stopped) return;
    stopped = reason;
    killGroup(pid, "SIGINT");
    steps.push(setTimeout(() => killGroup(pid, "SIGTERM"), graceMs));
    steps.push(setTimeout(() => killGroup(pid, "SIGKILL"), graceMs * 2));
  }
  const killNow = () => killGroup(pid, "SIGKILL");
  /** For limits whose excess hurts the machine: no time to tidy up. */
  function end(reason: CommandError): void {
    stopped ??= reason;
    killNow();
  }
  const cancel = () => stop("cancelled");
  const total = startTimer(timeoutMs, () => {
    stop(new CommandError("timeout", `ran longer than ${timeLimitText(timeoutMs)} (build.timeout)`));
  });
  const idle = startTimer(idleTimeoutMs, () => {
    stop(new CommandError("idle", `gave no output for ${timeLimitText(idleTimeoutMs ?? 0)} (build.idleTimeout)`));
  });
  gone.addEventListener("abort", killNow);
  signal.addEventListener("abort", cancel);
  let watch: Watch | undefined;
  let printed = 0;
  /** Whether these bytes may still be shown. */
  function onBytes(count: number): boolean {
    idle?.refresh();
    printed += count;
    const limit = options.printedBytes ?? Number.POSITIVE_INFINITY;
    if (printed > limit) end(new CommandError("printed", `printed more than ${sizeLimitText(limit)} (limits.printed)`));
    return printed <= limit;
  }
  try {
    const closed = Promise.all([
      readOutput(child.stdout, "stdout", options, onBytes),
      readOutput(child.stderr, "stderr", options, onBytes),
    ]);
    await options.onGroup(pid);
    watch = await options.watch?.(pid, end);
    // A command that was killed meanwhile has closed the other end.
    child.stdin.on("error", () => {}).end(`go\n${options.input ?? ""}`);
    const [code, killedBy] = (await exited) as [number | null, NodeJS.Signals | null];
    killNow();
    await watch?.finish();
    watch = undefined;
    await Promise.race([closed, delay(DRAIN_MS, undefined, { ref: false })]);
    child.stdout.destroy();
    child.stderr.destroy();
    await closed;
    if (stopped === "cancelled") throw signal.reason;
    if (stopped) throw stopped;
    if (killedBy !== null) throw new CommandError("killed", `was ended by ${killedBy}`);
    if (code !== 0) throw new CommandError("exit", `failed with exit code ${code}`, code);
  } finally {
    for (const timer of [total, idle, ...steps]) clearTimeout(timer);
    gone.removeEventListener("abort", killNow);
    signal.removeEventListener("abort", cancel);
    // Only when something failed before the command could run.
    if (child.exitCode === null && child.signalCode === null) killNow();
    await watch?.finish();
    await options.onGroup(null);
  }
}

async function startError(child: ChildProcess): Promise<CommandError> {
  const [error] = await once(child, "error");
  return new CommandError("start", `could not be started (${describeError(error)})`);
}

/** Sends a signal to all processes of a group that still exist. */
export function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // ESRCH: all are gone. EPERM: what is left belongs to others, or is dead and not yet reaped (macOS).
  }
}

/** Reads a stream to its end, however that comes. */
async function readOutput(
  stream: Readable,
  from: "stdout" | "stderr",
  { secrets, onOutput }: CommandOptions,
  onBytes: (count: number) => boolean,
): Promise<void> {
  const decoder = new StringDecoder("utf8");
  const mask = createMask(secrets);
  let lines: string[] = [];
  let isCut = false;
  const reader = createLineReader((line) => lines.push(line));
  const deliver = () => {
    if (lines.length > 0) onOutput(lines.join("\n"), from);
    lines = [];
  };
  stream.on("data", (chunk: Buffer) => {
    isCut ||= !onBytes(chunk.length);
    if (isCut) return;
    reader.write(mask.write(decoder.write(chunk)));
    deliver();
  });
  stream.on("error", () => {});
  await new Promise((resolve) => stream.once("close", resolve));
  // What the mask keeps back at a cut may be the first half of a secret.
  if (!isCut) reader.write(mask.write(decoder.end()) + mask.end());
  reader.end();
  deliver();
}

function startTimer(ms: number | null, onTime: () => void): NodeJS.Timeout | undefined {
  return ms === null ? undefined : setTimeout(onTime, Math.min(ms, MAX_TIMER_MS));
}
