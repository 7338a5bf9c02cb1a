/**
 * A run of a workflow ended: sites that wait for it are deployed. Which commit is the head of the branch is known when
 * it is fetched; a run that was overtaken by then brings nothing.
 */
import { skippedBecause } from "../model/deployment.ts";
import type { Effect } from "../model/effect.ts";
import type { WorkflowRunEvent } from "../model/event.ts";
import { belongsTo, isTied, type SiteFacts } from "../model/site.ts";
import { isWorkflow } from "../model/workflow.ts";
import { skipMarker } from "./skip-marker.ts";

/** Names of workflows and branches come from outside. */
const MAX_NAME = 100;

export function handleWorkflowRun(event: WorkflowRunEvent, facts: { readonly sites: readonly SiteFacts[] }): Effect[] {
  const { repoId, repoName, installationId } = event;
  const waiting = facts.sites.filter((site) => site.workflow !== null && belongsTo(site, event));
  if (waiting.length === 0) return [skip(null, `no site waits for a workflow of ${repoName}`)];
  return [
    { do: "remember_repository", repoId, repoName, installationId },
    ...waiting.flatMap((site) => effectsFor(event, site)),
  ];
}

function effectsFor(event: WorkflowRunEvent, site: SiteFacts): Effect[] {
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
  const reason = reasonToSkip(event, site);
  if (reason !== undefined) return [...bind, { do: "skip_deployment", ...asked, reason }];
  return [...bind, { do: "deploy", ...asked, runId: event.runId }];
}

/** Why the run is none that the site waits for. */
function reasonToIgnore(event: WorkflowRunEvent, site: SiteFacts): string | undefined {
  const { action, workflow, headBranch } = event;
  if (!isWorkflow(site.workflow ?? "", workflow)) {
    return `${short(workflow.name || workflow.path)} is not ${site.workflow}, the workflow that the site waits for`;
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
  return `${runOf(event)} ended with ${short(event.conclusion ?? event.status)}; run again on GitHub, it deploys by succeeding`;
}

function runOf({ workflow, runId, attempt }: WorkflowRunEvent): string {
  return `run ${runId} of ${short(workflow.name || workflow.path)}${attempt > 1 ? `, attempt ${attempt},` : ""}`;
}

const short = (name: string) => name.slice(0, MAX_NAME);

const skip = (site: string | null, reason: string): Effect => ({ do: "skip", site, reason });
