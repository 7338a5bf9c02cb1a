/**
 * The Probot app: it turns GitHub's events into ours and hands them on. It never acts. Slipway feeds it from the
 * inbox with `probot.receive`, not with Probot's own server, which keeps nothing.
 */
import type { ApplicationFunction } from "probot";
import type { z } from "zod";
import type { CheckRunEvent, Event } from "../model/event.ts";
import {
  checkRunPayload,
  checkSuitePayload,
  deploymentPayload,
  installationPayload,
  installationRepositoriesPayload,
  pushPayload,
  repositoryPayload,
  workflowRunPayload,
} from "./payloads.ts";

/** Takes the events that one received delivery means; `id` is the id it was received under. */
export type Emit = (id: string, event: Event) => void;

/**
 * The Probot app that emits Slipway's events. `appId` is the App that Slipway acts as, whose own checks are no news;
 * where it is not known, Apps whose slug begins with "slipway" are taken for it.
 */
export function createGithubApp(emit: Emit, { appId = null }: { appId?: number | null } = {}): ApplicationFunction {
  return (app) => {
    app.on("push", (context) => emit(context.id, readPush(pushPayload.parse(context.payload), context.id)));
    app.on("workflow_run", (context) => emit(context.id, readWorkflowRun(workflowRunPayload.parse(context.payload))));
    app.on("check_suite", (context) =>
      emit(context.id, readCheckSuite(checkSuitePayload.parse(context.payload), appId)),
    );
    app.on("check_run", (context) =>
      emit(context.id, readCheckRun(checkRunPayload.parse(context.payload), context.id)),
    );
    app.on("deployment", (context) => emit(context.id, readDeployment(deploymentPayload.parse(context.payload))));
    app.on("repository", (context) => emit(context.id, readRepository(repositoryPayload.parse(context.payload))));
    app.on("installation", (context) => emit(context.id, readInstallation(installationPayload.parse(context.payload))));
    app.on("installation_repositories", (context) =>
      emit(context.id, readInstallationRepositories(installationRepositoriesPayload.parse(context.payload))),
    );
    app.on("ping", (context) => emit(context.id, { type: "ping" }));
  };
}

/**
 * What Probot's conventions expect a package to export. Under Probot's own server there is no inbox that could keep
 * a delivery, so it is refused loudly instead of being lost quietly.
 */
export default createGithubApp(() => {
  throw new Error("Slipway takes deliveries through its own inbox: start it with `npm start`, not with `probot run`");
});

function readPush(payload: z.output<typeof pushPayload>, id: string): Event {
  const { repository, head_commit: head, ref, before, after } = payload;
  // The same push comes once through each hook. When it was made tells it from an equal one made later.
  const madeAt = repository.pushed_at ?? id.split("#")[0];
  return {
    type: "push",
    ...whereOf(payload),
    ref,
    before,
    after,
    deleted: payload.deleted || /^0+$/.test(after),
    head: head && { message: head.message, author: head.author.name },
    cause: `push ${ref} ${before}..${after} ${madeAt}`,
  };
}

function readWorkflowRun(payload: z.output<typeof workflowRunPayload>): Event {
  const { action, workflow, workflow_run: run } = payload;
  const attempt = run.run_attempt ?? 1;
  return {
    type: "workflow_run",
    isCheckSuite: false,
    ...whereOf(payload),
    action,
    workflow: { name: workflow?.name || run.name || "", path: run.path || workflow?.path || "" },
    runId: run.id,
    runNumber: run.run_number ?? null,
    attempt,
    actorLogin: run.triggering_actor?.login ?? run.actor?.login ?? "",
    url: run.html_url ?? null,
    event: run.event,
    status: run.status ?? "",
    conclusion: run.conclusion ?? null,
    headBranch: run.head_branch ?? null,
    headSha: run.head_sha,
    headRepoId: run.head_repository?.id ?? null,
    head: run.head_commit ? { message: run.head_commit.message, author: run.head_commit.author?.name ?? "" } : null,
    cause: `workflow_run ${run.id} attempt ${attempt}`,
  };
}

