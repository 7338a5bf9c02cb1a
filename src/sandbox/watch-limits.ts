/** Ends a build that reaches a limit, and leaves nothing of it running, whatever isolation it has. */
import { setTimeout as delay } from "node:timers/promises";
import type { BuildLimits } from "../model/build.ts";
import { sizeLimitText } from "../model/quantities.ts";
import { CommandError, type Watch } from "../process/run-command.ts";
import { watchDisk } from "./disk.ts";
import { countTasks, createProcessFinder, readExactMemory } from "./processes.ts";

export type WatchedBuild = {
  /** Its process group and session. */
  readonly leader: number;
  /** As in `createProcessFinder`. */
  readonly mark: string | null;
  readonly writable: readonly string[];
  readonly limits: BuildLimits;
  end(error: CommandError): void;
};

const SHORTEST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2000;
/** Looking takes at most one part in this many of the time. */
const SHARE = 100;
/** How long what was killed may take to be gone: a process in the middle of a write to a slow disk does. */
const GONE_WITHIN_MS = 10_000;

/** Looks at the build again and again until `finish`, which kills what is left of it and waits until that is gone. */
export function watchLimits({ leader, mark, writable, limits, end }: WatchedBuild): Watch {
  const finder = createProcessFinder(leader, mark);
  const stop = new AbortController();

  function lookAtProcesses(): void {
    const { tasks, memoryBytes, pids } = finder.look(limits.processes);
    if (tasks > limits.processes) {
      killAll(pids);
      end(
        new CommandError(
          "processes",
          `ran more than ${limits.processes} processes and threads at once (limits.processes)`,
        ),
      );
    } else if (memoryBytes > limits.memoryBytes) {
      if ((readExactMemory(pids) ?? memoryBytes) <= limits.memoryBytes) return;
      killAll(pids);
      end(new CommandError("memory", `used more than ${sizeLimitText(limits.memoryBytes)} of memory (limits.memory)`));
    }
  }

  async function watchProcesses(): Promise<void> {
    while (!stop.signal.aborted) {
      const beganMs = performance.now();
      lookAtProcesses();
      await pauseUnlessMany((performance.now() - beganMs) * SHARE);
    }
  }

  /** Ends early when the machine has many more processes than before: a fork bomb is not given two seconds. */
  async function pauseUnlessMany(ms: number): Promise<void> {
    const before = countTasks();
    const untilMs = performance.now() + Math.min(ms, LONGEST_PAUSE_MS);
    do {
      await pause(SHORTEST_PAUSE_MS);
      if (countTasks() - before > limits.processes / 4) return;
    } while (performance.now() < untilMs && !stop.signal.aborted);
  }

  async function watchFolders(): Promise<void> {
    const disk = await watchDisk(writable, limits.diskBytes);
    while (!stop.signal.aborted) {
      await pause(LONGEST_PAUSE_MS / 4);
      if ((await disk.grown()) > limits.diskBytes) {
        end(diskError(limits));
      } else if (await disk.isNearlyFull()) {
        end(new CommandError("disk", "filled the disk of this machine before it reached its limit (limits.disk)"));
      }
    }
  }

  async function pause(ms: number): Promise<void> {
    const pauseMs = Math.min(Math.max(ms, SHORTEST_PAUSE_MS), LONGEST_PAUSE_MS);
    await delay(pauseMs, undefined, { signal: stop.signal, ref: false }).catch(() => {});
  }

  const watching = Promise.all([watchProcesses(), watchFolders()]);
  return {
    async finish() {
      stop.abort();
      await watching;
      const lastMs = performance.now() + GONE_WITHIN_MS;
      for (;;) {
        const { pids } = finder.look(Number.POSITIVE_INFINITY);
        if (pids.length === 0 || performance.now() > lastMs) return;
        killAll(pids);
        await delay(5);
      }
    },
  };
}

export function diskError(limits: BuildLimits): CommandError {
  return new CommandError("disk", `wrote more than ${sizeLimitText(limits.diskBytes)} to disk (limits.disk)`);
}

function killAll(pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // ESRCH: it is gone already. EPERM: it has become another user's, which a build cannot bring about.
    }
  }
}
