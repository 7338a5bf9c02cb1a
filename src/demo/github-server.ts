/**
 * The demo's GitHub: a server of our own in front of the emulator, for the routes that the emulator lacks (deployments,
 * check runs, statuses, hook deliveries), and a sender of signed webhooks. Everything lives in memory.
 */
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { startEmulator } from "./emulator.ts";
import { type Front, type FrontAnswer, startFront } from "./front.ts";
import { createAccess } from "./github/access.ts";
import { createChecks } from "./github/checks.ts";
import { createDeliveries, type Deliveries, type HookDelivery } from "./github/deliveries.ts";
import { createDeploymentRoutes } from "./github/deployments.ts";
import {
  APP_EVENTS,
  APP_PERMISSIONS,
  APP_SLUG,
  fullName,
  type Hub,
  type HubRepository,
  nowIso,
  pageOf,
} from "./github/hub.ts";
import {
  describeRepository,
  installationPayload,
  type Payload,
  type PushOptions,
  pingPayload,
  pushPayload,
  renamedPayload,
} from "./github/payloads.ts";

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
  /** The payload of a push to a repository (the first one by default), which then knows where its branch is. */
  pushPayload(options: PushOptions & { readonly repoId?: number }): Promise<Payload>;
  installationPayload(options: { readonly action: "created" | "deleted" | "suspend" | "unsuspend" }): Payload;
  pingPayload(): Payload;
  /** Gives a repository another name and answers with the payload that tells it. The old name redirects. */
  rename(repoId: number, name: string): Payload;
  /** Sends the payload of a push. */
  deliverPush(options: PushOptions & { readonly repoId?: number; readonly guid?: string }): Promise<HookDelivery>;
};

/** Starts it on a free port of 127.0.0.1. */
export async function startGithub(options: GithubOptions): Promise<GithubServer> {
  const { appId, installationId, repos } = options;
  const account = repos[0]?.owner ?? "nobody";
  const ownerToken = `ghp_${randomBytes(18).toString("hex")}`;
  const repositories: HubRepository[] = repos.map(({ id, owner, name }) => {
    return { id, owner, name, defaultBranch: "main", formerNames: [], heads: new Map() };
  });
  const privateKey = options.privateKey ?? createPrivateKey();
  let lastId = 1_000_000;
  let hookUrl = options.hookUrl ?? null;

  // The front's address goes into the emulator's answers and our own, so the front listens first.
  let parts: ReturnType<typeof createParts> | undefined;
  const front = await startFront((url) => {
    const hub: Hub = { url, appId, installationId, account, repositories, nextId: () => ++lastId };
    const starting = startEmulator("github", seed(), url);
    parts = createParts(hub, starting);
    return parts.front;
  });
  if (!parts) throw new Error("the front did not start");
  const { hub, starting, deliveries } = parts;
  const emulator = await starting;

  function seed() {
    return {
      tokens: { [ownerToken]: { login: account, scopes: ["repo", "user", "admin:org", "admin:repo_hook"] } },
      github: {
        orgs: [...new Set(repos.map((repo) => repo.owner))].map((login) => ({ login })),
        users: [{ login: "ada" }],
        repos: repos.map(({ owner, name }) => ({ owner, name, auto_init: false })),
        apps: [
          {
            app_id: appId,
            slug: APP_SLUG,
            name: "Slipway demo",
            private_key: privateKey,
            permissions: APP_PERMISSIONS,
            events: APP_EVENTS,
            installations: [
              {
                installation_id: installationId,
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

  function createParts(hub: Hub, starting: ReturnType<typeof startEmulator>) {
    const inner = { forward: async (...args: [never]) => (await starting).forward(...args), stop: async () => {} };
    const access = createAccess(hub, inner, ownerToken);
    const checks = createChecks(hub, access);
    const deliveries = createDeliveries(hub, access, { secret: options.webhookSecret, url: hookUrl });
    return {
      hub,
      starting,
      deliveries,
      front: {
        routes: [
          ...createDeploymentRoutes(hub, access, checks.isGreen),
          ...checks.routes,
          ...deliveries.routes,
          {
            method: "GET",
            path: "/installation/repositories",
            handle: (request: Parameters<typeof access.reach>[0]) => {
              const ids = access.reach(request);
              const all = repositories.filter((one) => one.owner === account && (ids === null || ids.includes(one.id)));
              return pageOf(hub, request, all, (page) => ({
                total_count: all.length,
                repository_selection: "selected",
                repositories: page.map((one) => describeRepository(hub, one, nowIso())),
              }));
            },
          },
        ],
        otherwise: access.forward,
        isEffect: ({ method, path }: { method: string; path: string }, { status }: FrontAnswer) =>
          method !== "GET" && status >= 200 && status < 300 && !path.endsWith("/access_tokens"),
        rewritePath: (request: { method: string; path: string }) => followRename(hub, request),
      },
    };
  }

  const repositoryBy = (id: number | undefined) => {
    const found = id === undefined ? repositories[0] : repositories.find((one) => one.id === id);
    if (!found) throw new Error(`there is no repository ${id}`);
    return found;
  };

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
    async pushPayload(push) {
      const repository = repositoryBy(push.repoId);
      const payload = await pushPayload(hub, repository, push);
      const branch = (push.ref ?? "refs/heads/main").replace(/^refs\/heads\//, "");
      if (payload.deleted) repository.heads.delete(branch);
      else repository.heads.set(branch, push.after);
      return payload;
    },
    async deliverPush({ guid, ...push }) {
      const payload = await github.pushPayload(push);
      return deliveries.deliver({ event: "push", payload, ...(guid === undefined ? {} : { guid }) });
    },
    installationPayload: (installation) =>
      installationPayload(
        hub,
        repositories.filter((one) => one.owner === account),
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
      await emulator.stop();
    },
  };
  return github;
}

/** GitHub's keys are PKCS #1 in PEM. */
function createPrivateKey(): string {
  return generateKeyPairSync("rsa", {
    modulusLength: 2048,
    privateKeyEncoding: { type: "pkcs1", format: "pem" },
    publicKeyEncoding: { type: "pkcs1", format: "pem" },
  }).privateKey;
}

/**
 * A repository's former name redirects to its id, which stands for its present name.
 * https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api ("follow redirects")
 */
function followRename(hub: Hub, { method, path }: { method: string; path: string }): string | FrontAnswer {
  const [, byId, rest = ""] = /^\/repositories\/(\d+)(\/.*)?$/.exec(path) ?? [];
  const known = hub.repositories.find((one) => one.id === Number(byId));
  if (known) return `/repos/${fullName(known)}${rest}`;
  const [, name = "", tail = ""] = /^\/repos\/([^/]+\/[^/]+)(\/.*)?$/.exec(path) ?? [];
  const isName = (one: HubRepository) => fullName(one).toLowerCase() === name.toLowerCase();
  const moved = hub.repositories.find((one) => one.formerNames.some((it) => it.toLowerCase() === name.toLowerCase()));
  if (!moved || hub.repositories.some(isName)) return path;
  const location = `${hub.url}/repositories/${moved.id}${tail}`;
  return {
    status: method === "GET" ? 301 : 307,
    headers: { location },
    body: { message: "Moved Permanently", url: location, documentation_url: "https://docs.github.com/rest" },
  };
}
