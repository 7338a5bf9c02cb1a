/** Gathers what one deployment needs, from the configuration, the store and the secrets, so that the worker needs neither. */
import { readFileSync } from "node:fs";
import type { SiteConfig } from "../config/schema.ts";
import { parseTarget } from "../config/target.ts";
import { describeError, OperatorError } from "../errors.ts";
import type { Deployment } from "../model/deployment.ts";
import { manifestToJson } from "../model/release.ts";
import type { Target } from "../publishers/publisher.ts";
import { resolveSecret } from "../secrets/secret-reference.ts";
import { findManifest, findRepository, findSite } from "../store/sites.ts";
import type { Store } from "../store/store.ts";
import type { Tx, Work } from "../store/work.ts";
import type { DeploymentJob } from "./job.ts";

export type JobDeps = {
  readonly store: Store;
  readonly sites: Readonly<Record<string, SiteConfig>>;
  readonly dataDir: string;
  /** The environment that secret references point into. */
  readonly env: NodeJS.ProcessEnv;
  readonly githubApiUrl: string;
  /** A token that can read this one repository; null when there is no GitHub App. */
  tokenFor(installationId: number, repoId: number): Promise<string | null>;
};

/** The job of a deployment. Throws OperatorError for what the configuration lacks; GitHub being away is worth a retry. */
export async function prepareJob(deps: JobDeps, deployment: Deployment): Promise<DeploymentJob> {
  const site = deps.sites[deployment.site];
  const key = `sites.${deployment.site}`;
  if (!site) throw new OperatorError(key, "is no longer in slipway.yaml, so there is nowhere to publish to");
  const facts = await deps.store.transact((tx) => readFacts(tx, deployment));
  const { installationId, repoId } = deployment;
  const isGithub = site.git === undefined;
  const token =
    isGithub && installationId !== null && repoId !== null ? await deps.tokenFor(installationId, repoId) : null;
  return {
    deploymentId: deployment.id,
    site: {
      name: deployment.site,
      folder: site.folder,
      command: site.build.command ?? null,
      install: site.build.install ?? null,
      output: site.build.output ?? null,
      env: site.build.env,
      timeoutMs: site.build.timeout,
      idleTimeoutMs: site.build.idleTimeout,
    },
    git: { url: site.git ?? `${webAddress(deps.githubApiUrl)}/${facts.repoName}.git`, token },
    branch: site.branch,
    live: { commit: facts.liveCommit, releaseId: facts.liveRelease },
    force: deployment.trigger !== "push",
    dataDir: deps.dataDir,
    target: resolveTarget(site, key, deps.env),
    previous: facts.previous ? manifestToJson(facts.previous) : null,
    adopt: site.adopt,
    confirm: site.confirm ? { url: site.confirm.url, waitMs: site.confirm.wait } : null,
    secrets: Object.fromEntries(
      Object.entries(site.build.secrets).map(([name, reference]) => [
        name,
        resolveSecret(reference, `${key}.build.secrets.${name}`, deps.env).reveal(),
      ]),
    ),
  };
}

function* readFacts(
  tx: Tx,
  deployment: Deployment,
): Work<{
  repoName: string;
  liveCommit: string | null;
  liveRelease: string | null;
  previous: ReadonlyMap<string, { sha256: string; size: number }> | undefined;
}> {
  const repository = deployment.repoId === null ? undefined : yield* findRepository(tx, deployment.repoId);
  const site = yield* findSite(tx, deployment.site);
  const liveRelease = site?.liveRelease ?? null;
  return {
    // Its name of today: it may have been renamed since it was pushed to.
    repoName: repository?.name ?? deployment.repoName,
    liveCommit: site?.liveCommit ?? null,
    liveRelease,
    previous: liveRelease === null ? undefined : yield* findManifest(tx, deployment.site, liveRelease),
  };
}

/** The target with its password, as the publishers want it. Throws OperatorError. */
function resolveTarget(site: SiteConfig, key: string, env: NodeJS.ProcessEnv): Target {
  const address = parseTarget(site.publish);
  if (typeof address === "string") throw new OperatorError(`${key}.publish`, address);
  if (address.protocol === "dir") return { ...address, key };
  if (!site.password) throw new OperatorError(`${key}.password`, "is missing; write env:NAME or file:/path");
  return {
    ...address,
    password: resolveSecret(site.password, `${key}.password`, env).reveal(),
    ca: site.ca === undefined ? null : readCertificates(site.ca, `${key}.ca`),
    key,
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
