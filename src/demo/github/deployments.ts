/** Deployments and their statuses: https://docs.github.com/rest/deployments */
import { type FrontRequest, type FrontRoute, readFields } from "../front-request.ts";
import type { Access } from "./access.ts";
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

type Status = { readonly id: number; readonly state: string } & Readonly<Record<string, unknown>>;
type Deployment = {
  readonly repository: HubRepository;
  readonly isTransient: boolean;
  readonly isProduction: boolean;
  /** Oldest first. */
  readonly statuses: Status[];
  readonly shown: { readonly id: number; readonly sha: string; readonly environment: string } & Record<string, unknown>;
};

const STATES = new Set(["error", "failure", "inactive", "in_progress", "queued", "pending", "success"]);
const MAX_DESCRIPTION = 140;
const PATH = "/repos/:owner/:repo/deployments";

/** `isGreen` says whether every check and status of a commit has passed. */
export function createDeploymentRoutes(
  hub: Hub,
  access: Access,
  isGreen: (repository: HubRepository, sha: string) => boolean,
): FrontRoute[] {
  const deployments: Deployment[] = [];

  function open(request: FrontRequest, level: "read" | "write"): HubRepository {
    const repository = repositoryOf(hub, request);
    access.require(request, repository, "deployments", level);
    return repository;
  }

  function find(request: FrontRequest, repository: HubRepository): Deployment {
    const found = deployments.find(
      (one) => one.repository === repository && one.shown.id === Number(request.params.id),
    );
    if (!found) throw notFound();
    return found;
  }

  function create(request: FrontRequest) {
    const repository = open(request, "write");
    const fields = readFields(request);
    const ref = text(fields.ref);
    if (ref === null) throw invalid("Deployment", "ref", "missing_field");
    const sha = /^[0-9a-f]{40}$/.test(ref) ? ref : repository.heads.get(ref);
    if (sha === undefined) throw refuse(422, `No ref found for: ${ref}`);
    tooLong("Deployment", fields.description);
    const required = fields.required_contexts;
    const asksForChecks = !Array.isArray(required) || required.length > 0;
    if (asksForChecks && !isGreen(repository, sha)) {
      throw refuse(409, `Conflict: Commit status checks failed for ${ref}.`, [
        { resource: "Deployment", field: "ref" },
      ]);
    }
    const id = hub.nextId();
    const repositoryUrl = `${hub.url}/repos/${fullName(repository)}`;
    const environment = text(fields.environment) ?? "production";
    const isTransient = fields.transient_environment === true;
    const isProduction =
      typeof fields.production_environment === "boolean" ? fields.production_environment : environment === "production";
    const now = nowIso();
    const shown = {
      url: `${repositoryUrl}/deployments/${id}`,
      id,
      node_id: nodeId("Deployment", id),
      sha,
      ref,
      task: text(fields.task) ?? "deploy",
      payload: fields.payload ?? {},
      original_environment: environment,
      environment,
      description: text(fields.description),
      creator: describeBot(hub),
      created_at: now,
      updated_at: now,
      statuses_url: `${repositoryUrl}/deployments/${id}/statuses`,
      repository_url: repositoryUrl,
      transient_environment: isTransient,
      production_environment: isProduction,
      performed_via_github_app: describeApp(hub),
    };
    deployments.push({ repository, isTransient, isProduction, statuses: [], shown });
    return { status: 201, body: shown };
  }

  function list(request: FrontRequest) {
    const repository = open(request, "read");
    const fits = (one: Deployment) =>
      ["sha", "ref", "task", "environment"].every((name) => {
        const wanted = request.query.get(name);
        // "none" is what GitHub documents as the value that is no filter.
        return wanted === null || wanted === "none" || one.shown[name] === wanted;
      });
    const found = deployments.filter((one) => one.repository === repository && fits(one)).reverse();
    const shown = found.map((one) => one.shown);
    return pageOf(hub, request, shown);
  }

  function createStatus(request: FrontRequest) {
    const repository = open(request, "write");
    const deployment = find(request, repository);
    const fields = readFields(request);
    const state = text(fields.state) ?? "";
    if (!STATES.has(state)) throw invalid("DeploymentStatus", "state");
    tooLong("DeploymentStatus", fields.description);
    // "auto_inactive": earlier successful ones of the same environment, unless transient or production.
    if (state === "success" && fields.auto_inactive !== false) {
      for (const earlier of deployments) {
        const isSame = earlier.repository === repository && earlier.shown.environment === deployment.shown.environment;
        const isLive = earlier.statuses.at(-1)?.state === "success";
        if (earlier === deployment || !isSame || !isLive || earlier.isTransient || earlier.isProduction) continue;
        addStatus(earlier, "inactive", {});
      }
    }
    return { status: 201, body: addStatus(deployment, state, fields) };
  }

  function addStatus(deployment: Deployment, state: string, fields: Readonly<Record<string, unknown>>): Status {
    const id = hub.nextId();
    const { shown } = deployment;
    const url = `${hub.url}/repos/${fullName(deployment.repository)}/deployments/${shown.id}`;
    const now = nowIso();
    const logUrl = text(fields.log_url) ?? text(fields.target_url) ?? "";
    const status = {
      url: `${url}/statuses/${id}`,
      id,
      node_id: nodeId("DeploymentStatus", id),
      state,
      creator: describeBot(hub),
      description: text(fields.description) ?? "",
      environment: text(fields.environment) ?? shown.environment,
      target_url: logUrl,
      created_at: now,
      updated_at: now,
      deployment_url: url,
      repository_url: `${hub.url}/repos/${fullName(deployment.repository)}`,
      environment_url: text(fields.environment_url) ?? "",
      log_url: logUrl,
      performed_via_github_app: describeApp(hub),
    };
    deployment.statuses.push(status);
    shown.updated_at = now;
    return status;
  }

  return [
    { method: "POST", path: PATH, handle: create },
    { method: "GET", path: PATH, handle: list },
    {
      method: "GET",
      path: `${PATH}/:id`,
      handle: (request) => ({ status: 200, body: find(request, open(request, "read")).shown }),
    },
    { method: "POST", path: `${PATH}/:id/statuses`, handle: createStatus },
    {
      method: "GET",
      path: `${PATH}/:id/statuses`,
      handle: (request) => pageOf(hub, request, find(request, open(request, "read")).statuses.toReversed()),
    },
    {
      method: "GET",
      path: `${PATH}/:id/statuses/:statusId`,
      handle(request) {
        const { statuses } = find(request, open(request, "read"));
        const found = statuses.find((one) => one.id === Number(request.params.statusId));
        if (!found) throw notFound();
        return { status: 200, body: found };
      },
    },
  ];
}

const text = (value: unknown) => (typeof value === "string" && value !== "" ? value : null);

function tooLong(resource: string, description: unknown): void {
  if (typeof description === "string" && description.length > MAX_DESCRIPTION) {
    throw refuse(422, "Validation Failed", [
      {
        resource,
        field: "description",
        code: "custom",
        message: `description is too long (maximum is ${MAX_DESCRIPTION} characters)`,
      },
    ]);
  }
}
