/** How many deployments wait and run. */
import { all, type Tx, type Work } from "./work.ts";

export type ActiveCounts = { readonly waiting: number; readonly running: number };

export function* countActive(tx: Tx): Work<ActiveCounts> {
  const rows = yield* all(
    tx.db
      .selectFrom("deployments")
      .select(["state", tx.db.fn.countAll<number>().as("count")])
      .where("state", "in", ["queued", "building", "publishing"])
      .groupBy("state"),
  );
  const {
    queued = 0,
    building = 0,
    publishing = 0,
  } = Object.fromEntries(rows.map(({ state, count }) => [state, Number(count)]));
  return { waiting: queued, running: building + publishing };
}
