/** The stages of a deployment up to its release: a commit is checked out, built (here, or by CI) and packaged. */
import { settleAngularOutput } from "../build/angular-output.ts";
import type { SiteCaches } from "../caches/site-caches.ts";
import { filesText } from "../model/quantities.ts";
import type { Release } from "../model/release.ts";
import type { BlobStore } from "../releases/blob-store.ts";
import { packageFolder } from "../releases/package.ts";
import { openSandbox } from "../sandbox/open-sandbox.ts";
import type { Sandbox } from "../sandbox/sandbox.ts";
import { buildSite } from "./build-site.ts";
import { type CheckedOut, checkOut, type Skipped } from "./check-out.ts";
import { type BuiltFolder, fetchArtifact } from "./fetch-artifact.ts";
import { prerenderPages } from "./prerender-pages.ts";
import { enter, everySoOften, type StageRun } from "./stage-run.ts";
import type { Workspace } from "./workspace.ts";

/** What a build works with. */
export type BuildMeans = {
  readonly workspace: Workspace;
  readonly blobs: BlobStore;
  /** Whoever gave the means closes them. */
  openCaches(): Promise<SiteCaches>;
};

export type BuiltRelease = { readonly release: Release; readonly commit: string };

/** Makes the release of the head of the branch; or says why there is nothing to deploy. */
export async function buildRelease(run: StageRun, means: BuildMeans): Promise<BuiltRelease | Skipped> {
  const { job } = run;
  // The commit, the sandbox and the caches need nothing of one another, and each takes a good part of a second.
  const sandbox = job.artifact === null || job.site.prerender !== null ? open(run) : null;
  const caches = job.artifact === null ? means.openCaches() : null;
  caches?.catch(() => {});
  if (sandbox === null) run.begin("isolation: not needed, since nothing of the repository runs here");
  try {
    const checkedOut = await checkOutUnless(run, sandbox);
    if ("skipped" in checkedOut) return checkedOut;
    const { commit } = checkedOut.head;
    const built = await build(run, { ...means, sandbox: await sandbox, caches: await caches }, checkedOut);
    if ("skipped" in built) return built;
    for (const line of await settleAngularOutput(built.folder, means.workspace.source)) run.say(line);
    return { release: await packageRelease(run, built, means.blobs), commit };
  } finally {
    await caches?.catch(() => {});
    await (await sandbox?.catch(() => null))?.close();
  }
}

async function open(run: StageRun): Promise<Sandbox> {
  const { job, env } = run;
  const sandbox = await openSandbox({ settings: job.sandbox, site: job.site.name, dataDir: job.dataDir, env });
  run.begin(`isolation: ${sandbox.summary}`);
  return sandbox;
}

/** Checks out, and stops doing so when there turns out to be no sandbox: then that is what failed. */
async function checkOutUnless(run: StageRun, sandbox: Promise<Sandbox> | null): Promise<CheckedOut | Skipped> {
  const stop = new AbortController();
  const checkedOut = checkOut({ ...run, signal: AbortSignal.any([run.signal, stop.signal]) });
  checkedOut.catch(() => {});
  try {
    await sandbox;
  } catch (error) {
    stop.abort(error);
    await checkedOut.catch(() => {});
    throw error;
  }
  return checkedOut;
}

type Means = Omit<BuildMeans, "openCaches"> & { readonly sandbox: Sandbox | null; readonly caches: SiteCaches | null };

async function build(
  run: StageRun,
  { workspace, sandbox, caches }: Means,
  checkedOut: CheckedOut,
): Promise<BuiltFolder | Skipped> {
  const { artifact, site } = run.job;
  const { commit } = checkedOut.head;
  if (artifact === null) {
    if (sandbox === null || caches === null) throw new RangeError("a build needs a sandbox and caches");
    return buildSite(run, { workspace, sandbox, caches }, checkedOut);
  }
  const built = await fetchArtifact(run, workspace, artifact, commit);
  if (!("skipped" in built) && sandbox !== null && site.prerender !== null) {
    await prerenderPages(run, { workspace, sandbox, commit }, built.folder, site.prerender);
  }
  return built;
}

async function packageRelease(run: StageRun, { folder, because }: BuiltFolder, blobs: BlobStore): Promise<Release> {
  enter(run, "package");
  const { job, say, signal } = run;
  say(`Packaging the output (${because})`);
  const progress = everySoOften(say);
  const { outputBytes, outputFiles } = job.sandbox.limits;
  const { release, warnings } = await packageFolder({
    ...{ folder, blobs, signal, maxBytes: outputBytes, maxFiles: outputFiles },
    onProgress: ({ files, ofFiles }) => progress(`${files} of ${ofFiles} files`),
  });
  for (const warning of warnings) say(warning);
  say(`Release ${release.id.slice(0, 12)}: ${filesText(release.files.size)}`);
  return release;
}
