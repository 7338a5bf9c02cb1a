/** Walks the stages of a job in this process, as a worker does. */
import type { DeploymentJob, Outcome, WorkerMessage } from "../../src/pipeline/job.ts";
import { runStages } from "../../src/pipeline/stages.ts";

export async function runJob(
  job: DeploymentJob,
  onMessage: (message: WorkerMessage) => void = () => {},
  env: NodeJS.ProcessEnv = { PATH: process.env.PATH },
  signal: AbortSignal = new AbortController().signal,
): Promise<{ outcome: Outcome; transcript: string }> {
  const lines: string[] = [];
  const outcome = await runStages(job, {
    env,
    signal,
    gone: new AbortController().signal,
    async onGroup() {},
    send(message) {
      onMessage(message);
      if (message.type === "line") lines.push(message.text);
    },
    retryPausesMs: [1, 2],
  });
  return { outcome, transcript: lines.join("\n") };
}
