import { createHmac } from "node:crypto";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { verify } from "@octokit/webhooks-methods";
import { Probot, ProbotOctokit } from "probot";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { createDemoRepository, GRACE } from "../../src/demo/git-repository.ts";
import { type GithubServer, startGithub } from "../../src/demo/github-server.ts";
import { payloadSchema } from "../../src/github/payloads.ts";
import { temporaryFolder } from "../git/git-repository.ts";
import { PATIENCE } from "../patience.ts";
import { missingKeys, readExample } from "./github-examples.ts";

const SECRET = "a secret of at least sixteen bytes";
const SHA = "5f".repeat(20);
const SHOP = { owner: "acme", repo: "shop" };
const DEPLOYMENTS = { method: "POST", path: "/repos/:owner/:repo/deployments" };
const deployment = { ...SHOP, ref: SHA, auto_merge: false, required_contexts: [], environment: "shop" };

let github: GithubServer;

beforeEach(async () => {
  github = await startGithub({
    appId: 4242,
    webhookSecret: SECRET,
    installationId: 77,
    repos: [
      { owner: "acme", name: "shop", id: 900_123 },
      { owner: "acme", name: "blog", id: 900_124 },
      { owner: "other", name: "thing", id: 900_125 },
    ],
  });
  onTestFinished(github.stop);
});

/** Probot without waiting a second between writes, and without repeating anything. */
function createProbot(privateKey = github.privateKey): Probot {
  const Octokit = ProbotOctokit.defaults((options: object) => ({
    ...options,
    throttle: { enabled: false },
    retry: { enabled: false },
  }));
  return new Probot({ appId: 4242, privateKey, secret: SECRET, baseUrl: github.url, logLevel: "fatal", Octokit });
}
const asInstallation = () => createProbot().auth(77);
const asApp = () => createProbot().auth();

describe("an App", () => {
  test("is known by its key, and gets tokens for its repositories by our ids", async () => {
    const app = await asApp();
    expect((await app.rest.apps.getAuthenticated()).data?.id).toBe(4242);
    const { data } = await app.rest.apps.createInstallationAccessToken({
      installation_id: 77,
      repository_ids: [900_124],
      permissions: { contents: "read" },
    });
    expect(data.permissions).toEqual({ contents: "read" });
    expect(data.repositories?.map(({ id, full_name }) => [id, full_name])).toEqual([[900_124, "acme/blog"]]);
    const octokit = new ProbotOctokit({
      auth: { token: data.token },
      baseUrl: github.url,
      throttle: { enabled: false },
    });
    expect((await octokit.rest.repos.get({ owner: "acme", repo: "blog" })).data.id).toBe(900_124);
    await expect(octokit.rest.repos.get({ owner: "acme", repo: "shop" })).rejects.toMatchObject({ status: 404 });
    const { rest } = octokit;
    await expect(rest.repos.createDeployment({ ...deployment, repo: "blog" })).rejects.toMatchObject({ status: 403 });
  });

  test("gets nothing with another key, for another account's repository, or without a token", async () => {
    const stranger = await startGithub({ appId: 4242, webhookSecret: SECRET, installationId: 77, repos: [] });
    onTestFinished(stranger.stop);
    const app = await createProbot(stranger.privateKey).auth();
    await expect(app.rest.apps.getAuthenticated()).rejects.toMatchObject({ status: 401 });
    await expect(app.rest.apps.listWebhookDeliveries()).rejects.toMatchObject({ status: 401 });
    const installation_id = 77;
    const token = (await asApp()).rest.apps.createInstallationAccessToken({
      installation_id,
      repository_ids: [900_125],
    });
    await expect(token).rejects.toMatchObject({ status: 422 });
    expect((await fetch(`${github.url}/repos/acme/shop/deployments`)).status).toBe(401);
  });

  test("lists the repositories that it is installed on", async () => {
    const octokit = await asInstallation();
    const repositories = await octokit.paginate(octokit.rest.apps.listReposAccessibleToInstallation, { per_page: 1 });
    expect(repositories.map(({ id, full_name }) => [id, full_name])).toEqual([
      [900_123, "acme/shop"],
      [900_124, "acme/blog"],
    ]);
  });

  test("finds a renamed repository by its old name, for reading and for writing", async () => {
    const octokit = await asInstallation();
    const payload = github.rename(900_123, "store");
    expect(payload).toMatchObject({ action: "renamed", repository: { id: 900_123, full_name: "acme/store" } });
    expect((await octokit.rest.repos.get(SHOP)).data.full_name).toBe("acme/store");
    expect((await octokit.rest.repos.createDeployment(deployment)).status).toBe(201);
    expect((await octokit.rest.repos.listDeployments({ owner: "acme", repo: "store" })).data).toHaveLength(1);
  });
});

