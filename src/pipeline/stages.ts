/** The stages of a deployment, one after another: checkout, install, build, package, publish, confirm. */
import { join } from "node:path";
import { openSiteCaches, type SiteCaches } from "../caches/site-caches.ts";
import { describeError, PermanentError } from "../errors.ts";
import { manifestFromJson, manifestToJson, releaseOf } from "../model/release.ts";
import { maskSecrets } from "../process/mask.ts";
import { NeedsConsentError } from "../publish/options.ts";
import { type BlobStore, createBlobStore } from "../releases/blob-store.ts";
import { buildRelease } from "./build-release.ts";
import { checkRelease } from "./check-release.ts";
import { awaitFirstLine } from "./first-line.ts";
import type { DeploymentJob, KeptReleaseJob, Outcome } from "./job.ts";
import { type Candidate, makeLive } from "./make-live.ts";
import { enter, type StageDeps, type StageRun } from "./stage-run.ts";
import { makeWorkspace, removeFolder } from "./workspace.ts";

/** Walks the stages and answers with how it ended. Never throws. */
export async function runStages(job: DeploymentJob, deps: StageDeps): Promise<Outcome> {
  const secretValues = secretsOf(job);
  const { send, begin } = awaitFirstLine(deps.send);
  const line = (text: string) => ({ type: "line" as const, stage: run.stage, text: maskSecrets(text, secretValues) });
  const run: StageRun = {
    ...deps,
    send,
    job,
    stage: job.release ? "publish" : "checkout",
    secretValues,
    say: (text) => send(line(text)),
    begin: (text) => begin(text === undefined ? undefined : line(text)),
  };
  const blobs = createBlobStore({ folder: join(job.dataDir, "blobs") });
  try {
    const outcome = await (job.release ? publishAgain(run, job.release, blobs) : buildAndPublish(run, blobs));
    return outcome.kind === "failed" ? { ...outcome, reason: maskSecrets(outcome.reason, secretValues) } : outcome;
  } catch (error) {
    return explain(run, error);
  } finally {
    run.begin();
  }
}

/** Everything that must not be shown to anybody. */
function secretsOf({ secrets, git, target }: DeploymentJob): string[] {
  const account =
    target.protocol === "sftp"
      ? [target.password, target.privateKey, target.passphrase]
      : target.protocol === "dir"
        ? []
        : [target.password];
  const opens = [git.token, git.ssh?.privateKey ?? null];
  return [...Object.values(secrets), ...opens, ...account].filter((value) => value !== null);
}

/** The runbook. */
async function buildAndPublish(run: StageRun, blobs: BlobStore): Promise<Outcome> {
  const { job, say } = run;
  const workspace = await makeWorkspace(job.dataDir, job.site.name);
  let caches: SiteCaches | null = null;
  let endedWell = false;
  async function openCaches(): Promise<SiteCaches> {
    caches = await openSiteCaches({
      folder: join(job.dataDir, "cache"),
      site: job.site.name,
      workspace,
      maxBytes: job.cacheBytes,
      isClean: job.cleanCaches,
      say,
    });
    return caches;
  }
  try {
    const built = await buildRelease(run, { workspace, openCaches, blobs });
    endedWell = true;
    if ("skipped" in built) return { kind: "skipped", commit: built.commit, reason: built.skipped };
    const missingLinks = await checkRelease(run, built, blobs);
    const { release, commit } = built;
    run.send({
      type: "built",
      release: { id: release.id, manifest: manifestToJson(release.files), commit, missingLinks },
    });
    return await makeLive(run, { ...built, missingLinks }, blobs);
  } finally {
    await letGo(caches, endedWell);
    await removeFolder(workspace.root).catch((error: unknown) => {
      say(`The workspace could not be removed: ${describeError(error)}`);
    });
  }
}

/** Keeps what later builds can use. It is done last, since nobody waits for it by then. */
async function letGo(caches: SiteCaches | null, endedWell: boolean): Promise<void> {
  await caches?.keep({ endedWell });
  caches?.close();
}

/** The short runbook: all that a rollback or a redeploy needs is in the store. */
async function publishAgain(run: StageRun, kept: KeptReleaseJob, blobs: BlobStore): Promise<Outcome> {
  run.begin();
  enter(run, "publish");
  const { commit, missingLinks = null } = kept;
  const candidate: Candidate = { release: releaseOf(manifestFromJson(kept.manifest)), commit, missingLinks };
  // A release that was built before an interruption was announced as such.
  if (kept.missingLinks === undefined) run.say(`Publishing the kept release ${kept.id.slice(0, 12)} again`);
  await requireContents(candidate, blobs);
  return makeLive(run, candidate, blobs);
}

/** Before the host is touched: a release that lacks files must not go live in part. Throws PermanentError. */
async function requireContents({ release }: Candidate, blobs: BlobStore): Promise<void> {
  const missing: string[] = [];
  for (const [path, entry] of release.files) if (!(await blobs.holds(entry))) missing.push(path);
  if (missing.length === 0) return;
  const more = missing.length > 3 ? ` and ${missing.length - 3} more` : "";
  throw new PermanentError(
    `The release ${release.id.slice(0, 12)} cannot be published again: its contents are no longer stored on this ` +
      `machine (${missing.slice(0, 3).join(", ")}${more}). Nothing was changed. Deploy its commit instead.`,
  );
}

/** The one place where what went wrong becomes an outcome. */
function explain({ signal, stage, secretValues, job }: StageRun, error: unknown): Outcome {
  const reasons = [error, error instanceof Error ? error.cause : undefined];
  if (signal.aborted && reasons.includes(signal.reason)) return { kind: "cancelled", stage };
  const retry = !(error instanceof PermanentError);
  if (!(error instanceof NeedsConsentError)) {
    return { kind: "failed", stage, reason: maskSecrets(describeError(error), secretValues), retry };
  }
  const reason = maskSecrets(`${describeError(error)} ${consentFor(error, job)}`, secretValues);
  const paths = error.paths.slice(0, MAX_PATHS_TOLD).map((path) => maskSecrets(path, secretValues));
  return { kind: "failed", stage, reason, retry, consent: { needs: error.consent, files: error.paths.length, paths } };
}

/** So many of the paths that a consent is about are kept, to be shown. */
const MAX_PATHS_TOLD = 10;

/** The command that says yes to what a publish was refused for. */
function consentFor({ consent }: NeedsConsentError, { command }: DeploymentJob): string {
  return consent === "adopt"
    ? `To have them replaced: ${command} --adopt`
    : `If that is meant: ${command} --allow-removals`;
}
