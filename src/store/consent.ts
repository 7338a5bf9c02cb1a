/** The question that a refused deployment asks: asked while it is the newest of its site, ended by the next one. */
import type { Deployment, NeededConsent } from "../model/deployment.ts";
import { forgetBuilt, handOnBuilt } from "./built-releases.ts";
import { toDeployment } from "./deployment-row.ts";
import { first, type Tx, type Work } from "./work.ts";

/**
 * Ends the question that the newest deployment of the site asks, if it asks one; an older one asks no more. What it built
 * is handed on to the one that was asked for by saying yes. Answers with the deployment that asked.
 */
export function* answerQuestion(
  tx: Tx,
  by: Pick<Deployment, "id" | "site"> & Partial<Pick<Deployment, "askedBy">> & { readonly goesOnWith?: string },
): Work<Deployment[]> {
  const newest = yield* newestDeployment(tx, by.site);
  if (!newest?.consent || newest.consent.answer) return [];
  const consent: NeededConsent = { ...newest.consent, answer: { deployment: by.id, by: by.askedBy ?? null } };
  if (by.goesOnWith === newest.id) yield* handOnBuilt(tx, newest.id, by.id);
  else yield* forgetBuilt(tx, newest.id);
  const set = { consent: JSON.stringify(consent) };
  const row = yield* first(tx.db.updateTable("deployments").set(set).where("id", "=", newest.id).returningAll());
  return row ? [toDeployment(row)] : [];
}

/** What a deployment needs consent for; where a newer one of the site is there already, that one asks for itself. */
export function* askQuestion(
  tx: Tx,
  { id, site }: Deployment,
  needed: Omit<NeededConsent, "answer">,
): Work<NeededConsent> {
  const newest = yield* newestDeployment(tx, site);
  const isNewest = newest === undefined || newest.id === id;
  return { ...needed, answer: isNewest ? null : { deployment: newest.id, by: newest.askedBy } };
}

/** The newest deployment of a site that was ever to run. What is held, or was skipped at once, answers nothing. */
export function* newestDeployment(tx: Tx, site: string): Work<Deployment | undefined> {
  const newest = tx.db
    .selectFrom("deployments")
    .selectAll()
    .where("site", "=", site)
    .where("state", "<>", "held")
    .where((is) => is.or([is("state", "not in", ["skipped", "superseded"]), is("started_at", "is not", null)]));
  const row = yield* first(newest.orderBy("created_at", "desc").orderBy("id", "desc").limit(1));
  return row && toDeployment(row);
}
