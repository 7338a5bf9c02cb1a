/** Deployments in the store: queued once per cause, claimed one at a time per site, moved from state to state. */
import { sql } from "kysely";
import type { Deployment, DeploymentState, DeploymentStats, NeededConsent, Stage } from "../model/deployment.ts";
import { isAutomatic, isFinal, mayFollow, publishesKept, supersededBy, TRIGGERS } from "../model/deployment.ts";
import { forgetBuilt } from "./built-releases.ts";
import { cancelReasonOf } from "./cancel.ts";
import { answerQuestion, askQuestion } from "./consent.ts";
import { toDeployment } from "./deployment-row.ts";
import { findByCause, insertDeployment, type NewDeployment } from "./insert-deployment.ts";
import { bequeath, holdFor, waitingOf, withWishesOf } from "./waiting.ts";
import { all, first, type Tx, type Work } from "./work.ts";

export type { NewDeployment } from "./insert-deployment.ts";

/** What a change of state may set besides the state. */
export type DeploymentChange = {
  readonly state: DeploymentState;
  readonly stage?: Stage;
  readonly reason?: string | null;
  readonly supersededBy?: string;
  readonly releaseId?: string;
  readonly stats?: DeploymentStats;
  readonly notBeforeMs?: number;
  /** How many attempts count, where the last one was no fault of the deployment. */
  readonly attempts?: number;
  readonly consent?: Omit<NeededConsent, "answer">;
  readonly isInterrupted?: boolean;
};

export type Queued = {
  /** The one that stands; it may be held. */
  readonly deployment: Deployment;
  readonly isNew: boolean;
  /** Those that change with it: what waited and makes way, and whose question for consent needs no answer any more. */
  readonly older: readonly Deployment[];
};

/**
 * Queues a deployment, or holds it where the site is locked or paused. One of the same site that still waits is
 * superseded by it; one with the same cause stands for it, and nothing is queued.
 *
 * The newest wish wins, whoever has it: a rollback supersedes a push that waits, and a push that comes later deploys
 * again, over the rollback. Whoever wants the site to stay as it is has to pause or lock it. What is held stands in
 * nobody's way, and is superseded by what deploys the same, the head of the branch, alone: the end of the pause deploys it.
 */
export function* queueDeployment(tx: Tx, deployment: NewDeployment, nowMs: number): Work<Queued> {
  const known = yield* findByCause(tx, deployment);
  if (known) return { deployment: known, isNew: false, older: [] };
  const hold = yield* holdFor(tx, deployment.site, deployment.trigger);
  const state = hold === null ? "queued" : "held";
  const waiting = yield* waitingOf(tx, deployment.site);
  const older: Deployment[] = [];
  const deploysHead = !publishesKept(deployment.trigger) && (deployment.askedCommit ?? null) === null;
  const overtaken = waiting.filter((it) => it.state === state || (it.state === "held" && deploysHead));
  for (const it of overtaken) older.push(...(yield* supersede(tx, it, deployment, nowMs)));
  if (state === "queued") older.push(...(yield* answerQuestion(tx, deployment)));
  const heir = withWishesOf(deployment, overtaken);
  return { deployment: yield* insertDeployment(tx, heir, { state, reason: hold, nowMs }), isNew: true, older };
}

/** Makes a deployment that waits make way for a newer one. Answers with it, if it still waited. */
export function* supersede(
  tx: Tx,
  older: Deployment,
  by: Pick<Deployment, "id" | "trigger" | "commit">,
  nowMs: number,
): Work<Deployment[]> {
  const to = { state: "superseded", supersededBy: by.id, reason: supersededBy(older, by) } as const;
  const changed = yield* changeDeployment(tx, older.id, to, nowMs);
  return changed ? [changed] : [];
}

/** While GitHub keeps the repository away nothing can be built; a kept release can be published all the same. */
const KEPT_TRIGGERS = TRIGGERS.filter(publishesKept).map((trigger) => sql.lit(trigger));
const AUTOMATIC_TRIGGERS = TRIGGERS.filter(isAutomatic).map((trigger) => sql.lit(trigger));

