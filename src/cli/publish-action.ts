/** What the GitHub Action does once it can run: reads its inputs and publishes, in the same words as the command line. */
import { readActionInputs } from "./action-inputs.ts";
import { errorAnnotation, warningAnnotation } from "./github-actions.ts";
import { runPublish } from "./run-publish.ts";
import { UsageError } from "./usage-error.ts";

/** Publishes as the inputs in `env` say. Sets the exit code: 0 done, 1 failed, 2 used wrongly. */
export async function publishAction(env: NodeJS.ProcessEnv): Promise<void> {
  try {
    const { given, env: withSecrets, warnings } = readActionInputs(env);
    for (const warning of warnings) console.log(warningAnnotation(warning));
    process.exitCode = await runPublish(given, { env: withSecrets, process });
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.log(errorAnnotation(error.message));
    process.exitCode = 2;
  }
}
