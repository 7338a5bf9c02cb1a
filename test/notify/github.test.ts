/** One deployment, each status once and one check run per site and commit, whatever happens between us and GitHub. */
import { ProbotOctokit } from "probot";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { PermanentError } from "../../src/errors.ts";
import type { Deployment } from "../../src/model/deployment.ts";
import { createGithubPerformers } from "../../src/notify/github.ts";
import { attempt, type Told, untold } from "./attempts.ts";
import { news } from "./deployment.ts";
import { misbehaving, type Partner } from "./misbehaving.ts";
import { type SmallGithub, smallGithub } from "./small-github.ts";

const COMMIT = "a1b2c3d4e5f60718293a4b5c6d7e8f9001122334";

let github: SmallGithub;
let partner: Partner;
let perform: ReturnType<typeof createGithubPerformers>;
beforeEach(async () => {
  github = await smallGithub();
  partner = await misbehaving(github.url);
  // Probot's own Octokit with its habit of retrying; only its pause of a second between writes is left out.
  const octokit = new ProbotOctokit({
    baseUrl: partner.url,
    auth: { token: "ghs_of-the-test" },
    throttle: { enabled: false },
    log: { debug() {}, info() {}, warn() {}, error() {} },
  });
  perform = createGithubPerformers({ octokitFor: async () => octokit, lookAgainMs: 10 });
});
afterEach(async () => {
  await partner.close();
  await github.close();
});

const wish = (part: Partial<Deployment>) => ({
  installationId: 100,
  repoName: "acme/shop",
  commit: COMMIT,
  news: news(part),
});
const newTold = (kind: "github.deployment" | "github.check", part: Partial<Deployment> = {}) =>
  untold({ kind, key: `${kind}:1`, desired: wish(part) });
const running = { startedAtMs: 1000, finishedAtMs: null };
const ended = { startedAtMs: 1000, finishedAtMs: 13_000 };
const posts = (end: string) => partner.requests.filter((name) => name.startsWith("POST") && name.endsWith(end)).length;
const states = () => github.deployments.map(({ statuses }) => statuses.map(({ state }) => state).reverse());

describe("A deployment on GitHub", () => {
  const tell = (told: Told, part?: Partial<Deployment>) =>
    attempt(told, perform["github.deployment"], part ? { desired: wish(part) } : {});

  test("is created once and goes through its states", async () => {
    const told = await tell(newTold("github.deployment"));
    await tell(told, { state: "building", stage: "build", ...running });
    await tell(told, { state: "publishing", stage: "publish", ...running });
    await tell(told, { state: "live", ...ended });
    expect(told.ends).toEqual(["sent", "sent", "sent", "sent"]);
    expect(states()).toEqual([["queued", "in_progress", "success"]]);
    expect(github.deployments[0]).toMatchObject({
      ref: COMMIT,
      task: "deploy",
      environment: "shop",
      production_environment: true,
      payload: { deployment_id: "d-mf2k9x1c-4f7a" },
    });
    expect(github.deployments[0]?.statuses[0]).toMatchObject({
      state: "success",
      description: "Live (12 s)",
      auto_inactive: true,
      environment_url: "https://shop.example.com/",
      log_url: "https://deploy.example.com/deployments/d-1/log?key=a&b=c",
    });
    expect(partner.requests.filter((name) => name.startsWith("GET"))).toEqual([]);
  });

  test.each<[Partial<Deployment>, string[]]>([
    [{ state: "live", ...ended }, ["queued", "in_progress", "success"]],
    [{ state: "failed", ...ended }, ["queued", "in_progress", "failure"]],
    [{ state: "cancelled" }, ["queued", "inactive"]],
    [{ state: "cancelled", ...ended }, ["queued", "in_progress", "error"]],
    [{ state: "superseded" }, ["queued", "inactive"]],
    [{ state: "skipped", ...ended }, ["queued", "in_progress", "inactive"]],
  ])("that is told only at its end has the whole sequence all the same: %o", async (part, sequence) => {
    const told = await tell(newTold("github.deployment", part));
    await tell(told);
    expect(states()).toEqual([sequence]);
  });

  test("that is put back into the queue has no state twice", async () => {
    const told = await tell(newTold("github.deployment", { state: "building", ...running }));
    await tell(told, { state: "queued" });
    await tell(told, { state: "live", ...ended });
    expect(states()).toEqual([["queued", "in_progress", "success"]]);
  });

  test.each(["cut after effect", "cut inside answer", "cut before effect"] as const)(
    "is one, with each state once, when every answer is lost on the way: %s",
    async (misbehaviour) => {
      partner.next("/deployments", misbehaviour);
      partner.next("/statuses", misbehaviour);
      const told = await tell(newTold("github.deployment"));
      partner.next("/statuses", misbehaviour);
      await tell(told, { state: "live", ...ended });
      expect(told.ends.filter((end) => end === "AmbiguousError").length).toBeGreaterThanOrEqual(3);
      expect(told.ends.at(-1)).toBe("sent");
      expect(states()).toEqual([["queued", "in_progress", "success"]]);
    },
  );

  test("is found by its payload among others of the same commit", async () => {
    await tell(newTold("github.deployment", { id: "d-mf2k9x1b-0000" }));
    partner.next("/deployments", "cut after effect");
    const told = await tell(newTold("github.deployment"));
    expect(told.ends).toEqual(["AmbiguousError", "sent"]);
    expect(github.deployments).toHaveLength(2);
    expect(told.row.remote).toMatchObject({ id: github.deployments[0]?.id });
    const [newest] = github.deployments;
    // GitHub may answer with the payload as a string.
    if (newest) newest.payload = JSON.stringify(newest.payload);
    const again = untold({ ...told.row, remote: null, inDoubt: true });
    await tell(again);
    expect(again.row.remote).toEqual(told.row.remote);
  });

  test("is not told again where GitHub does not let us look", async () => {
    partner.next("/deployments", "cut after effect", { status: 403, body: { message: "Resource not accessible" } });
    const told = await tell(newTold("github.deployment"));
    expect(told.ends).toEqual(["AmbiguousError", "unsure"]);
    expect(github.deployments).toHaveLength(1);
  });

  test("is given up with one clear line when GitHub refuses it", async () => {
    partner.next("/deployments", { status: 404, body: { message: "Not Found" } });
    const told = await tell(newTold("github.deployment"));
    expect(told.last).toBeInstanceOf(PermanentError);
    expect(told.last).toMatchObject({
      message:
        "GitHub answers 404 to POST /repos/acme/shop/deployments: is the App installed on acme/shop, with the permission deployments: write?",
    });
  });

  test("has descriptions that GitHub takes, however long the reason is", async () => {
    const reason = `${"é<@everyone> ".repeat(100)}\n`;
    const told = await tell(newTold("github.deployment", { state: "failed", reason, title: reason, ...ended }));
    expect(told.ends).toEqual(["sent"]);
  });
});

