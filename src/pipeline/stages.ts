/** The stages of a deployment, one after another: checkout, install, build, package, publish, confirm. */
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describeError, PermanentError } from "../errors.ts";
import type { Stage } from "../model/deployment.ts";
import { type Manifest, manifestFromJson, manifestToJson, type Release, releaseOf } from "../model/release.ts";
import { createPublisher } from "../publishers/create-publisher.ts";
import { createBlobStore } from "../releases/blob-store.ts";
import { packageFolder } from "../releases/package.ts";
import { buildEnvironment } from "./build-environment.ts";
import { chooseOutput, type PlannedCommand, planBuild } from "./build-plan.ts";
import { fetchHead } from "./checkout.ts";
import { confirmLive } from "./confirm.ts";
import { folderInside } from "./folder-inside.ts";
import type { DeploymentJob, Outcome, WorkerMessage } from "./job.ts";
import { maskSecrets } from "./mask.ts";
import { CommandError, type ProcessControl, runCommand } from "./process.ts";
import { publishRelease } from "./publish.ts";
import { existingFolders, readFolders } from "./read-folders.ts";
import { makeWorkspace, removeFolder, type Workspace } from "./workspace.ts";

export type StageDeps = ProcessControl & {
  /** The worker's own environment. */
  readonly env: NodeJS.ProcessEnv;
  send(message: WorkerMessage): void;
  /** Pauses before a stage that failed for the moment is tried again; as many tries more. Default 2 s and 8 s. */
  readonly retryPausesMs?: readonly number[];
};

/** One deployment while it runs. */
type Run = StageDeps & {
  readonly job: DeploymentJob;
  /** Everything that must not be shown. */
  readonly secretValues: readonly string[];
  stage: Stage;
  say(text: string): void;
};

const RETRY_PAUSES_MS = [2000, 8000];
const PROGRESS_EVERY_MS = 5000;

/** Walks the stages and answers with how it ended. Never throws. */
export async function runStages(job: DeploymentJob, deps: StageDeps): Promise<Outcome> {
  const secretValues = [
    ...Object.values(job.secrets),
    job.git.token,
    "password" in job.target ? job.target.password : null,
  ];
  const run: Run = {
    ...deps,
    job,
    stage: "checkout",
    secretValues: secretValues.filter((value) => value !== null),
    say: (text) => deps.send({ type: "line", stage: run.stage, text: maskSecrets(text, run.secretValues) }),
  };
  let workspace: Workspace | undefined;
  try {
    workspace = await makeWorkspace(job.dataDir, job.site.name, job.deploymentId);
    return await walk(run, workspace);
  } catch (error) {
    return explain(run, error);
  } finally {
    if (workspace) {
      await removeFolder(workspace.root).catch((error: unknown) => {
        run.say(`The workspace could not be removed: ${describeError(error)}`);
      });
    }
  }
}

/** The runbook. */
async function walk(run: Run, workspace: Workspace): Promise<Outcome> {
  const { job, say } = run;

  enter(run, "checkout");
  const head = await retrying(run, () => checkout(run, workspace));
  if (head === null)
    return { kind: "skipped", commit: job.live.commit ?? "", reason: "the head of the branch is already live" };

  enter(run, "install");
  const siteFolder = await folderInside(workspace.source, job.site.folder, "the site's folder");
  const plan = planBuild(job.site, await readFolders(workspace.source, job.site.folder));
  const env = environmentOf(run, workspace, head.commit);
  for (const remark of plan.remarks) say(remark);
  if (plan.install) await runPlanned(run, workspace, plan.install, env);

  enter(run, "build");
  const before = await existingFolders(siteFolder, plan.outputs);
  if (plan.build) await runPlanned(run, workspace, plan.build, { ...env, ...job.secrets });
  else say("Nothing to build");

  enter(run, "package");
  const output = chooseOutput(plan, before, await existingFolders(siteFolder, plan.outputs)) ?? noOutput(plan.outputs);
  say(`Packaging ${join(job.site.folder, output)} (${plan.outputsBecause})`);
  const blobs = createBlobStore({ folder: join(job.dataDir, "blobs") });
  const folder = await folderInside(workspace.source, join(job.site.folder, output), "the output folder");
  const progress = everySoOften(say);
  const { release, warnings } = await packageFolder({
    folder,
    blobs,
    signal: run.signal,
    onProgress: ({ files, ofFiles }) => progress(`${files} of ${ofFiles} files`),
  });
  for (const warning of warnings) say(warning);
  say(`Release ${release.id.slice(0, 12)}: ${release.files.size} files`);

  enter(run, "publish");
  const publisher = createPublisher(job.target);
  const previous = job.previous ? manifestFromJson(job.previous) : null;
  const publishing = { publisher, blobs, say };
  const stats = await retrying(run, () =>
    publishRelease({
      ...publishing,
      release,
      previous,
      adopt: job.adopt,
      onProgress: ({ files, ofFiles }) => progress(`${files} of ${ofFiles} files uploaded`),
      signal: run.signal,
    }),
  );
  if (run.signal.aborted) say("It was too late to cancel: the release is on the host already");

  enter(run, "confirm");
  if (job.confirm) {
    await confirmLive({ ...job.confirm, release, previous, say }).catch(async (error: unknown) => {
      const sequel = await putBack(run, publishing, release, previous);
      throw new PermanentError(`${describeError(error)}; ${sequel}`, { cause: error });
    });
  } else {
    say("confirm.url is not set for this site, so nobody looked at the live site");
  }
  return { kind: "live", releaseId: release.id, commit: head.commit, stats, manifest: manifestToJson(release.files) };
}

