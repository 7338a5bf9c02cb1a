/** Gathers what one deployment needs, from the configuration, the store and the secrets, so that the worker needs neither. */
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { prerenderSettingsOf } from "../config/prerender-settings.ts";
import type { SiteConfig } from "../config/schema.ts";
import { parseTarget } from "../config/target.ts";
import { describeError, OperatorError, PermanentError, RetryLaterError } from "../errors.ts";
import type { GitAccess } from "../git/run-git.ts";
import type { SandboxSettings, SiteBuild } from "../model/build.ts";
import { type Deployment, isAutomatic, publishesKept } from "../model/deployment.ts";
import { pathsOf } from "../model/paths.ts";
import { type Manifest, manifestToJson } from "../model/release.ts";
import type { PublishRules } from "../publish/options.ts";
import { createPublisher } from "../publishers/create-publisher.ts";
import type { Target } from "../publishers/publisher.ts";
import type { ResolveSecret } from "../secrets/secret-reference.ts";
import { findDeployment } from "../store/deployments.ts";
import { findManifest, type KeptRelease, listReleases } from "../store/releases.ts";
import { findRepository, findSite } from "../store/sites.ts";
import type { Store } from "../store/store.ts";
import type { Tx, Work } from "../store/work.ts";
import { readHostProfile } from "./host-profiles.ts";
import type { ArtifactJob, DeploymentJob } from "./job.ts";
import { ownerIdFor } from "./owner-id.ts";

/** As long as a large publish takes; whoever waits for longer than that learns who holds the host. */
const LOCK_WAIT_MS = 600_000;

export type JobDeps = {
  readonly store: Store;
  readonly sites: Readonly<Record<string, SiteConfig>>;
  readonly dataDir: string;
  /** What the caches of all sites may hold, in bytes. */
  readonly cacheBytes: number;
  /** Resolves references to secrets, when a deployment begins. */
  readonly secrets: { readonly resolve: ResolveSecret };
  readonly githubApiUrl: string;
  /** A token that can read this one repository; null when there is no GitHub App. */
  tokenFor(installationId: number, repoId: number, more?: { readonly actions: boolean }): Promise<string | null>;
};

/** What a worker is to do, and the kept release that it is about, if it is. */
export type PreparedJob = { readonly job: DeploymentJob; readonly kept: KeptRelease | null };

/**
 * The job of a deployment. Throws OperatorError for what the configuration lacks, PermanentError when the release that
 * is to be published again is not kept; GitHub being away is worth a retry.
 */
export async function prepareJob(deps: JobDeps, deployment: Deployment): Promise<PreparedJob> {
  const site = deps.sites[deployment.site];
  const key = `sites.${deployment.site}`;
  if (!site) throw new OperatorError(key, "is no longer in slipway.yaml, so there is nowhere to publish to");
  const facts = await deps.store.transact((tx) => readFacts(tx, deployment));
  const { kept, live } = facts;
  const { resolve } = deps.secrets;
  const target = await resolveTarget(site, key, resolve);
  const job: DeploymentJob = {
    deploymentId: deployment.id,
    site: siteBuildOf(deployment.site, site),
    sandbox: sandboxSettingsOf(site),
    cleanCaches: deployment.cleanCaches,
    cacheBytes: deps.cacheBytes,
    git: await accessFor(deps, deployment, { site, key, isKept: kept !== null, repoName: facts.repoName }),
    branch: site.branch,
    askedCommit: deployment.askedCommit,
    paths: pathsOf(site),
    artifact: artifactOf(site, deployment, facts.repoName, deps.githubApiUrl),
    live: {
      commit: live?.commit ?? null,
      releaseId: live?.release ?? null,
      missingLinks: live?.missingLinks ?? null,
    },
    force: deployment.force || !isAutomatic(deployment.trigger) || live?.isConfirmed === false,
    dataDir: deps.dataDir,
    target,
    previous: live?.manifest ? manifestToJson(live.manifest) : null,
    release: kept && { id: kept.release.id, commit: kept.release.commit, manifest: manifestToJson(kept.manifest) },
    rules: rulesFor(site, deployment),
    command: commandOf(deployment, kept?.release ?? null),
    owner: `slipway on ${hostname()}, site ${deployment.site}`,
    // With a store that machines share, a claim that ran out does not prove that its worker is dead.
    ownerId: deps.store.dialect === "sqlite" ? await ownerIdFor(deps.dataDir, deployment.site) : null,
    siteUrl: site.confirm?.url ?? null,
    lockWaitMs: LOCK_WAIT_MS,
    profile: await readHostProfile(deps.dataDir, createPublisher(target).label),
    confirm: site.confirm
      ? { url: site.confirm.url, waitMs: site.confirm.wait, rollback: site.confirm.rollback }
      : null,
    secrets: kept === null ? await buildSecrets(site, key, resolve) : {},
  };
  return { job, kept: kept?.release ?? null };
}

