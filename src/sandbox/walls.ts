/** Limits that the kernel holds for a build, whatever its isolation. */
import type { BuildLimits } from "../model/build.ts";
import type { CommandOptions } from "../process/run-command.ts";

/**
 * No core dumps, no file larger than all may be together, and the first place among those that are ended when the
 * machine runs out of memory (proc(5), oom_score_adj). The shell counts files in blocks of 512 bytes (POSIX, ulimit).
 */
const WITH_WALLS = 'echo 1000 2>/dev/null >/proc/self/oom_score_adj; ulimit -c 0; ulimit -f "$1"; shift; exec "$@"';

export type Command = { readonly file: string; readonly args: readonly string[] };

/** A program with its arguments, for a command that may be a line for the shell. */
export function argumentsOf(command: CommandOptions["command"]): readonly string[] {
  return typeof command === "string" ? ["/bin/sh", "-c", command] : [command.file, ...command.args];
}

export function withWalls(argv: readonly string[], limits: BuildLimits): Command {
  return { file: "/bin/sh", args: ["-c", WITH_WALLS, "sh", String(Math.ceil(limits.diskBytes / 512)), ...argv] };
}

/**
 * RLIMIT_NPROC far enough above the limit that whoever watches sees and names it first: what forks forever makes a
 * thousand processes between two looks. Never a limit that is lower than what the machine allows already, which
 * prlimit(1) refuses to raise.
 */
export function countWall(processes: number): string {
  return `--nproc=${processes * 2 + 2048}`;
}
