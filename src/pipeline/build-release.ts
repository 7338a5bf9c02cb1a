/** The first four stages of a deployment: the head of the branch becomes a release. */
import { dirname, join } from "node:path";
import { buildEnvironment } from "../build/build-environment.ts";
import { chooseOutput, type PlannedCommand, planBuild } from "../build/build-plan.ts";
import { folderInside } from "../build/folder-inside.ts";
import { existingFolders, readFolders } from "../build/read-folders.ts";
import { PermanentError } from "../errors.ts";
import { fetchHead } from "../git/checkout.ts";
import type { Release } from "../model/release.ts";
import { CommandError } from "../process/run-command.ts";
import type { BlobStore } from "../releases/blob-store.ts";
import { packageFolder } from "../releases/package.ts";
import { openSandbox } from "../sandbox/open-sandbox.ts";
import type { Sandbox } from "../sandbox/sandbox.ts";
import { enter, everySoOften, retrying, type StageRun } from "./stage-run.ts";
import type { Workspace } from "./workspace.ts";

/** Checks out, installs, builds and packages; null when the head of the branch is live already. */
export async function buildRelease(
  run: StageRun,
  workspace: Workspace,
  blobs: BlobStore,
): Promise<{ release: Release; commit: string } | null> {
  const { job, say } = run;
  const sandbox = await openSandbox({
    settings: job.sandbox,
    site: job.site.name,
    dataDir: job.dataDir,
    env: run.env,
  });
  say(`isolation: ${sandbox.summary}`);

  enter(run, "checkout");
  const head = await retrying(run, () => checkout(run, workspace));
  if (head === null) return null;

  enter(run, "install");
  const siteFolder = await folderInside(workspace.source, job.site.folder, "the site's folder");
  const plan = planBuild(job.site, await readFolders(workspace.source, job.site.folder));
  const env = environmentOf(run, workspace, head.commit);
  for (const remark of plan.remarks) say(remark);
  if (plan.install) await runPlanned(run, workspace, sandbox, plan.install, env);

  enter(run, "build");
  const before = await existingFolders(siteFolder, plan.outputs);
  if (plan.build) await runPlanned(run, workspace, sandbox, plan.build, { ...env, ...job.secrets });
  else say("Nothing to build");

  enter(run, "package");
  const output = chooseOutput(plan, before, await existingFolders(siteFolder, plan.outputs)) ?? noOutput(plan.outputs);
  say(`Packaging ${join(job.site.folder, output)} (${plan.outputsBecause})`);
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
  return { release, commit: head.commit };
}

/** The head of the branch, with its files laid out; null when it is live already. */
async function checkout(run: StageRun, workspace: Workspace) {
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

function environmentOf({ job, env }: StageRun, workspace: Workspace, commit: string): Record<string, string> {
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

async function runPlanned(
  run: StageRun,
  workspace: Workspace,
  sandbox: Sandbox,
  planned: PlannedCommand,
  env: Record<string, string>,
) {
  const { job, signal, gone, onGroup, say } = run;
  const { command } = planned;
  say(`$ ${command}  (${planned.because})`);
  const cwd = await folderInside(workspace.source, planned.folder, "the folder");
  const { timeoutMs, idleTimeoutMs } = job.site;
  const control = { signal, gone, onGroup };
  try {
    // Masked as a stream by runCommand, so it need not pass `say` again.
    const onOutput = (text: string) => run.send({ type: "line", stage: run.stage, text });
    await sandbox.run({
      ...{ ...control, command, cwd, env, timeoutMs, idleTimeoutMs, secrets: run.secretValues, onOutput },
      writable: [workspace.root],
      readable: [dirname(process.execPath)],
      network: "internet",
      limits: job.sandbox.limits,
    });
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
