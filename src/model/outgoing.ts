/** Events that Slipway tells others by webhooks: what they are called, what they say, and who wants them. docs/webhooks-out.md */
import { hash } from "node:crypto";
import type { Alert } from "./alert.ts";
import { type Consent, DEPLOYMENT_STATES, type Deployment, type Trigger } from "./deployment.ts";
import { fitsPattern } from "./event-pattern.ts";

const ALERT_STATES = ["firing", "acknowledged", "resolved"] as const;

/** Every type of event. */
export const OUT_TYPES = [
  ...DEPLOYMENT_STATES.map((state) => `deployment.${state}` as const),
  ...ALERT_STATES.map((state) => `alert.${state}` as const),
] as const;
export type OutType = (typeof OUT_TYPES)[number];

/** How a deployment stands. Times are ISO 8601 in UTC. Nothing in it is secret. */
export type DeploymentOut = {
  readonly id: string;
  /** Counts the events of this deployment that the endpoint gets, from 1: the order in which they happened. */
  readonly sequence: number;
  readonly site: string;
  readonly state: Deployment["state"];
  readonly trigger: Trigger;
  /** "owner/name" */
  readonly repository: string;
  readonly branch: string;
  /** Null until the head of the branch is known. */
  readonly commit: string | null;
  readonly author: string;
  readonly title: string;
  readonly releaseId: string | null;
  /** Where visitors see the site. */
  readonly liveUrl: string | null;
  /** Why it failed, is held, was skipped or superseded. */
  readonly reason: string | null;
  /** What somebody has to agree to, where that is all it failed for. */
  readonly needs: Consent | null;
  readonly supersededBy: string | null;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
};

/** How an alert stands. */
export type AlertOut = {
  readonly id: number;
  readonly source: string;
  readonly fingerprint: string;
  readonly state: (typeof ALERT_STATES)[number];
  readonly severity: Alert["report"]["severity"];
  readonly title: string;
  readonly detail: string;
  readonly url: string | null;
  readonly runbookUrl: string | null;
  /** How often it came back. */
  readonly flaps: number;
  readonly acknowledgedBy: string | null;
  /** The sites that went live shortly before, with their deployments. */
  readonly suspects: ReadonlyArray<{ readonly site: string; readonly deployment: string }>;
  readonly startedAt: string;
  readonly resolvedAt: string | null;
};

/** The body of a request: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#payload-structure */
export type OutEvent = {
  readonly type: OutType;
  /** When it happened, not when it is sent. */
  readonly timestamp: string;
  readonly data: DeploymentOut | AlertOut;
};

/** Longer texts are cut, so that a request stays below the 20 kB that the specification recommends. */
const MAX = { line: 300, text: 2000, url: 2000 } as const;

export function deploymentOut(
  deployment: Deployment,
  { sequence, liveUrl }: Pick<DeploymentOut, "sequence" | "liveUrl">,
): DeploymentOut {
  const { id, site, state, trigger, repoName, branch, commit, author, title, reason, consent } = deployment;
  return {
    ...{ id, sequence, site, state, trigger },
    repository: repoName,
    branch: cut(branch, MAX.line),
    commit: commit || null,
    author: cut(author, MAX.line),
    title: cut(title, MAX.line),
    releaseId: deployment.releaseId,
    liveUrl,
    reason: reason === null ? null : cut(reason, MAX.text),
    needs: state === "failed" ? (consent?.needs ?? null) : null,
    supersededBy: deployment.supersededBy,
    createdAt: iso(deployment.createdAtMs),
    startedAt: isoOrNull(deployment.startedAtMs),
    finishedAt: isoOrNull(deployment.finishedAtMs),
  };
}

export function alertOut({ id, source, state, report, acknowledged, ...alert }: Alert): AlertOut {
  return {
    ...{ id, source },
    fingerprint: cut(report.fingerprint, MAX.line),
    state: state === "resolved" ? "resolved" : acknowledged === null ? "firing" : "acknowledged",
    severity: report.severity,
    title: cut(report.title, MAX.line),
    detail: cut(report.detail, MAX.text),
    url: report.links[0]?.url.slice(0, MAX.url) ?? null,
    runbookUrl: report.runbookUrl?.slice(0, MAX.url) ?? null,
    flaps: alert.flaps,
    acknowledgedBy: acknowledged === null ? null : cut(acknowledged.by, MAX.line),
    suspects: alert.suspects.map(({ site, deployment }) => ({ site, deployment })),
    startedAt: iso(alert.sinceMs),
    resolvedAt: isoOrNull(alert.resolvedAtMs),
  };
}

/** Whether a list of types or beginnings ("deployment.*") names the type; an empty one names all. */
export function isNamed(patterns: readonly string[], type: string): boolean {
  return patterns.length === 0 || patterns.some((it) => fitsPattern(it, type));
}

/** Whether a pattern names any event that there is. */
export const namesSomeEvent = (pattern: string) => OUT_TYPES.some((type) => fitsPattern(pattern, type));

/** Names an endpoint in records, whatever its place in slipway.yaml: its address may hold what is not for everybody. */
export function endpointId(url: string): string {
  return hash("sha256", url, "hex").slice(0, 12);
}

function cut(text: string, maxChars: number): string {
  return text.slice(0, maxChars).toWellFormed();
}

const iso = (ms: number) => new Date(ms).toISOString();
const isoOrNull = (ms: number | null) => (ms === null ? null : iso(ms));
