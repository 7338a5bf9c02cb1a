import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { readHostProfile } from "../../src/pipeline/host-profiles.ts";
import type { Outcome } from "../../src/pipeline/job.ts";
import { createBlobStore } from "../../src/releases/blob-store.ts";
import { createGitRepository } from "../git/git-repository.ts";
import { createJob } from "./deployment-job.ts";
import { runJob as run } from "./run-job.ts";

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

/** Serves the target as a web host would. */
const serveTarget = (target: string) =>
  serve((path) => readOrNull(join(target, path.endsWith("/") ? `${path}index.html` : path)));

/** A site of which a first release is live, and a commit with a second one. `job` would deploy that. */
async function createSecond(changes: Readonly<Record<string, string>> = { "index.html": "two", "new.html": "new" }) {
  const repository = createGitRepository();
  repository.commit({ "index.html": "one" });
  const { job, target, dataDir } = createJob(repository.url);
  const first = await run(job);
  if (first.outcome.kind !== "live") throw new Error(first.transcript);
  repository.commit(changes);
  const { manifest, releaseId, commit } = first.outcome;
  const kept = { id: releaseId, manifest, commit };
  return { job: { ...job, previous: manifest }, first: first.outcome, kept, target, dataDir };
}

const reasonOf = (outcome: Outcome) => (outcome.kind === "failed" ? outcome.reason : "");
const filesIn = (target: string) => readdirSync(target).filter((name) => !name.startsWith(".slipway"));

describe("The live site", () => {
  test("that shows the release confirms it", async () => {
    const { job, target } = await createSecond();
    const url = await serveTarget(target);
    const { outcome, transcript } = await run({ ...job, confirm: { url, waitMs: 2000, rollback: true } });
    expect(outcome, transcript).toMatchObject({ kind: "live" });
    expect(transcript).toContain("(2 files looked at)");
  });

  test("that fails has the earlier release back, where the operator wants that, and the reason says so", async () => {
    const { job, target, first } = await createSecond();
    const url = await serve((path) => (path === "/" ? readOrNull(join(target, "index.html")) : null));
    const { outcome, transcript } = await run({ ...job, confirm: { url, waitMs: 300, rollback: true } });
    expect(outcome, transcript).toMatchObject({ kind: "failed", stage: "confirm", retry: false });
    expect(outcome).not.toHaveProperty("published");
    expect(reasonOf(outcome)).toBe(
      `${url}new.html answers 404; the earlier release ${first.releaseId.slice(0, 12)} was put back`,
    );
    expect(readFileSync(join(target, "index.html"), "utf8")).toBe("one");
    expect(filesIn(target)).toEqual(["index.html"]);
  });

  test("that fails keeps the release where nobody asked for a rollback, and the reason names the command", async () => {
    const { job, target, first } = await createSecond();
    const url = await serve((path) => (path === "/" ? readOrNull(join(target, "index.html")) : null));
    const { outcome } = await run({ ...job, confirm: { url, waitMs: 100, rollback: false } });
    expect(outcome).toMatchObject({ kind: "failed", stage: "confirm", published: { manifest: expect.anything() } });
    expect(reasonOf(outcome)).toMatch(
      new RegExp(
        "new\\.html answers 404; nothing was put back, since confirm\\.rollback is not set; " +
          `slipway rollback shop publishes ${first.releaseId.slice(0, 12)} again$`,
      ),
    );
    expect(readFileSync(join(target, "index.html"), "utf8")).toBe("two");
  });

  test.each<[string, (target: string) => Promise<string>, RegExp]>([
    [
      "still shows the old page",
      () => serve((path) => (path === "/" ? Buffer.from("one") : Buffer.from("new"))),
      /\/ still shows what was live before; nothing was put back, since a cache in front of the host may show/,
    ],
    [
      "shows somebody else's page",
      () => serve(() => Buffer.from("somebody else")),
      /shows other content than was published; nothing was put back, since neither release shows: does confirm\.url/,
    ],
    [
      "denies every page",
      () => serve(() => null),
      /answers 404; nothing was put back, since the network, or a wrong confirm\.url, may be the reason$/,
    ],
    [
      "is not there",
      async () => "http://127.0.0.1:1/",
      /cannot be reached \(.*\); nothing was put back, since the network/,
    ],
  ])("that %s keeps the new release, and the reason says why", async (_, server, reason) => {
    const { job, target } = await createSecond();
    const confirm = { url: await server(target), waitMs: 100, rollback: true };
    const { outcome, transcript } = await run({ ...job, confirm });
    expect(outcome, transcript).toMatchObject({ kind: "failed", stage: "confirm", retry: false });
    expect(reasonOf(outcome)).toMatch(reason);
    expect(outcome).toHaveProperty("published.stats.changed", 1);
    expect(readFileSync(join(target, "index.html"), "utf8")).toBe("two");
  });

  test("that fails at the first release has nothing to go back to", async () => {
    const repository = createGitRepository();
    repository.commit({ "index.html": "one", "new.html": "new" });
    const { job } = createJob(repository.url);
    const url = await serve((path) => (path === "/" ? Buffer.from("one") : null));
    const { outcome } = await run({ ...job, confirm: { url, waitMs: 100, rollback: true } });
    expect(reasonOf(outcome)).toMatch(/answers 404; no earlier release is known, so the new one stays$/);
  });

  test("that fails, with an earlier release that cannot be put back, has a reason that says that too", async () => {
    const { job, target, dataDir, first } = await createSecond();
    const blob = createBlobStore({ folder: join(dataDir, "blobs") }).path(first.manifest[0]?.[1] ?? "");
    const url = await serve((path) => (path === "/" ? readOrNull(join(target, "index.html")) : null));
    rmSync(blob);
    const { outcome } = await run({
      ...job,
      confirm: { url, waitMs: 100, rollback: true },
    });
    expect(outcome).toHaveProperty("published");
    expect(reasonOf(outcome)).toMatch(/answers 404; the earlier release .* could not be put back: /);
  });
});

