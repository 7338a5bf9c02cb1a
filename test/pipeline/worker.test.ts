import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { DeploymentJob, Outcome, WorkerMessage } from "../../src/pipeline/job.ts";
import { startWorker } from "../../src/pipeline/start-worker.ts";
import { createGitRepository } from "../git/git-repository.ts";
import { isRunning, readPids, waitUntil } from "../process/processes.ts";
import { createJob } from "./deployment-job.ts";
import { hangingCommand } from "./worker-process.ts";

const env = { PATH: process.env.PATH };

function start(job: DeploymentJob, from: NodeJS.ProcessEnv = env) {
  const messages: WorkerMessage[] = [];
  const worker = startWorker({ job, env: from, onMessage: (message) => messages.push(message) });
  onTestFinished(() => worker.kill());
  const transcript = () => messages.map((message) => (message.type === "line" ? message.text : "")).join("\n");
  return { worker, messages, transcript };
}

async function run(job: DeploymentJob): Promise<{ outcome: Outcome; transcript: string; messages: WorkerMessage[] }> {
  const { worker, messages, transcript } = start(job);
  const outcome = await worker.done;
  return { outcome, transcript: transcript(), messages };
}

/** A site that npm really installs and builds, without a dependency. */
const npmSite = {
  "package.json": JSON.stringify({ name: "site", version: "1.0.0", scripts: { build: "node build.mjs" } }),
  "package-lock.json": JSON.stringify({
    name: "site",
    version: "1.0.0",
    lockfileVersion: 3,
    packages: { "": { name: "site", version: "1.0.0" } },
  }),
  "build.mjs": `
    import { mkdirSync, writeFileSync } from "node:fs";
    mkdirSync("dist", { recursive: true });
    writeFileSync("dist/index.html", "<h1>built by " + process.version + " from " + process.env.SLIPWAY_COMMIT + "</h1>");
    console.log("built with " + process.env.CMS_TOKEN);
  `,
};

