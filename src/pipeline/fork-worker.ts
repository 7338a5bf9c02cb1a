/** Starts the process that a deployment runs in. It waits for its job. */
import { type ChildProcess, fork } from "node:child_process";
import { getCompileCacheDir } from "node:module";
import { workerEnvironment } from "../process/environment.ts";
import { ownProgram } from "../process/own-file.ts";

/**
 * Starts a program that gets the processor only while nobody else wants it (SCHED_IDLE, sched(7)), from its first
 * instruction on; what it starts inherits that. Where that cannot be had, the worker lowers its priority itself.
 */
const WHEN_IDLE = 'chrt -i -p 0 $$ >/dev/null 2>&1; exec "$@"';

/** `env` is the service's environment; the worker gets the few variables of it that git and builds need. */
export function forkWorker(env: NodeJS.ProcessEnv): ChildProcess {
  // Where this process keeps its compiled code, a worker starts in half the time; nodejs.org/api/module.html.
  const compiled = getCompileCacheDir();
  return fork(ownProgram("pipeline/worker"), [], {
    env: { ...workerEnvironment(env), ...(compiled !== undefined && { NODE_COMPILE_CACHE: compiled }) },
    // The service's own flags (a debugger's port) are not the worker's; its crashes go to the service's log.
    execPath: "/bin/sh",
    execArgv: ["-c", WHEN_IDLE, "sh", process.execPath],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
}
