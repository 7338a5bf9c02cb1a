/** Finds the processes of a build among those of the machine, also the ones that left its process group. */
import { readdirSync, readFileSync } from "node:fs";

/** What a build uses at one moment. */
type Usage = {
  readonly pids: readonly number[];
  /** Processes and threads. */
  readonly tasks: number;
  /**
   * Resident anonymous and shared memory, and what of it is swapped out, in bytes. Pages of files do not count: the
   * system takes those back when it needs memory. Pages that processes share count for each of them.
   */
  readonly memoryBytes: number;
};

export type ProcessFinder = {
  /** Looks at the machine once. Stops counting memory at once when there are more tasks than `maxTasks`. */
  look(maxTasks: number): Usage;
};

/** Field names of /proc/PID/status, in kB: proc(5). */
const MEMORY_FIELDS = ["RssAnon", "RssShmem", "VmSwap"];

/**
 * Follows the processes that descend from `leader`, the leader of a session (setsid(2)). One that is known stays known
 * when its parent dies, and so do those of the leader's group and session. `mark` is a "NAME=value" of the build's
 * environment by which the others are known that left both before anybody looked; null where a PID namespace makes
 * that impossible, since orphans then stay descendants of its first process.
 */
export function createProcessFinder(leader: number, mark: string | null): ProcessFinder {
  const ours = new Set([leader]);
  // A number is used again only after thousands of others, so what was seen of it holds until it is gone.
  const foreign = new Set<number>();

  function classify(fresh: readonly number[]): void {
    const origins = new Map(fresh.map((pid) => [pid, readOrigin(pid)]));
    for (let isMore = true; isMore; ) {
      isMore = false;
      for (const [pid, origin] of origins) {
        if (!origin || ours.has(pid)) continue;
        if (!ours.has(origin.parent) && origin.group !== leader && origin.session !== leader) continue;
        ours.add(pid);
        isMore = true;
      }
    }
    for (const pid of fresh) {
      if (ours.has(pid)) continue;
      if (mark !== null && hasMark(pid, mark)) ours.add(pid);
      else foreign.add(pid);
    }
  }

  return {
    look(maxTasks) {
      const present = readPids();
      const fresh: number[] = [];
      for (const pid of present) if (!ours.has(pid) && !foreign.has(pid)) fresh.push(pid);
      classify(fresh);
      for (const pid of foreign) if (!present.has(pid)) foreign.delete(pid);
      let tasks = 0;
      let memoryBytes = 0;
      const pids: number[] = [];
      for (const pid of ours) {
        const status = present.has(pid) ? readStatus(pid) : undefined;
        if (!status) {
          if (pid !== leader) ours.delete(pid);
          continue;
        }
        pids.push(pid);
        tasks += status.tasks;
        memoryBytes += status.memoryBytes;
        if (tasks > maxTasks) break;
      }
      return { pids, tasks, memoryBytes };
    },
  };
}

/**
 * The memory of the processes with shared pages counted once (proportional set size of anonymous and shared memory,
 * Linux 5.4 and newer). Exact, but the kernel walks all page tables for it; null when one of them may not be read.
 */
export function readExactMemory(pids: readonly number[]): number | null {
  let bytes = 0;
  for (const pid of pids) {
    try {
      const text = readFileSync(`/proc/${pid}/smaps_rollup`, "latin1");
      if (!text.includes("\nPss_Anon:")) return null;
      bytes += readKilobytes(text, ["Pss_Anon", "Pss_Shmem", "SwapPss"]);
    } catch (error) {
      // ESRCH: it has ended, or is a zombie without memory.
      if (!["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return null;
    }
  }
  return bytes;
}

/** Processes and threads of the whole machine, which costs one small read: proc(5), /proc/loadavg. 0 where it is unknown. */
export function countTasks(): number {
  try {
    return Number(/\/(\d+)/.exec(readFileSync("/proc/loadavg", "latin1"))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

function readPids(): Set<number> {
  try {
    return new Set(
      readdirSync("/proc")
        .filter((name) => /^\d+$/.test(name))
        .map(Number),
    );
  } catch {
    // No /proc on this system: only the process group is known then.
    return new Set();
  }
}

function readOrigin(pid: number): { parent: number; group: number; session: number } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The name, in parentheses, may hold anything; the state, parent, group and session follow it: proc(5).
    const [, parent, group, session] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return { parent: Number(parent), group: Number(group), session: Number(session) };
  } catch {
    return undefined;
  }
}

function readStatus(pid: number): { tasks: number; memoryBytes: number } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/status`, "latin1");
    // Dead, and its parent has not yet asked how it ended.
    if (/^State:\s+[ZX]/m.test(text)) return undefined;
    return {
      tasks: Number(/^Threads:\s+(\d+)/m.exec(text)?.[1] ?? 1),
      memoryBytes: readKilobytes(text, MEMORY_FIELDS),
    };
  } catch {
    return undefined;
  }
}

function readKilobytes(text: string, names: readonly string[]): number {
  return names.reduce(
    (sum, name) => sum + Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(text)?.[1] ?? 0) * 1024,
    0,
  );
}

function hasMark(pid: number, mark: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(mark);
  } catch {
    return false;
  }
}