/** Claims the oldest deployment that waits on a site where none runs, unless the site is locked or paused for it. */
export function* claimDeployment(
  tx: Tx,
  claim: { boot: string; nowMs: number; untilMs: number },
): Work<Deployment | undefined> {
  let due = tx.db
    .selectFrom("deployments as waiting")
    .select("waiting.id")
    .where("waiting.state", "=", sql.lit("queued"))
    .where("waiting.not_before", "<=", claim.nowMs)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom("deployments as running")
            .select("running.id")
            .whereRef("running.site", "=", "waiting.site")
            .where("running.state", "in", [sql.lit("building"), sql.lit("publishing")]),
        ),
      ),
    )
    // What waited when the site was locked or paused is held; this is for what came at the same moment.
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom("sites")
            .select("sites.name")
            .whereRef("sites.name", "=", "waiting.site")
            .where(({ eb, or, and }) =>
              or([
                eb("sites.locked", "is not", null),
                and([eb("sites.github_pause", "is not", null), eb("waiting.trigger", "not in", KEPT_TRIGGERS)]),
                and([eb("sites.paused", "is not", null), eb("waiting.trigger", "in", AUTOMATIC_TRIGGERS)]),
              ]),
            ),
        ),
      ),
    )
    .orderBy("waiting.created_at")
    .limit(1);
  if (tx.dialect === "postgres") due = due.forUpdate().skipLocked();
  const row = yield* first(
    tx.db
      .updateTable("deployments")
      .set((is) => ({
        state: "building",
        stage: is.case().when("trigger", "in", KEPT_TRIGGERS).then("publish").else("checkout").end(),
        reason: null,
        interrupted: 0,
        attempts: is("attempts", "+", 1),
        started_at: claim.nowMs,
        claimed_by: claim.boot,
        claimed_until: claim.untilMs,
      }))
      .where("id", "in", due)
      .returningAll(),
  );
  return row && toDeployment(row);
}

/** Keeps the claim of a running deployment alive. */
export function* renewDeployment(tx: Tx, id: string, untilMs: number): Work<void> {
  yield* all(tx.db.updateTable("deployments").set({ claimed_until: untilMs }).where("id", "=", id));
}

/**
 * Moves a deployment to another state, or to another stage within its state. Answers with the deployment as it then
 * is; undefined, and nothing changed, where that state may not follow (it was cancelled meanwhile, say).
 *
 * One that goes back into the queue is held where the site was locked or paused meanwhile, superseded where a newer
 * one waits, and cancelled where somebody asked for that while it ran.
 */
export function* changeDeployment(
  tx: Tx,
  id: string,
  wanted: DeploymentChange,
  nowMs: number,
): Work<Deployment | undefined> {
  const current = yield* findDeployment(tx, id);
  if (!current || isFinal(current.state)) return undefined;
  if (current.state !== wanted.state && !mayFollow(current.state, wanted.state)) return undefined;
  const goesBack = wanted.state === "queued" && current.state !== "queued";
  const change = goesBack ? yield* putBack(tx, current, wanted) : wanted;
  const isOver = isFinal(change.state);
  const leaves = isOver || change.state === "queued" || change.state === "held";
  const consent = change.consent && (yield* askQuestion(tx, current, change.consent));
  // Whoever says yes to an open question says it to this release.
  if (isOver && consent?.answer !== null) yield* forgetBuilt(tx, id);
  const row = yield* first(
    tx.db
      .updateTable("deployments")
      .set({
        state: change.state,
        ...(change.stage && { stage: change.stage }),
        ...(change.reason !== undefined && { reason: change.reason }),
        ...(change.supersededBy && { superseded_by: change.supersededBy }),
        ...(change.releaseId && { release_id: change.releaseId }),
        ...(change.stats && { stats: JSON.stringify(change.stats) }),
        ...(consent && { consent: JSON.stringify(consent) }),
        ...(change.notBeforeMs !== undefined && { not_before: change.notBeforeMs }),
        ...(change.attempts !== undefined && { attempts: change.attempts }),
        ...(change.isInterrupted !== undefined && { interrupted: change.isInterrupted ? 1 : 0 }),
        ...(isOver && { finished_at: nowMs }),
        ...(leaves && { claimed_by: null, claimed_until: null }),
      })
      .where("id", "=", id)
      .returningAll(),
  );
  return row && toDeployment(row);
}