function readCheckSuite(payload: z.output<typeof checkSuitePayload>, appId: number | null): Event {
  const { action, repository, check_suite: suite, sender } = payload;
  const { app, head_commit: head } = suite;
  if (action !== "completed") return ignored(`nothing to do for check_suite.${action}`);
  if (!app) return ignored("a suite of checks of no App");
  if (app.slug === "github-actions") return ignored("what GitHub Actions checks is told by workflow_run");
  const isOwn = appId === null ? app.slug?.startsWith("slipway") : app.id === appId;
  if (isOwn) return ignored("a suite of Slipway's own checks");
  const fork = suite.pull_requests?.map((one) => one.head?.repo?.id).find((id) => id && id !== repository.id);
  return {
    type: "workflow_run",
    isCheckSuite: true,
    ...whereOf(payload),
    action,
    workflow: { name: app.name || app.slug || "", path: "" },
    runId: suite.id,
    runNumber: null,
    attempt: 1,
    order: ageInSeconds(suite.created_at, suite.updated_at),
    actorLogin: sender?.login ?? "",
    url: repository.html_url ? `${repository.html_url}/commit/${suite.head_sha}/checks` : null,
    event: "push",
    status: suite.status ?? "",
    conclusion: suite.conclusion ?? null,
    headBranch: suite.head_branch ?? null,
    headSha: suite.head_sha,
    headRepoId: fork ?? repository.id,
    head: head ? { message: head.message, author: head.author?.name ?? "" } : null,
    cause: `check_suite ${suite.id} ${suite.updated_at ?? ""}`,
  };
}

/** A suite completes once more when its checks run again: the later, the larger. At least 1, at most what an integer holds. */
function ageInSeconds(from: string | null | undefined, to: string | null | undefined): number {
  const seconds = Math.floor((Date.parse(to ?? "") - Date.parse(from ?? "")) / 1000);
  return Number.isFinite(seconds) ? Math.min(Math.max(seconds, 0), 2 ** 31 - 2) + 1 : 1;
}

/** The buttons of our check runs, by the identifier that GitHub gives back. */
const CHECK_ACTIONS: readonly CheckRunEvent["action"][] = ["redeploy", "rollback"];

function readCheckRun(payload: z.output<typeof checkRunPayload>, id: string): Event {
  const { action, check_run: check, sender } = payload;
  const identifier = payload.requested_action?.identifier;
  const asked =
    action === "rerequested"
      ? "rerun"
      : action === "requested_action"
        ? CHECK_ACTIONS.find((it) => it === identifier)
        : undefined;
  if (!asked) return ignored(`nothing to do for check_run.${action}`);
  const deployment = check.external_id ?? "";
  if (!/^d-[0-9a-z]+-[0-9a-z]+$/.test(deployment)) return ignored("a check run that is about no deployment of ours");
  if (!sender) return ignored("nobody is named who asks for it");
  return {
    type: "check_run",
    action: asked,
    ...whereOf(payload),
    deployment,
    login: sender.login,
    // Each click is a delivery of its own.
    cause: `check_run ${check.id} ${asked} ${id.split("#")[0]}`,
  };
}

function readDeployment(payload: z.output<typeof deploymentPayload>): Event {
  const { repository, deployment, workflow_run: run } = payload;
  if (!run) return ignored("a deployment that no run of a workflow made");
  return { type: "run_environment", ...brief(repository), runId: run.id, environment: deployment.environment };
}

const ignored = (reason: string): Event => ({ type: "ignored", reason });

function readRepository(payload: z.output<typeof repositoryPayload>): Event {
  const { action } = payload;
  const change = action === "renamed" || action === "transferred" ? action : "other";
  return { type: "repository_changed", ...whereOf(payload), change };
}

const INSTALLATION_CHANGES = {
  created: "installed",
  deleted: "uninstalled",
  suspend: "suspended",
  unsuspend: "unsuspended",
} as const;

function readInstallation(payload: z.output<typeof installationPayload>): Event {
  const { action, installation, repositories } = payload;
  if (!Object.hasOwn(INSTALLATION_CHANGES, action)) {
    return ignored(`nothing to do for installation.${action}`);
  }
  return {
    type: "installation",
    change: INSTALLATION_CHANGES[action as keyof typeof INSTALLATION_CHANGES],
    installationId: installation.id,
    account: accountName(installation.account),
    added: action === "created" ? (repositories ?? []).map(brief) : [],
    removed: action === "deleted" ? (repositories ?? []).map(brief) : [],
  };
}

function readInstallationRepositories(payload: z.output<typeof installationRepositoriesPayload>): Event {
  return {
    type: "installation",
    change: "repositories_changed",
    installationId: payload.installation.id,
    account: accountName(payload.installation.account),
    added: payload.repositories_added.map(brief),
    removed: payload.repositories_removed.map(brief),
  };
}

/** The repository that a delivery is about, and the installation through which it came. */
const whereOf = ({
  repository,
  installation,
}: Pick<z.output<typeof repositoryPayload>, "repository" | "installation">) => ({
  ...brief(repository),
  installationId: installation?.id ?? null,
});

const brief = (repository: { id: number; full_name: string }) => ({
  repoId: repository.id,
  repoName: repository.full_name,
});

function accountName(
  account: { login?: string | null | undefined; slug?: string | null | undefined } | null | undefined,
) {
  return account?.login ?? account?.slug ?? "unknown account";
}
