/** New rows of the table of deployments. */
import type { Deployment, DeploymentState } from "../model/deployment.ts";
import { isAutomatic } from "../model/deployment.ts";
import { toDeployment } from "./deployment-row.ts";
import { first, type Tx, type Work } from "./work.ts";

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
  Partial<
    Pick<
      Deployment,
      | ("askedRelease" | "askedCommit" | "runId" | "force" | "cleanCaches" | "content")
      | ("adopt" | "allowRemovals" | "askedBy" | "notBeforeMs")
    >
  > & {
    /** The deployment that asks for the consent which this one brings, and whose release it publishes. */
    readonly goesOnWith?: string;
  };

/** Whether such a deployment is wanted whatever is live already. By default, what somebody asked for by name is. */
export function isForced({ trigger, force, content }: Pick<NewDeployment, "trigger" | "force" | "content">): boolean {
  return force ?? (!isAutomatic(trigger) || (content ?? null) !== null);
}

/** The deployment of the site that has this cause already. */
export function* findByCause(
  tx: Tx,
  { site, cause }: Pick<Deployment, "site" | "cause">,
): Work<Deployment | undefined> {
  const known = tx.db.selectFrom("deployments").selectAll().where("site", "=", site).where("cause", "=", cause);
  const row = yield* first(known);
  return row && toDeployment(row);
}

export function* insertDeployment(
  tx: Tx,
  deployment: NewDeployment,
  { state, reason, nowMs }: { state: DeploymentState; reason: string | null; nowMs: number },
): Work<Deployment> {
  const row = yield* first(
    tx.db
      .insertInto("deployments")
      .values({
        id: deployment.id,
        site: deployment.site,
        state,
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
        asked_commit: deployment.askedCommit ?? null,
        run_id: deployment.runId ?? null,
        force: isForced(deployment) ? 1 : 0,
        clean_caches: deployment.cleanCaches ? 1 : 0,
        content: deployment.content ? JSON.stringify(deployment.content) : null,
        adopt: deployment.adopt ? 1 : 0,
        allow_removals: deployment.allowRemovals ? 1 : 0,
        asked_by: deployment.askedBy ?? null,
        consent: null,
        cancel_reason: null,
        release_id: null,
        stats: null,
        reason,
        superseded_by: null,
        not_before: deployment.notBeforeMs ?? 0,
        created_at: nowMs,
        started_at: null,
        finished_at: state === "skipped" ? nowMs : null,
      })
      .returningAll(),
  );
  if (!row) throw new Error(`deployment ${deployment.id} was not inserted`);
  return toDeployment(row);
}

/**
 * Records a deployment that is not made. It stands in nobody's way: what waits goes on waiting. Answers undefined where
 * the same cause is recorded already.
 */
export function* insertSkipped(
  tx: Tx,
  deployment: NewDeployment,
  reason: string,
  nowMs: number,
): Work<Deployment | undefined> {
  if (yield* findByCause(tx, deployment)) return undefined;
  return yield* insertDeployment(tx, deployment, { state: "skipped", reason, nowMs });
}
