/**
 * The embedded store on SQLite. Every transaction that is asked for while the previous commit runs shares the next
 * one (group commit): a commit costs a disk flush however much is in it. Work that fails is undone alone.
 */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import Database from "better-sqlite3";
import {
  type CompiledQuery,
  DummyDriver,
  Kysely,
  SqliteAdapter,
  SqliteDialect,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from "kysely";
import { Migrator } from "kysely/migration";
import { refuseNetworkFileSystem } from "./file-system.ts";
import { migrationsFor } from "./migrations.ts";
import type { Store, TransactOptions } from "./store.ts";
import type { Tables } from "./tables.ts";
import type { Rows, Tx, Work } from "./work.ts";

/** Bounds of one group, so that the last in it does not wait for a crowd: see docs/benchmarks.md. */
const MAX_GROUP = 128;
const MAX_GROUP_BYTES = 4 * 1024 * 1024;
const MAX_GROUP_MS = 10;
/**
 * The write-ahead log is carried over into the database when nothing was committed for a while, so that no request
 * waits for it, and at the latest when it has this many pages of 4 KiB.
 */
const CHECKPOINT_AT_LAST_PAGES = 4000;
const CHECKPOINT_WHEN_IDLE_MS = 100;

type Waiting = {
  readonly work: (tx: Tx) => Work<unknown>;
  readonly bytes: number;
  readonly isLazy: boolean;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
};

/** Opens (and creates) the database file at `path`. Throws OperatorError on a network file system. */
export async function openSqlite(path: string): Promise<Store> {
  mkdirSync(dirname(path), { recursive: true });
  refuseNetworkFileSystem(dirname(path));
  const database = new Database(path);
  database.pragma("journal_mode = WAL");
  database.pragma("synchronous = FULL");
  database.pragma("busy_timeout = 5000");
  database.pragma(`wal_autocheckpoint = ${CHECKPOINT_AT_LAST_PAGES}`);
  await migrate(database);

  const tx: Tx = { dialect: "sqlite", db: queryBuilder() };
  const statements = new Map<string, Database.Statement>();
  const prepare = (sql: string) => {
    let statement = statements.get(sql);
    if (!statement) {
      statement = database.prepare(sql);
      statements.set(sql, statement);
    }
    return statement;
  };
  const begin = database.prepare("BEGIN IMMEDIATE");
  const commit = database.prepare("COMMIT");
  const rollback = database.prepare("ROLLBACK");
  const savepoint = database.prepare("SAVEPOINT work");
  const release = database.prepare("RELEASE work");
  const undo = database.prepare("ROLLBACK TO work");

  const run = ({ sql, parameters }: CompiledQuery): Rows => {
    const statement = prepare(sql);
    if (statement.reader) return statement.all(...parameters) as Rows;
    statement.run(...parameters);
    return [];
  };

  const drive = <T>(work: Work<T>): T => {
    let step = work.next();
    while (!step.done) step = work.next(run(step.value));
    return step.value;
  };

  /** Runs work so that what it did is undone, alone, when it fails. Answers with what to do after the commit. */
  function runAlone({ work, resolve, reject }: Waiting): () => void {
    savepoint.run();
    try {
      const value = drive(work(tx));
      release.run();
      return () => resolve(value);
    } catch (error) {
      undo.run();
      release.run();
      return () => reject(error);
    }
  }

  /** Runs a group once more after one of its works failed, each behind a savepoint, and commits what succeeds. */
  function commitEachAlone(group: readonly Waiting[]): void {
    begin.run();
    const settled = group.map(runAlone);
    commit.run();
    for (const settle of settled) settle();
  }

  const queue = createFifo<Waiting>();
  const idle = setTimeout(() => {
    if (!scheduled && database.open) database.pragma("wal_checkpoint(PASSIVE)");
  }, CHECKPOINT_WHEN_IDLE_MS).unref();
  let scheduled = false;
  /** How many in the queue wait for the disk. */
  let impatient = 0;
  let closed: Promise<void> | undefined;

  /**
   * In WAL mode FULL flushes the log at each commit, NORMAL leaves it to a later one or to the checkpoint, which flush
   * all that stands before (https://sqlite.org/pragma.html#pragma_synchronous).
   */
  let synchronous: "FULL" | "NORMAL" = "FULL";
  function setSynchronous(wanted: typeof synchronous): void {
    if (synchronous !== wanted) database.pragma(`synchronous = ${wanted}`);
    synchronous = wanted;
  }

  /** Takes from the queue until a bound is reached, and runs what it takes. */
  function runGroup(group: Waiting[]): unknown[] {
    const values: unknown[] = [];
    const startMs = performance.now();
    let bytes = 0;
    for (let next = queue.peek(); next !== undefined; next = queue.peek()) {
      const isFull =
        group.length === MAX_GROUP ||
        bytes + next.bytes > MAX_GROUP_BYTES ||
        performance.now() - startMs > MAX_GROUP_MS;
      if (group.length > 0 && isFull) break;
      queue.take();
      if (!next.isLazy) impatient--;
      group.push(next);
      bytes += next.bytes;
      values.push(drive(next.work(tx)));
    }
    return values;
  }

  function commitGroup(): void {
    const group: Waiting[] = [];
    try {
      setSynchronous(impatient > 0 ? "FULL" : "NORMAL");
      begin.run();
      // Failures are rare, and a savepoint for each piece of work would cost half as much as the work itself.
      const values = runGroup(group);
      commit.run();
      for (const [index, { resolve }] of group.entries()) resolve(values[index]);
    } catch (error) {
      retreat(group, error);
    }
    scheduled = queue.peek() !== undefined;
    if (scheduled) setImmediate(commitGroup);
    else idle.refresh();
  }

  function retreat(group: readonly Waiting[], error: unknown): void {
    try {
      if (database.inTransaction) rollback.run();
      if (group.length > 1) return void commitEachAlone(group);
      // Without a group the transaction could not even begin: nobody in the queue can be served.
      if (group.length === 0) impatient = 0;
      for (const { reject } of group.length > 0 ? group : queue.takeAll()) reject(error);
    } catch (worse) {
      if (database.inTransaction) rollback.run();
      for (const { reject } of group) reject(worse);
    }
  }

  return {
    dialect: "sqlite",
    transact<T>(work: (tx: Tx) => Work<T>, { bytes = 0, isLazy = false }: TransactOptions = {}): Promise<T> {
      if (closed) return Promise.reject(new Error("the store is closed"));
      return new Promise<T>((resolve, reject) => {
        if (!isLazy) impatient++;
        queue.push({ work, bytes, isLazy, resolve: resolve as (value: unknown) => void, reject });
        if (!scheduled) {
          scheduled = true;
          setImmediate(commitGroup);
        }
      });
    },
    close() {
      closed ??= (async () => {
        while (scheduled) await new Promise((resolve) => setImmediate(resolve));
        clearTimeout(idle);
        database.close();
      })();
      return closed;
    },
  };
}

/** First in, first out, without moving everything at each take. */
function createFifo<T>() {
  let items: T[] = [];
  let head = 0;
  return {
    push: (item: T) => void items.push(item),
    peek: (): T | undefined => items[head],
    take() {
      head++;
      if (head === items.length) [items, head] = [[], 0];
    },
    takeAll(): T[] {
      const rest = items.slice(head);
      [items, head] = [[], 0];
      return rest;
    },
  };
}

function queryBuilder(): Kysely<Tables> {
  return new Kysely<Tables>({
    dialect: {
      createAdapter: () => new SqliteAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (db) => new SqliteIntrospector(db),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  });
}

async function migrate(database: Database.Database): Promise<void> {
  // The migrator closes nothing here: it borrows the connection.
  const db = new Kysely<unknown>({ dialect: new SqliteDialect({ database }) });
  const { error } = await new Migrator({ db, provider: migrationsFor("sqlite") }).migrateToLatest();
  if (error) throw error;
}
