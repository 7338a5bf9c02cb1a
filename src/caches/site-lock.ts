/** A deployment holds the caches of its site as long as it runs, so that nobody takes them away under it. */
import { setTimeout as delay } from "node:timers/promises";
import Database from "better-sqlite3";

const LOOK_EVERY_MS = 50;

export type SiteLock = { release(): void };

/**
 * Takes the lock, or answers null when somebody else has it for longer than `waitMs`. It is a lock of the operating
 * system, held through an open SQLite transaction: it ends with the process, however that ends.
 */
export async function lockSite(file: string, waitMs: number): Promise<SiteLock | null> {
  const untilMs = performance.now() + waitMs;
  for (;;) {
    const lock = tryLockSite(file);
    if (lock !== null || performance.now() >= untilMs) return lock;
    await delay(LOOK_EVERY_MS);
  }
}

function tryLockSite(file: string): SiteLock | null {
  const held = new Database(file, { timeout: 0 });
  try {
    held.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    held.close();
    const { code } = error as { code?: string };
    if (code?.startsWith("SQLITE_BUSY")) return null;
    throw error;
  }
  return { release: () => void held.close() };
}
