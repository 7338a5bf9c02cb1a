#!/usr/bin/env node
/** The one entry of the command line. Exit codes: 0 done, 1 failed, 2 used wrongly. */
import { Command, CommanderError } from "commander";
import { z } from "zod";
import { callOperation } from "./cli/control.ts";
import { coloured, deliveryLine, deploymentLine, printable } from "./cli/print.ts";
import { loadSettings, SettingsError } from "./cli/settings.ts";
import type { OperationName } from "./commands/operations.ts";
import { configSchema } from "./config/schema.ts";
import { describeError, PermanentError } from "./errors.ts";
import type { Delivery } from "./model/delivery.ts";
import type { Deployment } from "./model/deployment.ts";

const program = new Command("slipway")
  .description(
    "A push to main is built, published to your FTP host and confirmed live, while one Slack message tells the story.",
  )
  .exitOverride()
  .showHelpAfterError("(--help shows what there is)");

program
  .command("start")
  .description("run the service; Ctrl-C stops it")
  .action(async () => {
    const { start } = await import("./cli/start.ts");
    await start(process.env);
  });

program
  .command("demo")
  .description("see it all on this machine: a GitHub, a Slack, an FTP host and a site")
  .option("--once", "play the story, check every claim from outside, and exit")
  .option("--site <name>", "the site to deploy: plain or angular", "plain")
  .action(async (options: { once?: boolean; site: string }) => {
    const { runDemo } = await import("./demo/demo.ts");
    process.exitCode = await runDemo({ once: options.once ?? false, site: options.site });
  });

program
  .command("check")
  .description("check slipway.yaml and the environment, and say everything that is wrong")
  .action(() => {
    const { config } = loadSettings(process.env);
    const sites = Object.keys(config.sites);
    console.log(`Everything is in order. ${sites.length === 0 ? "No sites." : `Sites: ${sites.join(", ")}.`}`);
  });

program
  .command("status")
  .description("what is live, what runs, what waits")
  .option("--json", "as JSON")
  .action(async (options: Printing) => {
    await answer<Status>("status", {}, options, ({ sites, deliveries, outbox }) => {
      for (const site of sites) {
        const live = site.liveCommit ? `${coloured("live")} ${site.liveCommit.slice(0, 7)}` : "nothing live yet";
        console.log(`${site.name}: ${live}${site.paused ? `, paused: ${site.paused}` : ""}`);
        if (site.latest) console.log(`  ${deploymentLine(site.latest)}`);
      }
      console.log(`deliveries: ${counts(deliveries)}`);
      console.log(`to be told: ${counts(outbox)}`);
    });
  });

program
  .command("deployments")
  .description("the newest deployments")
  .option("--site <name>", "of one site")
  .option("--limit <number>", "how many", Number, 20)
  .option("--json", "as JSON")
  .action(async ({ json, ...input }: Printing & { site?: string; limit: number }) => {
    await answer<Deployment[]>("deployments", input, { json }, (rows) => rows.map(deploymentLine).forEach(print));
  });

program
  .command("deploy")
  .description("build and publish the head of a site's branch")
  .argument("<site>")
  .option("--json", "as JSON")
  .action((name: string, options: Printing) =>
    answer<Deployment>("deploy", { name }, options, (it) => print(deploymentLine(it))),
  );

program
  .command("cancel")
  .description("cancel a deployment that waits or runs")
  .argument("<deployment>")
  .action((name: string) => answer<unknown>("cancel", { name }, {}, () => print(`${name} is cancelled`)));

program
  .command("log")
  .description("what a deployment printed")
  .argument("<deployment>")
  .action((name: string) =>
    answer<string>("log", { name }, {}, (text) => text.split("\n").map(printable).forEach(print)),
  );

const deliveries = program
  .command("deliveries")
  .description("what arrived, what became of it, and to take it up again");
deliveries
  .command("list")
  .description("the newest deliveries, suspected replays marked")
  .option("--state <state>", "received, done, unparseable or dead")
  .option("--limit <number>", "how many", Number, 20)
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
  .command("replay")
  .description("work a delivery off again")
  .argument("<delivery>", "its number or the sender's id")
  .action((name: string) =>
    answer<{ replayed: string }>("replay", { name }, {}, (it) => print(`${it.replayed} is worked off again`)),
  );

program
  .command("schema")
  .description("print the JSON Schema of slipway.yaml")
  .action(() => print(JSON.stringify(z.toJSONSchema(configSchema, { io: "input", unrepresentable: "any" }), null, 2)));

type Printing = { json?: boolean | undefined };
type Status = {
  sites: Array<{ name: string; liveCommit?: string | null; paused?: string | null; latest: Deployment | null }>;
  deliveries: Record<string, number>;
  outbox: Record<string, number>;
};

const print = (line: string | unknown) => console.log(line);

const counts = (byState: Record<string, number>) =>
  Object.entries(byState)
    .map(([state, count]) => `${count} ${state}`)
    .join(", ") || "none";

async function answer<T>(
  name: OperationName,
  input: unknown,
  { json }: Printing,
  show: (result: T) => void,
): Promise<void> {
  const result = await callOperation(loadSettings(process.env), name, input);
  if (json) print(JSON.stringify(result, null, 2));
  else show(result as T);
}

// Whoever reads may stop reading (`slipway log … | head`); that ends nothing that runs.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : 2;
  } else {
    const isTold = error instanceof PermanentError || error instanceof SettingsError;
    console.error(isTold ? (error as Error).message : `slipway failed: ${describeError(error)}`);
    if (!isTold && process.env.LOG_LEVEL === "debug") console.error(error);
    process.exitCode = 1;
  }
}
