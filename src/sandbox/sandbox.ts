/** Runs the commands of a build apart from Slipway and from other builds, as far as the machine and the operator allow. */
import type { BuildLimits, Isolation } from "../model/build.ts";
import type { CommandOptions } from "../process/run-command.ts";

/** A command of a build. `env` is its whole environment. */
export type SandboxedCommand = CommandOptions & {
  /** Absolute folders that the command may change. They have the same path inside. */
  readonly writable: readonly string[];
  /** Absolute folders that it may read besides the system's own programs: its Node, its tools. */
  readonly readable: readonly string[];
  /** What it may reach: the internet without private addresses, or nothing but its own loopback. */
  readonly network: "internet" | "none";
  readonly limits: BuildLimits;
};

export type Sandbox = {
  readonly isolation: Isolation;
  /** What is in force, as the first line of the transcript says it. */
  readonly summary: string;
  /** Runs the command to its end. Throws what `runCommand` throws; reaching a limit is a CommandError that names it. */
  run(command: SandboxedCommand): Promise<void>;
};