describe("A kept release", () => {
  test("is published again without checkout or build, and confirmed", async () => {
    const { job, kept, target } = await createSecond();
    const second = await run(job);
    if (second.outcome.kind !== "live") throw new Error(second.transcript);
    const stages: string[] = [];
    const url = await serveTarget(target);
    const back = {
      ...job,
      previous: second.outcome.manifest,
      release: kept,
      git: { url: "file:///gone", token: null },
    };
    const { outcome, transcript } = await run(
      { ...back, confirm: { url, waitMs: 2000, rollback: false } },
      (message) => {
        if (message.type === "stage") stages.push(message.stage);
      },
    );
    expect(outcome, transcript).toMatchObject({ kind: "live", releaseId: kept.id, commit: kept.commit });
    expect(stages).toEqual(["publish", "confirm"]);
    expect(transcript).toContain(`Publishing the kept release ${kept.id.slice(0, 12)} again`);
    expect(filesIn(target)).toEqual(["index.html"]);
    expect(readFileSync(join(target, "index.html"), "utf8")).toBe("one");
  });

  test("of which contents are missing is refused for good, before the host is touched", async () => {
    const { job, kept, target, dataDir } = await createSecond();
    const second = await run(job);
    if (second.outcome.kind !== "live") throw new Error(second.transcript);
    rmSync(createBlobStore({ folder: join(dataDir, "blobs") }).path(kept.manifest[0]?.[1] ?? ""));
    const { outcome } = await run({ ...job, previous: second.outcome.manifest, release: kept });
    expect(outcome).toMatchObject({ kind: "failed", stage: "publish", retry: false });
    expect(reasonOf(outcome)).toMatch(
      /^The release [0-9a-f]{12} cannot be published again: its contents are no longer stored .*\(index\.html\)/,
    );
    expect(readFileSync(join(target, "index.html"), "utf8")).toBe("two");
  });

  test("that is redeployed mends what others changed on the host", async () => {
    const { job, kept, target } = await createSecond();
    writeFileSync(join(target, "index.html"), "ons");
    const { outcome, transcript } = await run({ ...job, release: kept, rules: { ...job.rules, thorough: true } });
    expect(outcome, transcript).toMatchObject({ kind: "live" });
    expect(readFileSync(join(target, "index.html"), "utf8")).toBe("one");
  });
});