describe("deployments", () => {
  test("are made, found by commit, environment and task, and tell their statuses newest first", async () => {
    const { rest } = await asInstallation();
    const made = await rest.repos.createDeployment({ ...deployment, payload: { deploy_id: "d-1" }, description: "d" });
    expect(made.data).toMatchObject({ sha: SHA, task: "deploy", payload: { deploy_id: "d-1" }, environment: "shop" });
    const deployment_id = (made.data as { id: number }).id;
    for (const state of ["queued", "in_progress", "success"] as const) {
      await rest.repos.createDeploymentStatus({ ...SHOP, deployment_id, state, log_url: "http://127.0.0.1/log" });
    }
    const statuses = await rest.repos.listDeploymentStatuses({ ...SHOP, deployment_id });
    expect(statuses.data.map((status) => status.state)).toEqual(["success", "in_progress", "queued"]);
    expect(statuses.data[0]?.log_url).toBe("http://127.0.0.1/log");
    const count = async (filter: object) => (await rest.repos.listDeployments({ ...SHOP, ...filter })).data.length;
    expect(await count({ sha: SHA, environment: "shop", task: "deploy", ref: SHA })).toBe(1);
    expect(await count({ sha: "00".repeat(20) })).toBe(0);
    expect(await count({ environment: "blog" })).toBe(0);
    expect((await rest.repos.listDeployments({ ...SHOP, repo: "blog" })).data).toEqual([]);
    expect((await rest.repos.getDeployment({ ...SHOP, deployment_id })).data.id).toBe(deployment_id);
    expect(github.effects.map((effect) => effect.fields.state)).toEqual([
      undefined,
      "queued",
      "in_progress",
      "success",
    ]);
  });

  test("make earlier ones of the same environment inactive, unless they are for production", async () => {
    const { rest } = await asInstallation();
    const succeed = async (production_environment: boolean) => {
      const { data } = await rest.repos.createDeployment({ ...deployment, production_environment });
      const deployment_id = (data as { id: number }).id;
      await rest.repos.createDeploymentStatus({ ...SHOP, deployment_id, state: "success" });
      return async () => (await rest.repos.listDeploymentStatuses({ ...SHOP, deployment_id })).data[0]?.state;
    };
    const [first, second, third] = [await succeed(false), await succeed(true), await succeed(false)];
    expect([await first(), await second(), await third()]).toEqual(["inactive", "success", "success"]);
  });

  test("are refused where GitHub refuses them", async () => {
    const { rest } = await asInstallation();
    await rest.checks.create({ ...SHOP, name: "ci", head_sha: SHA });
    const { required_contexts: _, ...demanding } = deployment;
    await expect(rest.repos.createDeployment(demanding)).rejects.toMatchObject({ status: 409 });
    await expect(rest.repos.createDeployment({ ...deployment, ref: "nowhere" })).rejects.toMatchObject({ status: 422 });
    const { data } = await rest.repos.createDeployment(deployment);
    const status = { ...SHOP, deployment_id: (data as { id: number }).id };
    const description = "a".repeat(141);
    const long = rest.repos.createDeploymentStatus({ ...status, state: "success", description });
    await expect(long).rejects.toMatchObject({ status: 422 });
    const odd = rest.repos.createDeploymentStatus({ ...status, state: "live" as "success" });
    await expect(odd).rejects.toMatchObject({ status: 422 });
    const lost = rest.repos.createDeploymentStatus({ ...status, deployment_id: 1, state: "success" });
    await expect(lost).rejects.toMatchObject({ status: 404 });
  });
});

test("what somebody may do in a repository is known to whoever may see it", async () => {
  const { rest } = await asInstallation();
  const ask = async (username: string, repo = "shop") => {
    const { data } = await rest.repos.getCollaboratorPermissionLevel({ owner: "acme", repo, username });
    return [data.permission, data.role_name, data.user?.login];
  };
  expect(await ask("ada")).toEqual(["admin", "admin", "ada"]);
  expect(await ask("Grace")).toEqual(["write", "write", "grace"]);
  github.setCollaborator("grace", "maintain");
  github.setCollaborator("ada", "triage");
  github.setCollaborator("linus", "none");
  expect([await ask("grace"), await ask("ada"), await ask("linus")]).toEqual([
    ["write", "maintain", "grace"],
    ["read", "triage", "ada"],
    ["none", "none", "linus"],
  ]);
  await expect(ask("nobody")).rejects.toMatchObject({ status: 404 });
  github.setCollaborator("ada", null);
  await expect(ask("ada")).rejects.toMatchObject({ status: 404 });
});

