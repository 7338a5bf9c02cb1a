/**
 * The shapes of GitHub's payloads, as far as we use them; unknown fields are kept.
 * https://docs.github.com/webhooks/webhook-events-and-payloads
 */
import { z } from "zod";

const id = z.int().positive();
const fullName = z.string().regex(/^[^/\s]+\/[^/\s]+$/, "is no owner/name");
const objectId = z.string().regex(/^([0-9a-f]{40}|[0-9a-f]{64})$/, "is no object id");

const repository = z.looseObject({
  id,
  full_name: fullName,
  /** Seconds since 1970 in push payloads, a date elsewhere. */
  pushed_at: z.union([z.number(), z.string()]).nullish(),
  html_url: z.string().nullish(),
});
const installation = z.looseObject({ id }).nullish();
const sender = z.looseObject({ login: z.string() }).nullish();
const headCommit = z
  .looseObject({ message: z.string(), author: z.looseObject({ name: z.string().nullish() }).nullish() })
  .nullish();

export const pushPayload = z.looseObject({
  ref: z.string().startsWith("refs/"),
  before: objectId,
  after: objectId,
  deleted: z.boolean(),
  head_commit: z
    .looseObject({ message: z.string(), author: z.looseObject({ name: z.string(), username: z.string().nullish() }) })
    .nullable(),
  repository,
  installation,
});

/** The first examples GitHub published lack `path` and `run_attempt`; `name` is empty for a workflow that has none. */
export const workflowRunPayload = z.looseObject({
  action: z.string(),
  workflow: z.looseObject({ name: z.string().nullish(), path: z.string().nullish() }).nullish(),
  workflow_run: z.looseObject({
    id,
    name: z.string().nullish(),
    path: z.string().nullish(),
    run_attempt: z.int().positive().nullish(),
    run_number: z.int().positive().nullish(),
    actor: z.looseObject({ login: z.string() }).nullish(),
    triggering_actor: z.looseObject({ login: z.string() }).nullish(),
    html_url: z.string().nullish(),
    event: z.string(),
    status: z.string().nullish(),
    conclusion: z.string().nullish(),
    head_branch: z.string().nullish(),
    head_sha: objectId,
    head_commit: headCommit,
    /** Null where the fork that it ran for is gone. */
    head_repository: z.looseObject({ id }).nullish(),
  }),
  repository,
  installation,
});

/** All checks of one App for one commit. GitHub names no branch, and no pull request, where the commit is a fork's. */
export const checkSuitePayload = z.looseObject({
  action: z.string(),
  check_suite: z.looseObject({
    id,
    app: z.looseObject({ id, slug: z.string().nullish(), name: z.string().nullish() }).nullish(),
    status: z.string().nullish(),
    conclusion: z.string().nullish(),
    head_branch: z.string().nullish(),
    head_sha: objectId,
    head_commit: headCommit,
    pull_requests: z
      .array(z.looseObject({ head: z.looseObject({ repo: z.looseObject({ id }).nullish() }).nullish() }))
      .nullish(),
    created_at: z.string().nullish(),
    updated_at: z.string().nullish(),
  }),
  repository,
  sender,
  installation,
});

export const checkRunPayload = z.looseObject({
  action: z.string(),
  check_run: z.looseObject({ id, external_id: z.string().nullish() }),
  requested_action: z.looseObject({ identifier: z.string() }).nullish(),
  repository,
  sender,
  installation,
});

/** Where a job of a workflow run deploys to an environment, the run stands beside the deployment. */
export const deploymentPayload = z.looseObject({
  action: z.string(),
  deployment: z.looseObject({ id, environment: z.string() }),
  workflow_run: z.looseObject({ id }).nullish(),
  repository,
  installation,
});

export const repositoryPayload = z.looseObject({ action: z.string(), repository, installation });

const briefRepositories = z.array(z.looseObject({ id, full_name: fullName }));
const account = z.looseObject({ login: z.string().nullish(), slug: z.string().nullish() }).nullish();

export const installationPayload = z.looseObject({
  action: z.string(),
  installation: z.looseObject({ id, account }),
  repositories: briefRepositories.nullish(),
});

export const installationRepositoriesPayload = z.looseObject({
  action: z.string(),
  installation: z.looseObject({ id, account }),
  repositories_added: briefRepositories,
  repositories_removed: briefRepositories,
});

/** The events that the Probot app listens to, by GitHub's name. */
const PAYLOADS: Readonly<Record<string, z.ZodType>> = {
  push: pushPayload,
  workflow_run: workflowRunPayload,
  check_suite: checkSuitePayload,
  check_run: checkRunPayload,
  deployment: deploymentPayload,
  repository: repositoryPayload,
  installation: installationPayload,
  installation_repositories: installationRepositoriesPayload,
  ping: z.looseObject({ zen: z.string().nullish() }),
};

const anyPayload = z.looseObject({});

/**
 * The schema for an event, and whether the Probot app listens to it. Of the events it does not listen to nothing is
 * used, so an object is enough; and since their names come from outside, Probot never sees them.
 */
export function payloadSchema(event: string): { schema: z.ZodType; isUsed: boolean } {
  const schema = Object.hasOwn(PAYLOADS, event) ? PAYLOADS[event] : undefined;
  return { schema: schema ?? anyPayload, isUsed: schema !== undefined };
}
