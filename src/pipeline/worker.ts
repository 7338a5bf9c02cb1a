/**
 * The worker process of one deployment: gets its job from the service by IPC, walks the stages, reports back. It lives
 * no longer than the service does: when the channel closes, whatever runs is killed and the worker exits at once.
 */
import { setPriority } from "node:os";
import type { ServiceMessage, WorkerMessage } from "./job.ts";
import { createReport } from "./report.ts";
import { runStages } from "./stages.ts";

/** For systems without an idle class, and among those in it (setpriority(2); children inherit it). */
const NICE = 10;

const cancel = new AbortController();
const gone = new AbortController();

// On every way out, a crash included, nothing may be left running.
process.on("exit", () => gone.abort());
process.on("disconnect", () => process.exit(1));
// A terminal or systemd sends these to all processes at once. What they mean for a deployment is the service's decision.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => {});

try {
  setPriority(NICE);
} catch {
  // Not allowed everywhere, and no reason to stop.
}

const report = createReport((message: WorkerMessage, done?: () => void) => {
  // The service may go away at any moment; "disconnect" is what tells.
  process.send?.(message, undefined, {}, () => done?.());
});

process.on("message", async (message: ServiceMessage) => {
  if (message.type === "cancel") return cancel.abort(new Error("cancelled"));
  const outcome = await runStages(message.job, {
    env: process.env,
    signal: cancel.signal,
    gone: gone.signal,
    onGroup: (pid) => new Promise((resolve) => report.send({ type: "group", pid }, resolve)),
    send: report.send,
  });
  report.send({ type: "result", outcome }, () => process.exit(0));
});
