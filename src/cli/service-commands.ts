/** The commands that run the service or ask it. What they do is loaded when one of them runs. */
import type { Command } from "commander";
import type { Explanation } from "../commands/explain-operation.ts";
import type { OperationName } from "../commands/operations.ts";
import type { AuditEntry } from "../model/answer.ts";
import type { Delivery } from "../model/delivery.ts";
import type { Deployment } from "../model/deployment.ts";
import { type SiteHolds, whoAndWhy } from "../model/site.ts";
import type { KnownAlert } from "../store/alerts.ts";
import { alertLine } from "./alert-line.ts";
import type { Printing } from "./answer.ts";
import { auditLines } from "./audit-lines.ts";
import { explanationLines } from "./explain-lines.ts";
import { addHoldCommands } from "./hold-commands.ts";
import { coloured, deliveryLine, deploymentLine, printable } from "./print.ts";
import { readLimit } from "./read-limit.ts";
import { addSourceCommands } from "./source-commands.ts";
import { addWebhookCommands } from "./webhook-commands.ts";
import { whoAsks } from "./who-asks.ts";

type Status = {
  sites: Array<
    { name: string; liveCommit?: string | null; latest: Deployment | null; waiting: Deployment[] } & Partial<SiteHolds>
  >;
  deliveries: Record<string, number>;
  outbox: Record<string, number>;
};

const print = (line: unknown) => console.log(line);

/** Adds the commands. `env` is the environment that they are run with. */
export function addServiceCommands(program: Command, env: NodeJS.ProcessEnv): void {
  async function answer<T>(name: OperationName, input: unknown, printing: Printing, show: (result: T) => void) {
    const { answer } = await import("./answer.ts");
    await answer(env, name, input, printing, show);
  }

  program
    .command("start")
    .description("run the service; Ctrl-C stops it")
    .action(async () => {
      const { start } = await import("./start.ts");
      await start(env);
    });

  program
    .command("demo")
    .description("see it all on this machine: a GitHub, a Slack, an FTP host and a site")
    .option("--once", "play the story, check every claim from outside, and exit")
    .option("--site <name>", "the site to deploy: plain or angular", "plain")
    .action(async (options: { once?: boolean; site: string }) => {
      const { runDemo } = await import("../demo/demo.ts");
      process.exitCode = await runDemo({ once: options.once ?? false, site: options.site });
    });

  program
    .command("check")
    .description("check slipway.yaml and the environment, and say everything that is wrong")
    .action(async () => {
      const { checkAllSettings } = await import("./settings.ts");
      const { config } = await checkAllSettings(env);
      const [sites, sources] = [Object.keys(config.sites), Object.keys(config.sources)];
      const named = [
        sites.length === 0 ? "No sites." : `Sites: ${sites.join(", ")}.`,
        ...(sources.length === 0 ? [] : [`Sources: ${sources.join(", ")}.`]),
      ];
      print(`Everything is in order. ${named.join(" ")}`);
    });

  program
    .command("status")
    .description("what is live, what runs, what waits")
    .option("--json", "as JSON")
    .action((options: Printing) => answer<Status>("status", {}, options, showStatus));

  program
    .command("deployments")
    .description("the newest deployments")
    .option("--site <name>", "of one site")
    .option("--limit <number>", "how many", readLimit, 20)
    .option("--json", "as JSON")
    .action(async ({ json, ...input }: Printing & { site?: string; limit: number }) => {
      await answer<Deployment[]>("deployments", input, { json }, (rows) => rows.map(deploymentLine).forEach(print));
    });

  program
    .command("cancel")
    .description("cancel a deployment that waits or runs; exits with 1 if its release is on the host already")
    .argument("<deployment>")
    .action(async (name: string) => {
      const { cancel } = await import("./cancel-answer.ts");
      await cancel(env, name);
    });

  program
    .command("log")
    .description("what a deployment printed")
    .argument("<deployment>")
    .action((name: string) =>
      answer<string>("log", { name }, {}, (text) => text.split("\n").map(printable).forEach(print)),
    );

  program
    .command("alerts")
    .description("the alerts of monitoring that fire, the newest first")
    .option("--limit <number>", "how many", readLimit, 20)
    .option("--json", "as JSON")
    .action(({ json, ...input }: Printing & { limit: number }) =>
      answer<KnownAlert[]>("alerts", input, { json }, (rows) =>
        (rows.length > 0 ? rows.map(alertLine) : ["nothing fires"]).forEach(print),
      ),
    );

  program
    .command("audit")
    .description("who asked for what, where, and what came of it, the newest first")
    .argument("[site]", "default: all of them")
    .option("--limit <number>", "how many", readLimit, 20)
    .option("--json", "as JSON")
    .action((name: string | undefined, { json, limit }: Printing & { limit: number }) =>
      answer<AuditEntry[]>("audit", { ...(name !== undefined && { name }), limit }, { json }, (entries) =>
        auditLines(entries).forEach(print),
      ),
    );

  addHoldCommands(program, answer);
  addDeliveryCommands(program, answer);
  addSourceCommands(program, env, answer);
  addWebhookCommands(program, answer);

  program
    .command("schema")
    .description("print the JSON Schema of slipway.yaml")
    .action(async () => {
      const [{ z }, { configSchema }] = await Promise.all([import("zod"), import("../config/schema.ts")]);
      print(JSON.stringify(z.toJSONSchema(configSchema, { io: "input", unrepresentable: "any" }), null, 2));
    });
}

