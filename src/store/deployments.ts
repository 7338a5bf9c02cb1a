/** Deployments in the store: queued once per cause, claimed one at a time per site, moved from state to state. */
import { sql } from "kysely";
import type { Deployment, DeploymentState, DeploymentStats, NeededConsent, Stage } from "../model/deployment.ts";
import { mayFollow, publishesKept, TRIGGERS } from "../model/deployment.ts";
import { answerQuestion, askQuestion } from "./consent.ts";
import { toDeployment } from "./deployment-row.ts";
import { all, first, type Tx, type Work } from "./work.ts";

export type NewDeployment = Pick<
  Deployment,
  | "id"
  | "site"
  | "trigger"
  | "cause"
  | "repoId"
  | "repoName"
  | "installationId"
  | "branch"
  | "commit"
  | "author"
  | "title"
> &
  Partial<Pick<Deployment, "askedRelease" | "adopt" | "allowRemovals" | "askedBy">>;

/** What a change of state may set besides the state. */
export type DeploymentChange = {
  readonly state: DeploymentState;
  readonly stage?: Stage;
  readonly reason?: string | null;
  readonly releaseId?: string;
  readonly stats?: DeploymentStats;
  readonly notBeforeMs?: number;
  readonly consent?: Omit<NeededConsent, "answer">;
};

export type Queued = {
  /** The one that stands. */
  readonly deployment: Deployment;
  readonly isNew: boolean;
  /** One that waited, and makes way. */
  readonly superseded: Deployment | undefined;
  /** One that had failed for want of somebody's consent, which nobody needs to give any more. */
  readonly answered: Deployment | undefined;
};

/**
 * Queues a deployment. One of the same site that still waits is superseded by it; one with the same cause stands for
 * it, and nothing is queued.
 *
 * The newest wish wins, whoever has it: a rollback supersedes a push that waits, and a push that comes later deploys
 * again, over the rollback. Whoever wants the site to stay as it is has to pause it.
 */
export function* queueDeployment(tx: Tx, deployment: NewDeployment, nowMs: number): Work<Queued> {
  const known = yield* first(
    tx.db
      .selectFrom("deployments")
      .selectAll()
      .where("site", "=", deployment.site)
      .where("cause", "=", deployment.cause),
  );
  if (known) return { deployment: toDeployment(known), isNew: false, superseded: undefined, answered: undefined };

  const waiting = yield* first(
    tx.db
      .selectFrom("deployments")
      .selectAll()
      .where("site", "=", deployment.site)
      .where("state", "=", sql.lit("queued")),
  );
  const superseded = waiting
    ? yield* changeDeployment(tx, waiting.id, { state: "superseded", reason: supersededBy(deployment) }, nowMs)
    : undefined;
  const answered = yield* answerQuestion(tx, deployment);
  const row = yield* first(
    tx.db
      .insertInto("deployments")
      .values({
        id: deployment.id,
        site: deployment.site,
        state: "queued",
        stage: null,
        trigger: deployment.trigger,
        cause: deployment.cause,
        repo_id: deployment.repoId,
        repo_name: deployment.repoName,
        installation_id: deployment.installationId,
        branch: deployment.branch,
        commit: deployment.commit,
        author: deployment.author,
        title: deployment.title,
        asked_release: deployment.askedRelease ?? null,
        adopt: deployment.adopt ? 1 : 0,
        allow_removals: deployment.allowRemovals ? 1 : 0,
        asked_by: deployment.askedBy ?? null,
        consent: null,
        release_id: null,
        stats: null,
        reason: null,
        created_at: nowMs,
        started_at: null,
        finished_at: null,
      })
      .returningAll(),
  );
  if (!row) throw new Error(`deployment ${deployment.id} was not inserted`);
  return { deployment: toDeployment(row), isNew: true, superseded, answered };
}

function supersededBy({ id, trigger }: NewDeployment): string {
  return `superseded by ${publishesKept(trigger) ? `the ${trigger} ` : ""}${id}`;
}

/** A pause keeps new builds away; a person who publishes a kept release knows what it is. */
const KEPT_TRIGGERS = TRIGGERS.filter(publishesKept).map((trigger) => sql.lit(trigger));

/**
 * Claims the oldest deployment that waits on a site where none runs. On a paused site only rollbacks and redeploys are
 * claimed.
 */
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
    .where(({ eb, or, not, exists, selectFrom }) =>
      or([
        eb("waiting.trigger", "in", KEPT_TRIGGERS),
        not(
          exists(
            selectFrom("sites")
              .select("sites.name")
              .whereRef("sites.name", "=", "waiting.site")
              .where("sites.paused", "is not", null),
          ),
        ),
      ]),
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
 */
export function* changeDeployment(
  tx: Tx,
  id: string,
  change: DeploymentChange,
  nowMs: number,
): Work<Deployment | undefined> {
  const current = yield* findDeployment(tx, id);
  if (!current || !(current.state === change.state || mayFollow(current.state, change.state))) return undefined;
  const isOver = !["queued", "building", "publishing"].includes(change.state);
  const leaves = isOver || change.state === "queued";
  const consent = change.consent && (yield* askQuestion(tx, current, change.consent));
  const row = yield* first(
    tx.db
      .updateTable("deployments")
      .set({
        state: change.state,
        ...(change.stage && { stage: change.stage }),
        ...(change.reason !== undefined && { reason: change.reason }),
        ...(change.releaseId && { release_id: change.releaseId }),
        ...(change.stats && { stats: JSON.stringify(change.stats) }),
        ...(consent && { consent: JSON.stringify(consent) }),
        ...(change.notBeforeMs !== undefined && { not_before: change.notBeforeMs }),
        ...(isOver && { finished_at: nowMs }),
        ...(leaves && { claimed_by: null, claimed_until: null }),
      })
      .where("id", "=", id)
      .returningAll(),
  );
  return row && toDeployment(row);
}

/** Notes which commit is really deployed, once checkout knows. */
export function* setDeploymentHead(
  tx: Tx,
  id: string,
  head: { commit: string; author: string; title: string },
): Work<Deployment | undefined> {
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

/** The deployment of a site that waits or runs on this commit, if there is one. */
export function* activeDeploymentOf(tx: Tx, site: string, commit: string): Work<Deployment | undefined> {
  const row = yield* first(
    tx.db
      .selectFrom("deployments")
      .selectAll()
      .where("site", "=", site)
      .where("commit", "=", commit)
      .where("state", "in", ["queued", "building", "publishing"]),
  );
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

/** Whether another deployment of the site waits. */
export function* hasWaiting(tx: Tx, site: string): Work<boolean> {
  const query = tx.db
    .selectFrom("deployments")
    .select("id")
    .where("site", "=", site)
    .where("state", "=", sql.lit("queued"));
  return (yield* first(query)) !== undefined;
}
