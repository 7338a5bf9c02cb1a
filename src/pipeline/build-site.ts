/** Installs and builds a site in its sandbox. */
import { join } from "node:path";
import { buildEnvironment } from "../build/build-environment.ts";
import { type BuildPlan, chooseOutput, type PlannedCommand, planBuild, toolsOf } from "../build/build-plan.ts";
import { adviceOn } from "../build/command-advice.ts";
import { describePlan } from "../build/describe-plan.ts";
import { folderInside } from "../build/folder-inside.ts";
import { existingFolders, readFolders } from "../build/read-folders.ts";
import { applyRepositoryConfig, REPOSITORY_CONFIG } from "../build/repository-config.ts";
import type { SiteCaches } from "../caches/site-caches.ts";
import { PermanentError } from "../errors.ts";
import type { SiteBuild } from "../model/build.ts";
import { CommandError } from "../process/run-command.ts";
import type { Sandbox } from "../sandbox/sandbox.ts";
import { openToolchain, type Tools } from "../toolchain/open-toolchain.ts";
import type { CheckedOut } from "./check-out.ts";
import type { BuiltFolder } from "./fetch-artifact.ts";
import { prerenderPages } from "./prerender-pages.ts";
import { enter, retrying, type StageRun } from "./stage-run.ts";
import type { Workspace } from "./workspace.ts";

/** Larger than any that people write, in bytes. */
const MAX_CONFIG_BYTES = 256 * 1024;

type Place = { readonly workspace: Workspace; readonly sandbox: Sandbox; readonly caches: SiteCaches };

/** What all commands of one build have in common. */
type Building = Place & { readonly site: SiteBuild; readonly plan: BuildPlan; readonly tools: Tools };

/** Lays the commit out, installs, builds and prerenders it. Answers with the folder of the built files. */
export async function buildSite(run: StageRun, place: Place, { head, mirror }: CheckedOut): Promise<BuiltFolder> {
  const { job, say } = run;
  const { workspace } = place;
  const { site, from } = applyRepositoryConfig(
    job.site,
    await mirror.readFile(head.commit, REPOSITORY_CONFIG, MAX_CONFIG_BYTES),
  );
  await retrying(run, () => mirror.layOut(head.commit, workspace.source, { submodules: true, lfs: true }));
  const siteFolder = await folderInside(workspace.source, site.folder, "the site's folder");
  const plan = planBuild(site, await readFolders(workspace.source, site.folder), from);
  const tools = await provideTools(run, plan);
  for (const line of describePlan(plan, {
    node: tools.node,
    ...(tools.manager !== null && { manager: tools.manager }),
  }))
    say(line);
  for (const remark of plan.remarks) say(remark);
  const building = { ...place, site, plan, tools };
  const env = environmentOf(run, building, head.commit);

  enter(run, "install");
  if (plan.install) await install(run, building, plan.install, { env, treeId: head.tree });

  enter(run, "build");
  const before = await existingFolders(siteFolder, plan.outputs);
  if (plan.build) await build(run, building, plan.build, { ...env, ...job.secrets });
  else say("Nothing to build");

  const output = chooseOutput(plan, before, await existingFolders(siteFolder, plan.outputs)) ?? noOutput(plan);
  const folder = await folderInside(workspace.source, join(site.folder, output), "the output folder");
  if (site.prerender !== null) await prerenderPages(run, { ...place, commit: head.commit }, folder, site.prerender);
  return { folder, because: `${join(site.folder, output)}, ${plan.outputsBecause}` };
}

/** Takes the dependencies of an earlier deployment where they are the same, and installs them where they are not. */
async function install(
  run: StageRun,
  building: Building,
  planned: PlannedCommand,
  { env, treeId }: { readonly env: Record<string, string>; readonly treeId: string },
): Promise<void> {
  const { workspace, sandbox, caches, plan, tools } = building;
  const { downloads } = caches;
  if (plan.manager === null || tools.manager === null || downloads === null) {
    return runPlanned(run, building, planned, { env });
  }
  const manager = { name: plan.manager.name, version: tools.manager };
  const installEnv = { ...env, ...downloads.environment(manager) };
  const { isWarm, repeated } = await caches.restoreDependencies({
    ...{ source: workspace.source, installFolder: planned.folder, command: planned.command, manager, treeId },
    ...{ nodeVersion: tools.node, isolation: sandbox.isolation, env: installEnv },
  });
  const options = { env: installEnv, writable: [downloads.folder] };
  if (!isWarm) {
    await runPlanned(run, building, planned, options);
    return caches.afterInstall();
  }
  for (const { folder, script } of repeated) {
    const command = `${manager.name} run ${script}`;
    await runPlanned(run, building, { command, folder, because: `the ${script} script of package.json` }, options);
  }
}

async function build(
  run: StageRun,
  building: Building,
  planned: PlannedCommand,
  env: Record<string, string>,
): Promise<void> {
  const { caches, sandbox, tools, site, plan } = building;
  const folders = [...new Set([site.folder, planned.folder, ...(plan.install ? [plan.install.folder] : [])])];
  const inputs = { folders, command: planned.command, nodeVersion: tools.node, isolation: sandbox.isolation, env };
  await caches.restoreFrameworks(inputs);
  await runPlanned(run, building, planned, { env });
}

async function provideTools(run: StageRun, plan: BuildPlan): Promise<Tools> {
  const { job, signal, gone, onGroup, env, say } = run;
  const toolchain = await openToolchain({ ...{ signal, gone, onGroup, env, say }, folder: join(job.dataDir, "tools") });
  return retrying(run, () => toolchain.provide(toolsOf(plan)));
}

function environmentOf(
  { job, env }: StageRun,
  { workspace, tools, site }: Building,
  commit: string,
): Record<string, string> {
  return buildEnvironment({
    from: env,
    binFolders: [tools.binFolder],
    homeFolder: workspace.home,
    temporaryFolder: workspace.temporary,
    workFolder: workspace.root,
    site: site.name,
    commit,
    branch: job.branch,
    env: site.env,
  });
}

async function runPlanned(
  run: StageRun,
  building: Building,
  planned: PlannedCommand,
  { env, writable = [] }: { readonly env: Record<string, string>; readonly writable?: readonly string[] },
): Promise<void> {
  const { job, signal, gone, onGroup, say } = run;
  const { workspace, sandbox, tools, plan } = building;
  const { command } = planned;
  say(`$ ${command}  (${planned.because})`);
  const cwd = await folderInside(workspace.source, planned.folder, "the folder");
  const { timeoutMs, idleTimeoutMs } = job.site;
  try {
    await sandbox.run({
      ...{ signal, gone, onGroup, command, cwd, env, timeoutMs, idleTimeoutMs, secrets: run.secretValues },
      writable: [workspace.root, ...writable],
      readable: tools.readable,
      network: "internet",
      limits: job.sandbox.limits,
      // Masked as a stream by the sandbox, so it need not pass `say` again.
      onOutput: (text) => run.send({ type: "line", stage: run.stage, text }),
    });
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    const advice = adviceOn(plan, planned, error.exitCode);
    throw new PermanentError(`${command} ${error.message}${advice && `. ${advice}`}`, { cause: error });
  }
}

function noOutput({ outputs, advice }: BuildPlan): never {
  const what = `The build left none of the folders ${outputs.join(", ")}.`;
  throw new PermanentError(`${what} ${advice ?? "Set build.output to the one it writes to."}`);
}
