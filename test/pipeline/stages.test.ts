import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { DeploymentJob, Outcome } from "../../src/pipeline/job.ts";
import { runStages } from "../../src/pipeline/stages.ts";
import { createJob } from "./deployment-job.ts";
import { createGitRepository } from "./git-repository.ts";

async function run(job: DeploymentJob): Promise<{ outcome: Outcome; transcript: string }> {
  const lines: string[] = [];
  const outcome = await runStages(job, {
    env: { PATH: process.env.PATH },
    signal: new AbortController().signal,
    gone: new AbortController().signal,
    async onGroup() {},
    send: (message) => message.type === "line" && lines.push(message.text),
    retryPausesMs: [1, 2],
  });
  return { outcome, transcript: lines.join("\n") };
}

/** A web server over a function from path to page; answers 404 where that gives null. */
async function serve(page: (path: string) => Buffer | null): Promise<string> {
  const server = createServer((request, response) => {
    const body = page(new URL(request.url ?? "/", "http://host").pathname);
    response.writeHead(body ? 200 : 404).end(body ?? "");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

function readOrNull(path: string): Buffer | null {
  try {
    return readFileSync(path);
  } catch {
    return null;
  }
}

test("A release that the live site shows is confirmed", async () => {
  const repository = createGitRepository();
  repository.commit({ "index.html": "one", "about/index.html": "about" });
  const { job, target } = createJob(repository.url);
  const url = await serve((path) => readOrNull(join(target, path.endsWith("/") ? `${path}index.html` : path)));

  const { outcome, transcript } = await run({ ...job, confirm: { url, waitMs: 2000 } });

  expect(outcome, transcript).toMatchObject({ kind: "live" });
  expect(transcript).toContain("(2 files looked at)");
});

test("A release that the live site does not show is taken back, and the reason says so", async () => {
  const repository = createGitRepository();
  repository.commit({ "index.html": "one" });
  const { job, target } = createJob(repository.url);
  const first = await run(job);
  if (first.outcome.kind !== "live") throw new Error(first.transcript);
  repository.commit({ "index.html": "two", "new.html": "new" });
  const url = await serve(() => Buffer.from("somebody else's page"));

  const previous = first.outcome.manifest;
  const { outcome, transcript } = await run({ ...job, previous, confirm: { url, waitMs: 300 } });

  expect(outcome, transcript).toMatchObject({ kind: "failed", stage: "confirm", retry: false });
  const reason = outcome.kind === "failed" ? outcome.reason : "";
  expect(reason).toMatch(/shows other content than release .*; the earlier release .* was put back$/);
  expect(readFileSync(join(target, "index.html"), "utf8")).toBe("one");
  expect(readdirSync(target).sort()).toEqual([".slipway", "index.html"]);
});

test("When the earlier release cannot be put back, the reason says that too", async () => {
  const repository = createGitRepository();
  repository.commit({ "index.html": "one" });
  const { job, dataDir } = createJob(repository.url);
  const first = await run(job);
  if (first.outcome.kind !== "live") throw new Error(first.transcript);
  repository.commit({ "index.html": "two" });
  const url = await serve(() => null);
  rmSync(join(dataDir, "blobs"), { recursive: true });

  const { outcome } = await run({ ...job, previous: first.outcome.manifest, confirm: { url, waitMs: 100 } });

  expect(outcome).toMatchObject({ kind: "failed", stage: "confirm" });
  const reason = outcome.kind === "failed" ? outcome.reason : "";
  expect(reason).toMatch(/answers 404; the earlier release could not be put back: /);
});

test("A repository that cannot be reached is tried three times and then worth another attempt", async () => {
  const { job } = createJob("file:///nowhere/at/all.git");
  const { outcome, transcript } = await run(job);
  expect(outcome).toMatchObject({ kind: "failed", stage: "checkout", retry: true });
  expect(transcript.match(/trying again in/g)).toHaveLength(2);
});

test("A target that only the operator can mend is not tried again", async () => {
  const repository = createGitRepository();
  repository.commit({ "index.html": "one" });
  const { job, target } = createJob(repository.url);
  rmSync(target, { recursive: true });
  const { outcome, transcript } = await run(job);
  expect(outcome).toMatchObject({ kind: "failed", stage: "publish", retry: false });
  expect(transcript).not.toContain("trying again");
});

test("What an earlier deployment left in its workspace is gone, also when it is read-only", async () => {
  const repository = createGitRepository();
  repository.commit({ "index.html": "one" });
  const { job, dataDir } = createJob(repository.url, {
    site: { command: "mkdir -p dist/sub locked/deep; cp index.html dist; touch locked/deep/file; chmod -R 500 locked" },
  });
  const { outcome, transcript } = await run(job);
  expect(outcome, transcript).toMatchObject({ kind: "live" });
  expect(readdirSync(join(dataDir, "work", "shop"))).toEqual([]);
});

test("A site in a folder of the repository is built there, with the lock file above it", async () => {
  const repository = createGitRepository();
  repository.commit({
    "package.json": JSON.stringify({ name: "all", version: "1.0.0", workspaces: ["sites/*"] }),
    "sites/shop/package.json": JSON.stringify({ name: "shop", version: "1.0.0", scripts: { build: "sh build.sh" } }),
    "sites/shop/build.sh": "mkdir -p out && cp page.html out/index.html",
    "sites/shop/page.html": "the shop",
    "package-lock.json": JSON.stringify({
      name: "all",
      version: "1.0.0",
      lockfileVersion: 3,
      packages: {
        "": { name: "all", version: "1.0.0", workspaces: ["sites/*"] },
        "node_modules/shop": { resolved: "sites/shop", link: true },
        "sites/shop": { version: "1.0.0" },
      },
    }),
  });
  const { job, target } = createJob(repository.url, { site: { folder: "sites/shop" } });
  const { outcome, transcript } = await run(job);
  expect(outcome, transcript).toMatchObject({ kind: "live" });
  expect(readFileSync(join(target, "index.html"), "utf8")).toBe("the shop");
});

test("A site's folder that is a link out of the repository is refused", async () => {
  const repository = createGitRepository();
  repository.commit({ "index.html": "one" });
  writeFileSync(new URL(`${repository.url}/target`), "/etc");
  const link = repository.git("hash-object", "-w", "target");
  repository.git("update-index", "--add", "--cacheinfo", `120000,${link},site`);
  repository.git("commit", "--quiet", "-m", "a link");
  const { outcome } = await run(createJob(repository.url, { site: { folder: "site" } }).job);
  expect(outcome).toMatchObject({ kind: "failed", stage: "install", retry: false });
  expect(outcome).toHaveProperty("reason", expect.stringContaining("leads out of the repository"));
});
