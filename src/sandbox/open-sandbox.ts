/** Chooses what separates a build from Slipway: what the operator asked for, or the best that the machine has. */
import { OperatorError } from "../errors.ts";
import type { Isolation } from "../model/build.ts";
import { openBubblewrap } from "./bubblewrap.ts";
import { openNone } from "./none.ts";
import type { OpenSandboxOptions, Sandbox } from "./sandbox.ts";
import { UnavailableError } from "./unavailable.ts";
import { openUser } from "./user.ts";

export type { OpenSandboxOptions } from "./sandbox.ts";

/** How each is opened, the best first. They throw UnavailableError where the machine does not have it. */
export const OPENERS: Readonly<Record<Isolation, (options: OpenSandboxOptions) => Promise<Sandbox>>> = {
  bubblewrap: openBubblewrap,
  user: openUser,
  none: async ({ env }) => openNone(env),
};

/**
 * Opens the sandbox of one deployment; whoever did closes it. Throws OperatorError when the isolation that was asked
 * for cannot be had here, or none at all where nobody said that builds may do without.
 */
export async function openSandbox(options: OpenSandboxOptions): Promise<Sandbox> {
  const { isolation } = options.settings;
  const tried: string[] = [];
  for (const name of isolation === null ? (["bubblewrap", "user"] as const) : [isolation]) {
    try {
      return await OPENERS[name](options);
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error;
      tried.push(`${name}: ${error.message}; ${error.advice}`);
    }
  }
  throw new OperatorError(
    `sites.${options.site}.isolation`,
    `builds cannot be kept apart from Slipway on this machine. ${tried.join(". ")}. ` +
      "Or set isolation: none, and builds can read and reach all that Slipway's user can.",
  );
}