type Answer = <T>(name: OperationName, input: unknown, printing: Printing, show: (result: T) => void) => Promise<void>;

function addDeliveryCommands(program: Command, answer: Answer): void {
  const deliveries = program
    .command("deliveries")
    .description("what arrived, what became of it, and to take it up again");
  deliveries
    .command("list")
    .description("the newest deliveries, suspected replays marked")
    .option("--state <state>", "received, done, unparseable, held or dead")
    .option("--limit <number>", "how many", readLimit, 20)
    .option("--json", "as JSON")
    .action(async ({ json, ...input }: Printing & { state?: string; limit: number }) => {
      await answer<Array<Omit<Delivery, "body">>>("deliveries", input, { json }, (rows) =>
        rows.map(deliveryLine).forEach(print),
      );
    });
  deliveries
    .command("show")
    .description("one delivery")
    .argument("<delivery>", "its number or the sender's id")
    .action((name: string) => answer<unknown>("delivery", { name }, { json: true }, print));
  deliveries
    .command("explain")
    .description("why requests of a source are refused, or the whole story of one delivery")
    .argument("[name]", "a source, the number of a delivery or the sender's id; default: all sources")
    .option("--json", "as JSON")
    .action((name: string | undefined, printing: Printing) =>
      answer<Explanation>("explain", name === undefined ? {} : { name }, printing, (explanation) =>
        explanationLines(explanation).forEach(print),
      ),
    );
  deliveries
    .command("replay")
    .description("work a delivery off again")
    .argument("<delivery>", "its number or the sender's id")
    .action((name: string) =>
      answer<{ replayed: string }>("replay", { name, by: whoAsks() }, {}, (it) =>
        print(`${it.replayed} is worked off again`),
      ),
    );
}

function showStatus({ sites, deliveries, outbox }: Status): void {
  for (const site of sites) {
    const live = site.liveCommit ? `${coloured("live")} ${site.liveCommit.slice(0, 7)}` : "nothing live yet";
    print([`${site.name}: ${live}`, ...holds(site)].join(", "));
    const shown = [site.latest, ...site.waiting.filter((it) => it.id !== site.latest?.id)];
    for (const deployment of shown) if (deployment) print(`  ${deploymentLine(deployment)}`);
  }
  print(`deliveries: ${counts(deliveries)}`);
  print(`to be told: ${counts(outbox)}`);
}

function holds({ locked, paused, githubPause }: Partial<SiteHolds>): string[] {
  return [
    ...(locked ? [`locked by ${printable(whoAndWhy(locked))}`] : []),
    ...(paused ? [`paused by ${printable(whoAndWhy(paused))}`] : []),
    ...(githubPause ? [`paused: ${githubPause}`] : []),
  ];
}

function counts(byState: Record<string, number>): string {
  const parts = Object.entries(byState).map(([state, count]) => `${count} ${state}`);
  return parts.join(", ") || "none";
}
