/** The commands about declared sources. What they do is loaded when one of them runs. */
import type { Command } from "commander";
import type { OperationName } from "../commands/operations.ts";
import type { ListedSource } from "../commands/sources-operation.ts";
import { holdMs } from "../commands/words/command-table.ts";
import type { Printing } from "./answer.ts";
import { sourceLines } from "./source-lines.ts";
import { UsageError } from "./usage-error.ts";

const MAX_FOR_MS = 3_600_000;

type Answer = <T>(name: OperationName, input: unknown, printing: Printing, show: (result: T) => void) => Promise<void>;

type CaptureOptions = {
  readonly for: string;
  readonly secret?: string;
  readonly save?: string;
  readonly json?: boolean;
};

/** Adds `sources`. `env` is the environment that it is run with. */
export function addSourceCommands(program: Command, env: NodeJS.ProcessEnv, answer: Answer): void {
  const sources = program
    .command("sources")
    .description("the senders of webhooks: addresses, when each secret was last used, what deliveries do")
    .option("--json", "as JSON")
    .action((options: Printing) =>
      answer<ListedSource[]>("sources", {}, options, (rows) => {
        for (const line of sourceLines(rows, Date.now())) console.log(line);
      }),
    );
  sources
    .command("preset")
    .description("spell a preset out, as it would stand in slipway.yaml; without a name: which there are")
    .argument("[kind]")
    .action(async (kind: string | undefined) => {
      const { presetLines } = await import("./preset-lines.ts");
      console.log(presetLines(kind).join("\n"));
    });
  sources
    .command("capture")
    .description("let one request to /hooks/NAME through, see what its sender sends, and how to configure it")
    .argument("<name>", "the name that it shall have; it need not be configured yet")
    .option("--for <time>", "how long to wait, as 10m, at most 1h", "10m")
    .option("--secret <reference>", "env:NAME or file:/path: find out what the sender signs with it")
    .option("--save <file>", "write the request, masked, as a fixture")
    .option("--json", "as JSON")
    .action(async (name: string, { for: time, ...given }: CaptureOptions) => {
      const { captureRequest } = await import("./capture-request.ts");
      await captureRequest(env, name, { ...given, forMs: readTime(time) });
    });
}

/** Throws UsageError. */
function readTime(text: string): number {
  const ms = holdMs(text);
  if (ms !== undefined && ms <= MAX_FOR_MS) return ms;
  throw new UsageError("--for: is no length of time from 1 minute to 1 hour; write 10m");
}
