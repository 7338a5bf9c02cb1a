/** The commands about outgoing webhooks. */
import type { Command } from "commander";
import type { OperationName } from "../commands/operations.ts";
import type { DeadWebhook } from "../store/webhooks-out.ts";
import type { Printing } from "./answer.ts";
import { printable, when } from "./print.ts";
import { readLimit } from "./read-limit.ts";
import { UsageError } from "./usage-error.ts";
import { whoAsks } from "./who-asks.ts";

type Answer = <T>(name: OperationName, input: unknown, printing: Printing, show: (result: T) => void) => Promise<void>;

export function addWebhookCommands(program: Command, answer: Answer): void {
  const webhooks = program.command("webhooks").description("events for other programs that could not be delivered");
  webhooks
    .command("dead")
    .description("those that were given up, the newest first")
    .option("--limit <number>", "how many", readLimit, 20)
    .option("--json", "as JSON")
    .action(({ json, limit }: Printing & { limit: number }) =>
      answer<DeadWebhook[]>("deadWebhooks", { limit }, { json }, (rows) => {
        if (rows.length === 0) console.log("None.");
        for (const row of rows) console.log(deadLine(row));
      }),
    );
  webhooks
    .command("resend")
    .description("send them again, under the same webhook-id")
    .argument("[id]", "the number that `dead` shows")
    .option("--all", "all of them")
    .action(async (id: string | undefined, { all = false }: { all?: boolean }) => {
      const input = { ...wanted(id, all), by: whoAsks() };
      await answer<{ resent: number }>("resendWebhooks", input, {}, ({ resent }) =>
        console.log(`${resent} ${resent === 1 ? "webhook is" : "webhooks are"} sent again`),
      );
    });
}

function wanted(id: string | undefined, all: boolean): { id?: number } {
  if ((id !== undefined) === all) throw new UsageError("resend: name one by its number, or all of them by --all");
  if (id === undefined) return {};
  if (!/^\d{1,15}$/.test(id))
    throw new UsageError(`resend: ${printable(id)} is no number that \`webhooks dead\` shows`);
  return { id: Number(id) };
}

function deadLine({ id, createdAtMs, type, about, host, error }: DeadWebhook): string {
  return printable(`${id}  ${when(createdAtMs)}  ${type} of ${about} for ${host}: ${error}`);
}
