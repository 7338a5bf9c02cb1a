/** Looks at the machine's processes, and waits for conditions. */
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

/** Whether a process runs; one that is dead and not yet reaped does not. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    // The state follows the name, which is in parentheses: proc(5).
    return !/^\d+ \(.*\) [ZX]/s.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    // No /proc on this system: what the signal said has to do.
    return process.platform !== "linux";
  }
}

/** Waits until the condition holds; throws after `limitMs`. */
export async function waitUntil<T>(what: string, condition: () => T | undefined | false, limitMs = 60_000): Promise<T> {
  const endMs = performance.now() + limitMs;
  for (;;) {
    const value = condition();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > endMs) throw new Error(`waited in vain until ${what}`);
    await delay(20);
  }
}

/** The numbers in a file, one a line; undefined as long as there are fewer than `count`. */
export function readPids(path: string, count: number): number[] | undefined {
  try {
    const lines = readFileSync(path, "utf8").split("\n").slice(0, -1);
    return lines.length < count ? undefined : lines.map(Number);
  } catch {
    return undefined;
  }
}
