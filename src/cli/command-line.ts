/**
 * The commands, and what becomes of their errors. Here is loaded what reads options; each command loads what it does,
 * since `slipway publish` shall not wait for a web server and a database.
 */
import { Command, CommanderError } from "commander";
import { describeError, PermanentError } from "../errors.ts";
import { slipwayVersion } from "../process/version.ts";
import { addDoctorCommand } from "./doctor-command.ts";
import { addPublishCommand } from "./publish-command.ts";
import { addReleaseCommands } from "./release-commands.ts";
import { addServiceCommands } from "./service-commands.ts";
import { UsageError } from "./usage-error.ts";

/** Runs the command that the process's arguments name, and sets its exit code: 0 done, 1 failed, 2 used wrongly. */
export async function runCommandLine(env: NodeJS.ProcessEnv): Promise<void> {
  // Whoever reads may stop reading (`slipway log … | head`); that ends nothing that runs.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
  try {
    await createProgram(env).parseAsync();
  } catch (error) {
    process.exitCode = await tell(error, env);
  }
}

function createProgram(env: NodeJS.ProcessEnv): Command {
  const program = new Command("slipway")
    .description(
      "A push to main is built, published to your FTP host and confirmed live, while one Slack message tells the story.",
    )
    .version(slipwayVersion())
    .exitOverride()
    .showHelpAfterError("(--help shows what there is)");
  addPublishCommand(program, env);
  addDoctorCommand(program, env);
  addServiceCommands(program, env);
  addReleaseCommands(program, env);
  return program;
}

/** Says what went wrong, unless that was said already, and answers with the exit code. */
async function tell(error: unknown, env: NodeJS.ProcessEnv): Promise<number> {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof UsageError) {
    console.error(error.message);
    return 2;
  }
  const { SettingsError } = await import("./settings.ts");
  const isTold = error instanceof PermanentError || error instanceof SettingsError;
  console.error(isTold ? error.message : `slipway failed: ${describeError(error)}`);
  if (!isTold && env.LOG_LEVEL === "debug") console.error(error);
  return 1;
}
