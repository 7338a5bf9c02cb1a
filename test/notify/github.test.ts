/** One deployment, each status once and one check run per site and commit, whatever happens between us and GitHub. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { PermanentError } from "../../src/errors.ts";
import type { Deployment } from "../../src/model/deployment.ts";
import { attempt, type Told, untold } from "./attempts.ts";
import { news } from "./deployment.ts";
import { type GithubWorld, startGithubWorld } from "./github-world.ts";

const COMMIT = "a1b2c3d4e5f60718293a4b5c6d7e8f9001122334";
const DEPLOYMENTS = "/repos/:owner/:repo/deployments";
const STATUSES = "/repos/:owner/:repo/deployments/:id/statuses";
const CHECK_RUNS = "/repos/:owner/:repo/check-runs";

let github: GithubWorld["github"];
let perform: GithubWorld["perform"];
let ask: GithubWorld["ask"];
beforeEach(async () => {
  ({ github, perform, ask } = await startGithubWorld());
});
afterEach(() => github.stop());

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

type Found = { id: number; [field: string]: unknown };

const deployments = () => ask<Found[]>("deployments");
const statuses = (id: number | undefined) => ask<Found[]>(`deployments/${id}/statuses`);
const checkRuns = async () => {
  const all = `commits/${COMMIT}/check-runs?filter=all`;
  return (await ask<{ check_runs: Found[] }>(all)).check_runs.reverse();
};

/** The states of every deployment, in the order in which they came. */
async function states(): Promise<unknown[][]> {
  const found = await Promise.all((await deployments()).map(({ id }) => statuses(id)));
  return found.map((one) => one.map(({ state }) => state).reverse());
}

const LOSSES = {
  "the connection is cut after the effect": { fault: { cut: true }, afterEffect: true },
  "the connection is cut before the effect": { fault: { cut: true } },
  "the answer is cut in the middle": {
    fault: { answer: 201, headers: { "content-length": "9999", connection: "close" }, body: { id: 1 } },
    afterEffect: true,
  },
} as const;
const losses = Object.keys(LOSSES) as Array<keyof typeof LOSSES>;
const lose = (path: string, loss: keyof typeof LOSSES = "the connection is cut after the effect") =>
  github.misbehave({ method: "POST", path, times: 1, ...LOSSES[loss] });
const refuse = (method: string, path: string, answer: number) =>
  github.misbehave({ method, path, times: 1, fault: { answer, body: { message: "Refused" } } });

