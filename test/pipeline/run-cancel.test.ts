/** Cancelling at each stage, with real worker processes: it ends soon, nothing goes on running, the live site is whole. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import type { Stage } from "../../src/model/deployment.ts";
import type { DeploymentJob } from "../../src/pipeline/job.ts";
import { changeDeployment, claimDeployment } from "../../src/store/deployments.ts";
import { createGitRepository } from "../git/git-repository.ts";
import { isRunning, readPids, waitUntil } from "../process/processes.ts";
import { ftpTarget, serverForTest } from "../publishers/ftp/world.ts";
import { describeWithProgram } from "../servers/available.ts";
import { createJob, type JobChanges, TEST_LIMITS } from "./deployment-job.ts";
import { createRunWorld } from "./run-world.ts";
import { hangingCommand, silentGitHost, startTestWorker, webServer } from "./worker-process.ts";

const OLD = "<h1>the page that is live</h1>";

/** A site that is live already, of which a new page was pushed. */
async function createLive(changes: JobChanges = {}) {
  const repository = createGitRepository();
  repository.commit({ "index.html": OLD, "about.html": "about" });
  const made = createJob(repository.url);
  const first = startTestWorker(made.job);
  const outcome = await first.worker.done;
  if (outcome.kind !== "live") throw new Error(first.transcript());
  repository.commit({ "index.html": "<h1>the new page</h1>" });
  const job: DeploymentJob = {
    ...made.job,
    previous: outcome.manifest,
    ...changes,
    site: { ...made.job.site, ...changes.site },
  };
  return { ...made, job, pidFile: join(made.target, "..", "pids") };
}

function expectWhole(target: string): void {
  const files = readdirSync(target).filter((name) => name !== ".slipway");
  expect(files.sort()).toEqual(["about.html", "index.html"]);
  expect(readFileSync(join(target, "index.html"), "utf8")).toBe(OLD);
}

/** Cancels once the processes in `pidFile` run, and sees them go. */
async function cancelWhileRunning(started: ReturnType<typeof startTestWorker>, stage: Stage, pidFile: string) {
  const pids = await waitUntil(`something hangs in ${stage}`, () => readPids(pidFile, 2));
  started.worker.cancel();
  expect(await started.worker.done, started.transcript()).toEqual({ kind: "cancelled", stage });
  await waitUntil("all of it is gone", () => !pids.some(isRunning));
}

describe("A deployment that is cancelled", () => {
  test("during checkout ends the git that waits for its host", async () => {
    const { job, target, dataDir } = await createLive();
    const { url, env, pidFile } = silentGitHost(join(target, ".."));
    const started = startTestWorker({ ...job, git: { url, token: null } }, env);
    await cancelWhileRunning(started, "checkout", pidFile);
    expectWhole(target);
    expect(readdirSync(join(dataDir, "work"))).toEqual([]);
  });

  test.each(["install", "build"] as const)("during %s ends the command with everything it started", async (stage) => {
    const { job, target, dataDir, pidFile } = await createLive();
    const site = { ...job.site, [stage === "install" ? "install" : "command"]: hangingCommand(pidFile) };
    await cancelWhileRunning(startTestWorker({ ...job, site }), stage, pidFile);
    expectWhole(target);
    expect(readdirSync(join(dataDir, "work"))).toEqual([]);
  });

  test("during package stops reading the files", async () => {
    const command = `node -e 'const fs = require("fs"); fs.mkdirSync("dist"); for (let i = 0; i < 6000; i++) fs.writeFileSync("dist/" + i + ".html", String(i))'`;
    const { job, target, dataDir } = await createLive({ site: { command, output: "dist" } });
    const started = startTestWorker(job);
    await started.entered("package");
    started.worker.cancel();
    expect(await started.worker.done, started.transcript()).toEqual({ kind: "cancelled", stage: "package" });
    expectWhole(target);
    expect(readdirSync(join(dataDir, "work"))).toEqual([]);
  });

  test("during publish leaves the host's live files as they were, and keeps what has arrived", async () => {
    const { job } = await createLive();
    const { server, folder } = await serverForTest();
    writeFileSync(join(folder, "index.html"), OLD);
    writeFileSync(join(folder, "about.html"), "about");
    const site = { ...job, target: ftpTarget(server, { connections: 1 }), rules: { ...job.rules, adopt: true } };
    server.misbehave({ cutUpload: { afterBytes: 5, path: /\/[^/.]+$/, nth: 3, how: "hang" } });
    const started = startTestWorker(site);
    await vi.waitFor(() => expect(server.log.commands.get("STOR") ?? 0).toBeGreaterThanOrEqual(3), {
      timeout: 60_000,
      interval: 10,
    });
    started.worker.cancel();
    expect(await started.worker.done, started.transcript()).toEqual({ kind: "cancelled", stage: "publish" });
    expectWhole(folder);
    expect(readdirSync(join(folder, ".slipway"))).toContain("stage");
  });

  test("during confirm is live all the same, and says that nobody waited", async () => {
    const confirm = { url: await webServer(OLD), waitMs: 60_000, rollback: false };
    const { job, target } = await createLive({ confirm });
    const started = startTestWorker(job);
    await vi.waitFor(() => expect(started.transcript()).toContain("looking again"), { timeout: 60_000, interval: 10 });
    started.worker.cancel();
    expect(await started.worker.done, started.transcript()).toMatchObject({ kind: "live" });
    expect(started.transcript()).toContain("Cancelled: the release is on the host, and nobody waited until it showed");
    expect(readFileSync(join(target, "index.html"), "utf8")).toBe("<h1>the new page</h1>");
  });
});

