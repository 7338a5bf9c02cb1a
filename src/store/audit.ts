/** The audit log: who asked for what, where, which rule let them or did not, and what came of it. Rows are only ever added. */
import type { AuditEntry } from "../model/answer.ts";
import { all, type Tx, type Work } from "./work.ts";

/** Nothing that a person wrote may make the log grow without bound. */
const MAX_CHARS = 1000;

/** Adds an entry. Texts are cut after 1000 characters. */
export function* addAudit(tx: Tx, entry: AuditEntry): Work<void> {
  const { atMs, who, where, verb, site, what, rule, result, outcome, deployment } = entry;
  yield* all(
    tx.db.insertInto("audit").values({
      at: atMs,
      who: who.slice(0, MAX_CHARS),
      place: where.slice(0, MAX_CHARS),
      verb: verb.slice(0, MAX_CHARS),
      site,
      what: what.slice(0, MAX_CHARS),
      rule: rule.slice(0, MAX_CHARS),
      result,
      outcome: outcome.slice(0, MAX_CHARS),
      deployment_id: deployment,
    }),
  );
}

/** The newest entries, newest first, of one site or of all. */
export function* listAudit(tx: Tx, filter: { readonly site?: string; readonly limit: number }): Work<AuditEntry[]> {
  let query = tx.db.selectFrom("audit").selectAll().orderBy("id", "desc");
  if (filter.site !== undefined) query = query.where("site", "=", filter.site);
  return (yield* all(query.limit(filter.limit))).map((row) => ({
    atMs: row.at,
    who: row.who,
    where: row.place,
    verb: row.verb,
    site: row.site,
    what: row.what,
    rule: row.rule,
    result: row.result as AuditEntry["result"],
    outcome: row.outcome,
    deployment: row.deployment_id,
  }));
}