describe("A deployment on GitHub", () => {
  const tell = (told: Told, part?: Partial<Deployment>) =>
    attempt(told, perform["github.deployment"], part ? { desired: wish(part) } : {});

  test("is created once and goes through its states", async () => {
    const told = await tell(newTold("github.deployment"));
    await tell(told, { state: "building", stage: "build", ...running });
    await tell(told, { state: "publishing", stage: "publish", ...running });
    await tell(told, { state: "live", ...ended });
    expect(told.ends).toEqual(["sent", "sent", "sent", "sent"]);
    expect(await states()).toEqual([["queued", "in_progress", "success"]]);
    const [deployment] = await deployments();
    expect(deployment).toMatchObject({
      sha: COMMIT,
      task: "deploy",
      environment: "shop",
      production_environment: true,
      payload: { deployment_id: "d-mf2k9x1c-4f7a" },
    });
    expect((await statuses(deployment?.id))[0]).toMatchObject({
      state: "success",
      description: "Live (12 s)",
      environment_url: "https://shop.example.com/",
      log_url: "https://deploy.example.com/deployments/d-1/log?key=a&b=c",
    });
    expect(github.effects).toHaveLength(4);
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
    expect(await states()).toEqual([sequence]);
  });

  test("that is put back into the queue has no state twice", async () => {
    const told = await tell(newTold("github.deployment", { state: "building", ...running }));
    await tell(told, { state: "queued" });
    await tell(told, { state: "live", ...ended });
    expect(await states()).toEqual([["queued", "in_progress", "success"]]);
  });

  test.each(losses)("is one, with each state once, when every answer is lost on the way: %s", async (loss) => {
    lose(DEPLOYMENTS, loss);
    lose(STATUSES, loss);
    const told = await tell(newTold("github.deployment"));
    lose(STATUSES, loss);
    await tell(told, { state: "live", ...ended });
    expect(told.ends).toEqual(["AmbiguousError", "AmbiguousError", "sent", "AmbiguousError", "sent"]);
    expect(await states()).toEqual([["queued", "in_progress", "success"]]);
  });

  test("is found by its payload among others of the same commit", async () => {
    await tell(newTold("github.deployment", { id: "d-mf2k9x1b-0000" }));
    lose(DEPLOYMENTS);
    const told = await tell(newTold("github.deployment"));
    expect(told.ends).toEqual(["AmbiguousError", "sent"]);
    const [newest, ...others] = await deployments();
    expect(others).toHaveLength(1);
    expect(told.row.remote).toMatchObject({ id: newest?.id });
  });

  test("is found by its payload where GitHub answers with that as a string", async () => {
    const told = await tell(newTold("github.deployment"));
    const [deployment] = await deployments();
    const body = [{ ...deployment, payload: JSON.stringify(deployment?.payload) }];
    github.misbehave({ method: "GET", path: DEPLOYMENTS, times: 1, fault: { answer: 200, body } });
    const again = await tell(untold({ ...told.row, remote: null, inDoubt: true }));
    expect(again.row.remote).toEqual(told.row.remote);
  });

  test("is not told again where GitHub does not let us look", async () => {
    lose(DEPLOYMENTS);
    refuse("GET", DEPLOYMENTS, 403);
    const told = await tell(newTold("github.deployment"));
    expect(told.ends).toEqual(["AmbiguousError", "unsure"]);
    expect(await deployments()).toHaveLength(1);
  });

  test("is given up with one clear line when GitHub refuses it", async () => {
    refuse("POST", DEPLOYMENTS, 404);
    const told = await tell(newTold("github.deployment"));
    expect(told.last).toBeInstanceOf(PermanentError);
    expect(told.last).toMatchObject({
      message:
        "GitHub answers 404 to POST /repos/acme/shop/deployments: is the App installed on acme/shop, with the permission deployments: write?",
    });
  });

  test("waits while GitHub is down, and is not in doubt then", async () => {
    const told = await tell(newTold("github.deployment"));
    await github.goDown();
    await attempt(told, perform["github.deployment"], { attempts: 1, desired: wish({ state: "live", ...ended }) });
    expect(told.ends).toEqual(["sent", "RetryLaterError"]);
    expect(told.row.inDoubt).toBe(false);
    await github.comeUp();
    await tell(told);
    expect(await states()).toEqual([["queued", "in_progress", "success"]]);
  });

  test("has descriptions that GitHub takes, however long the reason is", async () => {
    const reason = `${"é👍<@everyone> ".repeat(100)}\n`;
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
    expect(await checkRuns()).toEqual([
      expect.objectContaining({
        name: "slipway: shop",
        head_sha: COMMIT,
        external_id: "d-mf2k9x1c-4f7a",
        status: "completed",
        conclusion: "failure",
        started_at: "1970-01-01T00:00:01.000Z",
        completed_at: "1970-01-01T00:00:13.000Z",
        details_url: "https://deploy.example.com/deployments/d-1/log?key=a&b=c",
        output: expect.objectContaining({
          title: "Failed (12 s): npm run build ended with 1",
          summary: expect.stringContaining("` npm run build ended with 1 `"),
        }),
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
    expect(await checkRuns()).toMatchObject([{ status: "completed", conclusion }]);
  });

  test.each(losses)("is one when the answer is lost: %s", async (loss) => {
    lose(CHECK_RUNS, loss);
    const told = await tell(newTold("github.check"));
    expect(told.ends).toEqual(["AmbiguousError", "sent"]);
    expect(await checkRuns()).toHaveLength(1);
  });

  test("of a later deployment of the same commit takes over the earlier one's, which keeps its hands off then", async () => {
    const early = await tell(newTold("github.check", { id: "d-mf2k9x1b-0000", state: "building" }));
    await tell(newTold("github.check", { state: "live", ...ended }));
    await tell(early, { id: "d-mf2k9x1b-0000", state: "superseded" });
    expect(early.ends).toEqual(["sent", "sent"]);
    expect(await checkRuns()).toMatchObject([{ external_id: "d-mf2k9x1c-4f7a", conclusion: "success" }]);
  });

  test("is a new one where the earlier one may not be edited, such as another App's", async () => {
    await tell(newTold("github.check", { id: "d-mf2k9x1b-0000", state: "live", ...ended }));
    refuse("PATCH", `${CHECK_RUNS}/:id`, 403);
    await tell(newTold("github.check"));
    expect(await checkRuns()).toMatchObject([
      { conclusion: "success" },
      { external_id: "d-mf2k9x1c-4f7a", status: "queued" },
    ]);
  });

  test("of a rollback says that it is one", async () => {
    await tell(newTold("github.check", { trigger: "rollback", state: "live", ...ended }));
    expect(await checkRuns()).toMatchObject([
      {
        conclusion: "success",
        output: {
          title: expect.stringMatching(/^Live \(rolled back, /),
          summary: expect.stringContaining("**shop**: live (rolled back)"),
        },
      },
    ]);
  });

  test("that the App may not write says which permission it needs", async () => {
    refuse("POST", CHECK_RUNS, 403);
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
    const [{ title, summary }] = (await checkRuns()).map(({ output }) => output) as [
      { title: string; summary: string },
    ];
    expect(title.length).toBeLessThanOrEqual(140);
    expect(summary.length).toBeLessThan(65_535);
    const formatted = summary.replace(/(`+) .*? \1/g, "");
    expect(formatted.replace("<https://shop.example.com/>", "")).not.toMatch(/[@<[]/);
  });
});
