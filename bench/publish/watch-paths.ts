/**
 * Looks at paths in a tight loop and notes when each becomes another file: a thread beside window.ts.
 * Gets { folder, paths }; posts "watching", and when told to stop, for each path the time of its first change
 * (ms since 1970, as performance.timeOrigin + performance.now()) or null.
 */
import { statSync } from "node:fs";
import { join } from "node:path";
import { parentPort, workerData } from "node:worker_threads";

const { folder, paths, stop } = workerData as { folder: string; paths: string[]; stop: SharedArrayBuffer };
const flag = new Int32Array(stop);

/** Inode, size and time: an upload into the file changes the last two, a rename over it the first. */
function look(path: string): string {
  const stat = statSync(join(folder, path), { throwIfNoEntry: false });
  return stat ? `${stat.ino} ${stat.size} ${stat.mtimeMs}` : "none";
}

const before = new Map(paths.map((path) => [path, look(path)]));
const changedAt = new Map<string, number>();
parentPort?.postMessage("watching");
while (Atomics.load(flag, 0) === 0) {
  for (const [path, was] of before) {
    if (changedAt.has(path) || look(path) === was) continue;
    changedAt.set(path, performance.timeOrigin + performance.now());
  }
  // Leaves the two cores to those who are watched, for as long as a change may go unseen.
  Atomics.wait(flag, 0, 0, 2);
}
parentPort?.postMessage(Object.fromEntries(paths.map((path) => [path, changedAt.get(path) ?? null])));
