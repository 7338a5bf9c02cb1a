/** The commands that make a release live, and those that look at what is. What they do is loaded when one of them runs. */
import type { Command } from "commander";
import type { Printing } from "./answer.ts";
import { readLimit } from "./read-limit.ts";
import type { DeployGiven, RollbackGiven } from "./release-answers.ts";

const WAITING = `
On a terminal it waits until the release is live or has failed; elsewhere with --wait. It then exits with 1 if it failed.`;

const RELEASE =
  "the start of its id or commit, the deployment that brought it, previous, or -2 for the second before; default: previous";

/** Adds the commands. `env` is the environment that they are run with. */
export function addReleaseCommands(program: Command, env: NodeJS.ProcessEnv): void {
  const answers = () => import("./release-answers.ts");

  deploying(
    program
      .command("deploy")
      .description("build and publish the head of a site's branch, also where a push was skipped or is held by a pause")
      .argument("<site>")
      .option("--commit <sha>", "this commit instead of the head; the next push deploys the head again"),
  )
    .addHelpText("after", WAITING)
    .action(async (site: string, given: DeployGiven) => (await answers()).deploy(env, site, given));

  deploying(
    program
      .command("rebuild")
      .description("as deploy, without anything that earlier builds left: dependencies and caches are made anew")
      .argument("<site>"),
  )
    .addHelpText("after", WAITING)
    .action(async (site: string, given: DeployGiven) =>
      (await answers()).deploy(env, site, { ...given, cleanCaches: true }),
    );

  deploying(
    program
      .command("rollback")
      .description("publish an earlier release again, without building anything")
      .argument("<site>")
      .argument("[release]", RELEASE)
      .option("--reason <text>", "why, for whoever wonders")
      .option("--no-pause", "let the next push deploy again"),
  )
    .addHelpText(
      "after",
      `${WAITING}
It pauses the site, so that no push undoes it: \`slipway resume\` ends that. It works on a paused site too.`,
    )
    .action(async (site: string, release: string | undefined, given: RollbackGiven) =>
      (await answers()).rollback(env, site, release, given),
    );

  deploying(
    program
      .command("redeploy")
      .description("publish a release again, and mend what others changed on the host")
      .argument("<site>")
      .argument("[release]", "the start of its id or commit, or the deployment that brought it; default: the live one"),
  )
    .addHelpText("after", WAITING)
    .action(async (site: string, release: string | undefined, given: DeployGiven) =>
      (await answers()).redeploy(env, site, release, given),
    );

  program
    .command("releases")
    .description("the releases of a site that can be published again, the one that went live last first")
    .argument("<site>")
    .option("--limit <number>", "how many", readLimit, 20)
    .option("--json", "as JSON")
    .action(async (site: string, given: Printing & { limit: number }) => (await answers()).releases(env, site, given));

  program
    .command("diff")
    .description("the files that differ between the live release of a site and another one")
    .argument("<site>")
    .argument("[release]", RELEASE)
    .option("--json", "as JSON")
    .action(async (site: string, release: string | undefined, given: Printing) =>
      (await answers()).diff(env, site, release, given),
    );

  program
    .command("drift")
    .description("what others changed or removed on a site's host; exits with 1 if there is something")
    .argument("<site>")
    .option("--content", "compare contents too: by the host's own digests, or by reading every file")
    .option("--json", "as JSON")
    .action(async (site: string, given: Printing & { content?: boolean }) => {
      const { drift } = await import("./drift-answer.ts");
      await drift(env, site, given);
    });
}

function deploying(command: Command): Command {
  return command
    .option("--adopt", "replace files that others put on the host under names of this release, this once")
    .option("--allow-removals", "allow to remove more than half of the files on the host, this once")
    .option("--wait", "wait until it is live or has failed")
    .option("--no-wait", "do not wait, on a terminal either")
    .option("--json", "as JSON");
}
