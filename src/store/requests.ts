/** Requests that need two people: kept from the first one's click until the second one's, or until their time is up. */
import { type Selectable, sql } from "kysely";
import type { Deed } from "../model/effect.ts";
import type { Tables } from "./tables.ts";
import { all, first, type Tx, type Work } from "./work.ts";

export type DeedRequest = {
  readonly id: string;
  readonly site: string;
  readonly deed: Deed;
  /** The deed in words, as it was shown when it was asked for. */
  readonly what: string;
  /** Who wants it, and where they said so. */
  readonly by: string;
  readonly where: string;
  readonly cause: string;
  readonly state: "open" | "approved" | "declined" | "expired";
  readonly answeredBy: string | null;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
};

export type NewRequest = Omit<DeedRequest, "state" | "answeredBy" | "createdAtMs"> & { readonly nowMs: number };

/** Spelled out, as in the index of the open ones. */
const OPEN = sql.lit("open");

/** Keeps a request. One with the same cause stands for it: then that one is the answer. */
export function* askRequest(tx: Tx, request: NewRequest): Work<DeedRequest> {
  const { id, site, deed, what, by, where, cause, nowMs, expiresAtMs } = request;
  const row = yield* first(
    tx.db
      .insertInto("requests")
      .values({
        ...{ id, site, by, cause, place: where, deed: JSON.stringify({ deed, what }) },
        answered_by: null,
        created_at: nowMs,
        expires_at: expiresAtMs,
      })
      .onConflict((conflict) => conflict.column("cause").doNothing())
      .returningAll(),
  );
  const known = row ?? (yield* first(tx.db.selectFrom("requests").selectAll().where("cause", "=", cause)));
  if (!known) throw new Error(`request ${id} was not kept`);
  return toRequest(known);
}

export function* findRequest(tx: Tx, id: string): Work<DeedRequest | undefined> {
  const row = yield* first(tx.db.selectFrom("requests").selectAll().where("id", "=", id));
  return row && toRequest(row);
}

/** The requests about a site that somebody may still answer. */
export function* openRequests(tx: Tx, site: string, nowMs: number): Work<DeedRequest[]> {
  const open = tx.db.selectFrom("requests").selectAll().where("site", "=", site).where("state", "=", OPEN);
  return (yield* all(open.where("expires_at", ">", nowMs).orderBy("created_at"))).map(toRequest);
}

/** Ends a request; undefined where it is not open, or its time is up. */
export function* answerRequest(
  tx: Tx,
  id: string,
  answer: { readonly state: "approved" | "declined"; readonly by: string; readonly nowMs: number },
): Work<DeedRequest | undefined> {
  const row = yield* first(
    tx.db
      .updateTable("requests")
      .set({ state: answer.state, answered_by: answer.by })
      .where("id", "=", id)
      .where("state", "=", OPEN)
      .where("expires_at", ">", answer.nowMs)
      .returningAll(),
  );
  return row && toRequest(row);
}

/** Ends the requests whose time is up. Answers with them. */
export function* expireRequests(tx: Tx, nowMs: number): Work<DeedRequest[]> {
  const rows = yield* all(
    tx.db
      .updateTable("requests")
      .set({ state: "expired" })
      .where("state", "=", OPEN)
      .where("expires_at", "<=", nowMs)
      .returningAll(),
  );
  return rows.map(toRequest);
}

/** Forgets the requests that were over before this time. The audit log remembers them. */
export function* forgetRequests(tx: Tx, beforeMs: number): Work<void> {
  yield* all(tx.db.deleteFrom("requests").where("state", "<>", OPEN).where("expires_at", "<", beforeMs));
}

function toRequest(row: Selectable<Tables["requests"]>): DeedRequest {
  const { deed, what } = JSON.parse(row.deed) as Pick<DeedRequest, "deed" | "what">;
  return {
    ...{ id: row.id, site: row.site, deed, what, by: row.by, where: row.place, cause: row.cause },
    state: row.state as DeedRequest["state"],
    answeredBy: row.answered_by,
    createdAtMs: row.created_at,
    expiresAtMs: row.expires_at,
  };
}
