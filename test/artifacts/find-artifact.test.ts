/** Which run, and which artifact of it, is published: asked of the demo's GitHub. */
import { beforeEach, describe, expect, it } from "vitest";
import { findArtifact, type WantedArtifact } from "../../src/artifacts/find-artifact.ts";
import { PermanentError, RetryLaterError } from "../../src/errors.ts";
import { type GithubWorld, HEAD, startGithubWorld, wanted } from "./github.ts";

const OLD = "2".repeat(40);
const zip = Buffer.from("not looked at here");
const never = new AbortController().signal;

let world: GithubWorld;
beforeEach(async () => {
  world = await startGithubWorld();
});

const find = (part: Partial<WantedArtifact> = {}, signal = never) => findArtifact(world.access, wanted(part), signal);

/** A run with one artifact. */
function runWith(options: Partial<Parameters<GithubWorld["github"]["workflowRun"]>[0]> = {}, name = "site"): number {
  const { id } = world.github.workflowRun({ commit: HEAD, ...options });
  world.github.addArtifact(id, { name, zip });
  return id;
}

describe("the artifact that is published", () => {
  it("is that of the newest successful run for the head of the branch, whichever run asked", async () => {
    const first = runWith();
    const second = runWith();
    runWith({ conclusion: "failure" });
    runWith({ commit: OLD });
    for (const runId of [null, first, second]) {
      expect(await find({ runId })).toMatchObject({
        run: { id: second, attempt: 1 },
        artifact: { name: "site", sizeBytes: zip.length, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
      });
    }
  });

  it("is found by the workflow's name, its file, and its file with folders", async () => {
    const id = runWith({ workflow: "Build the site", path: ".github/workflows/pages.yml" });
    for (const workflow of ["Build the site", "pages.yml", ".github/workflows/pages.yml"]) {
      expect(await find({ workflow })).toMatchObject({ run: { id } });
    }
    await expect(find({ workflow: "CI" })).rejects.toThrow(
      "No run of the workflow CI has succeeded for 1111111, the head of main. Wait for it, or start it with a push.",
    );
  });

  it("is that of a run which GitHub's list does not show yet", async () => {
    const id = runWith();
    const body = { total_count: 0, workflow_runs: [] };
    world.github.misbehave({ path: "/repos/:owner/:repo/actions/runs", fault: { answer: 200, body } });
    expect(await find({ runId: id })).toMatchObject({ run: { id } });
    await expect(find()).rejects.toThrow(PermanentError);
  });

  it("is the newest of its name, where an attempt before left one too", async () => {
    const id = runWith();
    world.github.workflowRun({ commit: HEAD, again: id });
    const newer = world.github.addArtifact(id, { name: "site", zip: Buffer.from("newer"), digest: null });
    expect(await find({ runId: id })).toEqual({
      run: { id, attempt: 2 },
      artifact: { id: newer, name: "site", sizeBytes: 5, sha256: null },
    });
  });

  it("is found in a repository that was renamed", async () => {
    const id = runWith();
    world.github.rename(900_123, "store");
    expect(await find()).toMatchObject({ run: { id } });
  });

  it("is found among more runs than GitHub shows at once", async () => {
    const id = runWith();
    for (let n = 0; n < 120; n++) runWith({ workflow: "Lint", path: ".github/workflows/lint.yml" });
    expect(await find()).toMatchObject({ run: { id } });
  });
});

describe("a run that asked for a deployment brings nothing", () => {
  it("when the branch has moved on, and says so", async () => {
    const runId = runWith({ commit: OLD });
    expect(await find({ runId })).toEqual({
      skipped: `run ${runId} was for 2222222, and main is at 1111111 by now; its own run will bring that`,
    });
  });

  it("but the run for the head is taken when that one was reported first", async () => {
    const newer = runWith();
    const runId = runWith({ commit: OLD });
    expect(await find({ runId })).toMatchObject({ run: { id: newer } });
  });

  it("when it is being run again", async () => {
    const runId = runWith();
    world.github.workflowRun({ commit: HEAD, again: runId, conclusion: null });
    expect(await find({ runId })).toEqual({
      skipped: expect.stringContaining(`run ${runId} is no successful run of CI`),
    });
  });

  it.each<[string, object]>([
    ["a fork whose branch is called main", { forkId: 5 }],
    ["a pull request", { event: "pull_request" }],
    ["another branch", { branch: "next" }],
    ["another workflow", { workflow: "Lint", path: ".github/workflows/lint.yml" }],
    ["nothing, since it was deleted", { commit: OLD }],
  ])("when it was for %s", async (_, options) => {
    const runId = runWith(options);
    expect(await find({ runId })).toHaveProperty("skipped");
    await expect(find()).rejects.toThrow(PermanentError);
  });

  it("when it is gone", async () => {
    expect(await find({ runId: 12 })).toHaveProperty("skipped");
  });
});

describe("a run whose artifacts do not fit is a clear failure", () => {
  it.each<[string, string | null, Array<{ name: string; isExpired?: boolean }>, RegExp]>([
    ["without any", null, [], /^Run \d+ has no artifact\. Let the workflow upload/],
    ["without any, while one is named", "site", [], /no artifact called "site"; it has none at all/],
    [
      "with others",
      "site",
      [{ name: "docs" }, { name: "log\n" }],
      /no artifact called "site"; it has "docs", "log\\n"\.$/,
    ],
    ["with several", null, [{ name: "a" }, { name: "b" }], /several artifacts. Set build.artifact .* "a", "b"\.$/],
    [
      "with an expired one",
      null,
      [{ name: "site", isExpired: true }],
      /"site" of run \d+ has expired. Run the workflow/,
    ],
    ["with more than can be told", "x", [..."abcdefghijkl"].map((name) => ({ name })), /"j" and 2 more\.$/],
  ])("%s", async (_, artifact, artifacts, message) => {
    const { id: runId } = world.github.workflowRun({ commit: HEAD });
    for (const one of artifacts) world.github.addArtifact(runId, { ...one, zip });
    const failed = find({ runId, artifact });
    await expect(failed).rejects.toThrow(message);
    await expect(failed).rejects.toBeInstanceOf(PermanentError);
  });

  it("unless the only one that is left is the one", async () => {
    const { id } = world.github.workflowRun({ commit: HEAD });
    world.github.addArtifact(id, { name: "old", zip, isExpired: true });
    world.github.addArtifact(id, { name: "site", zip });
    expect(await find()).toMatchObject({ artifact: { name: "site" } });
  });
});

describe("GitHub", () => {
  const RUNS = "/repos/:owner/:repo/actions/runs";

  it.each<[string, { answer: number; headers?: Record<string, string>; body?: unknown }, unknown, string]>([
    ["that lacks a permission", { answer: 403, body: {} }, PermanentError, "give the App the permission actions: read"],
    ["that refuses the token", { answer: 401, body: {} }, PermanentError, "does not accept the App's token"],
    ["that knows no such repository", { answer: 404, body: {} }, PermanentError, "is the App installed there"],
    ["that asks to wait", { answer: 429, headers: { "retry-after": "7" } }, RetryLaterError, "asks to wait 7 s"],
    ["that is out of order", { answer: 502, body: Buffer.from("<html>") }, Error, "is 502"],
    ["that answers with a page", { answer: 200, body: Buffer.from("<html>") }, Error, "is not what it documents"],
    [
      "that sends elsewhere",
      { answer: 302, headers: { location: "http://evil.example/" } },
      PermanentError,
      "not https",
    ],
    ["that sends nowhere", { answer: 302, headers: { location: "http://" } }, PermanentError, "no address"],
    ["that sends in circles", { answer: 301, headers: { location: "/repos/a/b/actions/runs" } }, Error, "in circles"],
  ])("%s is understood", async (_, fault, kind, message) => {
    world.github.misbehave({ path: RUNS, fault });
    const failed = find();
    await expect(failed).rejects.toThrow(message);
    await expect(failed).rejects.toSatisfy((error: Error) => error.constructor === kind);
    await expect(failed).rejects.not.toThrow(world.access.token);
  });

  it("that is not there is asked again later", async () => {
    await world.github.goDown();
    await expect(find()).rejects.toBeInstanceOf(RetryLaterError);
  });

  it("that stays silent is not waited for once the deployment is cancelled", async () => {
    const cancelled = new Error("cancelled");
    const abort = new AbortController();
    const silent = world.github.misbehave({ path: RUNS, fault: { hang: true } });
    const failed = expect(find({}, abort.signal)).rejects.toBe(cancelled);
    await silent.hit;
    abort.abort(cancelled);
    await failed;
  });
});
