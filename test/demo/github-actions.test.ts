/** The demo's GitHub: runs of workflows, their artifacts, and the webhooks that tell of them. */
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { type GithubServer, startGithub } from "../../src/demo/github-server.ts";
import { createGithub } from "../../src/github/probot.ts";
import { secret } from "../../src/secrets/secret.ts";
import { missingKeys, readExample } from "./github-examples.ts";

const SHA = "5f".repeat(20);
const RUNS = "/repos/acme/shop/actions/runs";
const WEBHOOK_SECRET = "a secret of at least sixteen bytes";

let github: GithubServer;
let token: string;

beforeEach(async () => {
  const repos = [{ owner: "acme", name: "shop", id: 900_123 }];
  github = await startGithub({ appId: 4242, webhookSecret: WEBHOOK_SECRET, installationId: 77, repos });
  onTestFinished(github.stop);
  token = await tokenWith({ actions: true });
});

async function tokenWith(more?: { actions: boolean }): Promise<string> {
  const client = createGithub({
    githubApp: { appId: 4242, privateKey: secret(github.privateKey) },
    githubApiUrl: github.url,
    webhookSecrets: [secret(WEBHOOK_SECRET)],
  });
  return (await client.tokenFor(77, 900_123, more)) ?? "";
}

const ask = (path: string, authorization = `Bearer ${token}`) =>
  fetch(new URL(path, github.url), { headers: { authorization }, redirect: "manual" });
const json = async (path: string) => (await (await ask(path)).json()) as Record<string, unknown>;

describe("a run of a workflow", () => {
  test("is found by its id, its commit and its state, newest first", async () => {
    const first = github.workflowRun({ commit: SHA });
    const second = github.workflowRun({ commit: SHA, conclusion: null, branch: "next" });
    github.workflowRun({ commit: "00".repeat(20) });
    const list = async (query: string) =>
      ((await json(`${RUNS}?${query}`)) as { workflow_runs: Array<{ id: number }> }).workflow_runs.map(({ id }) => id);
    expect(await list(`head_sha=${SHA}`)).toEqual([second.id, first.id]);
    expect(await list(`head_sha=${SHA}&status=success`)).toEqual([first.id]);
    expect(await list("branch=next&event=push")).toEqual([second.id]);
    expect(await list("event=schedule")).toEqual([]);
    expect(await json(`${RUNS}/${first.id}`)).toMatchObject({ conclusion: "success", run_attempt: 1, head_sha: SHA });
    expect((await ask(`${RUNS}/1`)).status).toBe(404);
  });

  test("that is run again keeps its id", async () => {
    const { id } = github.workflowRun({ commit: SHA, conclusion: "failure" });
    expect(github.workflowRun({ commit: SHA, again: id }).id).toBe(id);
    expect(await json(`${RUNS}/${id}`)).toMatchObject({ run_attempt: 2, conclusion: "success" });
  });

  test("is nobody's business without the permission", async () => {
    expect((await ask(RUNS, `Bearer ${await tokenWith()}`)).status).toBe(403);
  });

  test("is told with every field that GitHub sends", async () => {
    const { payload } = github.workflowRun({ commit: SHA, forkId: 5 });
    expect(payload).toMatchObject({ action: "completed", workflow_run: { head_repository: { id: 5 } } });
    const example = await readExample("workflow_run", (one) => one.action === "completed" && "organization" in one);
    expect(missingKeys(example, payload)).toEqual([]);
  });
});

describe("an artifact", () => {
  test("is listed, and comes from a store that wants no token", async () => {
    const { id } = github.workflowRun({ commit: SHA });
    github.addArtifact(id, { name: "log", zip: Buffer.from("log") });
    const artifact = github.addArtifact(id, { name: "site", zip: Buffer.from("zip") });
    const digest = expect.stringMatching(/^sha256:[0-9a-f]{64}$/);
    expect(await json(`${RUNS}/${id}/artifacts?name=site`)).toMatchObject({
      total_count: 1,
      artifacts: [{ id: artifact, name: "site", size_in_bytes: 3, expired: false, digest }],
    });
    const redirect = await ask(`/repos/acme/shop/actions/artifacts/${artifact}/zip`);
    const location = redirect.headers.get("location") ?? "";
    expect([redirect.status, new URL(location).origin]).toEqual([302, github.artifactStore.url]);
    expect(await (await fetch(location)).text()).toBe("zip");
    expect((await ask(location)).status).toBe(400);
    expect((await fetch(`${github.artifactStore.url}/artifacts/guessed`)).status).toBe(403);
  });

  test("that has expired is gone", async () => {
    const { id } = github.workflowRun({ commit: SHA });
    const artifact = github.addArtifact(id, { name: "site", zip: Buffer.from("zip"), isExpired: true });
    expect(await json(`${RUNS}/${id}/artifacts`)).toMatchObject({ artifacts: [{ expired: true }] });
    expect((await ask(`/repos/acme/shop/actions/artifacts/${artifact}/zip`)).status).toBe(410);
    expect((await ask("/repos/acme/shop/actions/artifacts/1/zip")).status).toBe(404);
  });
});
