/**
 * The demo's GitHub: a server of our own in front of the emulator, for the routes that the emulator lacks (deployments,
 * check runs, statuses, hook deliveries), and a sender of signed webhooks. Everything lives in memory.
 */
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { startEmulator } from "./emulator.ts";
import { type Front, startFront } from "./front.ts";
import { createAccess } from "./github/access.ts";
import { type ArtifactOptions, createActions } from "./github/actions.ts";
import type { CheckRunClick } from "./github/check-run-payload.ts";
import { createChecks } from "./github/checks.ts";
import { type CollaboratorRole, createCollaborators } from "./github/collaborators.ts";
import { createDeliveries, type Deliveries, type HookDelivery } from "./github/deliveries.ts";
import { createDeploymentRoutes } from "./github/deployments.ts";
import { APP_EVENTS, APP_PERMISSIONS, APP_SLUG, fullName, type Hub } from "./github/hub.ts";
import {
  installationPayload,
  type Payload,
  type PushOptions,
  pingPayload,
  pushPayload,
  renamedPayload,
} from "./github/payloads.ts";
import { createRepositoryRoutes, followRename } from "./github/repositories.ts";
import type { RunOptions } from "./github/workflow-runs.ts";

export type GithubOptions = {
  readonly appId: number;
  /** PEM; a new RSA key by default. */
  readonly privateKey?: string;
  readonly webhookSecret: string;
  /** Where webhooks go; may be set later. */
  readonly hookUrl?: string | null;
  readonly installationId: number;
  /** All that exist. The App is installed on those of the first one's owner. */
  readonly repos: ReadonlyArray<{ readonly owner: string; readonly name: string; readonly id: number }>;
  /** What accounts may do in all of them; by default ada is an administrator and grace may write. */
  readonly collaborators?: Readonly<Record<string, CollaboratorRole>>;
};

export type GithubServer = Front & {
  readonly appId: number;
  readonly installationId: number;
  /** The App's key, PEM. */
  readonly privateKey: string;
  /** A person's token that may do everything, for looking at this GitHub from outside. */
  readonly ownerToken: string;
  readonly hookId: number;
  setHookUrl(url: string): void;
  readonly deliver: Deliveries["deliver"];
  readonly redeliver: Deliveries["redeliver"];
  readonly sentDeliveries: Deliveries["sentDeliveries"];
  /** The payload of a push to a repository (the first one by default), which then knows where its branch is. */
  pushPayload(options: PushOptions & { readonly repoId?: number }): Promise<Payload>;
  installationPayload(options: { readonly action: "created" | "deleted" | "suspend" | "unsuspend" }): Payload;
  pingPayload(): Payload;
  /** Gives a repository another name and answers with the payload that tells it. The old name redirects. */
  rename(repoId: number, name: string): Payload;
  /** The store that artifacts are downloaded from, at an address of its own. */
  readonly artifactStore: Front;
  /** Makes a run of a workflow, or runs one again; `payload` tells of it. */
  workflowRun(options: RunOptions & { readonly repoId?: number }): { readonly id: number; readonly payload: Payload };
  /** Gives a run an artifact; answers with its id. */
  addArtifact(runId: number, artifact: ArtifactOptions): number;
  /** Sends the payload of a push. */
  deliverPush(options: PushOptions & { readonly repoId?: number; readonly guid?: string }): Promise<HookDelivery>;
  /** Makes a run of a workflow, or changes it, and tells of it. */
  deliverWorkflowRun(
    options: RunOptions & { readonly repoId?: number; readonly guid?: string },
  ): Promise<HookDelivery & { readonly runId: number }>;
  /**
   * Somebody clicks on a button of a check run, or on GitHub's own "Re-run" (`identifier` null). Throws where it never
   * had that button.
   */
  deliverCheckRunAction(
    options: CheckRunClick & { readonly checkRun: number; readonly guid?: string },
  ): Promise<HookDelivery>;
  /** Gives an account a role in all repositories; null: there is no such account any more. */
  setCollaborator(login: string, role: CollaboratorRole | null): void;
};

const COLLABORATORS = { ada: "admin", grace: "write" } as const;