describe("A deployment that somebody wants cancelled while it runs", { timeout: 120_000 }, () => {
  const endless = (folder: string) => `touch '${folder}/began'; until [ -e '${folder}/go' ]; do sleep 0.02; done`;
  const WHY = "cancelled by alice (Slack U0ALICE)";

  test("is cancelled by whoever runs it, in whatever process that was asked", async () => {
    const world = await createRunWorld({ build: endless });
    await world.queue();
    world.start();
    await waitUntil("it is built", () => existsSync(join(world.folder, "began")), 60_000);
    await world.cancel(WHY);
    const { reason } = await world.until(({ state }) => state === "cancelled");
    expect(reason).toBe(`${WHY} during build`);
    expect(readdirSync(world.target)).toEqual([]);
  });

  test.each(["build", "publish"] as const)("and was at %s when Slipway was killed, is not run again", async (stage) => {
    const world = await createRunWorld();
    await world.queue();
    const nowMs = Date.now();
    await world.store.transact((tx) => claimDeployment(tx, { boot: "killed", nowMs, untilMs: nowMs + 60_000 }));
    const state = stage === "build" ? "building" : "publishing";
    await world.store.transact((tx) => changeDeployment(tx, "d-1", { state, stage }, nowMs));
    await world.cancel(WHY);
    world.start();
    const ended = await world.until((now) => now.state === "cancelled");
    expect(ended.reason).toBe(`${WHY}; Slipway was restarted meanwhile`);
    const mends = "was cut while it was published; the next deployment, or a redeploy, makes the site whole";
    expect(ended.remarks).toEqual(stage === "publish" ? [mends] : []);
    expect([world.builds(), await world.transcript()]).toEqual([0, `\n${ended.reason}\n`]);
    // The next one has its turn.
    await world.queue({ id: "d-2" });
    await world.until((now) => now.state === "live", "d-2");
  });
});

/** The browser of a deployment; Chromium names its folder on its command line. */
function browsersIn(dataDir: string): string[] {
  return readdirSync("/proc").filter((pid) => {
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, "utf8");
      return /^\d+$/.test(pid) && /chrom/.test(line) && line.includes(dataDir);
    } catch {
      // It has ended meanwhile, or is none.
      return false;
    }
  });
}

describeWithProgram("chromium", "A deployment that is cancelled while its pages are rendered", () => {
  test("ends the browser", async () => {
    const prerender = { routes: ["/"], crawl: false, parallel: 1, timeoutMs: 60_000, allow: [], maxPages: 10 };
    const { job, target, dataDir } = await createLive({ site: { prerender: { ...prerender, ready: "false" } } });
    const started = startTestWorker(job);
    await waitUntil("a browser runs", () => browsersIn(dataDir).length > 0, 25_000);
    started.worker.cancel();
    expect(await started.worker.done, started.transcript()).toEqual({ kind: "cancelled", stage: "prerender" });
    await waitUntil("the browser is gone", () => browsersIn(dataDir).length === 0);
    expectWhole(target);
  });
});

describe("A build that cannot be kept apart from Slipway", () => {
  // The folders of tests are closed to other users, so a user of its own cannot be had: neither as root nor as anybody else.
  const sandbox = { isolation: "user" as const, allowHosts: [], limits: TEST_LIMITS };

  test("fails for that reason at once, also while git waits for its host", async () => {
    const { job, target } = await createLive({ sandbox });
    const { url, env, pidFile } = silentGitHost(join(target, ".."));
    const { worker, transcript } = startTestWorker({ ...job, git: { url, token: null } }, env);
    expect(await worker.done, transcript()).toMatchObject({
      kind: "failed",
      stage: "checkout",
      reason: expect.stringMatching(/^sites\.shop\.isolation: builds cannot be kept apart/),
      retry: false,
    });
    await waitUntil("git is gone", () => (readPids(pidFile, 0) ?? []).every((pid) => !isRunning(pid)));
    expectWhole(target);
  });

  test("fails for that reason, also where there is no repository", async () => {
    const { job } = await createLive({ sandbox });
    const { worker } = startTestWorker({ ...job, git: { url: "file:///nowhere/at/all.git", token: null } });
    expect(await worker.done).toHaveProperty("reason", expect.stringMatching(/^sites\.shop\.isolation: /));
  });
});
