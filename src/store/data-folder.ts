/** A data folder belongs to one process for as long as it lives. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { OperatorError } from "../errors.ts";

export type DataFolderLock = { release(): void };

/**
 * Takes the exclusive lock on `folder`. It is a lock of the operating system, held through an open SQLite transaction,
 * so it ends with the process however that ends. Throws OperatorError when another process has it.
 */
export function lockDataFolder(folder: string): DataFolderLock {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const database = new Database(join(folder, "lock.db"), { timeout: 0 });
  try {
    database.pragma("journal_mode = DELETE");
    database.exec("CREATE TABLE IF NOT EXISTS owner (pid INTEGER); BEGIN EXCLUSIVE;");
  } catch (cause) {
    database.close();
    if ((cause as { code?: string }).code?.startsWith("SQLITE_BUSY")) {
      throw new OperatorError(
        "DATA_DIR",
        `${folder} is in use by another Slipway; stop that one, or choose another folder`,
      );
    }
    throw cause;
  }
  return { release: () => database.close() };
}
