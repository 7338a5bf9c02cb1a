/** A job as the service would make it, for a repository and a folder to publish into. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { BuildLimits, SiteBuild } from "../../src/model/build.ts";
import type { DeploymentJob } from "../../src/pipeline/job.ts";
import { DEFAULT_RULES } from "../../src/publish/options.ts";
import { temporaryFolder } from "../git/git-repository.ts";

/** Wide enough for everything that is not about limits. */
export const TEST_LIMITS: BuildLimits = {
  memoryBytes: 4 * 1024 ** 3,
  processes: 2048,
  diskBytes: 4 * 1024 ** 3,
  printedBytes: 64 * 1024 ** 2,
  outputBytes: 1024 ** 3,
  outputFiles: 100_000,
};

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
    node: null,
    env: {},
    timeoutMs: 60_000,
    idleTimeoutMs: 30_000,
    prerender: null,
    links: "off",
    ...changes.site,
  };
  const job: DeploymentJob = {
    deploymentId: "d-1",
    sandbox: { isolation: "none", allowHosts: [], limits: TEST_LIMITS },
    cleanCaches: false,
    askedCommit: null,
    paths: [],
    artifact: null,
    cacheBytes: 2 * 1024 ** 3,
    git: { url, token: null },
    branch: "main",
    live: { commit: null, releaseId: null, missingLinks: null },
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