describe("A deployment that somebody has to agree to", () => {
  test("names the command that replaces files of others", async () => {
    const repository = createGitRepository();
    repository.commit({ "index.html": "one" });
    const { job, target } = createJob(repository.url);
    writeFileSync(join(target, "index.html"), "somebody else's");
    const refused = await run(job);
    expect(refused.outcome).toMatchObject({ kind: "failed", stage: "publish", retry: false });
    expect(refused.outcome).toMatchObject({ consent: { needs: "adopt", files: 1, paths: ["index.html"] } });
    expect(reasonOf(refused.outcome)).toMatch(
      /index\.html.*Nothing was changed\. To have them replaced: slipway deploy shop --adopt$/,
    );
    const { outcome, transcript } = await run({ ...job, rules: { ...job.rules, adopt: true } });
    expect(outcome, transcript).toMatchObject({ kind: "live" });
    expect(readFileSync(join(target, "index.html"), "utf8")).toBe("one");
  });

  test("names the command that removes more than half of the site", async () => {
    const repository = createGitRepository();
    repository.commit({ "index.html": "one", "a.html": "a", "b.html": "b", "c.html": "c" });
    const { job, target } = createJob(repository.url);
    const first = await run(job);
    if (first.outcome.kind !== "live") throw new Error(first.transcript);
    repository.git("rm", "--quiet", "a.html", "b.html", "c.html");
    repository.commit({ "index.html": "two" });
    const next = { ...job, previous: first.outcome.manifest };
    const refused = await run(next);
    expect(reasonOf(refused.outcome)).toMatch(/If that is meant: slipway deploy shop --allow-removals$/);
    const paths = ["a.html", "b.html", "c.html"];
    expect(refused.outcome).toMatchObject({ consent: { needs: "allowRemovals", files: 3, paths } });
    const { outcome, transcript } = await run({ ...next, rules: { ...job.rules, allowRemovals: true } });
    expect(outcome, transcript).toMatchObject({ kind: "live" });
    expect(filesIn(target)).toEqual(["index.html"]);
  });
});

test("What was learned of the host is remembered for the next deployment", async () => {
  const { dataDir, target } = await createSecond();
  expect(await readHostProfile(dataDir, `dir:${target}`)).not.toBeNull();
});

test("No secret of an account shows in the transcript or in a reason", async () => {
  const repository = createGitRepository();
  const secrets = ["the password", "the passphrase"];
  const key = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjE\n-----END OPENSSH PRIVATE KEY-----\n";
  repository.commit({ "index.html": "one" }, `${secrets.join(" and ")} and b3BlbnNzaC1rZXktdjE`);
  const [password = "", passphrase = ""] = secrets;
  const { job } = createJob(repository.url, {
    target: {
      ...{ protocol: "sftp", host: "127.0.0.1", port: 1, user: "u", folder: "/", key: "sites.shop", connections: null },
      ...{ password, passphrase, privateKey: key, agent: null, hostKey: null, acceptNewHostKey: false },
    },
  });
  const { outcome, transcript } = await run(job);
  expect(outcome.kind).toBe("failed");
  expect(transcript).toContain("[secret] and [secret] and [secret]");
  expect(transcript + reasonOf(outcome)).not.toMatch(/the pass|b3Blb/);
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
  expect(readdirSync(join(dataDir, "work"))).toEqual([]);
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
  expect(outcome).toMatchObject({ kind: "failed", stage: "checkout", retry: false });
  expect(outcome).toHaveProperty("reason", expect.stringContaining("leads out of the repository"));
});
