/** Check runs (https://docs.github.com/rest/checks/runs) and commit statuses (https://docs.github.com/rest/commits/statuses). */
import { type FrontRequest, type FrontRoute, readFields } from "../front-request.ts";
import type { Access } from "./access.ts";
import { annotationsIn, checkActions, checkOutput, identifiersOf } from "./check-output.ts";
import { type CheckRunClick, checkRunPayload } from "./check-run-payload.ts";
import {
  describeApp,
  describeBot,
  fullName,
  type Hub,
  type HubRepository,
  invalid,
  nodeId,
  notFound,
  nowIso,
  pageOf,
  refuse,
  repositoryOf,
} from "./hub.ts";
import type { Payload } from "./payloads.ts";

type CheckRun = {
  readonly repository: HubRepository;
  readonly id: number;
  readonly sha: string;
  readonly startedAt: string;
  fields: Readonly<Record<string, unknown>>;
  /** All that ever came: "annotations are appended" to those that a check run has. */
  readonly annotations: Array<Record<string, unknown>>;
  /** The buttons that it ever had; a page that was opened earlier still shows them. */
  readonly identifiers: Set<string>;
};
type CommitStatus = {
  readonly repository: HubRepository;
  readonly sha: string;
  readonly shown: { readonly context: string; readonly state: string } & Readonly<Record<string, unknown>>;
};

export type Checks = {
  readonly routes: FrontRoute[];
  /** Whether every check run and status of the commit has passed. */
  isGreen(repository: HubRepository, sha: string): boolean;
  /** The payload that tells of a click. Throws where there is no such check run, or it never had that button. */
  click(checkRun: number, click: CheckRunClick): Payload;
};

const STATUSES = new Set(["queued", "in_progress", "completed"]);
const CONCLUSIONS = new Set([
  ...["action_required", "cancelled", "failure", "neutral", "success", "skipped", "stale", "timed_out"],
]);
const COMMIT_STATES = new Set(["error", "failure", "pending", "success"]);

