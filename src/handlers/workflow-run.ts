/**
 * A run of a workflow ended: sites that wait for it are deployed. Which commit is the head of the branch is known when
 * it is fetched; a run that was overtaken by then brings nothing.
 */
import { type CiResult, isLater, verdictOf } from "../model/ci.ts";
import { skippedBecause } from "../model/deployment.ts";
import type { Effect } from "../model/effect.ts";
import type { WorkflowRunEvent } from "../model/event.ts";
import { belongsTo, isTied, type SiteFacts } from "../model/site.ts";
import { isWorkflow } from "../model/workflow.ts";
import {
  type AfterFacts,
  calledOf,
  failedText,
  gateOf,
  inWords,
  NO_RESULTS,
  overtakenBy,
  overtakenText,
  withResult,
} from "./after.ts";
import { skipMarker } from "./skip-marker.ts";

/** Names of workflows and branches come from outside. */
const MAX_NAME = 100;

export type WorkflowRunFacts = {
  readonly sites: readonly SiteFacts[];
  /** For sites that wait for CI before Slipway builds them: what was known before this event. */
  readonly ci?: AfterFacts;
};

export function handleWorkflowRun(event: WorkflowRunEvent, facts: WorkflowRunFacts): Effect[] {
  const { repoId, repoName, installationId } = event;
  const waiting = facts.sites.filter((site) => waitsFor(site).length > 0 && belongsTo(site, event));
  if (waiting.length === 0) return [skip(null, `no site waits for a workflow of ${repoName}`)];
  return [
    { do: "remember_repository", repoId, repoName, installationId },
    ...waiting.flatMap((site) => effectsFor(event, site, facts.ci ?? NO_RESULTS)),
  ];
}

/** The workflows that a site waits for: the one that builds it, or those that let Slipway build it. */
const waitsFor = ({ workflow, after }: SiteFacts) => (workflow === null ? after : [workflow]);

function effectsFor(event: WorkflowRunEvent, site: SiteFacts, ci: AfterFacts): Effect[] {
  const bind: Effect[] = isTied(site)
    ? []
    : [{ do: "bind_site", site: site.name, repoId: event.repoId, boundAs: site.repo }];
  const noMatter = reasonToIgnore(event, site);
  if (noMatter !== undefined) return [...bind, skip(site.name, noMatter)];
  const asked = {
    site: site.name,
    trigger: "workflow",
    cause: event.cause,
    repoId: event.repoId,
    repoName: event.repoName,
    installationId: event.installationId,
    branch: site.branch,
    commit: event.headSha,
    author: event.head?.author || "unknown",
    title: (event.head?.message.split(/\r?\n/, 1)[0] ?? "").slice(0, 200),
  } as const;
  if (site.workflow === null) return [...bind, afterCi(event, site, asked, ci)];
  const reason = reasonToSkip(event, site);
  if (reason !== undefined) return [...bind, { do: "skip_deployment", ...asked, reason }];
  return [...bind, { do: "deploy", ...asked, runId: event.runId }];
}

type AskedByRun = Omit<Extract<Effect, { do: "skip_deployment" }>, "do" | "reason">;

/** Slipway builds the commit itself, and that one, once all that the site waits for have succeeded for it. */
function afterCi(event: WorkflowRunEvent, site: SiteFacts, asked: AskedByRun, { ofCommit, newer }: AfterFacts): Effect {
  const { name, after, branch } = site;
  const marker = skipMarker(event.head?.message ?? "");
  // The push is in the site's history already, with the way to have it all the same.
  if (marker) return skip(name, `the commit message says ${marker}`);
  const result = resultOf(event);
  const known = ofCommit.find((it) => it.runId === event.runId);
  if (known && isLater(known, result ?? { runId: event.runId, order: event.order ?? event.attempt })) {
    return skip(name, `${runOf(event)} was run again since`);
  }
  if (result?.verdict !== "passed")
    return { do: "skip_deployment", ...asked, reason: failedText(name, endText(event)) };
  const gate = gateOf(after, branch, withResult(ofCommit, result));
  if (gate.kind === "waiting") return skip(name, `it waits for ${inWords(gate.missing)} too`);
  if (gate.kind === "failed") {
    return skip(name, `run ${gate.result.runId} of ${calledOf(gate.result)} failed for the same commit`);
  }
  const overtaken = overtakenBy(after, branch, gate, newer);
  if (overtaken !== undefined) {
    return { do: "skip_deployment", ...asked, reason: overtakenText(name, asked.commit, overtaken) };
  }
  return { do: "deploy", ...asked, cause: gate.cause, askedCommit: asked.commit };
}

function resultOf(event: WorkflowRunEvent): CiResult | null {
  const verdict = verdictOf(event.conclusion);
  if (verdict === null || event.headBranch === null) return null;
  const { workflow, headBranch: branch, headSha: commit, runId, order = event.attempt } = event;
  return { workflow: workflow.name, path: workflow.path, branch, commit, runId, order, verdict };
}

/** Why the run is none that the site waits for. */
function reasonToIgnore(event: WorkflowRunEvent, site: SiteFacts): string | undefined {
  const { action, workflow, headBranch } = event;
  const wanted = waitsFor(site);
  if (!wanted.some((it) => isWorkflow(it, workflow))) {
    const which = wanted.length > 1 ? "one of the workflows" : "the workflow";
    return `${short(workflow.name || workflow.path)} is not ${wanted.join(" or ")}, ${which} that the site waits for`;
  }
  const run = runOf(event);
  if (action !== "completed") return `${run} has not ended yet`;
  if (event.event !== "push") return `${run} was started by ${short(event.event)}, not by a push`;
  // A fork may call its branch main as well.
  if (event.headRepoId !== event.repoId) return `${run} is about a commit of a fork`;
  if (headBranch !== site.branch) {
    return `${run} is about ${short(headBranch ?? "no branch")}, not ${site.branch}, the branch that is deployed`;
  }
  return undefined;
}

/** Why the run that the site waited for brings nothing, and what would. */
function reasonToSkip(event: WorkflowRunEvent, { name, workflow }: SiteFacts): string | undefined {
  const isGood = event.conclusion === "success";
  const marker = skipMarker(event.head?.message ?? "");
  if (marker) return skippedBecause(name, `the commit message says ${marker}`, isGood ? null : workflow);
  if (isGood) return undefined;
  return `${endText(event)}; run again on GitHub, it deploys by succeeding`;
}

function endText(event: WorkflowRunEvent): string {
  return `${runOf(event)} ended with ${short(event.conclusion ?? event.status)}`;
}

function runOf({ workflow, runId, attempt }: WorkflowRunEvent): string {
  return `run ${runId} of ${short(workflow.name || workflow.path)}${attempt > 1 ? `, attempt ${attempt},` : ""}`;
}

const short = (name: string) => name.slice(0, MAX_NAME);

const skip = (site: string | null, reason: string): Effect => ({ do: "skip", site, reason });