/** Makes a stage the current one. A cancelled deployment enters none up to publish; what is on the host is confirmed. */
function enter(run: Run, stage: Stage): void {
  if (stage !== "confirm") run.signal.throwIfAborted();
  run.stage = stage;
  run.send({ type: "stage", stage });
}

/** The one place where what went wrong becomes an outcome. */
function explain({ signal, stage, secretValues }: Run, error: unknown): Outcome {
  const reasons = [error, error instanceof Error ? error.cause : undefined];
  if (signal.aborted && reasons.includes(signal.reason)) return { kind: "cancelled", stage };
  const reason = maskSecrets(describeError(error), secretValues);
  return { kind: "failed", stage, reason, retry: !(error instanceof PermanentError) };
}

async function retrying<T>(run: Run, work: () => Promise<T>): Promise<T> {
  for (const pauseMs of run.retryPausesMs ?? RETRY_PAUSES_MS) {
    try {
      return await work();
    } catch (error) {
      if (error instanceof PermanentError || run.signal.aborted) throw error;
      run.say(`${describeError(error)}; trying again in ${pauseMs / 1000} seconds`);
      await delay(pauseMs, undefined, { signal: run.signal });
    }
  }
  return work();
}

/** The head of the branch, with its files laid out; null when it is live already. */
async function checkout(run: Run, workspace: Workspace) {
  const { job, signal, gone, onGroup, env, say } = run;
  const { head, layOut } = await fetchHead({
    ...{ signal, gone, onGroup, env, say },
    site: job.site.name,
    url: job.git.url,
    token: job.git.token,
    branch: job.branch,
    dataDir: job.dataDir,
    folder: workspace.source,
  });
  say(`${head.commit.slice(0, 7)} ${head.title} (${head.author})`);
  run.send({ type: "head", ...head });
  if (head.commit === job.live.commit && !job.force) return null;
  await layOut();
  return head;
}

function environmentOf({ job, env }: Run, workspace: Workspace, commit: string): Record<string, string> {
  return buildEnvironment({
    from: env,
    nodeFolder: dirname(process.execPath),
    homeFolder: workspace.home,
    temporaryFolder: workspace.temporary,
    workFolder: workspace.root,
    site: job.site.name,
    commit,
    branch: job.branch,
    env: job.site.env,
  });
}

async function runPlanned(run: Run, workspace: Workspace, planned: PlannedCommand, env: Record<string, string>) {
  const { job, signal, gone, onGroup, say } = run;
  const { command } = planned;
  say(`$ ${command}  (${planned.because})`);
  const cwd = await folderInside(workspace.source, planned.folder, "the folder");
  const { timeoutMs, idleTimeoutMs } = job.site;
  const control = { signal, gone, onGroup };
  try {
    // Masked as a stream by runCommand, so it need not pass `say` again.
    const onOutput = (text: string) => run.send({ type: "line", stage: run.stage, text });
    await runCommand({ ...control, command, cwd, env, timeoutMs, idleTimeoutMs, secrets: run.secretValues, onOutput });
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    // POSIX sh, "Exit Status for Commands": 127 is a command that was not found.
    const advice = error.exitCode === 127 ? "; a program was not found: is it installed on this server?" : "";
    throw new PermanentError(`${command} ${error.message}${advice}`, { cause: error });
  }
}

function noOutput(tried: readonly string[]): never {
  throw new PermanentError(
    `The build left none of the folders ${tried.join(", ")}. Set build.output to the one it writes to.`,
  );
}

/** Puts the release back that was live before. Answers with what became of that, as the end of a sentence. */
async function putBack(
  run: Run,
  publishing: Pick<Parameters<typeof publishRelease>[0], "publisher" | "blobs" | "say">,
  release: Release,
  previous: Manifest | null,
): Promise<string> {
  if (!previous) return "no earlier release is known, so the new one stays";
  const earlier = releaseOf(previous);
  if (earlier.id === release.id) return "the files are the same as before, so there is nothing to put back";
  run.say(`The release does not show on the live site; putting ${earlier.id.slice(0, 12)} back`);
  try {
    await publishRelease({ ...publishing, release: earlier, previous: release.files, adopt: false });
    return `the earlier release ${earlier.id.slice(0, 12)} was put back`;
  } catch (error) {
    return `the earlier release could not be put back: ${describeError(error)}`;
  }
}

/** Passes a line on when the last one is some seconds ago. */
function everySoOften(say: (line: string) => void): (line: string) => void {
  let nextMs = performance.now() + PROGRESS_EVERY_MS;
  return (line) => {
    if (performance.now() < nextMs) return;
    nextMs = performance.now() + PROGRESS_EVERY_MS;
    say(line);
  };
}
