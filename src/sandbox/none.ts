/** Builds without isolation: they run as Slipway's own user. Limits hold all the same. */
import { randomUUID } from "node:crypto";
import type { Environment } from "../process/environment.ts";
import { findProgram } from "./programs.ts";
import { runLimited } from "./run-limited.ts";
import type { Sandbox } from "./sandbox.ts";
import { argumentsOf } from "./walls.ts";

/** Names a run, so that processes which left its group and session are still known to be its. */
export const MARK = "SLIPWAY_RUN";

export function openNone(env: Environment): Sandbox {
  // The command itself then dies with this process, whatever kills that; what the command started may not.
  const setpriv = findProgram("setpriv", env);
  const withParent = setpriv === undefined ? [] : [setpriv, "--pdeathsig", "KILL", "--"];
  return {
    isolation: "none",
    summary: "none: this build runs as Slipway's own user, and can read and reach what that one can",
    run(command) {
      const mark = randomUUID();
      return runLimited(command, [...withParent, ...argumentsOf(command.command)], {
        env: { ...command.env, [MARK]: mark },
        mark: `${MARK}=${mark}`,
      });
    },
    async close() {},
  };
}
