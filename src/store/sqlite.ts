/**
 * The embedded store on SQLite. Every transaction that is asked for while the previous commit runs shares the next
 * one (group commit): a commit costs a disk flush however much is in it. Each piece of work has a savepoint of its own.
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
import type { Store } from "./store.ts";
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
const CHECKPOINT_AT_LAST_PAGES = 16_000;
const CHECKPOINT_WHEN_IDLE_MS = 100;

type Waiting = {
  readonly work: (tx: Tx) => Work<unknown>;
  readonly bytes: number;
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

  /** Runs one piece of work within the group. Answers with what is to be done once the group is committed. */
  function runOne({ work, resolve, reject }: Waiting): () => void {
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

  const queue = createFifo<Waiting>();
  const idle = setTimeout(() => {
    if (!scheduled && database.open) database.pragma("wal_checkpoint(PASSIVE)");
  }, CHECKPOINT_WHEN_IDLE_MS).unref();
  let scheduled = false;
  let closed: Promise<void> | undefined;

  function commitGroup(): void {
    const group: Waiting[] = [];
    const settled: Array<() => void> = [];
    const startMs = performance.now();
    let bytes = 0;
    const isFull = (next: Waiting) =>
      group.length > 0 &&
      (group.length === MAX_GROUP ||
        bytes + next.bytes > MAX_GROUP_BYTES ||
        performance.now() - startMs > MAX_GROUP_MS);
    try {
      begin.run();
      for (let next = queue.peek(); next !== undefined && !isFull(next); next = queue.peek()) {
        queue.take();
        group.push(next);
        bytes += next.bytes;
        settled.push(runOne(next));
      }
      commit.run();
      for (const settle of settled) settle();
    } catch (error) {
      if (database.inTransaction) rollback.run();
      for (const { reject } of group.length > 0 ? group : queue.takeAll()) reject(error);
    }
    scheduled = queue.peek() !== undefined;
    if (scheduled) setImmediate(commitGroup);
    else idle.refresh();
  }

  return {
    dialect: "sqlite",
    transact<T>(work: (tx: Tx) => Work<T>, bytes = 0): Promise<T> {
      if (closed) return Promise.reject(new Error("the store is closed"));
      return new Promise<T>((resolve, reject) => {
        queue.push({ work, bytes, resolve: resolve as (value: unknown) => void, reject });
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
