/** Only one process at a time changes what is kept of a repository. */
import { setTimeout as delay } from "node:timers/promises";
import Database from "better-sqlite3";

export type LockOptions = {
  readonly signal: AbortSignal;
  /** Called once, when somebody else has the lock. */
  onWait(): void;
};

const LOOK_EVERY_MS = 100;

/**
 * Does the work while it holds the lock on `file`, waiting for whoever has it. It is a lock of the operating system, held
 * through an open SQLite transaction: it ends with the process however that ends, so no owner can be dead or mistaken
 * for another process with the same id. Throws the signal's reason when that ends the wait.
 */
export async function withRepositoryLock<T>(
  file: string,
  { signal, onWait }: LockOptions,
  work: () => Promise<T>,
): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    signal.throwIfAborted();
    const release = tryLock(file);
    if (release) {
      try {
        return await work();
      } finally {
        release();
      }
    }
    if (attempt === 0) onWait();
    await delay(LOOK_EVERY_MS, undefined, { signal }).catch(() => {});
  }
}

/** Takes the lock and answers with what gives it back, or null when it is taken. */
function tryLock(file: string): (() => void) | null {
  const database = new Database(file, { timeout: 0 });
  try {
    database.exec("BEGIN EXCLUSIVE");
    return () => database.close();
  } catch (error) {
    database.close();
    if ((error as { code?: string }).code?.startsWith("SQLITE_BUSY")) return null;
    throw error;
  }
}
