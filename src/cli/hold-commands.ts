/** The commands that keep a site as it is, and let it go on. */
import type { Command } from "commander";
import type { HoldsChanged } from "../commands/hold-site.ts";
import type { OperationName } from "../commands/operations.ts";
import { holdMs } from "../commands/words/command-table.ts";
import type { Deployment } from "../model/deployment.ts";
import { untilText } from "../model/site.ts";
import type { Printing } from "./answer.ts";
import { deploymentLine, printable } from "./print.ts";
import { UsageError } from "./usage-error.ts";
import { whoAsks } from "./who-asks.ts";

type Given = Printing & { readonly reason?: string; readonly for?: string };
type Answer = (
  name: OperationName,
  input: unknown,
  printing: Printing,
  show: (result: HoldsChanged) => void,
) => Promise<void>;

/** Adds pause, resume, lock and unlock. */
export function addHoldCommands(program: Command, answer: Answer): void {
  const add = (
    name: "pause" | "resume" | "lock" | "unlock",
    description: string,
    told: (site: string, until: string) => string,
  ) => {
    const isEnd = name === "resume" || name === "unlock";
    const command = program.command(name).description(description).argument("<site>").option("--json", "as JSON");
    if (!isEnd) {
      command.option("--reason <text>", "why, for whoever wonders");
      command.option("--for <time>", "how long, as 90m, 2h or 1d, at most 30 days; default: until somebody ends it");
    }
    command.action((site: string, { json, reason, for: time }: Given) => {
      const limit = time !== undefined && { forMs: readHold(time) };
      const input = { name: site, by: whoAsks(), ...(reason !== undefined && { reason }), ...limit };
      const show = (result: HoldsChanged) => {
        const { untilMs } = result;
        const until = untilMs === null ? "" : ` ${untilText(untilMs, Date.now())}`;
        console.log(holdLines(told(site, until), result, isEnd).join("\n"));
      };
      return answer(name, input, { json }, show);
    });
  };
  add(
    "pause",
    "hold pushes and changed content; deploy, rollback and redeploy still work",
    (site, until) =>
      `${site} is paused${until}; \`slipway resume ${site}\` ends that, and deploys what was pushed meanwhile`,
  );
  add("resume", "end a pause, and deploy what was pushed meanwhile", (site) => `${site} is no longer paused`);
  add(
    "lock",
    "hold everything, commands too, until somebody unlocks the site",
    (site, until) => `${site} is locked${until}; \`slipway unlock ${site}\` ends that`,
  );
  add("unlock", "end a lock, and deploy what was held by it", (site) => `${site} is no longer locked`);
}

/** The same as in Slack. Throws UsageError. */
function readHold(text: string): number {
  const ms = holdMs(text);
  if (ms !== undefined) return ms;
  throw new UsageError("--for: is no length of time that Slipway keeps; write 90m, 2h or 1d, from 1 minute to 30 days");
}

function holdLines(told: string, { changed, running, still }: HoldsChanged, isEnd: boolean): string[] {
  const lines = [told, ...changed.map(deploymentLine)];
  if (running) lines.push(runs(running));
  if (isEnd && still && changed.every((it) => it.state !== "held")) lines.push(`pushes are held: ${printable(still)}`);
  return lines;
}

function runs({ id, state }: Deployment): string {
  return `${id} is ${state} and goes on; \`slipway cancel ${id}\` stops it`;
}