export function createChecks(hub: Hub, access: Access): Checks {
  const runs: CheckRun[] = [];
  const statuses: CommitStatus[] = [];

  function open(request: FrontRequest, permission: string, level: "read" | "write"): HubRepository {
    const repository = repositoryOf(hub, request);
    access.require(request, repository, permission, level);
    return repository;
  }

  function shaOf(request: FrontRequest, repository: HubRepository): string {
    const ref = request.params.ref ?? "";
    const sha = /^[0-9a-f]{40}$/.test(ref) ? ref : repository.heads.get(ref.replace(/^(refs\/)?heads\//, ""));
    if (sha === undefined) throw refuse(422, `No commit found for SHA: ${ref}`);
    return sha;
  }

  function find(request: FrontRequest, repository: HubRepository): CheckRun {
    const found = runs.find((one) => one.repository === repository && one.id === Number(request.params.id));
    if (!found) throw notFound();
    return found;
  }

  function createRun(request: FrontRequest) {
    const repository = open(request, "checks", "write");
    const fields = settle(readFields(request), {});
    if (typeof fields.name !== "string" || fields.name === "") throw invalid("CheckRun", "name", "missing_field");
    if (typeof fields.head_sha !== "string") throw invalid("CheckRun", "head_sha", "missing_field");
    if (!/^[0-9a-f]{40}$/.test(fields.head_sha)) throw refuse(422, `No commit found for SHA: ${fields.head_sha}`);
    const id = hub.nextId();
    const more = { annotations: [], identifiers: new Set<string>() };
    const run: CheckRun = { repository, id, sha: fields.head_sha, startedAt: nowIso(), fields, ...more };
    runs.push(run);
    collect(run, fields);
    return { status: 201, body: describe(run) };
  }

  function collect(run: CheckRun, given: Readonly<Record<string, unknown>>): void {
    run.annotations.push(...annotationsIn(given.output));
    for (const identifier of identifiersOf(given.actions)) run.identifiers.add(identifier);
  }

  function listRuns(request: FrontRequest) {
    const repository = open(request, "checks", "read");
    const sha = shaOf(request, repository);
    const { query } = request;
    let found = runs
      .filter((one) => one.repository === repository && one.sha === sha)
      .filter((one) => query.get("check_name") === null || one.fields.name === query.get("check_name"))
      .filter((one) => query.get("status") === null || one.fields.status === query.get("status"))
      .reverse();
    if (query.get("app_id") !== null && query.get("app_id") !== String(hub.appId)) found = [];
    // "latest" is the default, and means the newest of each name.
    if (query.get("filter") !== "all") {
      const newest = new Map<unknown, CheckRun>();
      for (const one of found) if (!newest.has(one.fields.name)) newest.set(one.fields.name, one);
      found = [...newest.values()];
    }
    const total = found.length;
    return pageOf(hub, request, found.map(describe), (page) => ({ total_count: total, check_runs: page }));
  }

  function describe(run: CheckRun) {
    const { fields } = run;
    const url = `${hub.url}/repos/${fullName(run.repository)}/check-runs/${run.id}`;
    const output = (fields.output ?? {}) as Record<string, unknown>;
    return {
      id: run.id,
      name: fields.name,
      node_id: nodeId("CheckRun", run.id),
      head_sha: run.sha,
      external_id: fields.external_id ?? "",
      url,
      html_url: `${hub.url}/${fullName(run.repository)}/runs/${run.id}`,
      details_url: fields.details_url ?? hub.url,
      status: fields.status,
      conclusion: fields.conclusion ?? null,
      started_at: fields.started_at ?? run.startedAt,
      completed_at: fields.completed_at ?? null,
      output: {
        title: output.title ?? null,
        summary: output.summary ?? null,
        text: output.text ?? null,
        annotations_count: run.annotations.length,
        annotations_url: `${url}/annotations`,
      },
      check_suite: { id: run.repository.id },
      app: describeApp(hub),
      pull_requests: [],
    };
  }

  function createStatus(request: FrontRequest) {
    const repository = open(request, "statuses", "write");
    const fields = readFields(request);
    const state = String(fields.state ?? "");
    if (!COMMIT_STATES.has(state)) throw invalid("Status", "state");
    const sha = shaOf(request, repository);
    const id = hub.nextId();
    const now = nowIso();
    const shown = {
      url: `${hub.url}/repos/${fullName(repository)}/statuses/${sha}`,
      avatar_url: `${hub.url}/avatars/in/${hub.appId}`,
      id,
      node_id: nodeId("StatusContext", id),
      state,
      description: fields.description ?? null,
      target_url: fields.target_url ?? null,
      context: typeof fields.context === "string" ? fields.context : "default",
      created_at: now,
      updated_at: now,
      creator: describeBot(hub),
    };
    statuses.push({ repository, sha, shown });
    return { status: 201, body: shown };
  }

  const statusesOf = (repository: HubRepository, sha: string) =>
    statuses.filter((one) => one.repository === repository && one.sha === sha).toReversed();

  function combined(request: FrontRequest) {
    const repository = open(request, "statuses", "read");
    const sha = shaOf(request, repository);
    const newest = newestStatuses(statusesOf(repository, sha));
    const has = (...states: string[]) => newest.some(({ state }) => states.includes(state));
    const state = has("error", "failure") ? "failure" : has("pending") || newest.length === 0 ? "pending" : "success";
    const url = `${hub.url}/repos/${fullName(repository)}/commits/${sha}`;
    return {
      status: 200,
      body: { state, statuses: newest, sha, total_count: newest.length, commit_url: url, url: `${url}/status` },
    };
  }

  const commit = "/repos/:owner/:repo/commits/:ref";
  return {
    click(checkRun, click) {
      const run = runs.find((one) => one.id === checkRun);
      if (!run) throw new Error(`there is no check run ${checkRun}`);
      if (click.identifier !== null && !run.identifiers.has(click.identifier)) {
        throw new Error(`check run ${checkRun} never had the button "${click.identifier}"`);
      }
      return checkRunPayload(hub, run.repository, describe(run), click);
    },
    isGreen(repository, sha) {
      const own = runs.filter((one) => one.repository === repository && one.sha === sha);
      return (
        own.every((one) => ["success", "neutral", "skipped"].includes(String(one.fields.conclusion))) &&
        newestStatuses(statusesOf(repository, sha)).every(({ state }) => state === "success")
      );
    },
    routes: [
      { method: "POST", path: "/repos/:owner/:repo/check-runs", handle: createRun },
      {
        method: "GET",
        path: "/repos/:owner/:repo/check-runs/:id",
        handle: (request) => ({ status: 200, body: describe(find(request, open(request, "checks", "read"))) }),
      },
      {
        method: "PATCH",
        path: "/repos/:owner/:repo/check-runs/:id",
        handle(request) {
          const run = find(request, open(request, "checks", "write"));
          const given = readFields(request);
          run.fields = settle(given, run.fields);
          collect(run, given);
          return { status: 200, body: describe(run) };
        },
      },
      {
        method: "GET",
        path: "/repos/:owner/:repo/check-runs/:id/annotations",
        handle(request) {
          const { annotations } = find(request, open(request, "checks", "read"));
          return pageOf(hub, request, annotations);
        },
      },
      { method: "GET", path: `${commit}/check-runs`, handle: listRuns },
      { method: "POST", path: "/repos/:owner/:repo/statuses/:ref", handle: createStatus },
      {
        method: "GET",
        path: `${commit}/statuses`,
        handle(request) {
          const repository = open(request, "statuses", "read");
          const shown = statusesOf(repository, shaOf(request, repository)).map((one) => one.shown);
          return pageOf(hub, request, shown);
        },
      },
      { method: "GET", path: `${commit}/status`, handle: combined },
    ],
  };
}

function newestStatuses(newestFirst: readonly CommitStatus[]) {
  const byContext = new Map<string, CommitStatus["shown"]>();
  for (const { shown } of newestFirst) if (!byContext.has(shown.context)) byContext.set(shown.context, shown);
  return [...byContext.values()];
}

/** A check run's fields after a request. Throws a Refusal (422) where GitHub would. */
function settle(
  given: Readonly<Record<string, unknown>>,
  before: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const fields: Record<string, unknown> = { ...before, ...given };
  if (before.head_sha !== undefined) fields.head_sha = before.head_sha;
  const conclusion = given.conclusion ?? null;
  if (conclusion !== null && !CONCLUSIONS.has(String(conclusion))) throw invalid("CheckRun", "conclusion");
  // "Providing conclusion will automatically set the status parameter to completed."
  fields.status = conclusion !== null ? "completed" : (given.status ?? before.status ?? "queued");
  if (!STATUSES.has(String(fields.status))) throw invalid("CheckRun", "status");
  if (fields.status === "completed") {
    if ((fields.conclusion ?? null) === null) throw invalid("CheckRun", "conclusion", "missing_field");
    fields.completed_at = given.completed_at ?? before.completed_at ?? nowIso();
  } else {
    fields.conclusion = null;
    fields.completed_at = null;
  }
  checkOutput(given.output);
  checkActions(given.actions);
  return fields;
}
