/** A run of a workflow ended: which channels follow it, and what is remembered of it. */
import picomatch from "picomatch";
import type { Config } from "../config/schema.ts";
import { type CiFollow, type CiRun, verdictOf } from "../model/ci.ts";
import type { Effect } from "../model/effect.ts";
import type { RunEnvironmentEvent, WorkflowRunEvent } from "../model/event.ts";
import { lastMatch } from "../model/paths.ts";
import { belongsTo, type SiteFacts } from "../model/site.ts";
import { isWorkflow } from "../model/workflow.ts";

type Rule = Config["ci"][number];

export type CiFacts = {
  readonly sites: readonly SiteFacts[];
  /** `ci` of slipway.yaml. */
  readonly rules: readonly Rule[];
  /** The channel of each site that has one, and the key of slipway.yaml that names it. */
  readonly channels: ReadonlyMap<string, { readonly channel: string; readonly setting: string }>;
  /** Whether a run of a workflow was ever seen in the repository: then suites of checks are no news. */
  readonly hasWorkflows: boolean;
};

/** Remembers the run where somebody follows it, or a site waits for such runs. */
export function handleCi(event: WorkflowRunEvent, facts: CiFacts): Effect[] {
  const run = runOf(event);
  if (run === null) return [];
  const follows = followsOf(event, run, facts);
  const isWaitedFor = facts.sites.some((site) => site.after.length > 0 && belongsTo(site, event));
  return follows.length > 0 || isWaitedFor ? [{ do: "ci_run", run, follows }] : [];
}

/** Remembers to which environment a run deploys, where that may matter to a channel. */
export function handleRunEnvironment(event: RunEnvironmentEvent, facts: Pick<CiFacts, "sites" | "rules">): Effect[] {
  const { repoId, runId } = event;
  if (!facts.sites.some((site) => belongsTo(site, event))) return [skip(`no site is configured for ${event.repoName}`)];
  const environment = event.environment.slice(0, MAX_TEXT);
  const matters = facts.rules.some(({ environments }) => environments.includes(environment));
  if (!matters) return [skip(`nobody follows what is deployed to ${environment}`)];
  return [{ do: "remember_environment", repoId, runId, environment }];
}

/**
 * The channels that follow a run, each once. Who mended a branch, and how it had failed, is of no matter to those who
 * were told that it is broken, so what succeeds is held against fewer filters. Whether it deploys to the environments
 * that they name is not known here; a success that does not says nothing of them.
 */
function followsOf(event: WorkflowRunEvent, run: CiRun, facts: CiFacts): CiFollow[] {
  const follows = new Map<string, CiFollow>();
  for (const [index, rule] of facts.rules.entries()) {
    if (!concerns(rule, event, run, facts.hasWorkflows)) continue;
    for (const site of facts.sites) {
      if (!belongsTo(site, event) || !(rule.sites?.includes(site.name) ?? true)) continue;
      if (!(rule.branches ? matchesOne(rule.branches, run.branch) : run.branch === site.branch)) continue;
      const place = rule.channel
        ? { channel: rule.channel, setting: `ci.${index}.channel` }
        : facts.channels.get(site.name);
      if (!place) continue;
      follows.set(place.channel, merged(follows.get(place.channel), { ...place, environments: rule.environments }));
    }
  }
  return [...follows.values()];
}

function concerns(rule: Rule, event: WorkflowRunEvent, run: CiRun, hasWorkflows: boolean): boolean {
  const isNamed = rule.workflows.some((wanted) => isWorkflow(wanted, event.workflow));
  if (rule.workflows.length > 0 && !isNamed) return false;
  if (event.isCheckSuite && hasWorkflows && !isNamed) return false;
  if (run.verdict === "passed") return true;
  if (!rule.conclusions.some((it) => it === run.conclusion)) return false;
  return matchesOne(rule.actors.map(literalBrackets), run.actorLogin, { nocase: true });
}

/** Several rules may name one channel: then it hears of what any of them lets through. */
function merged(known: CiFollow | undefined, follow: CiFollow): CiFollow {
  if (!known) return follow;
  const isForAll = known.environments.length === 0 || follow.environments.length === 0;
  return { ...known, environments: isForAll ? [] : [...new Set([...known.environments, ...follow.environments])] };
}

const MAX_TEXT = 200;

/** The run, as far as it says something of a branch of the repository itself. */
function runOf(event: WorkflowRunEvent): CiRun | null {
  const { action, conclusion, headBranch, headRepoId, repoId, head } = event;
  const verdict = verdictOf(conclusion);
  if (action !== "completed" || verdict === null || conclusion === null) return null;
  // Also pull_request_target and pull_request_review, which run on the base branch for what a stranger proposes.
  if (event.event.startsWith("pull_request") || headBranch === null || headRepoId !== repoId) return null;
  return {
    repoId,
    repoName: event.repoName,
    workflow: event.workflow.name.slice(0, MAX_TEXT),
    path: event.workflow.path.slice(0, MAX_TEXT),
    branch: headBranch,
    runId: event.runId,
    runNumber: event.runNumber,
    attempt: event.attempt,
    ...(event.order !== undefined && { order: event.order }),
    event: event.event.slice(0, MAX_TEXT),
    commit: event.headSha,
    title: (head?.message.split(/\r?\n/, 1)[0] ?? "").slice(0, MAX_TEXT),
    author: (head?.author ?? "").slice(0, MAX_TEXT),
    actorLogin: event.actorLogin.slice(0, MAX_TEXT),
    url: event.url !== null && event.url.length <= 1000 ? event.url : null,
    verdict,
    conclusion,
  };
}

/** As in `paths`; a text that is written like a pattern matches itself too. No patterns: everything counts. */
function matchesOne(patterns: readonly string[], text: string, options: { nocase?: boolean } = {}): boolean {
  if (patterns.length === 0) return true;
  const counts = lastMatch(patterns, (pattern) => {
    const matches = picomatch(pattern, { dot: true, nonegate: true, ...options });
    return (given) => pattern === given || matches(given);
  });
  return counts(text);
}

/** GitHub calls its apps "dependabot[bot]": no character of a class, but the name. */
const literalBrackets = (pattern: string) => pattern.replace(/[[\]]/g, (bracket) => `\\${bracket}`);

const skip = (reason: string): Effect => ({ do: "skip", site: null, reason });
