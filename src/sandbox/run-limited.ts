/** Runs the command of a build, whatever its isolation, under its limits. */
import { CommandError, runCommand } from "../process/run-command.ts";
import type { SandboxedCommand } from "./sandbox.ts";
import { withWalls } from "./walls.ts";
import { diskError, watchLimits } from "./watch-limits.ts";

export type LimitedRun = {
  /** Environment of the arguments' first program. */
  readonly env: Readonly<Record<string, string>>;
  readonly input?: string;
  /** As in `createProcessFinder`. */
  readonly mark: string | null;
};

/** A shell and bubblewrap tell of a signal by 128 and its number; SIGXFSZ is 25 on Linux. */
const FILE_TOO_LARGE = 128 + 25;

/** `argv` is the command with what brings it into its sandbox. */
export async function runLimited(command: SandboxedCommand, argv: readonly string[], run: LimitedRun): Promise<void> {
  const { limits, writable } = command;
  const { mark, ...start } = run;
  try {
    await runCommand({
      ...command,
      ...start,
      command: withWalls(argv, limits),
      printedBytes: limits.printedBytes,
      watch: async (leader, end) => watchLimits({ leader, mark, writable, limits, end }),
    });
  } catch (error) {
    if (error instanceof CommandError && error.exitCode === FILE_TOO_LARGE) throw diskError(limits);
    throw error;
  }
}