describe("checks", () => {
  test("are made on any commit, moved on and found by name, newest first", async () => {
    const { rest } = await asInstallation();
    const name = "slipway/shop";
    const output = { title: "Building", summary: "…" };
    const first = await rest.checks.create({
      ...SHOP,
      name,
      head_sha: SHA,
      external_id: "d-1",
      status: "in_progress",
      output,
    });
    expect(first.data).toMatchObject({ status: "in_progress", conclusion: null, external_id: "d-1", head_sha: SHA });
    const check_run_id = first.data.id;
    const done = await rest.checks.update({ ...SHOP, check_run_id, conclusion: "success" });
    expect(done.data).toMatchObject({ status: "completed", conclusion: "success", output });
    await rest.checks.create({ ...SHOP, name, head_sha: SHA, external_id: "d-2" });
    const list = async (filter: object) => (await rest.checks.listForRef({ ...SHOP, ref: SHA, ...filter })).data;
    expect((await list({ check_name: name })).check_runs.map((run) => run.external_id)).toEqual(["d-2"]);
    expect((await list({ filter: "all" })).check_runs.map((run) => run.external_id)).toEqual(["d-2", "d-1"]);
    expect((await list({ check_name: "other" })).total_count).toBe(0);
    expect((await rest.checks.get({ ...SHOP, check_run_id })).data.id).toBe(check_run_id);
  });

  test("are refused where GitHub refuses them", async () => {
    const { rest } = await asInstallation();
    const check = { ...SHOP, name: "x", head_sha: SHA };
    const refused = { status: 422 };
    await expect(rest.checks.create({ ...check, status: "completed" } as never)).rejects.toMatchObject(refused);
    await expect(rest.checks.create({ ...check, conclusion: "fine" } as never)).rejects.toMatchObject(refused);
    const summary = "a".repeat(65_536);
    await expect(rest.checks.create({ ...check, output: { title: "t", summary } })).rejects.toMatchObject(refused);
  });

  test("have buttons and annotations within GitHub's limits, and annotations only ever add up", async () => {
    const { rest } = await asInstallation();
    const check = { ...SHOP, name: "x", head_sha: SHA };
    const action = { label: "Redeploy", description: "Publish this release again", identifier: "redeploy" };
    const annotation = {
      path: "src/a.ts",
      start_line: 3,
      end_line: 3,
      annotation_level: "failure" as const,
      message: "x",
    };
    const output = (annotations: object[]) => ({ title: "t", summary: "s", annotations: annotations as never });
    const { data } = await rest.checks.create({ ...check, actions: [action], output: output([annotation]) });
    const check_run_id = data.id;
    const updated = await rest.checks.update({ ...SHOP, check_run_id, output: output(Array(50).fill(annotation)) });
    expect(updated.data.output.annotations_count).toBe(51);
    const listed = await rest.checks.listAnnotations({ ...SHOP, check_run_id, per_page: 100 });
    expect(listed.data).toHaveLength(51);
    for (const fields of [
      { actions: Array(4).fill(action) },
      { actions: [{ ...action, label: "a".repeat(21) }] },
      { actions: [{ ...action, description: "a".repeat(41) }] },
      { actions: [{ ...action, identifier: "a".repeat(21) }] },
      { output: output(Array(51).fill(annotation)) },
      { output: output([{ ...annotation, start_line: 0 }]) },
      { output: output([{ ...annotation, annotation_level: "error" }]) },
    ]) {
      await expect(rest.checks.create({ ...check, ...fields })).rejects.toMatchObject({ status: 422 });
    }
  });

  test("and commit statuses need their own permission, and a person sees what both amount to", async () => {
    const state = "success" as const;
    const status = { ...SHOP, sha: SHA, context: "deploy/shop", state };
    await expect((await asInstallation()).rest.repos.createCommitStatus(status)).rejects.toMatchObject({ status: 403 });
    const owner = new ProbotOctokit({
      auth: { token: github.ownerToken },
      baseUrl: github.url,
      throttle: { enabled: false },
    });
    await owner.rest.repos.createCommitStatus({ ...status, state: "pending" });
    await owner.rest.repos.createCommitStatus(status);
    const combined = await owner.rest.repos.getCombinedStatusForRef({ ...SHOP, ref: SHA });
    expect(combined.data).toMatchObject({ state: "success", total_count: 1 });
  });
});

