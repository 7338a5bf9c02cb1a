/** What CI said, in the store: how runs of workflows stand, to what they deploy, and since when a branch is broken. */
import { basename } from "node:path/posix";
import type { Selectable } from "kysely";
import { sql } from "kysely";
import { type CiIncident, type CiResult, type CiRun, isLater } from "../model/ci.ts";
import { lockName } from "./lock-name.ts";
import type { Tables } from "./tables.ts";
import { all, first, type Tx, type Work } from "./work.ts";

/** One transaction at a time decides about the runs of a repository: two that end at once must see one another. */
export const lockRepository = (tx: Tx, repoId: number) => lockName(tx, `ci of repository ${repoId}`);

/** Remembers how a run stands. False, and nothing changed, where that or something later is known already. */
export function* recordRun(tx: Tx, run: CiRun, nowMs: number): Work<boolean> {
  yield* lockRepository(tx, run.repoId);
  const { repoId, runId, workflow, path, branch, commit, verdict, event = "push" } = run;
  const row = { workflow, path, event, branch, commit, attempt: orderOf(run), verdict, at: nowMs };
  const recorded = yield* first(
    tx.db
      .insertInto("ci_runs")
      .values({ repo_id: repoId, run_id: runId, ...row })
      .onConflict((conflict) =>
        conflict.columns(["repo_id", "run_id"]).doUpdateSet(row).where("ci_runs.attempt", "<", orderOf(run)),
      )
      .returning("run_id"),
  );
  return recorded !== undefined;
}

/** How the workflows stand for a commit, of runs that a push started. */
export function* resultsFor(tx: Tx, repoId: number, commit: string): Work<CiResult[]> {
  const query = tx.db.selectFrom("ci_runs").selectAll().where("repo_id", "=", repoId).where("commit", "=", commit);
  return (yield* all(query.where("event", "=", sql.lit("push")))).map(toResult);
}

/** No branch has more runs than this that matter, and a re-run of a very old one must not read them all. */
const MAX_NEWER = 1000;

/** How they stand for whatever was pushed since that run, the newest first. */
export function* resultsSince(tx: Tx, repoId: number, runId: number): Work<CiResult[]> {
  const since = tx.db.selectFrom("ci_runs").selectAll().where("repo_id", "=", repoId).where("run_id", ">", runId);
  const pushed = since.where("event", "=", sql.lit("push"));
  return (yield* all(pushed.orderBy("run_id", "desc").limit(MAX_NEWER))).map(toResult);
}

/** Whether a run of a workflow, and not only a suite of checks, is known in the repository. */
export function* hasWorkflows(tx: Tx, repoId: number): Work<boolean> {
  const query = tx.db.selectFrom("ci_runs").select("run_id").where("repo_id", "=", repoId).where("path", "<>", "");
  return (yield* first(query.limit(1))) !== undefined;
}

export function* rememberEnvironment(
  tx: Tx,
  { repoId, runId, environment }: { repoId: number; runId: number; environment: string },
  nowMs: number,
): Work<void> {
  const values = { repo_id: repoId, run_id: runId, environment, at: nowMs };
  yield* all(
    tx.db
      .insertInto("run_environments")
      .values(values)
      .onConflict((conflict) => conflict.columns(["repo_id", "run_id", "environment"]).doNothing()),
  );
}

/** The environments of GitHub's that a run is known to deploy to. */
export function* environmentsOf(tx: Tx, repoId: number, runId: number): Work<string[]> {
  const query = tx.db.selectFrom("run_environments").select("environment").where("repo_id", "=", repoId);
  return (yield* all(query.where("run_id", "=", runId).orderBy("environment"))).map(({ environment }) => environment);
}

export type KnownIncident = { readonly id: number; readonly incident: CiIncident };

/**
 * What a failure that was just recorded does: it opens an incident, or counts in the one that is open. Null where a
 * newer run has succeeded already.
 */
export function* countFailure(tx: Tx, run: CiRun, nowMs: number): Work<KnownIncident | null> {
  const passed = (yield* edgeOf(tx, run, "passed", "max")) ?? 0;
  if (passed > run.runId) return null;
  const open = yield* openIncident(tx, run);
  if (!open) {
    const values = { ...keyOf(run), state: "broken", failures: 1, since: nowMs, run: JSON.stringify(run) };
    const row = yield* first(
      tx.db
        .insertInto("ci_incidents")
        .values({ ...values, mended_at: null, first_commit: run.commit })
        .returningAll(),
    );
    return row ? toIncident(row) : null;
  }
  const shown = open.incident.run;
  const isNewest = isLater(versionOf(run), versionOf(shown));
  const oldest = yield* edgeOf(tx, run, "failed", "min", passed);
  const row = yield* first(
    tx.db
      .updateTable("ci_incidents")
      .set((is) => ({
        failures: is("failures", "+", 1),
        ...(isNewest && { run: JSON.stringify(run) }),
        // It came late, but it is where it began.
        ...(!isNewest && oldest === run.runId && { first_commit: run.commit }),
      }))
      .where("id", "=", open.id)
      .returningAll(),
  );
  return row ? toIncident(row) : null;
}

