/**
 * Keeps one worker process ready for some minutes after a deployment: whoever pushes once often pushes again soon, and
 * starting a process is then the longest part of what comes before a warm build.
 */
import type { ChildProcess } from "node:child_process";
import { forkWorker } from "./fork-worker.ts";

export type SpareWorker = {
  /** The process that is ready, which is the caller's from now on; undefined when there is none. */
  take(): ChildProcess | undefined;
  /** Makes one ready, and keeps it for `SPARE_MS` from now. */
  keep(): void;
  /** Resolves when none is left. None is made from then on. */
  stop(): Promise<void>;
};

/** It takes the memory of an idle process meanwhile, some 60 MB. */
const SPARE_MS = 10 * 60_000;

/** `env` is the service's environment, as in `forkWorker`. */
export function createSpareWorker(env: NodeJS.ProcessEnv, spareMs = SPARE_MS): SpareWorker {
  let spare: { readonly child: ChildProcess; readonly gone: Promise<void> } | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;

  function take(): ChildProcess | undefined {
    clearTimeout(timer);
    const child = spare?.child;
    spare = undefined;
    // One that was killed meanwhile is of no use.
    return child?.connected ? child : undefined;
  }

  /** It ends by itself when nobody is at the other end. */
  async function drop(): Promise<void> {
    const gone = spare?.gone;
    take()?.disconnect();
    await gone;
  }

  return {
    take,
    keep() {
      if (isStopped) return;
      if (!spare?.child.connected) spare = start(env);
      clearTimeout(timer);
      timer = setTimeout(() => void drop(), spareMs);
      timer.unref();
    },
    async stop() {
      isStopped = true;
      await drop();
    },
  };
}

function start(env: NodeJS.ProcessEnv) {
  const child = forkWorker(env);
  // What the channel tells of its end is of no interest yet.
  child.on("error", () => {});
  const gone = new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
    if (child.pid === undefined) resolve();
  });
  return { child, gone };
}
