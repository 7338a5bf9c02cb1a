/** A worker process for tests, and sites whose deployment stands still in a stage until somebody ends it. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { onTestFinished, vi } from "vitest";
import type { Stage } from "../../src/model/deployment.ts";
import type { DeploymentJob, WorkerMessage } from "../../src/pipeline/job.ts";
import { type StartWorkerOptions, startWorker } from "../../src/pipeline/start-worker.ts";

/** Starts a worker that ends with the test. */
export function startTestWorker(
  job: DeploymentJob,
  env: NodeJS.ProcessEnv = {},
  options: Pick<StartWorkerOptions, "interruptGraceMs"> = {},
) {
  const messages: WorkerMessage[] = [];
  const worker = startWorker({
    ...options,
    job,
    env: { PATH: process.env.PATH, ...env },
    onMessage: (message) => messages.push(message),
  });
  onTestFinished(async () => {
    worker.kill();
    await worker.done;
  });
  return {
    worker,
    messages,
    transcript: () => messages.map((message) => (message.type === "line" ? message.text : "")).join("\n"),
    /** Resolves when the stage has begun. */
    entered: (stage: Stage) =>
      vi.waitFor(
        () => {
          if (!messages.some((message) => message.type === "stage" && message.stage === stage)) {
            throw new Error(`never got to ${stage}`);
          }
        },
        { timeout: 60_000, interval: 5 },
      ),
  };
}

/** Writes the pids of a shell and of its background child into a file, then hangs. */
export const hangingCommand = (pidFile: string) => `echo $$ > '${pidFile}'; sleep 300 & echo $! >> '${pidFile}'; wait`;

/** In place of ssh: a git host that is connected to and says nothing. Writes its pids as above. */
export function silentGitHost(folder: string): { url: string; env: NodeJS.ProcessEnv; pidFile: string } {
  const pidFile = join(folder, "pids");
  // Git appends the host and the command; "#" makes a comment of them.
  return {
    url: "ssh://git@example.invalid/shop.git",
    env: { GIT_SSH_COMMAND: `${hangingCommand(pidFile)} #` },
    pidFile,
  };
}

/** A web server that shows the same page under every address; answers with its URL. */
export async function webServer(page: string): Promise<string> {
  const server = createServer((_, response) => response.end(page));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}
