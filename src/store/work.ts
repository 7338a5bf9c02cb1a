/**
 * Transactions as generators. A piece of work yields the queries it wants run and gets their rows back; it never
 * awaits. SQLite runs it from start to end in one go, with no gap in which anything else could happen; Postgres
 * awaits each query. So one set of queries serves both, and "no await inside a transaction" is a matter of types.
 */
import type { CompiledQuery, Kysely } from "kysely";
import type { Dialect } from "./migrations.ts";
import type { Tables } from "./tables.ts";

export type Rows = ReadonlyArray<Record<string, unknown>>;

/** Work inside one transaction, which answers with a T. */
export type Work<T> = Generator<CompiledQuery, T, Rows>;

/** What work builds its queries with. `db` only builds: it has no connection. */
export type Tx = { readonly db: Kysely<Tables>; readonly dialect: Dialect };

type Query<Row> = { compile(): CompiledQuery<Row> };

/** Runs a query and answers with its rows. */
export function* all<Row>(query: Query<Row>): Work<Row[]> {
  return (yield query.compile()) as Row[];
}

/** Runs a query and answers with its first row, if there is one. */
export function* first<Row>(query: Query<Row>): Work<Row | undefined> {
  return ((yield query.compile()) as Row[])[0];
}
