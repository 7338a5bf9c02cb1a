/** Watches how much a build has written, without walking through its folders all the time. */
import { execFile } from "node:child_process";
import { statfs } from "node:fs/promises";

export type DiskWatch = {
  /** Bytes that the folders have grown by, as far as is known. Rejects never. */
  grown(): Promise<number>;
  /** Whether there is hardly any room left, and the build has taken some of it. */
  isNearlyFull(): Promise<boolean>;
};

/** What is left to the machine when a build fills its disk: enough to finish a transaction and to write a log. */
const RESERVE_BYTES = 128 * 1024 ** 2;
/** The folders are measured again after this time, whatever the free space says: others may have freed some meanwhile. */
const LONGEST_WAIT_MS = 30_000;
/** Measuring takes at most one part in this many of the time. */
const SHARE = 50;

/**
 * Begins with the size that the folders have now. Free space of their file systems is asked each time, and is cheap;
 * only when it fell by a part of the limit are the folders measured, by du(1).
 */
export async function watchDisk(folders: readonly string[], limitBytes: number): Promise<DiskWatch> {
  const freeAtStart = await readFree(folders);
  const sizeAtStart = measure(folders);
  let freeWhenMeasured = freeAtStart;
  let measuredMs = performance.now();
  let costMs = 0;
  let known = 0;

  return {
    async grown() {
      const nowMs = performance.now();
      const free = await readFree(folders);
      const hasFallen = freeWhenMeasured - free > Math.max(limitBytes / 20, 1024 ** 2);
      const sinceMs = nowMs - measuredMs;
      if (!hasFallen && sinceMs < LONGEST_WAIT_MS) return known;
      // A disk that is filling up fast is worth the time.
      if (sinceMs < costMs * (freeAtStart - free > limitBytes ? 2 : SHARE)) return known;
      const before = await sizeAtStart;
      const beganMs = performance.now();
      known = (await measure(folders)) - before;
      measuredMs = performance.now();
      costMs = measuredMs - beganMs;
      freeWhenMeasured = free;
      return known;
    },
    async isNearlyFull() {
      const free = await readFree(folders);
      return free < RESERVE_BYTES && freeAtStart - free > RESERVE_BYTES / 2;
    },
  };
}

async function readFree(folders: readonly string[]): Promise<number> {
  const sizes = await Promise.all(
    folders.map(async (folder) => {
      try {
        const { bavail, bsize } = await statfs(folder);
        return bavail * bsize;
      } catch {
        return Number.POSITIVE_INFINITY;
      }
    }),
  );
  return Math.min(...sizes, Number.MAX_SAFE_INTEGER);
}

/** Bytes on disk. What cannot be read, or has gone meanwhile, is left out. */
function measure(folders: readonly string[]): Promise<number> {
  return new Promise((resolve) => {
    if (folders.length === 0) return resolve(0);
    const options = { env: { PATH: "/usr/bin:/bin" }, maxBuffer: 1024 ** 2 };
    execFile("du", ["-skx", "--", ...folders], options, (_error, stdout) => {
      resolve(stdout.split("\n").reduce((sum, line) => sum + (Number.parseInt(line, 10) || 0) * 1024, 0));
    });
  });
}