/** Where a deployment goes that is to wait again. */
function* putBack(tx: Tx, current: Deployment, wanted: DeploymentChange): Work<DeploymentChange> {
  const cancelled = yield* cancelReasonOf(tx, current.id);
  if (cancelled !== null) return { state: "cancelled", reason: cancelled };
  const hold = yield* holdFor(tx, current.site, current.trigger);
  const others = (yield* waitingOf(tx, current.site)).filter((it) => it.id !== current.id);
  // What is held waits for the end of a pause that does not concern this one.
  const newer = others.findLast((it) => it.state === "queued" || hold !== null);
  if (!newer) return hold === null ? wanted : { ...wanted, state: "held", reason: hold };
  yield* bequeath(tx, current, newer);
  const reason = [wanted.reason, supersededBy(current, newer)].filter(Boolean).join("; ");
  return { ...wanted, state: "superseded", supersededBy: newer.id, reason };
}

/** Counts that Slipway went away while the deployment was built. Answers with how often it has. */
export function* countCut(tx: Tx, id: string): Work<number> {
  const query = tx.db.updateTable("deployments").set((is) => ({ cuts: is("cuts", "+", 1) }));
  return (yield* first(query.where("id", "=", id).returning("cuts")))?.cuts ?? 0;
}

/** Notes which commit is really deployed, once checkout knows. What content was changed, and by whom, stays the title. */
export function* setDeploymentHead(
  tx: Tx,
  id: string,
  { commit, author, title }: { commit: string; author: string; title: string },
): Work<Deployment | undefined> {
  const isContent = (yield* findDeployment(tx, id))?.trigger === "content";
  const head = isContent ? { commit } : { commit, author, title };
  const row = yield* first(tx.db.updateTable("deployments").set(head).where("id", "=", id).returningAll());
  return row && toDeployment(row);
}

/** Adds a remark to the record of a deployment, once. */
export function* remarkOnDeployment(tx: Tx, id: string, remark: string): Work<void> {
  const current = yield* findDeployment(tx, id);
  if (!current || current.remarks.includes(remark)) return;
  const remarks = JSON.stringify([...current.remarks, remark]);
  yield* all(tx.db.updateTable("deployments").set({ remarks }).where("id", "=", id));
}

/** Running deployments whose worker is gone: of another boot, or with a claim that ran out before `nowMs`. */
export function* abandonedDeployments(tx: Tx, claim: { boot: string; nowMs: number }): Work<Deployment[]> {
  const rows = yield* all(
    tx.db
      .selectFrom("deployments")
      .selectAll()
      .where("state", "in", [sql.lit("building"), sql.lit("publishing")])
      .where((is) =>
        tx.dialect === "sqlite"
          ? // One process owns the data folder, so a claim of another boot is a claim of a dead one.
            is("claimed_by", "!=", claim.boot)
          : is("claimed_until", "<", claim.nowMs),
      ),
  );
  return rows.map(toDeployment);
}

export function* findDeployment(tx: Tx, id: string): Work<Deployment | undefined> {
  const row = yield* first(tx.db.selectFrom("deployments").selectAll().where("id", "=", id));
  return row && toDeployment(row);
}

/** The newest deployments, newest first, of one site or of all. */
export function* listDeployments(tx: Tx, filter: { limit: number; site?: string }): Work<Deployment[]> {
  let query = tx.db.selectFrom("deployments").selectAll().orderBy("created_at", "desc").orderBy("id", "desc");
  if (filter.site) query = query.where("site", "=", filter.site);
  return (yield* all(query.limit(filter.limit))).map(toDeployment);
}

/** The deployment of a site that waits, is held or runs on this commit, if there is one. */
export function* activeDeploymentOf(tx: Tx, site: string, commit: string): Work<Deployment | undefined> {
  const row = yield* first(
    tx.db
      .selectFrom("deployments")
      .selectAll()
      .where("site", "=", site)
      .where("commit", "=", commit)
      .where("state", "in", ["queued", "held", "building", "publishing"]),
  );
  return row && toDeployment(row);
}

/** The deployment of a site that runs, if one does. */
export function* runningOf(tx: Tx, site: string): Work<Deployment | undefined> {
  const running = tx.db.selectFrom("deployments").selectAll().where("site", "=", site);
  const row = yield* first(running.where("state", "in", [sql.lit("building"), sql.lit("publishing")]));
  return row && toDeployment(row);
}

/** When the deployment that runs for the longest time was claimed; undefined when none runs. */
export function* oldestRunningMs(tx: Tx): Work<number | undefined> {
  const row = yield* first(
    tx.db
      .selectFrom("deployments")
      .select((is) => is.fn.min("started_at").as("started_at"))
      .where("state", "in", [sql.lit("building"), sql.lit("publishing")]),
  );
  return row?.started_at ?? undefined;
}
