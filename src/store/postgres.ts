/** The store on Postgres, for several machines. Each piece of work has a connection to itself until it is committed. */
import {
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresDialect,
  PostgresIntrospector,
  PostgresQueryCompiler,
} from "kysely";
import { Migrator } from "kysely/migration";
import pg from "pg";
import { migrationsFor } from "./migrations.ts";
import type { Store, TransactOptions } from "./store.ts";
import type { Tables } from "./tables.ts";
import type { Tx, Work } from "./work.ts";

/** OID of int8 in Postgres's pg_type: our times and ids, all below 2^53. */
const INT8 = 20;
/** How long to wait for a connection before a request is told to come again. */
const CONNECT_TIMEOUT_MS = 5000;

/** Connects to the database at `url` and brings its tables up to date. */
export async function openPostgres(url: string): Promise<Store> {
  const pool = new pg.Pool({
    connectionString: url,
    max: 10,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    types: {
      getTypeParser: (oid: number, format?: "text" | "binary") =>
        oid === INT8 ? Number : pg.types.getTypeParser(oid, format as "text"),
    } as pg.CustomTypesConfig,
  });
  // Without a listener a connection that breaks while idle would end the process.
  pool.on("error", () => {});
  await migrate(pool);

  const tx: Tx = { dialect: "postgres", db: queryBuilder() };

  async function drive<T>(client: pg.PoolClient, work: Work<T>): Promise<T> {
    let step = work.next();
    while (!step.done) {
      const { sql, parameters } = step.value;
      const result = await client.query<Record<string, unknown>>(sql, [...parameters]);
      step = work.next(result.rows);
    }
    return step.value;
  }

  return {
    dialect: "postgres",
    async transact<T>(work: (tx: Tx) => Work<T>, { isLazy = false }: TransactOptions = {}): Promise<T> {
      const client = await pool.connect();
      let broken = false;
      try {
        // One round trip. https://www.postgresql.org/docs/current/wal-async-commit.html
        await client.query(isLazy ? "BEGIN; SET LOCAL synchronous_commit = off" : "BEGIN");
        const value = await drive(client, work(tx));
        await client.query("COMMIT");
        return value;
      } catch (error) {
        await client.query("ROLLBACK").catch(() => {
          broken = true;
        });
        throw error;
      } finally {
        client.release(broken);
      }
    },
    close: () => pool.end(),
  };
}

function queryBuilder(): Kysely<Tables> {
  return new Kysely<Tables>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  });
}

async function migrate(pool: pg.Pool): Promise<void> {
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) });
  const { error } = await new Migrator({ db, provider: migrationsFor("postgres") }).migrateToLatest();
  if (error) throw error;
}
