/**
 * GitHub's API, as far as Slipway tells it things: deployments with their statuses, and check runs. Nothing is repeated
 * in here: Octokit's own retries would create a deployment several times.
 */
import { z } from "zod";
import { AmbiguousError, describeError, OperatorError, PermanentError, RetryLaterError } from "../errors.ts";
import { askedToWaitMs } from "../model/asked-to-wait.ts";
import { neverReached, rootCause } from "../model/unreached.ts";

/** What is needed of an Octokit that acts as an installation. */
export type OctokitLike = {
  request(route: string, parameters: Record<string, unknown>): Promise<{ data: unknown }>;
};

/** A repository, and the installation through which it is reached. `limit` ends every request for it. */
export type Repository = {
  readonly installationId: number;
  /** "owner/name" */
  readonly repoName: string;
  readonly limit: AbortSignal;
};

const identified = z.looseObject({ id: z.number() });
const deployments = z.array(identified.extend({ payload: z.unknown() }));
const statuses = z.array(z.looseObject({ state: z.string() }));
const checkRuns = z.looseObject({
  check_runs: z.array(
    identified.extend({
      name: z.string(),
      external_id: z.string().nullish(),
      output: z.looseObject({ text: z.string().nullish(), annotations_count: z.number().nullish() }).nullish(),
    }),
  ),
});

export type CheckRun = {
  readonly id: number;
  readonly externalId: string;
  /** How many annotations it has. */
  readonly annotations: number;
  /** Whether it shows a log. */
  readonly hasText: boolean;
};

/**
 * All of them throw RetryLaterError (nothing happened), AmbiguousError (may have happened), OperatorError or
 * PermanentError (GitHub says no for good).
 */
export type GithubClient = {
  createDeployment(repository: Repository, fields: Record<string, unknown>): Promise<number>;
  /** Deployments of a commit, newest first, with the payload they were created with. */
  listDeployments(
    repository: Repository,
    filter: { sha: string; environment: string; task: string },
  ): Promise<Array<{ id: number; payload: unknown }>>;
  createStatus(repository: Repository, deployment: number, fields: Record<string, unknown>): Promise<void>;
  /** The states that a deployment's statuses name, newest first. */
  listStatuses(repository: Repository, deployment: number): Promise<string[]>;
  /** All check runs of that name on the commit, also those that a newer one has replaced in GitHub's own view. */
  listCheckRuns(repository: Repository, filter: { ref: string; name: string }): Promise<CheckRun[]>;
  createCheckRun(repository: Repository, fields: Record<string, unknown>): Promise<number>;
  updateCheckRun(repository: Repository, checkRun: number, fields: Record<string, unknown>): Promise<void>;
};

/** Limit of one request, from the moment when it is really sent: before that Octokit may hold it back (1 write a second). */
const REQUEST_MS = 10_000;

/** Creates the client. `octokitFor` gives the Octokit of an installation. */
export function createGithubClient(
  octokitFor: (installationId: number) => Promise<OctokitLike>,
  { requestMs = REQUEST_MS }: { requestMs?: number } = {},
): GithubClient {
  async function call<T>(
    repository: Repository,
    route: string,
    parameters: Record<string, unknown>,
    schema: z.ZodType<T>,
  ): Promise<T> {
    const [owner = "", repo = ""] = repository.repoName.split("/");
    const sending = createSending(repository.limit, requestMs);
    let data: unknown;
    try {
      const octokit = await octokitFor(repository.installationId);
      const request = { retries: 0, fetch: sending.fetch };
      // Octokit may wait for its turn or for a token; `limit` ends that too.
      const answer = octokit.request(route, { owner, repo, ...parameters, request });
      data = (await Promise.race([answer, sending.ended])).data;
    } catch (error) {
      throw classify(error, { route, repoName: repository.repoName, wasSent: sending.wasSent() });
    }
    const read = schema.safeParse(data);
    // Octokit hands on an answer whose body was cut off as if it had been empty.
    if (!read.success) throw new AmbiguousError(`GitHub's answer to ${route} is not what it documents, or was cut off`);
    return read.data;
  }

  return {
    async createDeployment(repository, fields) {
      return (await call(repository, "POST /repos/{owner}/{repo}/deployments", fields, identified)).id;
    },
    async listDeployments(repository, filter) {
      const parameters = { ...filter, per_page: 100 };
      return call(repository, "GET /repos/{owner}/{repo}/deployments", parameters, deployments);
    },
    async createStatus(repository, deployment, fields) {
      const route = "POST /repos/{owner}/{repo}/deployments/{deployment_id}/statuses";
      await call(repository, route, { ...fields, deployment_id: deployment }, identified);
    },
    async listStatuses(repository, deployment) {
      const route = "GET /repos/{owner}/{repo}/deployments/{deployment_id}/statuses";
      const found = await call(repository, route, { deployment_id: deployment, per_page: 100 }, statuses);
      return found.map(({ state }) => state);
    },
    async listCheckRuns(repository, { ref, name }) {
      const route = "GET /repos/{owner}/{repo}/commits/{ref}/check-runs";
      const found = await call(repository, route, { ref, check_name: name, filter: "all", per_page: 100 }, checkRuns);
      return found.check_runs
        .filter((run) => run.name === name)
        .map(({ id, external_id, output }) => ({
          id,
          externalId: external_id ?? "",
          annotations: output?.annotations_count ?? 0,
          hasText: Boolean(output?.text),
        }));
    },
    async createCheckRun(repository, fields) {
      return (await call(repository, "POST /repos/{owner}/{repo}/check-runs", fields, identified)).id;
    },
    async updateCheckRun(repository, checkRun, fields) {
      const route = "PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}";
      await call(repository, route, { ...fields, check_run_id: checkRun }, identified);
    },
  };
}

