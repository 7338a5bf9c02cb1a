/** A job as the service would make it, for a repository and a folder to publish into. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { DeploymentJob, SiteBuild } from "../../src/pipeline/job.ts";
import { DEFAULT_RULES } from "../../src/publish/options.ts";
import { temporaryFolder } from "./git-repository.ts";

export type JobChanges = Partial<Omit<DeploymentJob, "site">> & { readonly site?: Partial<SiteBuild> };

export type TestJob = { readonly job: DeploymentJob; readonly dataDir: string; readonly target: string };

export function createJob(url: string, changes: JobChanges = {}): TestJob {
  const folder = temporaryFolder();
  const dataDir = join(folder, "data");
  const target = join(folder, "target");
  mkdirSync(target);
  const site: SiteBuild = {
    name: "shop",
    folder: ".",
    command: null,
    install: null,
    output: null,
    env: {},
    timeoutMs: 60_000,
    idleTimeoutMs: 30_000,
    ...changes.site,
  };
  const job: DeploymentJob = {
    deploymentId: "d-1",
    git: { url, token: null },
    branch: "main",
    live: { commit: null, releaseId: null },
    force: false,
    dataDir,
    target: { protocol: "dir", folder: target, key: "sites.shop" },
    previous: null,
    release: null,
    rules: DEFAULT_RULES,
    command: "slipway deploy shop",
    owner: "slipway of the tests",
    ownerId: null,
    siteUrl: null,
    lockWaitMs: 10_000,
    profile: null,
    confirm: null,
    secrets: {},
    ...changes,
    site,
  };
  return { job, dataDir, target };
}
