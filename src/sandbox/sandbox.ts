/** Runs the commands of a build apart from Slipway and from other builds, as far as the machine and the operator allow. */
import type { BuildLimits, Isolation, SandboxSettings } from "../model/build.ts";
import type { CommandOptions } from "../process/run-command.ts";
import type { NetworkTool } from "./network.ts";

export type OpenSandboxOptions = {
  readonly settings: SandboxSettings;
  /** The site's name; its key in the configuration is `sites.NAME.isolation`. */
  readonly site: string;
  readonly dataDir: string;
  /** The worker's own environment. */
  readonly env: NodeJS.ProcessEnv;
  /** For tests; default is what is installed. */
  readonly networkTool?: NetworkTool;
};

/** A command of a build. `env` is its whole environment. */
export type SandboxedCommand = Omit<CommandOptions, "input" | "printedBytes" | "watch"> & {
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
  /** Ends the sandbox's network. Nothing runs in it any more by then. */
  close(): Promise<void>;
};