function siteBuildOf(name: string, { folder, build, prerender, check }: SiteConfig): SiteBuild {
  return {
    name,
    folder,
    command: build.command ?? null,
    install: build.install ?? null,
    output: build.output ?? null,
    node: build.node ?? null,
    env: build.env,
    timeoutMs: build.timeout,
    idleTimeoutMs: build.idleTimeout,
    prerender: prerender === undefined ? null : prerenderSettingsOf(prerender),
    links: check.links ?? null,
  };
}

export function sandboxSettingsOf({ isolation, allowHosts, limits }: SiteConfig): SandboxSettings {
  return {
    isolation: isolation ?? null,
    allowHosts,
    limits: {
      memoryBytes: limits.memory,
      processes: limits.processes,
      diskBytes: limits.disk,
      printedBytes: limits.printed,
      outputBytes: limits.output,
      outputFiles: limits.files,
    },
  };
}

function artifactOf(
  { build }: SiteConfig,
  { repoId, runId }: Deployment,
  repoName: string,
  apiUrl: string,
): ArtifactJob | null {
  if (build.from !== "workflow" || build.workflow === undefined) return null;
  if (repoId === null)
    throw new RetryLaterError(60_000, "the id of the repository is not known until GitHub sends a webhook for it");
  return { apiUrl, repoId, repoName, workflow: build.workflow, artifact: build.artifact ?? null, runId };
}

/** The user name that goes with tokens of GitLab, Gitea, Forgejo and Bitbucket, where `git` says none. */
const TOKEN_USER = "x-token-auth";

/** How the repository is reached; without what opens it where nothing is fetched, since a kept release is published. */
async function accessFor(
  deps: JobDeps,
  deployment: Deployment,
  { site, key, isKept, repoName }: { site: SiteConfig; key: string; isKept: boolean; repoName: string },
): Promise<GitAccess> {
  const { git, gitToken, deployKey, gitHostKey } = site;
  const { resolve } = deps.secrets;
  const url = git ?? `${webAddress(deps.githubApiUrl)}/${repoName}.git`;
  if (isKept) return { url, token: null };
  if (git === undefined) return { url, token: await tokenFor(deps, deployment, site) };
  if (gitToken) {
    return {
      url,
      user: userIn(git) || TOKEN_USER,
      token: (await resolve(gitToken, `${key}.gitToken`)).reveal(),
    };
  }
  if (!deployKey && !gitHostKey) return { url, token: null };
  const privateKey = deployKey ? (await resolve(deployKey, `${key}.deployKey`)).reveal() : null;
  if (privateKey !== null && !privateKey.includes("PRIVATE KEY-----"))
    throw new OperatorError(`${key}.deployKey`, "is no private key; ssh-keygen -t ed25519 makes one");
  return { url, token: null, ssh: { privateKey, hostKeys: gitHostKey ?? [], setting: `${key}.gitHostKey` } };
}

function userIn(url: string): string {
  const { username = "" } = URL.parse(url) ?? {};
  try {
    return decodeURIComponent(username);
  } catch {
    return username;
  }
}

/** Reads the repository, where there is a GitHub App to do so. */
async function tokenFor(
  deps: JobDeps,
  { installationId, repoId }: Deployment,
  { build }: SiteConfig,
): Promise<string | null> {
  if (installationId === null || repoId === null) return null;
  // Asked for where it is needed alone: an installation that has not accepted the permission refuses it.
  return deps.tokenFor(installationId, repoId, { actions: build.from === "workflow" });
}

async function buildSecrets(site: SiteConfig, key: string, resolve: ResolveSecret): Promise<Record<string, string>> {
  const secrets = Object.entries(site.build.secrets).map(async ([name, reference]) => {
    const value = await resolve(reference, `${key}.build.secrets.${name}`);
    return [name, value.reveal()] as const;
  });
  return Object.fromEntries(await Promise.all(secrets));
}

