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
  database.pragma("foreign_keys = ON");
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

  const queue: Waiting[] = [];
  let scheduled = false;
  let closed: Promise<void> | undefined;

  function takeGroup(): Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const waiting of queue) {
      if (count === MAX_GROUP || (count > 0 && bytes + waiting.bytes > MAX_GROUP_BYTES)) break;
      bytes += waiting.bytes;
      count++;
    }
    return queue.splice(0, count);
  }

  function commitGroup(): void {
    const group = takeGroup();
    const settled: Array<() => void> = [];
    try {
      begin.run();
      for (const { work, resolve, reject } of group) {
        savepoint.run();
        try {
          const value = drive(work(tx));
          settled.push(() => resolve(value));
        } catch (error) {
          undo.run();
          settled.push(() => reject(error));
        }
        release.run();
      }
      commit.run();
      for (const settle of settled) settle();
    } catch (error) {
      if (database.inTransaction) rollback.run();
      for (const { reject } of group) reject(error);
    }
    scheduled = queue.length > 0;
    if (scheduled) setImmediate(commitGroup);
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
        database.close();
      })();
      return closed;
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
