/** Makes pages of an app that does not prerender itself, in the build's sandbox, which is all that its scripts see. */
import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { buildEnvironment } from "../build/build-environment.ts";
import { PermanentError } from "../errors.ts";
import type { PrerenderSettings } from "../model/build.ts";
import { prerenderCommand } from "../prerender/prerender-command.ts";
import type { PrerenderJob } from "../prerender/prerender-job.ts";
import { createPrerenderReport, describeFailedPages } from "../prerender/prerender-report.ts";
import { CommandError } from "../process/run-command.ts";
import type { Sandbox, SandboxedCommand } from "../sandbox/sandbox.ts";
import { enter, everySoOften, type StageRun } from "./stage-run.ts";
import type { Workspace } from "./workspace.ts";

/** Writes the pages into `folder`. Throws PermanentError that names the routes which failed. */
export async function prerenderPages(
  run: StageRun,
  { workspace, sandbox, commit }: { workspace: Workspace; sandbox: Sandbox; commit: string },
  folder: string,
  settings: PrerenderSettings,
): Promise<void> {
  enter(run, "prerender");
  const { job, signal, gone, onGroup, say } = run;
  const jobFile = join(workspace.temporary, "prerender.json");
  const task: PrerenderJob = { folder, siteUrl: job.siteUrl, chromium: null, settings };
  await writeFile(jobFile, JSON.stringify(task));
  const { file, args, readable } = prerenderCommand(jobFile);
  const report = createPrerenderReport({ progress: everySoOften(say), say });
  await runInside(sandbox, {
    ...{ signal, gone, onGroup, secrets: run.secretValues },
    command: { file, args },
    cwd: workspace.temporary,
    env: buildEnvironment({
      from: run.env,
      binFolders: [dirname(process.execPath)],
      homeFolder: workspace.home,
      temporaryFolder: workspace.temporary,
      workFolder: workspace.root,
      site: job.site.name,
      commit,
      branch: job.branch,
      env: {},
    }),
    writable: [workspace.root],
    readable: [...readable, dirname(process.execPath)],
    // Without origins to load from, the pages need nothing but their own loopback.
    network: settings.allow.length > 0 ? "internet" : "none",
    limits: job.sandbox.limits,
    timeoutMs: job.site.timeoutMs,
    idleTimeoutMs: null,
    onOutput: (text) => report.read(text),
  });
  const { pages, redirects, warnings, failed } = report.result();
  for (const warning of warnings) say(warning);
  for (const { route, reason } of failed) say(`${route} ${reason}`);
  if (failed.length > 0) throw new PermanentError(describeFailedPages(failed));
  say(`Prerendered ${count(pages, "page")}${redirects > 0 ? ` and ${count(redirects, "redirect")}` : ""}`);
}

const count = (number: number, what: string) => `${number} ${what}${number === 1 ? "" : "s"}`;

/** Its limits are those of the site's builds, and what they say begins with what was run. */
async function runInside(sandbox: Sandbox, command: SandboxedCommand): Promise<void> {
  try {
    await sandbox.run(command);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new PermanentError(`Prerendering ${error.message}`, { cause: error });
  }
}