/** Starts it on a free port of 127.0.0.1. */
export async function startGithub(options: GithubOptions): Promise<GithubServer> {
  const { appId, installationId, repos, privateKey = createPrivateKey() } = options;
  const account = repos[0]?.owner ?? "nobody";
  const ownerToken = `ghp_${randomBytes(18).toString("hex")}`;
  let hookUrl = options.hookUrl ?? null;
  let lastId = 1_000_000;

  const front = await startFront();
  const emulator = await startEmulator("github", seedOf({ ...options, privateKey, account, ownerToken }), front);
  const artifactStore = await startFront();
  const hub: Hub = {
    url: front.url,
    appId,
    installationId,
    account,
    nextId: () => ++lastId,
    repositories: repos.map(({ id, owner, name }) => {
      return {
        id,
        owner,
        name,
        firstName: `${owner}/${name}`,
        defaultBranch: "main",
        formerNames: [],
        heads: new Map(),
      };
    }),
  };
  const access = createAccess(hub, emulator, ownerToken);
  const checks = createChecks(hub, access);
  const actions = createActions(hub, access, artifactStore);
  const collaborators = createCollaborators(hub, access, options.collaborators ?? COLLABORATORS);
  const deliveries = createDeliveries(hub, access, { secret: options.webhookSecret, url: hookUrl });
  front.serve({
    routes: [
      ...createRepositoryRoutes(hub, access),
      ...createDeploymentRoutes(hub, access, checks.isGreen),
      ...checks.routes,
      ...actions.routes,
      ...collaborators.routes,
      ...deliveries.routes,
    ],
    otherwise: access.forward,
    isEffect: ({ method, path }, { status }) =>
      method !== "GET" && status >= 200 && status < 300 && !path.endsWith("/access_tokens"),
    findPath: (request) => followRename(hub, request),
  });

  const repositoryBy = (id: number | undefined) => {
    const found = id === undefined ? hub.repositories[0] : hub.repositories.find((one) => one.id === id);
    if (!found) throw new Error(`there is no repository ${id}`);
    return found;
  };

  const send = (event: string, payload: Payload, guid: string | undefined) =>
    deliveries.deliver({ event, payload, ...(guid === undefined ? {} : { guid }) });

  const github: GithubServer = {
    ...front,
    appId,
    installationId,
    privateKey,
    ownerToken,
    hookId: deliveries.hookId,
    setHookUrl(url) {
      hookUrl = url;
      deliveries.setHookUrl(url);
    },
    deliver: deliveries.deliver,
    redeliver: deliveries.redeliver,
    sentDeliveries: deliveries.sentDeliveries,
    async pushPayload(push) {
      const repository = repositoryBy(push.repoId);
      const payload = await pushPayload(hub, repository, push);
      const branch = (push.ref ?? "refs/heads/main").replace(/^refs\/heads\//, "");
      if (payload.deleted) repository.heads.delete(branch);
      else repository.heads.set(branch, push.after);
      return payload;
    },
    artifactStore,
    workflowRun: ({ repoId, ...run }) => actions.run(repositoryBy(repoId), run),
    addArtifact: actions.addArtifact,
    async deliverPush({ guid, ...push }) {
      return send("push", await github.pushPayload(push), guid);
    },
    async deliverWorkflowRun({ guid, ...run }) {
      const { id, payload } = github.workflowRun(run);
      return { ...(await send("workflow_run", payload, guid)), runId: id };
    },
    async deliverCheckRunAction({ checkRun, guid, ...click }) {
      return send("check_run", checks.click(checkRun, click), guid);
    },
    setCollaborator: collaborators.set,
    installationPayload: (installation) =>
      installationPayload(
        hub,
        hub.repositories.filter((one) => one.owner === account),
        installation,
      ),
    pingPayload: () => pingPayload(hub, deliveries.hookId, hookUrl ?? ""),
    rename(repoId, name) {
      const repository = repositoryBy(repoId);
      const from = repository.name;
      repository.formerNames.push(fullName(repository));
      repository.name = name;
      return renamedPayload(hub, repository, { from });
    },
    async stop() {
      deliveries.stop();
      await front.stop();
      await artifactStore.stop();
      await emulator.stop();
    },
  };
  return github;
}

function seedOf(
  options: Omit<GithubOptions, "hookUrl"> & { privateKey: string; account: string; ownerToken: string },
): Parameters<typeof startEmulator>[1] {
  const { repos, account } = options;
  return {
    tokens: { [options.ownerToken]: { login: account, scopes: ["repo", "user", "admin:org", "admin:repo_hook"] } },
    github: {
      orgs: [...new Set(repos.map((repo) => repo.owner))].map((login) => ({ login })),
      users: [{ login: "ada" }, { login: "grace" }],
      repos: repos.map(({ owner, name }) => ({ owner, name, auto_init: false })),
      apps: [
        {
          app_id: options.appId,
          slug: APP_SLUG,
          name: "Slipway demo",
          private_key: options.privateKey,
          permissions: APP_PERMISSIONS,
          events: APP_EVENTS,
          installations: [
            {
              installation_id: options.installationId,
              account,
              repository_selection: "selected",
              repositories: repos.filter((repo) => repo.owner === account).map((repo) => `${account}/${repo.name}`),
            },
          ],
        },
      ],
    },
  };
}

/** GitHub's keys are PKCS #1 in PEM. */
function createPrivateKey(): string {
  return generateKeyPairSync("rsa", {
    modulusLength: 2048,
    privateKeyEncoding: { type: "pkcs1", format: "pem" },
    publicKeyEncoding: { type: "pkcs1", format: "pem" },
  }).privateKey;
}
