/**
 * The worker process of one deployment: gets its job from the service by IPC, walks the stages, reports back. It lives
 * no longer than the service does: when the channel closes, whatever runs is killed and the worker exits at once.
 */
import { setPriority } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { type Stage, stateDuring } from "../model/deployment.ts";
import { createDrain } from "./drain.ts";
import { InterruptedError } from "./interrupted-error.ts";
import type { DeploymentJob, Outcome, ServiceMessage, WorkerMessage } from "./job.ts";
import { createReport } from "./report.ts";
import { runStages } from "./stages.ts";

/** For systems without an idle class, and among those in it (setpriority(2); children inherit it). */
const NICE = 10;

/** Longest time for the files that a publish is sending when Slipway is stopped. Docker kills after 10 s. */
const DRAIN_MS = 5000;

/** A signal to the whole group, by systemd or a terminal, reaches a build before the service's word on it comes. */
const WORD_WITHIN_MS = 3000;

const cancel = new AbortController();
const gone = new AbortController();
const drain = createDrain();
let stage: Stage = "checkout";
let wasSignalled = false;

// On every way out, a crash included, nothing may be left running.
process.on("exit", () => gone.abort());
process.on("disconnect", () => process.exit(1));
// A terminal or systemd sends these to all processes at once. What they mean for a deployment is the service's decision.
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    wasSignalled = true;
  });
}

try {
  setPriority(NICE);
} catch {
  // Not allowed everywhere, and no reason to stop.
}

const report = createReport((message: WorkerMessage, done?: () => void) => {
  // The service may go away at any moment; "disconnect" is what tells.
  process.send?.(message, undefined, {}, () => done?.());
});

function send(message: WorkerMessage): void {
  if (message.type === "stage") stage = message.stage;
  report.send(message);
}

process.on("message", (message: ServiceMessage) => {
  if (message.type === "start") void run(message.job);
  else if (message.type === "cancel") cancel.abort(new Error("cancelled"));
  else void interrupt();
});

async function run(job: DeploymentJob): Promise<void> {
  if (job.release) stage = "publish";
  const outcome = await runStages(job, {
    env: process.env,
    signal: cancel.signal,
    gone: gone.signal,
    drain,
    onGroup: (pid) => new Promise((resolve) => report.send({ type: "group", pid }, resolve)),
    send,
  });
  if (mayBeSignalsFault(outcome)) await delay(WORD_WITHIN_MS, undefined, { signal: cancel.signal }).catch(() => {});
  report.send({ type: "result", outcome }, () => process.exit(0));
}

/** Whether it may have failed since Slipway is being stopped, which the service will tell. */
function mayBeSignalsFault(outcome: Outcome): boolean {
  return wasSignalled && outcome.kind === "failed" && stateDuring(outcome.stage) === "building";
}

/** A publish finishes the files it is sending; its changeover, once begun, is finished; all else ends at once. */
async function interrupt(): Promise<void> {
  const isPublishing = stateDuring(stage) === "publishing";
  const letGo = isPublishing ? await drain.begin(DRAIN_MS) : () => {};
  cancel.abort(new InterruptedError());
  // There is no time to ask a build to end.
  if (!isPublishing) gone.abort();
  letGo();
}
