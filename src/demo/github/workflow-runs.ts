/** A run of a workflow, as GitHub's API shows it and as its webhook tells of it. */
import { createHash } from "node:crypto";
import { describeUser, fullName, type Hub, type HubRepository, nodeId, nowIso } from "./hub.ts";
import { describeRepository, type Payload } from "./payloads.ts";

export type RunOptions = {
  readonly commit: string;
  readonly message?: string;
  readonly author?: string;
  /** "CI" by default. */
  readonly workflow?: string;
  /** ".github/workflows/ci.yml" by default. */
  readonly path?: string;
  /** What started it; "push" by default. */
  readonly event?: string;
  readonly branch?: string;
  /** Null while it runs; "success" by default. */
  readonly conclusion?: string | null;
  /** The id of the fork that it ran for. */
  readonly forkId?: number;
  /** The run that is run again: it keeps its id, and its attempt grows. */
  readonly again?: number;
};

type Numbered = RunOptions & { readonly id: number; readonly before: Payload | null };

/** https://docs.github.com/rest/actions/workflow-runs#get-a-workflow-run */
export function describeRun(hub: Hub, repository: HubRepository, options: Numbered): Record<string, unknown> {
  const { id, before, commit, workflow = "CI", path = ".github/workflows/ci.yml", event = "push" } = options;
  const { branch = repository.defaultBranch, conclusion = "success", message = "Change", author = "Ada" } = options;
  const url = `${hub.url}/repos/${fullName(repository)}/actions/runs/${id}`;
  const workflowId = idOf(path);
  const checkSuite = id + 1_000_000;
  const whole = describeRepository(hub, repository, nowIso());
  const urls = ["artifacts", "cancel", "jobs", "logs", "rerun"].map((name) => [`${name}_url`, `${url}/${name}`]);
  return {
    ...{ id, node_id: nodeId("WorkflowRun", id), name: workflow, path, display_title: message.split("\n")[0] },
    ...{ event, status: conclusion === null ? "in_progress" : "completed", conclusion },
    ...{ head_branch: branch, head_sha: commit, run_attempt: Number(before?.run_attempt ?? 0) + 1, run_number: id },
    head_commit: {
      ...{ id: commit, tree_id: commit, message, timestamp: nowIso() },
      author: { name: author, email: "ada@example.com" },
      committer: { name: "GitHub", email: "noreply@github.com" },
    },
    ...{ workflow_id: workflowId, workflow_url: url.replace(/runs\/\d+$/, `workflows/${workflowId}`) },
    ...{ url, html_url: `${hub.url}/${fullName(repository)}/actions/runs/${id}`, ...Object.fromEntries(urls) },
    check_suite_id: checkSuite,
    check_suite_node_id: nodeId("CheckSuite", checkSuite),
    check_suite_url: `${hub.url}/repos/${fullName(repository)}/check-suites/${checkSuite}`,
    previous_attempt_url: before ? `${url}/attempts/${before.run_attempt}` : null,
    ...{ pull_requests: [], created_at: nowIso(), updated_at: nowIso(), run_started_at: nowIso() },
    ...{ actor: describeUser(hub, "ada"), triggering_actor: describeUser(hub, "ada"), repository: whole },
    head_repository: options.forkId === undefined ? whole : { ...whole, id: options.forkId, fork: true },
  };
}

/** https://docs.github.com/webhooks/webhook-events-and-payloads#workflow_run */
export function workflowRunPayload(hub: Hub, repository: HubRepository, run: Payload): Record<string, unknown> {
  const page = `${hub.url}/${fullName(repository)}`;
  return {
    action: run.status === "completed" ? "completed" : "in_progress",
    workflow_run: run,
    workflow: {
      ...{ id: run.workflow_id, node_id: nodeId("Workflow", Number(run.workflow_id)), name: run.name, path: run.path },
      ...{ state: "active", created_at: "2026-01-05T09:00:00Z", updated_at: "2026-01-05T09:00:00Z" },
      ...{ url: run.workflow_url, html_url: `${page}/blob/${repository.defaultBranch}/${run.path}` },
      badge_url: `${page}/workflows/${encodeURIComponent(String(run.name))}/badge.svg`,
    },
    repository: describeRepository(hub, repository, nowIso()),
    organization: {
      ...describeUser(hub, repository.owner, "Organization"),
      ...organizationUrls(hub, repository.owner),
    },
    sender: describeUser(hub, "ada"),
    installation: { id: hub.installationId, node_id: nodeId("Installation", hub.installationId) },
  };
}

/** The addresses that belong to an organisation. */
export function organizationUrls(hub: Hub, login: string): Record<string, string> {
  const url = `${hub.url}/orgs/${login}`;
  const names = ["events", "hooks", "issues", "repos"].map((name) => [`${name}_url`, `${url}/${name}`]);
  const members = ["members", "public_members"].map((name) => [`${name}_url`, `${url}/${name}{/member}`]);
  return { ...Object.fromEntries([...names, ...members]), url, description: "" };
}

const idOf = (path: string) => createHash("sha256").update(path).digest().readUInt32BE() % 90_000_000;
