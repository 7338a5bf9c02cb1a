/** The store: the truth about deliveries, deployments and what is still to be told. SQLite or Postgres behind it. */
import type { Dialect } from "./migrations.ts";
import type { Tx, Work } from "./work.ts";

export type Store = {
  readonly dialect: Dialect;
  /**
   * Runs work in a transaction and resolves once it is committed, durably. Work that throws is rolled back, alone.
   * Work may be run again from its start, after everything it did was undone: it changes nothing but the store.
   * `bytes` is the size of what is written, where it is large, so that a group of commits stays bounded.
   */
  transact<T>(work: (tx: Tx) => Work<T>, bytes?: number): Promise<T>;
  close(): Promise<void>;
};
