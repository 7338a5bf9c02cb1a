/** What a CI tells of a branch: runs of workflows, and which channels hear of them. */

/** GitHub's conclusions that mean that something is broken; all but these and "success" say nothing of a branch. */
export const CI_FAILURES = ["failure", "timed_out", "startup_failure", "action_required"] as const;

/** One run of a workflow, as it stands; a later attempt or state of the same run replaces it. */
export type CiRun = {
  readonly repoId: number;
  readonly repoName: string;
  /** How people call the workflow, and its file; "" where GitHub does not say. */
  readonly workflow: string;
  readonly path: string;
  readonly branch: string;
  readonly runId: number;
  readonly runNumber: number | null;
  readonly attempt: number;
  /**
   * Tells the later of two states of one run; absent: its attempt does. A suite of checks has no attempts, so there it
   * is its age in seconds.
   */
  readonly order?: number;
  /** What started it: "push", "schedule", …; absent: a push. */
  readonly event?: string;
  readonly commit: string;
  readonly title: string;
  readonly author: string;
  readonly actorLogin: string;
  readonly url: string | null;
  /** "failed" and "passed" count; everything else ("cancelled", "skipped", …) says nothing of the branch. */
  readonly verdict: "failed" | "passed";
  /** GitHub's own word: "failure", "timed_out", … */
  readonly conclusion: string;
};

/** How a workflow stands for a commit of a branch: what decides whether sites that wait for it are deployed. */
export type CiResult = Pick<CiRun, "workflow" | "path" | "branch" | "commit" | "runId" | "verdict"> & {
  /** As in `CiRun`, never absent. */
  readonly order: number;
};

/** Whether `a` tells of a later run than `b`, or of a later state of the same. GitHub's ids of runs grow. */
export function isLater(a: Pick<CiResult, "runId" | "order">, b: Pick<CiResult, "runId" | "order">): boolean {
  return a.runId > b.runId || (a.runId === b.runId && a.order > b.order);
}

/** What a conclusion of GitHub's says of a branch; null: nothing. */
export function verdictOf(conclusion: string | null): CiRun["verdict"] | null {
  if (conclusion === "success") return "passed";
  return CI_FAILURES.some((it) => it === conclusion) ? "failed" : null;
}

/** A channel that hears of a run. */
export type CiFollow = {
  readonly channel: string;
  /** The key of slipway.yaml that names the channel. */
  readonly setting: string;
  /** Only runs that deploy to one of these environments of GitHub's; empty: all runs. */
  readonly environments: readonly string[];
};

/** A branch on which a workflow fails, or failed until now: what one message tells, from the first failure to the end. */
export type CiIncident = {
  readonly repoName: string;
  readonly workflow: string;
  readonly branch: string;
  readonly state: "broken" | "mended";
  /** How many runs failed. */
  readonly failures: number;
  readonly sinceMs: number;
  readonly mendedAtMs: number | null;
  /** The run that the message shows: the last one that failed, or the one that mended it. */
  readonly run: CiRun;
  /** The commit that broke it. */
  readonly firstCommit: string;
};
