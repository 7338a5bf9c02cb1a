/** A deployment: one run that makes a release live on a site. Its states, and which may follow which. */

/**
 * queued → building → publishing → live is the good road. "building" covers checkout, install, build and package,
 * "publishing" covers publish and confirm. The last six are final.
 */
export const DEPLOYMENT_STATES = [
  "queued",
  "building",
  "publishing",
  "live",
  "failed",
  "cancelled",
  "superseded",
  "skipped",
] as const;
export type DeploymentState = (typeof DEPLOYMENT_STATES)[number];

/** One step of a deployment, in the order in which they run. */
export const STAGES = ["checkout", "install", "build", "package", "publish", "confirm"] as const;
export type Stage = (typeof STAGES)[number];

/** Why a deployment was asked for. */
export type Trigger = "push" | "command";

const FOLLOWS: Record<DeploymentState, readonly DeploymentState[]> = {
  // From "building" back to "queued": the process died or the other side was away, and it is tried again.
  queued: ["building", "cancelled", "superseded", "failed"],
  building: ["publishing", "queued", "failed", "cancelled", "skipped", "superseded"],
  publishing: ["live", "queued", "failed", "cancelled", "superseded"],
  live: [],
  failed: [],
  cancelled: [],
  superseded: [],
  skipped: [],
};

/** Whether a deployment in state `from` may move to state `to`. */
export function mayFollow(from: DeploymentState, to: DeploymentState): boolean {
  return FOLLOWS[from].includes(to);
}

/** Final states: nothing follows them. */
export function isFinal(state: DeploymentState): boolean {
  return FOLLOWS[state].length === 0;
}

/** The state a deployment is in while `stage` runs. */
export function stateDuring(stage: Stage): DeploymentState {
  return stage === "publish" || stage === "confirm" ? "publishing" : "building";
}

/** What a deployment changed on the host. Sizes in bytes. */
export type DeploymentStats = {
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
  readonly unchanged: number;
  /** Bytes that travelled to the host. */
  readonly uploadedBytes: number;
  /** The whole release. */
  readonly files: number;
  readonly bytes: number;
};

export type Deployment = {
  readonly id: string;
  readonly site: string;
  readonly state: DeploymentState;
  /** The stage that runs, or ran last. */
  readonly stage: Stage | null;
  readonly trigger: Trigger;
  /** What asked for it, unique within a site: the same push through two hooks has one cause. */
  readonly cause: string;
  readonly repoId: number | null;
  readonly repoName: string;
  readonly installationId: number | null;
  readonly branch: string;
  /** The commit: first the one that was announced, from checkout on the one that is really deployed. */
  readonly commit: string;
  readonly author: string;
  /** First line of the commit message. */
  readonly title: string;
  readonly releaseId: string | null;
  readonly stats: DeploymentStats | null;
  /** Why it failed, was skipped or was superseded: one sentence for people. */
  readonly reason: string | null;
  /** Remarks that belong to the record, such as a report that may have been lost. */
  readonly remarks: readonly string[];
  readonly attempts: number;
  readonly createdAtMs: number;
  readonly startedAtMs: number | null;
  readonly finishedAtMs: number | null;
};
