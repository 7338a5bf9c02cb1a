/** A command in its own words, as somebody could have typed it: for suggestions, and for the record. */
import type { Command, CommandTarget } from "../../model/command.ts";
import { holdText } from "./command-table.ts";

/** `parseWords` reads the same from it, once Slack has escaped it as it does with what is typed. */
export function printCommand(command: Command): string {
  const { verb, about, site, target, reason, forMs, isForced, isDryRun, isSure } = command;
  const words = [
    verb,
    about,
    site,
    target && targetText(target),
    reason !== null && `--reason "${reason.replace(/["\\]/g, "\\$&")}"`,
    forMs !== null && `--for ${holdText(forMs)}`,
    isForced && "--force",
    isDryRun && "--dry-run",
    isSure && "--yes",
  ];
  return words.filter(Boolean).join(" ");
}

function targetText(target: CommandTarget): string {
  if (target.kind === "hex") return target.start;
  if (target.kind === "deployment") return target.id;
  return target.steps === 1 ? "previous" : `-${target.steps}`;
}
