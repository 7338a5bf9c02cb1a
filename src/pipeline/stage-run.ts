/** One deployment while it runs, as its stages see it. */
import { setTimeout as delay } from "node:timers/promises";
import { describeError, PermanentError } from "../errors.ts";
import type { Stage } from "../model/deployment.ts";
import type { ProcessControl } from "../process/run-command.ts";
import type { Drain } from "./drain.ts";
import type { DeploymentJob, WorkerMessage } from "./job.ts";

export type StageDeps = ProcessControl & {
  /** The worker's own environment. */
  readonly env: NodeJS.ProcessEnv;
  send(message: WorkerMessage): void;
  /** What a publish is interrupted through; absent, it is only cancelled. */
  readonly drain?: Drain;
  /** Pauses before a stage that failed for the moment is tried again; as many tries more. Default 2 s and 8 s. */
  readonly retryPausesMs?: readonly number[];
};

export type StageRun = StageDeps & {
  readonly job: DeploymentJob;
  /** Everything that must not be shown. */
  readonly secretValues: readonly string[];
  stage: Stage;
  /** Adds a line to the transcript, secrets masked. */
  say(text: string): void;
  /** Begins the transcript, with this line if one is given; what is told before waits for it. */
  begin(firstLine?: string): void;
};

const RETRY_PAUSES_MS = [2000, 8000];
const PROGRESS_EVERY_MS = 5000;

/** Makes a stage the current one. A cancelled deployment enters none up to publish; what is on the host is confirmed. */
export function enter(run: StageRun, stage: Stage): void {
  if (stage !== "confirm") run.signal.throwIfAborted();
  run.stage = stage;
  run.send({ type: "stage", stage });
}

/** Does work again, after a pause, that failed for no permanent reason. */
export async function retrying<T>(run: StageRun, work: () => Promise<T>): Promise<T> {
  for (const pauseMs of run.retryPausesMs ?? RETRY_PAUSES_MS) {
    try {
      return await work();
    } catch (error) {
      if (error instanceof PermanentError || run.signal.aborted) throw error;
      run.say(`${describeError(error)}; trying again in ${pauseMs / 1000} seconds`);
      await delay(pauseMs, undefined, { signal: run.signal });
    }
  }
  return work();
}

/** Passes a line on when the last one is some seconds ago. */
export function everySoOften(say: (line: string) => void): (line: string) => void {
  let nextMs = performance.now() + PROGRESS_EVERY_MS;
  return (line) => {
    if (performance.now() < nextMs) return;
    nextMs = performance.now() + PROGRESS_EVERY_MS;
    say(line);
  };
}
