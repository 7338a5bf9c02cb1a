/** A deployment: one run that makes a release live on a site. Its states, and which may follow which. */
import type { ChangedContent } from "./content.ts";

/**
 * queued → building → publishing → live is the good road. "building" covers checkout, install, build and package,
 * "publishing" covers publish and confirm. "held" waits for the end of a lock or a pause, and is then queued. The last
 * five are final.
 */
export const DEPLOYMENT_STATES = [
  "queued",
  "held",
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
export const STAGES = ["checkout", "install", "build", "prerender", "package", "publish", "confirm"] as const;
export type Stage = (typeof STAGES)[number];

/**
 * Why a deployment was asked for. "workflow": what CI built for a push is there. "content": what the site shows was
 * changed, though no commit was pushed. "redeploy" and "rollback" publish a release that is kept, without building
 * anything: the former the one that is live (or another, by name), the latter an earlier one.
 */
export const TRIGGERS = ["push", "workflow", "content", "command", "redeploy", "rollback"] as const;
export type Trigger = (typeof TRIGGERS)[number];

/** Whether nobody asked for such a deployment by name: a pause holds these. */
export function isAutomatic(trigger: Trigger): boolean {
  return trigger === "push" || trigger === "workflow" || trigger === "content";
}

/** Whether such a deployment publishes a kept release, so that nothing is checked out or built. */
export function publishesKept(trigger: Trigger): boolean {
  return trigger === "redeploy" || trigger === "rollback";
}

/** The stages that such a deployment goes through. Few sites are prerendered here: that stage shows while it runs. */
export function stagesOf(trigger: Trigger, current: Stage | null): readonly Stage[] {
  if (publishesKept(trigger)) return ["publish", "confirm"];
  return current === "prerender" ? STAGES : STAGES.filter((stage) => stage !== "prerender");
}

/** The first of them. */
export function stageOfStart(trigger: Trigger): Stage {
  return publishesKept(trigger) ? "publish" : "checkout";
}

const FOLLOWS: Record<DeploymentState, readonly DeploymentState[]> = {
  // From "building" back to "queued": the process died or the other side was away, and it is tried again.
  queued: ["building", "held", "cancelled", "superseded", "failed"],
  held: ["queued", "cancelled", "superseded"],
  building: ["publishing", "queued", "held", "failed", "cancelled", "skipped", "superseded"],
  publishing: ["live", "queued", "held", "failed", "cancelled", "superseded"],
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
  /** How many addresses of the release lead nowhere; absent where nobody looked. */
  readonly missingLinks?: number;
};

/** What somebody may agree to, for one deployment. */
export const CONSENTS = ["adopt", "allowRemovals"] as const;
export type Consent = (typeof CONSENTS)[number];

/** What a failed deployment lacked: somebody who agrees to what it would do on the host. */
export type NeededConsent = {
  readonly needs: Consent;
  /** How many files it is about, and the paths of the first ones. */
  readonly files: number;
  readonly paths: readonly string[];
  /** The newer deployment of the site that ends the question, and who asked for that one; null while it is open. */
  readonly answer: { readonly deployment: string; readonly by: string | null } | null;
};

/**
 * Why a deployment was skipped, and what to do for whoever wants it all the same. `workflow` builds the site, where
 * Slipway does not: only what that brought can be deployed.
 */
export function skippedBecause(site: string, reason: string, workflow: string | null = null): string {
  const way = workflow === null ? "deploys it anyway" : `deploys it once ${workflow} has succeeded for it`;
  return `${reason}; \`slipway deploy ${site}\` ${way}`;
}

type Overtaken = Pick<Deployment, "site" | "trigger" | "commit" | "askedRelease">;

/** Why a deployment makes way for a newer one, and what to do for whoever wants its commit all the same. */
export function supersededBy(
  older: Overtaken,
  by: Pick<Deployment, "id" | "trigger"> & { readonly commit?: string },
): string {
  const reason = `superseded by ${publishesKept(by.trigger) ? `the ${by.trigger} ` : ""}${by.id}`;
  const command = commandFor(older, by.commit);
  return command === null ? reason : `${reason}; \`${command}\` deploys it anyway`;
}

/** Null where the newer one does the same: it was to deploy the head, or the same commit. */
function commandFor({ site, trigger, commit, askedRelease }: Overtaken, newer: string | undefined): string | null {
  if (publishesKept(trigger)) return askedRelease && `slipway ${trigger} ${site} ${askedRelease.slice(0, 12)}`;
  return commit === "" || commit === newer || trigger === "content"
    ? null
    : `slipway deploy ${site} --commit ${commit.slice(0, 7)}`;
}

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
  /** The kept release that was asked for; null where it is the one that is live when its turn comes, or none is. */
  readonly askedRelease: string | null;
  /** The run of a workflow that asked for it; null where something else did. */
  readonly runId: number | null;
  /** The commit that was asked for by name; null builds the head of the branch. */
  readonly askedCommit: string | null;
  /** Builds although the commit is live already, and whatever the path filters say. */
  readonly force: boolean;
  /** Builds without what earlier builds left. */
  readonly cleanCaches: boolean;
  /** The content that was changed, where that is what it brings, or brings too. */
  readonly content: ChangedContent | null;
  /** Whether files that others put on the host may be replaced this once. */
  readonly adopt: boolean;
  /** Whether more than half of the files on the host may be removed this once. */
  readonly allowRemovals: boolean;
  /** The person who asked for it, where that is known: "alice (Slack U0ALICE)". */
  readonly askedBy: string | null;
  /** What it would have needed somebody's consent for; null where it failed for another reason, or did not fail. */
  readonly consent: NeededConsent | null;
  /** The release that it brought onto the host; also where the live site then did not show it. */
  readonly releaseId: string | null;
  readonly stats: DeploymentStats | null;
  /** Why it failed, is held, was skipped or was superseded: one sentence for people. */
  readonly reason: string | null;
  /** The newer deployment that it made way for. */
  readonly supersededBy: string | null;
  /** Remarks that belong to the record, such as a report that may have been lost. */
  readonly remarks: readonly string[];
  readonly attempts: number;
  /** Slipway went away while it ran: it waits to go on, or was given up for that reason. */
  readonly isInterrupted: boolean;
  /** While it is queued: when it may begin, in milliseconds since 1970. */
  readonly notBeforeMs: number;
  readonly createdAtMs: number;
  readonly startedAtMs: number | null;
  readonly finishedAtMs: number | null;
};