describe("A check run on GitHub", () => {
  const tell = (told: Told, part?: Partial<Deployment>) =>
    attempt(told, perform["github.check"], part ? { desired: wish(part) } : {});

  test("is one that is edited through its states", async () => {
    const told = await tell(newTold("github.check"));
    await tell(told, { state: "building", stage: "build", ...running });
    await tell(told, { state: "failed", stage: "build", reason: "npm run build ended with 1", ...ended });
    expect(told.ends).toEqual(["sent", "sent", "sent"]);
    expect(github.checkRuns).toEqual([
      expect.objectContaining({
        name: "slipway: shop",
        head_sha: COMMIT,
        external_id: "d-mf2k9x1c-4f7a",
        status: "completed",
        conclusion: "failure",
        started_at: "1970-01-01T00:00:01.000Z",
        completed_at: "1970-01-01T00:00:13.000Z",
        details_url: "https://deploy.example.com/deployments/d-1/log?key=a&b=c",
        output: {
          title: "Failed (12 s): npm run build ended with 1",
          summary: expect.stringContaining("` npm run build ended with 1 `"),
        },
      }),
    ]);
  });

  test.each<[Deployment["state"], string]>([
    ["live", "success"],
    ["failed", "failure"],
    ["cancelled", "cancelled"],
    ["skipped", "skipped"],
    ["superseded", "neutral"],
  ])("of a deployment that is %s concludes with %s", async (state, conclusion) => {
    await tell(newTold("github.check", { state, ...ended }));
    expect(github.checkRuns).toMatchObject([{ status: "completed", conclusion }]);
  });

  test.each(["cut after effect", "cut inside answer", "cut before effect"] as const)(
    "is one when the answer is lost: %s",
    async (misbehaviour) => {
      partner.next("POST /repos/acme/shop/check-runs", misbehaviour);
      const told = await tell(newTold("github.check"));
      expect(told.ends).toEqual(["AmbiguousError", "sent"]);
      expect(github.checkRuns).toHaveLength(1);
      expect(posts("/check-runs")).toBe(misbehaviour === "cut before effect" ? 2 : 1);
    },
  );

  test("of a later deployment of the same commit takes over the earlier one's, which keeps its hands off then", async () => {
    const early = await tell(newTold("github.check", { id: "d-mf2k9x1b-0000", state: "building" }));
    await tell(newTold("github.check", { state: "live", ...ended }));
    await tell(early, { id: "d-mf2k9x1b-0000", state: "superseded" });
    expect(early.ends).toEqual(["sent", "sent"]);
    expect(github.checkRuns).toMatchObject([{ external_id: "d-mf2k9x1c-4f7a", conclusion: "success" }]);
  });

  test("is a new one where the earlier one may not be edited, such as another App's", async () => {
    await tell(newTold("github.check", { id: "d-mf2k9x1b-0000", state: "live", ...ended }));
    const [before] = github.checkRuns;
    partner.next(`/check-runs/${before?.id}`, { status: 403, body: { message: "Invalid app_id" } });
    await tell(newTold("github.check"));
    expect(github.checkRuns).toMatchObject([
      { conclusion: "success" },
      { external_id: "d-mf2k9x1c-4f7a", status: "queued" },
    ]);
  });

  test("that the App may not write says which permission it needs", async () => {
    partner.next("POST /repos/acme/shop/check-runs", { status: 403, body: { message: "Resource not accessible" } });
    const told = await tell(newTold("github.check"));
    expect(told.last).toBeInstanceOf(PermanentError);
    expect(told.last).toMatchObject({ message: expect.stringContaining("give the App the permission checks: write") });
  });

  test("shows words from outside literally, and keeps far within GitHub's limits", async () => {
    const hostile = "`@alice` <img src=x> [click](https://evil.example) ".repeat(2000);
    const part = {
      title: hostile,
      author: hostile,
      branch: hostile,
      reason: hostile,
      remarks: Array(50).fill(hostile),
    };
    await tell(newTold("github.check", { state: "failed", ...part }));
    const [{ title, summary }] = github.checkRuns.map(({ output }) => output) as [{ title: string; summary: string }];
    expect(title.length).toBeLessThanOrEqual(140);
    expect(summary.length).toBeLessThan(65_535);
    const formatted = summary.replace(/(`+) .*? \1/g, "");
    expect(formatted.replace("<https://shop.example.com>", "")).not.toMatch(/[@<[]/);
  });
});
