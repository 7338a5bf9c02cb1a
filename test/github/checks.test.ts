/** GitHub's deliveries of check_suite, check_run and deployment, read into our own words by way of Probot. */
import { createRequire } from "node:module";
import { Probot } from "probot";
import { describe, expect, it } from "vitest";
import { UnparseableError } from "../../src/errors.ts";
import { createGithubApp, type Emit } from "../../src/github/app.ts";
import { createGithubReader } from "../../src/github/reader.ts";
import type { Delivery } from "../../src/model/delivery.ts";

type Payload = Record<string, unknown>;
const examples = createRequire(import.meta.url)("@octokit/webhooks-examples") as Array<{
  name: string;
  examples: Payload[];
}>;
const published = (event: string) => examples.find(({ name }) => name === event)?.examples ?? [];

const OUR_APP = 4711;
const load = async (emit: Emit, options?: { appId: number | null }) => {
  const probot = new Probot({ githubToken: "none", secret: "a secret for the tests", logLevel: "fatal" });
  await probot.load(createGithubApp(emit, options));
  return { receive: (event: Parameters<typeof probot.receive>[0]) => probot.receive(event) };
};
const read = createGithubReader((emit) => load(emit, { appId: OUR_APP }));
const readUnknown = createGithubReader((emit) => load(emit));
let lastId = 0;

const delivery = (event: string, payload: unknown): Delivery => ({
  ...{ id: ++lastId, source: "github", key: "1/the-guid", event, digest: "" },
  ...{ body: Buffer.from(JSON.stringify(payload)), receivedAtMs: 0, state: "received", verdict: "new", attempts: 1 },
  ...{ outcome: [], finishedAtMs: null, seen: 1, releasedBy: null },
});

const repository = { id: 42, full_name: "acme/shop", html_url: "https://github.com/acme/shop" };
const SHA = "1".repeat(40);

describe("a delivery of check_suite", () => {
  const suite = (part: Payload = {}, app: Payload | null = { id: 77, slug: "circleci", name: "CircleCI" }) => ({
    action: "completed",
    check_suite: {
      ...{ id: 900, app, status: "completed", conclusion: "failure", head_branch: "main", head_sha: SHA },
      head_commit: { message: "Fix\n\nmore", author: { name: "Ada" } },
      ...{ pull_requests: [], created_at: "2026-11-30T10:00:00Z", updated_at: "2026-11-30T10:02:05Z", ...part },
    },
    repository,
    sender: { login: "circleci[bot]" },
    installation: { id: 9 },
  });

  it("of another App means a run of a workflow that is called as the App is", async () => {
    expect(await read(delivery("check_suite", suite()))).toEqual([
      {
        ...{ type: "workflow_run", isCheckSuite: true, repoId: 42, repoName: "acme/shop", installationId: 9 },
        ...{ action: "completed", workflow: { name: "CircleCI", path: "" }, runId: 900, runNumber: null, attempt: 1 },
        ...{ order: 126, actorLogin: "circleci[bot]", url: `https://github.com/acme/shop/commit/${SHA}/checks` },
        ...{ event: "push", status: "completed", conclusion: "failure", headBranch: "main", headSha: SHA },
        ...{ headRepoId: 42, head: { message: "Fix\n\nmore", author: "Ada" } },
        cause: "check_suite 900 2026-11-30T10:02:05Z",
      },
    ]);
  });

  it("that completes once more is later than before", async () => {
    const again = suite({ updated_at: "2026-11-30T10:09:00Z" });
    expect(await read(delivery("check_suite", again))).toMatchObject([{ order: 541 }]);
    const odd = suite({ created_at: null, updated_at: "some time" });
    expect(await read(delivery("check_suite", odd))).toMatchObject([{ order: 1 }]);
  });

  it("for a pull request of a fork is the fork's", async () => {
    const of = (id: number | null) => suite({ pull_requests: [{ head: { repo: id === null ? null : { id } } }] });
    expect(await read(delivery("check_suite", of(7)))).toMatchObject([{ headRepoId: 7 }]);
    expect(await read(delivery("check_suite", of(42)))).toMatchObject([{ headRepoId: 42 }]);
    expect(await read(delivery("check_suite", of(null)))).toMatchObject([{ headRepoId: 42 }]);
  });

  it.each<[string, Payload | null]>([
    ["of GitHub Actions", { id: 15368, slug: "github-actions" }],
    ["of our own App", { id: OUR_APP, slug: "deployer" }],
    ["of no App", null],
  ])("%s is no news", async (_, app) => {
    expect(await read(delivery("check_suite", suite({}, app)))).toMatchObject([{ type: "ignored" }]);
  });

  it("of an App that is called as ours usually is counts as ours where ours is not known", async () => {
    const slipway = suite({}, { id: 5, slug: "slipway-acme" });
    expect(await readUnknown(delivery("check_suite", slipway))).toMatchObject([{ type: "ignored" }]);
    expect(await read(delivery("check_suite", slipway))).toMatchObject([{ type: "workflow_run" }]);
  });

  it("of every kind that GitHub publishes an example of is read, and counts only when it is complete", async () => {
    expect(published("check_suite").length).toBeGreaterThan(3);
    for (const example of published("check_suite")) {
      const [event] = await read(delivery("check_suite", example));
      if (example.action !== "completed") expect(event).toMatchObject({ type: "ignored" });
      else expect(event?.type).toMatch(/^(workflow_run|ignored)$/);
    }
  });

  it("with a commit that is none is unparseable", async () => {
    await expect(read(delivery("check_suite", suite({ head_sha: "main" })))).rejects.toBeInstanceOf(UnparseableError);
  });
});

