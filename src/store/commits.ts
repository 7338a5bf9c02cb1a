/** Commits that were announced or deployed. */
import type { Deployment } from "../model/deployment.ts";
import { all, type Tx, type Work } from "./work.ts";

/** Up to two commits of a site whose ids begin with `start`, which is hexadecimal, each with what is known of it. */
export function* findCommits(
  tx: Tx,
  site: string,
  start: string,
): Work<Array<Pick<Deployment, "commit" | "author" | "title">>> {
  const rows = yield* all(
    tx.db
      .selectFrom("deployments")
      .select((is) => ["commit", is.fn.max("author").as("author"), is.fn.max("title").as("title")])
      .where("site", "=", site)
      .where("trigger", "<>", "content")
      .where("commit", "like", `${start}%`)
      .groupBy("commit")
      .limit(2),
  );
  return rows.map(({ commit, author, title }) => ({ commit, author: author ?? "", title: title ?? "" }));
}
