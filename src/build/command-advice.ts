/** What to do about a command of a build that failed: the tool's own words are in the transcript, the next step is here. */
import { posix } from "node:path";
import type { BuildPlan, PlannedCommand } from "./build-plan.ts";

/** How to come by a program that Slipway does not provide. */
const GET: Readonly<Record<string, string>> = {
  hugo: "add the npm package hugo-extended to package.json, or install Hugo on this server (apt-get install hugo)",
  bundle: "install Ruby with Bundler on this server (apt-get install ruby-full build-essential, gem install bundler)",
};

/** POSIX sh, "Exit Status for Commands". */
const NOT_FOUND = 127;

/** A sentence, or nothing, on how to go on after `planned` ended with this code; null when it did not end by itself. */
export function adviceOn(plan: BuildPlan, planned: PlannedCommand, exitCode: number | null): string {
  if (exitCode === null) return "";
  if (exitCode === NOT_FOUND) {
    const ways = plan.programs.flatMap((program) => GET[program] ?? []);
    return ways.length > 0
      ? `A program was not found: ${ways.join("; ")}.`
      : "A program was not found: add the package that has it to package.json, or install it on this server.";
  }
  const { manager } = plan;
  if (planned !== plan.install || !manager?.lock || !planned.because.endsWith(manager.lock.name)) return "";
  const lock = posix.join(manager.lock.folder, manager.lock.name);
  return `If ${lock} does not match package.json: run ${manager.name} install, and commit ${lock}.`;
}
