/** That a running deployment is to be cancelled, kept until whoever runs it has seen it, also across a restart. */
import { sql } from "kysely";
import { all, first, type Tx, type Work } from "./work.ts";

const RUNNING = [sql.lit("building"), sql.lit("publishing")];

/**
 * Has a running deployment cancelled by the process that runs it. The first reason stands. Answers whether that is news:
 * false where it was asked for already, or does not run.
 */
export function* askCancel(tx: Tx, id: string, reason: string): Work<boolean> {
  const row = yield* first(
    tx.db
      .updateTable("deployments")
      .set({ cancel_reason: reason })
      .where("id", "=", id)
      .where("cancel_reason", "is", null)
      .where("state", "in", RUNNING)
      .returning("id"),
  );
  return row !== undefined;
}

/** Why the deployment is to be cancelled; null where nobody wants that. */
export function* cancelReasonOf(tx: Tx, id: string): Work<string | null> {
  const row = yield* first(tx.db.selectFrom("deployments").select("cancel_reason").where("id", "=", id));
  return row?.cancel_reason ?? null;
}

/** The running deployments that are to be cancelled: id → reason. */
export function* cancelsWanted(tx: Tx): Work<Map<string, string>> {
  const rows = yield* all(
    tx.db
      .selectFrom("deployments")
      .select(["id", "cancel_reason"])
      .where("cancel_reason", "is not", null)
      .where("state", "in", RUNNING),
  );
  return new Map(rows.map((row) => [row.id, row.cancel_reason ?? ""]));
}