describe("a worker", () => {
  test("takes a repository through npm onto the target and tells every step", async () => {
    const repository = createGitRepository();
    const commit = repository.commit(npmSite, "First page\n\nwith details");
    const { job, target, dataDir } = createJob(repository.url, { secrets: { CMS_TOKEN: "very-secret-token" } });

    const { outcome, transcript, messages } = await run(job);

    expect(outcome, transcript).toMatchObject({ kind: "live", commit, stats: { added: 1, files: 1 } });
    const page = readFileSync(join(target, "index.html"), "utf8");
    expect(page).toBe(`<h1>built by ${process.version} from ${commit}</h1>`);
    expect(
      messages.filter(({ type }) => type === "stage").map((message) => "stage" in message && message.stage),
    ).toEqual(["checkout", "install", "build", "package", "publish", "confirm"]);
    expect(messages).toContainEqual({ type: "head", commit, author: "Ada", title: "First page" });
    expect(transcript).toContain("npm ci --no-audit --no-fund  (package-lock.json)");
    expect(transcript).toContain("built with [secret]");
    expect(transcript).not.toContain("very-secret-token");
    expect(readdirSync(join(dataDir, "work"))).toEqual([]);
  });

  test.skipIf(process.platform !== "linux")(
    "and what it runs get the processor while nobody else wants it",
    async () => {
      const repository = createGitRepository();
      repository.commit({ "public/index.html": "hello" });
      // proc_pid_stat(5): the 41st field is the policy, and sched(7) calls 5 SCHED_IDLE.
      const command = "echo policy $(cut -d' ' -f41 /proc/self/stat)";
      const { transcript } = await run(createJob(repository.url, { site: { command, output: "public" } }).job);
      expect(transcript).toContain("policy 5");
    },
  );

  test("skips a head that is live already, unless it is told to go on", async () => {
    const repository = createGitRepository();
    const commit = repository.commit({ "index.html": "hello" });
    const live = { commit, releaseId: null, missingLinks: null };

    const skipped = await run(createJob(repository.url, { live }).job);
    const reason = "the head of the branch is already live; `slipway deploy shop` deploys it anyway";
    expect(skipped.outcome).toEqual({ kind: "skipped", commit, reason });

    const forced = await run(createJob(repository.url, { live, force: true }).job);
    expect(forced.outcome).toMatchObject({ kind: "live", commit });
  });

  test("fails for good when the build fails, and says how", async () => {
    const repository = createGitRepository();
    repository.commit({ "index.html": "hello" });
    const { outcome } = await run(createJob(repository.url, { site: { command: "echo broken >&2; exit 3" } }).job);
    expect(outcome).toMatchObject({ kind: "failed", stage: "build", retry: false });
    expect(outcome).toHaveProperty("reason", expect.stringContaining("failed with exit code 3"));
  });

  test("publishes nothing from outside the repository, even when links lead there", async () => {
    const repository = createGitRepository();
    repository.commit({ "README.md": "hello" });
    const site = { command: "ln -s /etc dist" };
    const { outcome } = await run(createJob(repository.url, { site }).job);
    expect(outcome).toMatchObject({ kind: "failed", stage: "build", retry: false });
    expect(outcome).toHaveProperty("reason", expect.stringContaining("leads out of the repository"));
  });

  test("ends a build that is cancelled, with everything it started", async () => {
    const repository = createGitRepository();
    repository.commit({ "index.html": "hello" });
    const { job, target, dataDir } = createJob(repository.url, { site: { command: "true" } });
    const pidFile = join(target, "..", "pids");
    const { worker } = start({ ...job, site: { ...job.site, command: hangingCommand(pidFile) } });
    const pids = await waitUntil("the build runs", () => readPids(pidFile, 2));

    worker.cancel();

    expect(await worker.done).toEqual({ kind: "cancelled", stage: "build" });
    await waitUntil("the build is gone", () => !pids.some(isRunning));
    expect(readdirSync(join(dataDir, "work"))).toEqual([]);
  });

  test("that is killed by the kernel counts as a failure worth another try, and its build is ended", async () => {
    const repository = createGitRepository();
    repository.commit({ "index.html": "hello" });
    const { job, target } = createJob(repository.url);
    const pidFile = join(target, "..", "pids");
    // The parent of the build's shell is the worker.
    const command = `echo $PPID > '${pidFile}'; ${hangingCommand(pidFile).replace("> ", ">> ")}`;
    const { worker } = start({ ...job, site: { ...job.site, command } });
    const [workerPid, ...pids] = await waitUntil("the build runs", () => readPids(pidFile, 3));
    if (workerPid === undefined) throw new Error("no pid");

    process.kill(workerPid, "SIGKILL");

    expect(await worker.done).toEqual({
      kind: "failed",
      stage: "build",
      reason: "the worker process ended unexpectedly (SIGKILL)",
      retry: true,
    });
    await waitUntil("the build is gone", () => !pids.some(isRunning));
  });

  test("goes at once with its build when the service is killed", async () => {
    const repository = createGitRepository();
    repository.commit({ "index.html": "hello" });
    const { job, target } = createJob(repository.url);
    const pidFile = join(target, "..", "pids");
    const command = `echo $PPID > '${pidFile}'; ${hangingCommand(pidFile).replace("> ", ">> ")}`;
    const jobFile = join(target, "..", "job.json");
    writeFileSync(jobFile, JSON.stringify({ ...job, site: { ...job.site, command } }));
    const service = spawn(process.execPath, ["--input-type=module", "-e", serviceScript(jobFile)], { stdio: "ignore" });
    onTestFinished(() => void service.kill("SIGKILL"));
    const pids = await waitUntil("the build runs", () => readPids(pidFile, 3));
    expect(pids.every(isRunning)).toBe(true);

    service.kill("SIGKILL");

    await once(service, "exit");
    await waitUntil("worker and build are gone", () => !pids.some(isRunning), 5000);
  });

  test("and its build see none of the service's secrets", async () => {
    const repository = createGitRepository();
    repository.commit({ "index.html": "hello" });
    const { job, target } = createJob(repository.url);
    const seen = join(target, "..", "seen");
    const command = `mkdir dist; cp index.html dist/; env > '${seen}'; tr '\\0' '\\n' < /proc/$PPID/environ >> '${seen}' || true`;
    const canaries = [
      "PRIVATE_KEY",
      "WEBHOOK_SECRET",
      "SLACK_BOT_TOKEN",
      "DATABASE_URL",
      "SHOP_FTP_PASSWORD",
      "NODE_OPTIONS",
    ];
    const from = { ...env, ...Object.fromEntries(canaries.map((name) => [name, `--no-warnings`])) };
    const { worker } = start({ ...job, site: { ...job.site, command } }, from);

    expect(await worker.done).toMatchObject({ kind: "live" });
    const text = readFileSync(seen, "utf8");
    expect(text).toContain("SLIPWAY_SITE=shop");
    for (const name of canaries) expect(text).not.toContain(name);
  });
});

/** A service of which only the worker matters. */
function serviceScript(jobFile: string): string {
  const module = new URL("../../src/pipeline/start-worker.ts", import.meta.url).href;
  return `
    import { readFileSync } from "node:fs";
    import { startWorker } from ${JSON.stringify(module)};
    const job = JSON.parse(readFileSync(${JSON.stringify(jobFile)}, "utf8"));
    startWorker({ job, env: { PATH: process.env.PATH }, onMessage() {} });
  `;
}