/** What a success that was just recorded does: it ends the incident that is open, where it is newer than that. */
export function* mendIncident(tx: Tx, run: CiRun, nowMs: number): Work<KnownIncident | null> {
  const open = yield* openIncident(tx, run);
  if (!open || !isLater(versionOf(run), versionOf(open.incident.run))) return null;
  const row = yield* first(
    tx.db
      .updateTable("ci_incidents")
      .set({ state: "mended", mended_at: nowMs, run: JSON.stringify(run) })
      .where("id", "=", open.id)
      .returningAll(),
  );
  return row ? toIncident(row) : null;
}

/** The branches of these repositories that are broken now, the longest first. */
export function* brokenIn(tx: Tx, repoIds: readonly number[]): Work<CiIncident[]> {
  if (repoIds.length === 0) return [];
  const query = tx.db.selectFrom("ci_incidents").selectAll().where("repo_id", "in", repoIds);
  const rows = yield* all(query.where("state", "=", sql.lit("broken")).orderBy("id"));
  return rows.map((row) => toIncident(row).incident);
}

/** What is broken on a branch that is gone is broken no more, and mended neither. */
export function* endIncidentsOf(tx: Tx, { repoId, branch }: { repoId: number; branch: string }): Work<number> {
  const broken = tx.db.updateTable("ci_incidents").set({ state: "gone" }).where("state", "=", sql.lit("broken"));
  return (yield* all(broken.where("repo_id", "=", repoId).where("branch", "=", branch).returning("id"))).length;
}

/**
 * Forgets runs, and what they deploy to, that were told of before this time; incidents that had ended by then; and those
 * of workflows that did not fail since: that file, or that branch, may be gone.
 */
export function* forgetRuns(tx: Tx, beforeMs: number): Work<void> {
  yield* all(tx.db.deleteFrom("ci_incidents").where("mended_at", "<", beforeMs));
  yield* all(tx.db.deleteFrom("ci_runs").where("at", "<", beforeMs));
  yield* all(tx.db.deleteFrom("run_environments").where("at", "<", beforeMs));
  yield* all(
    tx.db
      .deleteFrom("ci_incidents")
      .where("mended_at", "is", null)
      .where("since", "<", beforeMs)
      .where(({ not, exists, selectFrom }) =>
        not(
          exists(
            selectFrom("ci_runs")
              .select("ci_runs.run_id")
              .whereRef("ci_runs.repo_id", "=", "ci_incidents.repo_id")
              .whereRef("ci_runs.branch", "=", "ci_incidents.branch")
              .where("ci_runs.verdict", "=", sql.lit("failed"))
              .where(({ eb, or, and, ref }) =>
                or([
                  eb("ci_runs.path", "=", ref("ci_incidents.workflow")),
                  and([eb("ci_runs.path", "=", ""), eb("ci_runs.workflow", "=", ref("ci_incidents.workflow"))]),
                ]),
              ),
          ),
        ),
      ),
  );
}

const orderOf = ({ order, attempt }: CiRun) => order ?? attempt;
const versionOf = (run: CiRun) => ({ runId: run.runId, order: orderOf(run) });

/** What tells one workflow of a branch from another: its file, which outlives its name. */
function keyOf({ repoId, workflow, path, branch }: CiRun) {
  return { repo_id: repoId, workflow: path || workflow, branch };
}

function* openIncident(tx: Tx, run: CiRun): Work<KnownIncident | undefined> {
  const { repo_id, workflow, branch } = keyOf(run);
  const ofBranch = tx.db
    .selectFrom("ci_incidents")
    .selectAll()
    .where("repo_id", "=", repo_id)
    .where("workflow", "=", workflow)
    .where("branch", "=", branch);
  const row = yield* first(ofBranch.where("state", "=", sql.lit("broken")).orderBy("id", "desc").limit(1));
  return row && toIncident(row);
}

/** The newest or oldest run of the same workflow and branch that ended so; of those after `since`, where that is said. */
function* edgeOf(
  tx: Tx,
  run: CiRun,
  verdict: CiRun["verdict"],
  edge: "min" | "max",
  since = 0,
): Work<number | undefined> {
  let query = tx.db
    .selectFrom("ci_runs")
    .select((is) => is.fn[edge]("run_id").as("run_id"))
    .where("repo_id", "=", run.repoId)
    .where("branch", "=", run.branch)
    .where("verdict", "=", verdict)
    .where("run_id", ">", since);
  query = run.path ? query.where("path", "=", run.path) : query.where("workflow", "=", run.workflow);
  const row = yield* first(query);
  return row?.run_id ?? undefined;
}

function toResult(row: Selectable<Tables["ci_runs"]>): CiResult {
  const { workflow, path, branch, commit, attempt, run_id: runId } = row;
  return { workflow, path, branch, commit, runId, order: attempt, verdict: row.verdict as CiResult["verdict"] };
}

function toIncident(row: Selectable<Tables["ci_incidents"]>): KnownIncident {
  const run = JSON.parse(row.run) as CiRun;
  const incident: CiIncident = {
    repoName: run.repoName,
    workflow: run.workflow || basename(run.path),
    branch: row.branch,
    state: row.state as CiIncident["state"],
    failures: row.failures,
    sinceMs: row.since,
    mendedAtMs: row.mended_at,
    run,
    firstCommit: row.first_commit,
  };
  return { id: row.id, incident };
}
