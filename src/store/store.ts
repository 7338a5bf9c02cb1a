/** The store: the truth about deliveries, deployments and what is still to be told. SQLite or Postgres behind it. */
import type { Dialect } from "./migrations.ts";
import type { Tx, Work } from "./work.ts";

export type TransactOptions = {
  /** The size of what is written, where it is large, so that a group of commits stays bounded. */
  readonly bytes?: number;
  /**
   * Whether what was written may still be undone by a power cut, though not by the end of the process: until the next
   * commit that writes and is not lazy, which carries everything before it onto the disk. For work whose effects on the world
   * begin with such a commit, and which is simply done again when it was lost. Nobody waits for the disk then.
   */
  readonly isLazy?: boolean;
};

export type Store = {
  readonly dialect: Dialect;
  /**
   * Runs work in a transaction and resolves once it is committed, durably. Work that throws is rolled back, alone.
   * Work may be run again from its start, after everything it did was undone: it changes nothing but the store.
   */
  transact<T>(work: (tx: Tx) => Work<T>, options?: TransactOptions): Promise<T>;
  close(): Promise<void>;
};