function commandOf({ site, trigger, adopt, allowRemovals }: Deployment, kept: KeptRelease | null): string {
  return [
    kept ? `slipway ${trigger} ${site} ${kept.id.slice(0, 12)}` : `slipway deploy ${site}`,
    ...(adopt ? ["--adopt"] : []),
    ...(allowRemovals ? ["--allow-removals"] : []),
  ].join(" ");
}

function rulesFor(site: SiteConfig, deployment: Deployment): PublishRules {
  return {
    adopt: site.adopt || deployment.adopt,
    allowRemovals: deployment.allowRemovals,
    keep: site.keep,
    keepAssets: { releases: site.keepAssets, forMs: site.keepAssetsFor },
    strategy: site.strategy,
    thorough: deployment.trigger === "redeploy",
  };
}

type Facts = {
  readonly repoName: string;
  readonly live: {
    readonly commit: string | null;
    readonly release: string;
    readonly manifest: Manifest | undefined;
    /** False when the deployment that brought it onto the host then failed, since the live site did not show it. */
    readonly isConfirmed: boolean;
    readonly missingLinks: number | null;
  } | null;
  readonly kept: { readonly release: KeptRelease; readonly manifest: Manifest } | null;
};

function* readFacts(tx: Tx, deployment: Deployment): Work<Facts> {
  const repository = deployment.repoId === null ? undefined : yield* findRepository(tx, deployment.repoId);
  const site = yield* findSite(tx, deployment.site);
  const liveRelease = site?.liveRelease ?? null;
  const by = site?.liveDeployment ? yield* findDeployment(tx, site.liveDeployment) : undefined;
  return {
    // Its name of today: it may have been renamed since it was pushed to.
    repoName: repository?.name ?? deployment.repoName,
    live:
      liveRelease === null
        ? null
        : {
            commit: site?.liveCommit ?? null,
            release: liveRelease,
            manifest: yield* findManifest(tx, deployment.site, liveRelease),
            isConfirmed: by?.state !== "failed",
            missingLinks: by?.stats?.missingLinks ?? null,
          },
    kept: publishesKept(deployment.trigger) ? yield* readKept(tx, deployment, liveRelease) : null,
  };
}

/** The release that a rollback or redeploy is about; without a name it is the one that is live now. */
function* readKept(tx: Tx, { site, trigger, askedRelease }: Deployment, liveRelease: string | null) {
  const id = askedRelease ?? liveRelease;
  if (id === null) throw new PermanentError(`nothing is live on ${site}, so there is nothing to ${trigger}`);
  const release = (yield* listReleases(tx, site)).find((one) => one.id === id);
  const manifest = yield* findManifest(tx, site, id);
  if (!release || !manifest) throw new PermanentError(`the release ${id.slice(0, 12)} of ${site} is no longer kept`);
  return { release, manifest };
}

/**
 * The target of a site, with its secrets, as the publishers want it; `key` is the site's. Throws OperatorError, and
 * RetryLaterError where Vault is away.
 */
export async function resolveTarget(site: SiteConfig, key: string, resolve: ResolveSecret): Promise<Target> {
  const address = parseTarget(site.publish);
  if (typeof address === "string") throw new OperatorError(`${key}.publish`, address);
  if (address.protocol === "dir") return { ...address, key };
  const secret = async (name: "password" | "privateKey" | "passphrase") => {
    const reference = site[name];
    return reference === undefined ? null : (await resolve(reference, `${key}.${name}`)).reveal();
  };
  const password = await secret("password");
  const shared = { connections: site.connections ?? null, key };
  if (address.protocol === "sftp") {
    return {
      ...{ ...address, ...shared, password },
      privateKey: await secret("privateKey"),
      passphrase: await secret("passphrase"),
      agent: site.agent ?? null,
      hostKey: site.hostKey ?? null,
      acceptNewHostKey: false,
    };
  }
  if (password === null) throw new OperatorError(`${key}.password`, "is missing; write env:NAME or file:/path");
  return {
    ...{ ...address, ...shared, password },
    ca: site.ca === undefined ? null : readCertificates(site.ca, `${key}.ca`),
    fingerprint: site.fingerprint ?? null,
    insecure: false,
  };
}

function readCertificates(path: string, key: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new OperatorError(key, `cannot be read (${describeError(cause)})`, { cause });
  }
}

/** Where repositories are cloned from: github.com for api.github.com, the server itself for GitHub Enterprise. */
function webAddress(apiUrl: string): string {
  const url = new URL(apiUrl);
  if (url.hostname === "api.github.com") return "https://github.com";
  return url.origin;
}
