/** Hands a deployment to its worker process, from the service's side. */
import type { ChildProcess } from "node:child_process";
import { describeError } from "../errors.ts";
import type { Stage } from "../model/deployment.ts";
import { killGroup } from "../process/run-command.ts";
import type { PublishPhase } from "../publish/options.ts";
import { forkWorker } from "./fork-worker.ts";
import type { DeploymentJob, Outcome, ServiceMessage, WorkerMessage } from "./job.ts";

export type Worker = {
  /** How the deployment ended, once the worker is gone. Never rejects. */
  readonly done: Promise<Outcome>;
  /** Asks the worker to stop; it does, unless the release is going live just now. */
  cancel(): void;
  /**
   * Has it stop soon, since Slipway is being stopped: a publish finishes the files it is sending, and a changeover that
   * has begun is finished; everything else ends at once. What has not ended within `interruptGraceMs` is killed.
   */
  interrupt(): void;
  /** Ends the worker and what it runs at once. */
  kill(): void;
};

export type StartWorkerOptions = {
  readonly job: DeploymentJob;
  /** The service's environment; the worker gets the few variables of it that git and builds need. */
  readonly env: NodeJS.ProcessEnv;
  /** A worker process of that environment that has no job yet. Default is a new one. */
  readonly child?: ChildProcess | undefined;
  onMessage(message: WorkerMessage): void;
  /** How long a worker that is interrupted may take. Default 8 seconds. */
  readonly interruptGraceMs?: number;
};

/** How long a worker may take to notice that it shall go. */
const KILL_AFTER_MS = 2000;

/** Docker kills a container 10 s after SIGTERM unless told otherwise; systemd waits for 90 s. */
const INTERRUPT_GRACE_MS = 8000;
/** A site that is half changed over is worse than a stop that takes longer; `slipway start` gives up after 25 s. */
const CHANGEOVER_GRACE_MS = 12_000;

/** From the first live file that is replaced to the last trace that is removed. */
const CHANGEOVER: ReadonlySet<PublishPhase> = new Set(["commit", "clean"]);

export function startWorker(options: StartWorkerOptions): Worker {
  const { job, env, onMessage, interruptGraceMs = INTERRUPT_GRACE_MS } = options;
  const child = options.child ?? forkWorker(env);
  let stage: Stage = "checkout";
  let phase: PublishPhase = "connect";
  let group: number | null = null;
  let outcome: Outcome | undefined;
  let killer: NodeJS.Timeout | undefined;
  let grace: NodeJS.Timeout | undefined;

  function endSoon(): void {
    killer ??= setTimeout(() => child.kill("SIGKILL"), KILL_AFTER_MS);
  }

  child.on("message", (message: WorkerMessage) => {
    if (message.type === "stage") {
      stage = message.stage;
      phase = "connect";
    }
    if (message.type === "phase") phase = message.phase;
    if (message.type === "group") group = message.pid;
    if (message.type === "phase" || message.type === "group") return;
    if (message.type === "result") {
      outcome = message.outcome;
      endSoon();
    }
    onMessage(message);
  });

  const done = new Promise<Outcome>((resolve) => {
    let endings = 0;
    function finish(reason: string): void {
      clearTimeout(killer);
      clearTimeout(grace);
      // A worker that was killed, by the kernel for want of memory, say, could not end what it ran.
      if (group !== null) killGroup(group, "SIGKILL");
      resolve(outcome ?? { kind: "failed", stage, reason, retry: true });
    }
    let how = "";
    const ended = () => {
      if (++endings === 2) finish(`the worker process ended unexpectedly (${how})`);
    };
    // "exit" may come before the last messages were read, "disconnect" before the exit: both are waited for.
    child.once("disconnect", ended);
    child.once("exit", (code, signal) => {
      how = signal ?? `exit code ${code}`;
      ended();
    });
    child.on("error", (error) => {
      if (child.pid === undefined) finish(`the worker process could not be started: ${describeError(error)}`);
    });
  });

  function send(message: ServiceMessage): void {
    // A channel that is closed by now means that the worker has ended, which `done` tells.
    if (child.connected) child.send(message, () => {});
  }

  function kill(): void {
    if (child.connected) child.disconnect();
    endSoon();
  }

  function interrupt(): void {
    if (grace) return;
    send({ type: "interrupt" });
    grace = setTimeout(() => {
      if (CHANGEOVER.has(phase)) grace = setTimeout(kill, CHANGEOVER_GRACE_MS);
      else kill();
    }, interruptGraceMs);
  }

  send({ type: "start", job });
  return { done, cancel: () => send({ type: "cancel" }), interrupt, kill };
}