describe("webhooks", () => {
  test("are signed, carry GitHub's headers, and are remembered with what became of them", async () => {
    const receiver = await startReceiver((count) => (count === 1 ? 503 : 200));
    github.setHookUrl(receiver.url);
    const delivery = await github.deliver({ event: "ping", payload: github.pingPayload() });
    expect(delivery).toMatchObject({ status_code: 503, redelivery: false, event: "ping" });
    const [request] = receiver.requests;
    expect(request?.headers).toMatchObject({
      "content-type": "application/json",
      "x-github-event": "ping",
      "x-github-delivery": delivery.guid,
      "x-github-hook-id": String(github.hookId),
      "x-github-hook-installation-target-type": "integration",
      "user-agent": expect.stringMatching(/^GitHub-Hookshot\//),
    });
    expect(await verify(SECRET, request?.body ?? "", String(request?.headers["x-hub-signature-256"]))).toBe(true);

    const app = await asApp();
    const [listed] = (await app.rest.apps.listWebhookDeliveries()).data;
    expect(listed).toEqual(delivery);
    const full = await app.rest.apps.getWebhookDelivery({ delivery_id: delivery.id });
    expect(full.data.request.payload).toEqual(JSON.parse(request?.body ?? ""));

    await app.rest.apps.redeliverWebhookDelivery({ delivery_id: delivery.id });
    await receiver.received(2);
    await expect.poll(() => github.sentDeliveries().length, PATIENCE).toBe(2);
    const [again] = (await app.rest.apps.listWebhookDeliveries()).data;
    expect(again).toMatchObject({ guid: delivery.guid, redelivery: true, status_code: 200, status: "OK" });
    expect(again?.id).not.toBe(delivery.id);
    expect(receiver.requests[1]?.body).toBe(request?.body);
  });

  test("to nobody are remembered as failed, and are listed page by page", async () => {
    const gone = await startReceiver(() => 200);
    await gone.stop();
    github.setHookUrl(gone.url);
    for (let count = 0; count < 5; count++) await github.deliver({ event: "ping", payload: { zen: String(count) } });
    const app = await asApp();
    const pages = await app.paginate(app.rest.apps.listWebhookDeliveries, { per_page: 2 });
    const ids = github.sentDeliveries().map((delivery) => delivery.id);
    expect(pages.map((delivery) => delivery.id)).toEqual(ids.toReversed());
    expect(pages.every((delivery) => delivery.status_code === 502)).toBe(true);
  });

  test("of a repository's hook, with another secret or without a signature, can be sent as well", async () => {
    const receiver = await startReceiver(() => 200);
    github.setHookUrl(receiver.url);
    const payload = { repository: { id: 900_123 } };
    await github.deliver({ event: "push", payload, hookId: 5, guid: "same" });
    await github.deliver({ event: "push", payload, guid: "same", secret: "wrong" });
    await github.deliver({ event: "push", payload, guid: "same", secret: null, body: "{" });
    const [first, second, third] = receiver.requests;
    expect(first?.headers).toMatchObject({ "x-github-hook-id": "5", "x-github-delivery": "same" });
    expect(second?.headers["x-hub-signature-256"]).toBe(`sha256=${hmac("wrong", second?.body ?? "")}`);
    expect([third?.body, third?.headers["x-hub-signature-256"]]).toEqual(["{", undefined]);
    expect((await (await asApp()).rest.apps.listWebhookDeliveries()).data).toHaveLength(2);
  });

  test("of pushes tell what a real repository says, with every field that GitHub sends", async () => {
    const from = fileURLToPath(new URL("../../src/demo/sites/plain", import.meta.url));
    const repository = await createDemoRepository({ folder: temporaryFolder(), from });
    const changes = { "content/new.md": "x", "content/order.md": "y", "theme/wheat.svg": null };
    await repository.commit({ message: "Say “hello”\n\nto <!channel>", author: GRACE, changes });
    const { before, after } = await repository.push();
    const push = await github.pushPayload({ folder: repository.bareFolder, before, after, pushedAt: 1_800_000_000 });
    expect(push).toMatchObject({
      ref: "refs/heads/main",
      before,
      after,
      created: false,
      deleted: false,
      forced: false,
      head_commit: {
        id: after,
        message: "Say “hello”\n\nto <!channel>",
        author: { name: "Grace Murray", email: "grace@example.com", username: "grace" },
        added: ["content/new.md"],
        modified: ["content/order.md"],
        removed: ["theme/wheat.svg"],
      },
      repository: { id: 900_123, full_name: "acme/shop", default_branch: "main", pushed_at: 1_800_000_000 },
      installation: { id: 77 },
      pusher: { name: "ada" },
    });
    expect((push.commits as unknown[]).length).toBe(1);
    expect(payloadSchema("push").schema.safeParse(push).success).toBe(true);
    const example = await readExample("push", (one) => !("organization" in one) && one.head_commit !== null);
    expect(missingKeys(example, push)).toEqual([]);

    await repository.reset(before);
    const back = await repository.push({ force: true });
    const forced = await github.pushPayload({ folder: repository.bareFolder, ...back });
    expect(forced).toMatchObject({ forced: true, commits: [], head_commit: { id: before } });
    const zeros = "0".repeat(40);
    const deleted = await github.pushPayload({ folder: repository.bareFolder, before, after: zeros });
    expect(deleted).toMatchObject({ deleted: true, head_commit: null, commits: [] });
    const created = await github.pushPayload({ folder: repository.bareFolder, before: zeros, after: before });
    expect(created).toMatchObject({ created: true, forced: false, head_commit: { id: before } });
    // Now the branch is known, so a deployment may name it.
    const { rest } = await asInstallation();
    const made = await rest.repos.createDeployment({ ...deployment, ref: "main" });
    expect(made.data).toMatchObject({ sha: before, ref: "main" });
  });

  test("of clicks on a check run tell who clicked on what, with every field that GitHub sends", async () => {
    const receiver = await startReceiver(() => 200);
    github.setHookUrl(receiver.url);
    const { rest } = await asInstallation();
    const actions = [{ label: "Roll back", description: "Publish the release before", identifier: "rollback" }];
    const { data } = await rest.checks.create({ ...SHOP, name: "x", head_sha: SHA, external_id: "d-1", actions });
    // The page was opened before.
    await rest.checks.update({ ...SHOP, check_run_id: data.id, actions: [] });
    const click = { checkRun: data.id, login: "grace" };
    const delivery = await github.deliverCheckRunAction({ ...click, identifier: "rollback", guid: "g-1" });
    expect(delivery).toMatchObject({ guid: "g-1", event: "check_run", action: "requested_action", status_code: 200 });
    await github.deliverCheckRunAction({ ...click, identifier: null });
    const [clicked, rerun] = receiver.requests.map(({ body }) => JSON.parse(body));
    expect(clicked).toMatchObject({
      requested_action: { identifier: "rollback" },
      check_run: { id: data.id, external_id: "d-1", head_sha: SHA, app: { id: 4242 } },
      sender: { login: "grace", type: "User" },
      repository: { id: 900_123 },
      installation: { id: 77 },
    });
    expect(rerun).toMatchObject({ action: "rerequested", check_run: { id: data.id }, sender: { login: "grace" } });
    const { body = "", headers } = receiver.requests[0] ?? {};
    expect(await verify(SECRET, body, String(headers?.["x-hub-signature-256"]))).toBe(true);
    // The examples are of repositories that have a license.
    const lacks = (example: object, ours: unknown) =>
      missingKeys(example, ours).filter((key) => !key.startsWith(".repository.license."));
    expect(lacks(await readExample("check_run", (one) => "requested_action" in one), clicked)).toEqual([]);
    expect(lacks(await readExample("check_run", (one) => one.action === "rerequested"), rerun)).toEqual([]);
    await expect(github.deliverCheckRunAction({ ...click, identifier: "redeploy" })).rejects.toThrow(/never had/);
    await expect(github.deliverCheckRunAction({ ...click, checkRun: 1, identifier: null })).rejects.toThrow(/no check/);
  });

  test("of runs of workflows are sent as they are made", async () => {
    const receiver = await startReceiver(() => 200);
    github.setHookUrl(receiver.url);
    const first = await github.deliverWorkflowRun({ commit: SHA, conclusion: "failure", repoId: 900_124, guid: "w-1" });
    expect(first).toMatchObject({ guid: "w-1", event: "workflow_run", repository_id: 900_124, status_code: 200 });
    const again = await github.deliverWorkflowRun({ commit: SHA, again: first.runId, repoId: 900_124 });
    expect(again.runId).toBe(first.runId);
    const sent = receiver.requests.map(({ body }) => JSON.parse(body).workflow_run);
    expect(sent).toMatchObject([
      { conclusion: "failure", run_attempt: 1 },
      { conclusion: "success", run_attempt: 2 },
    ]);
  });

  test("of installations tell which repositories are concerned", async () => {
    const installed = github.installationPayload({ action: "created" });
    expect(payloadSchema("installation").schema.safeParse(installed).success).toBe(true);
    expect(installed).toMatchObject({
      action: "created",
      installation: { id: 77, app_id: 4242, account: { login: "acme" } },
      repositories: [{ id: 900_123 }, { id: 900_124 }],
    });
    const example = await readExample("installation", (one) => one.action === "created");
    expect(missingKeys(example, installed)).toEqual([]);
  });
});

describe("on command", () => {
  test("it answers wrongly without any effect, as often as told", async () => {
    const { rest } = await asInstallation();
    const broken = github.misbehave({ ...DEPLOYMENTS, fault: { answer: 502 }, times: 2 });
    await expect(rest.repos.createDeployment(deployment)).rejects.toMatchObject({ status: 502 });
    await expect(rest.repos.createDeployment(deployment)).rejects.toMatchObject({ status: 502 });
    expect((await rest.repos.createDeployment(deployment)).status).toBe(201);
    expect([broken.hits(), github.effects.length]).toEqual([2, 1]);
    expect(github.count("POST", "/repos/:owner/:repo/deployments")).toBe(3);
    const headers = { "retry-after": "9" };
    github.misbehave({ method: "GET", path: "*", fault: { answer: 429, headers }, times: 1 });
    await expect(rest.repos.listDeployments(SHOP)).rejects.toMatchObject({
      status: 429,
      response: { headers: { "retry-after": "9" } },
    });
    const body = { message: "Not Found" };
    const only = github.misbehave({
      path: "*",
      when: (it) => it.path.endsWith("/check-runs"),
      fault: { answer: 404, body },
    });
    await expect(rest.checks.create({ ...SHOP, name: "x", head_sha: SHA })).rejects.toMatchObject({ status: 404 });
    expect((await rest.repos.listDeployments(SHOP)).status).toBe(200);
    only.end();
    expect((await rest.checks.create({ ...SHOP, name: "x", head_sha: SHA })).status).toBe(201);
  });

  test("it does what it was asked to and cuts the connection before it answers", async () => {
    const { rest } = await asInstallation();
    const cut = github.misbehave({ ...DEPLOYMENTS, fault: { cut: true }, afterEffect: true, times: 1 });
    await expect(rest.repos.createDeployment({ ...deployment, payload: { deploy_id: "d-1" } })).rejects.toThrow();
    await cut.hit;
    const { data } = await rest.repos.listDeployments({ ...SHOP, sha: SHA });
    expect(data.map((one) => one.payload)).toEqual([{ deploy_id: "d-1" }]);
    expect(github.requests.filter((request) => request.answered === "cut")).toHaveLength(1);
  });

  test("it takes a request and stays silent, and is gone and back", async () => {
    const { rest } = await asInstallation();
    github.misbehave({ ...DEPLOYMENTS, fault: { hang: true }, times: 1 });
    const request = { signal: AbortSignal.timeout(200) };
    await expect(rest.repos.createDeployment({ ...deployment, request })).rejects.toThrow();
    await github.goDown();
    await expect(rest.repos.listDeployments(SHOP)).rejects.toThrow();
    await github.comeUp();
    expect((await rest.repos.listDeployments(SHOP)).data).toEqual([]);
  });
});

const hmac = (secret: string, body: string) => createHmac("sha256", secret).update(body).digest("hex");

async function startReceiver(status: (count: number) => number) {
  const requests: Array<{ headers: IncomingHttpHeaders; body: string }> = [];
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString("utf8");
    requests.push({ headers: request.headers, body });
    response.writeHead(status(requests.length)).end("{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  onTestFinished(stop);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/github/webhooks`,
    requests,
    stop,
    received: (count: number) => expect.poll(() => requests.length, PATIENCE).toBeGreaterThanOrEqual(count),
  };
}
