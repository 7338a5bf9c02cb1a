/** `slipway doctor`, `slipway status-page` and `slipway slack-manifest`. What they do is loaded when one of them runs. */
import type { Command } from "commander";
import { OperatorError } from "../errors.ts";

/** Adds the commands. `env` is the environment that they are run with. */
export function addDoctorCommand(program: Command, env: NodeJS.ProcessEnv): void {
  program
    .command("doctor")
    .description("look at everything that Slipway needs, and say what is missing and what to do")
    .option("--hosts", "log in to the host of every site; nothing is changed there")
    .option("--online", "ask GitHub and Slack whether they accept our keys and know what slipway.yaml names")
    .option("--json", "as JSON")
    .action(async ({ hosts = false, online = false, json = false }) => {
      const { runDoctor } = await import("./doctor/doctor.ts");
      process.exitCode = await runDoctor(env, { hosts, online, json });
    });

  program
    .command("status-page")
    .description("print the link to the status page, good for 30 days; whoever has it can read all transcripts")
    .action(async () => {
      const [{ loadSettings }, { createLogKeys }, { statusLink }] = await Promise.all([
        import("./settings.ts"),
        import("../secrets/log-keys.ts"),
        import("../web/status.ts"),
      ]);
      const { environment, config } = await loadSettings(env);
      if (!config.url) throw new OperatorError("url", "is not set; set it to where people reach Slipway");
      console.log(statusLink(config.url, createLogKeys(environment.webhookSecrets), Date.now()));
    });

  program
    .command("slack-manifest")
    .description("print the manifest of Slipway's Slack app, with the url of slipway.yaml filled in")
    .option("--socket", "for Socket Mode, where Slack needs no address of ours")
    .action(async ({ socket = false }) => {
      const { printSlackManifest } = await import("./slack-manifest.ts");
      printSlackManifest(env, { isSocket: socket });
    });
}
