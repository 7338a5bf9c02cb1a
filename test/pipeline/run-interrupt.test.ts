/** Stopping Slipway while workers run, with real worker processes: what ends at once, and what is finished first. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { createGitRepository } from "../git/git-repository.ts";
import { isRunning, readPids, waitUntil } from "../process/processes.ts";
import { ftpTarget, serverForTest } from "../publishers/ftp/world.ts";
import { createJob, type JobChanges } from "./deployment-job.ts";
import { hangingCommand, silentGitHost, startTestWorker, webServer } from "./worker-process.ts";

/** Pages of which each takes several writes. */
const PAGE_BYTES = 300_000;
const PAGES = 12;

function createPages(): Record<string, string> {
  const pages = Array.from({ length: PAGES }, (_, i): [string, string] => [
    `page-${i}.html`,
    `${i}`.padEnd(PAGE_BYTES),
  ]);
  return Object.fromEntries([["index.html", "<h1>new</h1>"], ...pages]);
}

function createNew(files: Record<string, string>, changes: JobChanges = {}) {
  const repository = createGitRepository();
  repository.commit(files);
  return createJob(repository.url, changes);
}

async function onFtp(files: Record<string, string>) {
  const { job } = createNew(files);
  const { server, folder } = await serverForTest();
  return { server, folder, job: { ...job, target: ftpTarget(server, { connections: 2 }) } };
}

const isIn = (stage: string) => ({ kind: "cancelled", stage });

describe("A worker that is interrupted since Slipway is being stopped", () => {
  test("during checkout ends git at once", async () => {
    const { job, target } = createNew({});
    const { url, env, pidFile } = silentGitHost(join(target, ".."));
    const started = startTestWorker({ ...job, git: { url, token: null } }, env);
    const pids = await waitUntil("git hangs", () => readPids(pidFile, 2));
    started.worker.interrupt();
    expect(await started.worker.done, started.transcript()).toEqual(isIn("checkout"));
    await waitUntil("all of it is gone", () => !pids.some(isRunning));
  });

  test("during build ends it at once, even one that ignores signals", async () => {
    const { job, target, dataDir } = createNew({ "index.html": "new" });
    const pidFile = join(target, "..", "pids");
    const command = `trap "" INT TERM; ${hangingCommand(pidFile)}`;
    const started = startTestWorker({ ...job, site: { ...job.site, command } });
    const pids = await waitUntil("the build hangs", () => readPids(pidFile, 2));
    const beganMs = performance.now();
    started.worker.interrupt();
    expect(await started.worker.done, started.transcript()).toEqual(isIn("build"));
    // Less than the first of the pauses between the signals that a cancelled build gets.
    expect(performance.now() - beganMs).toBeLessThan(4000);
    await waitUntil("all of it is gone", () => !pids.some(isRunning));
    expect(readdirSync(join(dataDir, "work"))).toEqual([]);
  });

  test("finishes the files that it is sending, begins no other, and the next publish goes on from there", async () => {
    const { server, folder, job } = await onFtp(createPages());
    server.misbehave({ replyDelayMs: 15 });
    const started = startTestWorker(job);
    const pages = () => server.log.lines.filter((line) => /^STOR .*\/[0-9a-z]{10,}$/.test(line));
    await vi.waitFor(() => expect(pages().length).toBeGreaterThanOrEqual(4), { timeout: 60_000, interval: 5 });
    const begun = pages()
      .slice(0, 3)
      .map((line) => line.replace(/^STOR /, ""));

    started.worker.interrupt();

    const outcome = await started.worker.done;
    expect(outcome, started.transcript()).toEqual(isIn("publish"));
    expect(pages().length).toBeLessThan(PAGES);
    expect(readdirSync(folder)).toEqual([".slipway"]);
    // The stage was renamed when the lock was given back.
    const stage = join(folder, ".slipway", "stage");
    const whole = readdirSync(stage).filter((name) => statSync(join(stage, name)).size === PAGE_BYTES);
    for (const path of begun) expect(whole).toContain(path.split("/").at(-1));

    server.misbehave(null);
    const next = startTestWorker(job);
    expect(await next.worker.done, next.transcript()).toMatchObject({ kind: "live" });
    expect(next.transcript()).toContain(`${whole.length} files arrived with an earlier try and are not sent again.`);
  });

  test("finishes a changeover that has begun, however long it takes, and leaves looking at the site to the next start", async () => {
    const { server, folder, job } = await onFtp({ "index.html": "new", "a.html": "a", "b.html": "b" });
    server.misbehave({ replyDelayMs: 25 });
    const confirm = { url: await webServer("the page before"), waitMs: 60_000, rollback: false };
    // The grace is over long before the changeover is.
    const started = startTestWorker({ ...job, confirm }, {}, { interruptGraceMs: 1 });
    await vi.waitFor(() => expect(server.log.commands.get("RNTO") ?? 0).toBeGreaterThan(0), {
      timeout: 60_000,
      interval: 5,
    });
    started.worker.interrupt();
    expect(await started.worker.done, started.transcript()).toEqual(isIn("confirm"));
    expect(readdirSync(folder).sort()).toEqual([".slipway", "a.html", "b.html", "index.html"]);
    expect(readdirSync(join(folder, ".slipway")).filter((name) => /^(lock|journal|s-)/.test(name))).toEqual([]);
    expect(readFileSync(join(folder, "index.html"), "utf8")).toBe("new");
  });

  test("does not wait for a host that says nothing", async () => {
    const { server, folder, job } = await onFtp({ "index.html": "new" });
    server.misbehave({ interrupt: { verb: "STOR", how: "hang" } });
    const started = startTestWorker(job);
    await vi.waitFor(() => expect(server.log.commands.get("STOR") ?? 0).toBeGreaterThan(0), {
      timeout: 60_000,
      interval: 5,
    });
    const beganMs = performance.now();
    started.worker.interrupt();
    expect(await started.worker.done, started.transcript()).toEqual(isIn("publish"));
    expect(performance.now() - beganMs).toBeLessThan(4000);
    expect(readdirSync(folder)).toEqual([".slipway"]);
  });

  test("is killed where it does not end in time, with the host's files as they were", async () => {
    const { server, folder, job } = await onFtp(createPages());
    server.misbehave({ cutUpload: { afterBytes: 1000, path: /\/[0-9a-z]{10,}$/, how: "hang" } });
    const started = startTestWorker(job, {}, { interruptGraceMs: 200 });
    await vi.waitFor(() => expect(server.log.bytesReceived).toBeGreaterThan(50_000), { timeout: 60_000, interval: 5 });
    const beganMs = performance.now();
    started.worker.interrupt();
    expect(await started.worker.done).toMatchObject({ kind: "failed", stage: "publish", retry: true });
    expect(performance.now() - beganMs).toBeLessThan(4000);
    expect(readdirSync(folder)).toEqual([".slipway"]);
  });
});