describe("a delivery of check_run", () => {
  const check = (action: string, identifier: string | null, externalId: string | null = "d-mf2k9x1c-4f7a") => ({
    action,
    check_run: { id: 31, external_id: externalId },
    ...(identifier !== null && { requested_action: { identifier } }),
    repository,
    sender: { login: "alice" },
    installation: { id: 9 },
  });

  it.each([
    ["requested_action", "redeploy", "redeploy"],
    ["requested_action", "rollback", "rollback"],
    ["rerequested", null, "rerun"],
  ])("%s %s of a deployment's means what was clicked, by whom", async (action, identifier, meant) => {
    expect(await read(delivery("check_run", check(action, identifier)))).toEqual([
      {
        ...{ type: "check_run", action: meant, repoId: 42, repoName: "acme/shop", installationId: 9 },
        ...{ deployment: "d-mf2k9x1c-4f7a", login: "alice", cause: `check_run 31 ${meant} the-guid` },
      },
    ]);
  });

  it.each([
    ["another action", check("requested_action", "format-disk")],
    ["no action at all", check("requested_action", null)],
    ["a check that begins", check("created", null)],
    ["a check that ended", check("completed", null)],
    ["another's check", check("rerequested", null, "")],
    ["a check without a name of its own", check("rerequested", null, null)],
    ["a check whose name only begins like ours", check("rerequested", null, "d-1-2; rm -rf /")],
    ["nobody", { ...check("rerequested", null), sender: null }],
  ])("about %s is ignored", async (_, payload) => {
    expect(await read(delivery("check_run", payload))).toMatchObject([{ type: "ignored" }]);
  });

  it("of every kind that GitHub publishes an example of is read, and none is ours", async () => {
    expect(published("check_run").length).toBeGreaterThan(3);
    for (const example of published("check_run")) {
      expect(await read(delivery("check_run", example))).toMatchObject([{ type: "ignored" }]);
    }
  });
});

describe("a delivery of deployment", () => {
  it("tells to which environment a run deploys, where a run does", async () => {
    const events = [];
    for (const example of published("deployment")) events.push(...(await read(delivery("deployment", example))));
    expect(events.filter((it) => it.type !== "ignored")).toEqual([
      {
        type: "run_environment",
        repoId: 186_853_002,
        repoName: "Codertocat/Hello-World",
        runId: 289_782_451,
        environment: "github-pages",
      },
    ]);
    expect(events.length).toBeGreaterThan(1);
  });
});
