/** What `slipway cancel` does and prints. */
import { type Deployment, isFinal } from "../model/deployment.ts";
import { callOperation } from "./control.ts";
import { followDeployment } from "./follow-deployment.ts";
import { deploymentLine } from "./print.ts";
import { loadSettings } from "./settings.ts";
import { whoAsks } from "./who-asks.ts";

/** Cancels it and waits until it has ended, which sets the exit code: whoever was too late learns that it is live. */
export async function cancel(env: NodeJS.ProcessEnv, name: string): Promise<void> {
  const settings = await loadSettings(env);
  const cancelled = (await callOperation(settings, "cancel", { name, by: whoAsks() })) as Deployment;
  const end = isFinal(cancelled.state) ? cancelled : await followDeployment(settings, cancelled, () => {});
  console.log(deploymentLine(end));
  if (end.state === "cancelled") return;
  if (end.state === "live") {
    console.error(`It was too late to cancel. \`slipway rollback ${end.site}\` puts the release before back.`);
  }
  process.exitCode = 1;
}