/**
 * The fetch that Octokit is to use for one request: it knows whether anything was sent, has its own limit, sends nothing
 * any more once `limit` has come, and ends a request at once when GitHub asks to wait. Octokit itself would wait, and
 * for up to an hour.
 */
function createSending(limit: AbortSignal, requestMs: number) {
  let isSent = false;
  const ended = new Promise<never>((_, reject) => {
    if (limit.aborted) reject(limit.reason);
    else limit.addEventListener("abort", () => reject(limit.reason), { once: true });
  });
  // Mostly it comes when nobody waits any more.
  ended.catch(() => {});
  return {
    wasSent: () => isSent,
    ended,
    async fetch(url: string, init: RequestInit): Promise<Response> {
      limit.throwIfAborted();
      isSent = true;
      const response = await fetch(url, { ...init, signal: AbortSignal.any([limit, AbortSignal.timeout(requestMs)]) });
      const waitMs = askedToWaitMs(response.status, response.headers, Date.now());
      if (waitMs === null) return response;
      await response.body?.cancel();
      throw new RetryLaterError(waitMs, `GitHub asks to wait ${Math.ceil(waitMs / 1000)} s (${response.status})`);
    },
  };
}

/** The permission that a route needs, as the App's settings name it. */
const PERMISSIONS = [
  { part: "check-runs", permission: "checks: write" },
  { part: "/deployments", permission: "deployments: write" },
];

function classify(error: unknown, call: { route: string; repoName: string; wasSent: boolean }): Error {
  const root = rootCause(error);
  if (root instanceof RetryLaterError) return root;
  if (error instanceof PermanentError) return error;
  const route = call.route.replace("/repos/{owner}/{repo}/", `/repos/${call.repoName}/`);
  const status = answeredStatus(error);
  if (!call.wasSent) return classifyToken(error, status, call.repoName);

  if (status === null) {
    return neverReached(error)
      ? new RetryLaterError(null, `GitHub cannot be reached: ${describeError(root)}`, { cause: error })
      : new AmbiguousError(`${route} was sent to GitHub and no answer came: ${describeError(root)}`, { cause: error });
  }
  // 408: the other side grew tired of waiting; what it had read by then nobody knows.
  if (status >= 500 || status < 400 || status === 408)
    return new AmbiguousError(`GitHub answers ${status} to ${route}`);
  return new PermanentError(`GitHub answers ${status} to ${route}${advice(status, call, error)}`);
}

function advice(status: number, { route, repoName }: { route: string; repoName: string }, error: unknown): string {
  const needed = PERMISSIONS.find(({ part }) => route.includes(part))?.permission;
  if (status === 401) return ": it does not accept the App's token";
  if (status === 403) return `: give the App the permission ${needed}, and accept it in the installation`;
  if (status === 404) return `: is the App installed on ${repoName}, with the permission ${needed}?`;
  return `: ${describeError(error).slice(0, 300)}`;
}

/** Octokit needs a token before it can send anything, so nothing was sent. */
function classifyToken(error: unknown, status: number | null, repoName: string): Error {
  if (status === 401) {
    return new OperatorError("APP_ID", "GitHub does not accept the App; check APP_ID and PRIVATE_KEY");
  }
  if (status === 403 || status === 404 || status === 422) {
    return new PermanentError(`GitHub gives no token for ${repoName} (${status}); is the App installed there?`);
  }
  return new RetryLaterError(null, `GitHub was not asked: ${describeError(rootCause(error))}`, { cause: error });
}

/** The status that GitHub answered with; null when it gave no answer (Octokit says 500 then). */
function answeredStatus(error: unknown): number | null {
  if (typeof error !== "object" || error === null) return null;
  const { status, response } = error as { status?: unknown; response?: unknown };
  return typeof status === "number" && response !== undefined ? status : null;
}
