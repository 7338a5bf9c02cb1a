/** The commands about releases, as a program: what is printed is what a user sees. */
import { Command } from "commander";
import { addReleaseCommands } from "../../src/cli/release-commands.ts";
import { describeError } from "../../src/errors.ts";

const program = new Command("slipway");
addReleaseCommands(program, process.env);
try {
  await program.parseAsync();
} catch (error) {
  console.error(describeError(error));
  process.exitCode = 1;
}
