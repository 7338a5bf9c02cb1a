/** A row of the table of deployments, in our own words. */
import type { Selectable } from "kysely";
import type { ChangedContent } from "../model/content.ts";
import type {
  Deployment,
  DeploymentState,
  DeploymentStats,
  NeededConsent,
  Stage,
  Trigger,
} from "../model/deployment.ts";
import type { DeploymentTable } from "./tables.ts";

export function toDeployment(row: Selectable<DeploymentTable>): Deployment {
  return {
    id: row.id,
    site: row.site,
    state: row.state as DeploymentState,
    stage: row.stage as Stage | null,
    trigger: row.trigger as Trigger,
    cause: row.cause,
    repoId: row.repo_id,
    repoName: row.repo_name,
    installationId: row.installation_id,
    branch: row.branch,
    commit: row.commit,
    author: row.author,
    title: row.title,
    askedRelease: row.asked_release,
    askedCommit: row.asked_commit,
    force: row.force === 1,
    cleanCaches: row.clean_caches === 1,
    content: row.content === null ? null : (JSON.parse(row.content) as ChangedContent),
    runId: row.run_id,
    adopt: row.adopt === 1,
    allowRemovals: row.allow_removals === 1,
    askedBy: row.asked_by,
    consent: row.consent === null ? null : (JSON.parse(row.consent) as NeededConsent),
    releaseId: row.release_id,
    stats: row.stats === null ? null : (JSON.parse(row.stats) as DeploymentStats),
    reason: row.reason,
    supersededBy: row.superseded_by,
    remarks: JSON.parse(row.remarks) as string[],
    attempts: row.attempts,
    isInterrupted: row.interrupted === 1,
    notBeforeMs: row.not_before,
    createdAtMs: row.created_at,
    startedAtMs: row.started_at,
    finishedAtMs: row.finished_at,
  };
}
