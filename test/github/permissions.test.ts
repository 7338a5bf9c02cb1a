/** Who may write: what GitHub's answers mean, how long they count, and that nothing is guessed when it does not answer. */
import fc from "fast-check";
import nock from "nock";
import { ProbotOctokit } from "probot";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { startFront } from "../../src/demo/front.ts";
import { startGithub } from "../../src/demo/github-server.ts";
import { createPermissions, type Permissions } from "../../src/github/permissions.ts";
import { createGithub } from "../../src/github/probot.ts";
import { secret } from "../../src/secrets/secret.ts";

const API = "https://api.github.example";
const ALICE = { installationId: 100, repoName: "acme/shop", login: "alice" };
const MINUTE_MS = 60_000;

let nowMs: number;
let warnings: object[];
let permissions: Permissions;

const log = { warn: (fields: object) => warnings.push(fields) };
/** With Octokit's own habit of retrying, which must not double the wait. */
const octokitAt = (baseUrl: string) =>
  new ProbotOctokit({
    baseUrl,
    auth: { token: "ghs_very-secret" },
    throttle: { enabled: false },
    log: { debug() {}, info() {}, warn() {}, error() {} },
  });

type Deps = Parameters<typeof createPermissions>[0];
const createWith = (octokitFor: Deps["octokitFor"]) =>
  createPermissions({ octokitFor, log: log as unknown as Deps["log"], now: () => nowMs });

beforeAll(() => nock.disableNetConnect());
beforeEach(() => {
  nowMs = 1_000_000;
  warnings = [];
  permissions = createWith(async () => octokitAt(API));
});
afterEach(() => {
  expect(nock.pendingMocks()).toEqual([]);
  nock.cleanAll();
});
afterAll(() => {
  nock.enableNetConnect();
  nock.restore();
});

const asked = (login = "alice", repoName = "acme/shop") =>
  nock(API).get(`/repos/${repoName}/collaborators/${login}/permission`);
const says = (permission: string, role_name = permission) => ({ permission, role_name, user: { login: "alice" } });

describe("Somebody whose permission is", () => {
  test.each([
    ["admin", "admin", true],
    ["write", "write", true],
    ["write", "maintain", true],
    ["maintain", "maintain", true],
    ["write", "release managers", true],
    ["read", "read", false],
    ["read", "triage", false],
    ["read", "security reviewers", false],
    ["none", "none", false],
  ])("%s, as %s, may write: %s", async (permission, role, canWrite) => {
    asked().reply(200, says(permission, role));
    expect(permissions.known(ALICE)).toBeNull();
    expect(await permissions.canWrite(ALICE)).toBe(canWrite);
    expect(permissions.known(ALICE)).toBe(canWrite);
  });

  test("unknown, because there is no such account or repository for us, may not", async () => {
    asked().reply(404, { message: "Not Found" });
    expect(await permissions.canWrite(ALICE)).toBe(false);
    expect(permissions.known(ALICE)).toBe(false);
    expect(warnings).toEqual([]);
  });
});

describe("An answer", () => {
  test("counts for ten minutes, for that account and repository alone, however they are spelled", async () => {
    asked().reply(200, says("write"));
    expect(await permissions.canWrite(ALICE)).toBe(true);
    nowMs += 10 * MINUTE_MS - 1;
    expect(await permissions.canWrite({ ...ALICE, login: "Alice", repoName: "Acme/Shop" })).toBe(true);
    expect(permissions.known({ ...ALICE, repoName: "acme/blog" })).toBeNull();
    expect(permissions.known({ ...ALICE, login: "bob" })).toBeNull();
    nowMs += 1;
    expect(permissions.known(ALICE)).toBeNull();
    asked().reply(200, says("read"));
    expect(await permissions.canWrite(ALICE)).toBe(false);
  });

  test("is asked for once by all who want it at the same time", async () => {
    asked().once().reply(200, says("write"));
    expect(await Promise.all([1, 2, 3].map(() => permissions.canWrite(ALICE)))).toEqual([true, true, true]);
  });

  test("that is too old does not come back when GitHub fails", async () => {
    asked().reply(200, says("admin"));
    await permissions.canWrite(ALICE);
    nowMs += 10 * MINUTE_MS;
    asked().reply(502);
    expect(await permissions.canWrite(ALICE)).toBeNull();
  });
});

describe("Nothing is known, and GitHub is asked once, when it", () => {
  test.each<[string, number, unknown]>([
    ["refuses", 403, { message: "Resource not accessible by integration" }],
    ["does not accept the token", 401, { message: "Bad credentials" }],
    ["is broken", 500, {}],
    ["is away", 503, {}],
    ["answers something else", 200, { role: "admin" }],
    ["answers nothing", 200, ""],
  ])("%s", async (_, status, body) => {
    asked().reply(status, body as nock.Body);
    expect(await permissions.canWrite(ALICE)).toBeNull();
    expect(permissions.known(ALICE)).toBeNull();
    expect(warnings).toMatchObject([{ repoName: "acme/shop", login: "alice" }]);
    expect(JSON.stringify(warnings)).not.toContain("ghs_very-secret");
    asked().reply(200, says("write"));
    expect(await permissions.canWrite(ALICE)).toBe(true);
  });

  test("cuts the connection", async () => {
    asked().replyWithError(Object.assign(new Error("socket hang up"), { code: "ECONNRESET" }));
    expect(await permissions.canWrite(ALICE)).toBeNull();
  });

  test("does not answer within two seconds", async () => {
    const hub = await startFront();
    onTestFinished(hub.stop);
    nock.enableNetConnect("127.0.0.1");
    onTestFinished(() => nock.disableNetConnect());
    hub.misbehave({ path: "/repos/:owner/:repo/collaborators/:login/permission", fault: { hang: true } });
    const slow = createWith(async () => octokitAt(hub.url));
    const startedMs = performance.now();
    expect(await slow.canWrite(ALICE)).toBeNull();
    expect(performance.now() - startedMs).toBeLessThan(8000);
    expect(hub.requests).toHaveLength(1);
  });

  test("gives no token", async () => {
    const refused = Object.assign(new Error("Not Found"), { status: 404 });
    expect(await createWith(() => Promise.reject(refused)).canWrite(ALICE)).toBeNull();
  });
});

test("The App that app.yml describes may ask, and is told of all who may write", async () => {
  nock.enableNetConnect("127.0.0.1");
  onTestFinished(() => nock.disableNetConnect());
  const repos = [{ owner: "acme", name: "shop", id: 42 }];
  const github = await startGithub({ appId: 1, webhookSecret: "0123456789abcdef", installationId: 100, repos });
  onTestFinished(github.stop);
  const { octokitFor } = createGithub({
    githubApp: { appId: github.appId, privateKey: secret(github.privateKey) },
    githubApiUrl: github.url,
    webhookSecrets: [secret("0123456789abcdef")],
  });
  github.setCollaborator("linus", "read");
  const { canWrite } = createWith(octokitFor);
  const logins = ["ada", "grace", "linus", "nobody"];
  expect(await Promise.all(logins.map((login) => canWrite({ ...ALICE, login })))).toEqual([true, true, false, false]);
  expect(await canWrite({ ...ALICE, installationId: 999, login: "ada" })).toBeNull();
});

test("GitHub is left alone as long as it asks for that", async () => {
  asked().reply(403, { message: "secondary rate limit" }, { "retry-after": "30" });
  expect(await permissions.canWrite(ALICE)).toBeNull();
  nowMs += 29_999;
  expect(await permissions.canWrite({ ...ALICE, login: "bob" })).toBeNull();
  nowMs += 1;
  asked("bob").reply(200, says("write"));
  expect(await permissions.canWrite({ ...ALICE, login: "bob" })).toBe(true);
});

test("A name that GitHub gives to nobody is not asked for", async () => {
  for (const login of ["", "../..", "a/b", "alice?x=1", "slipway[bot]", "-alice", "аlice", "a".repeat(61)]) {
    expect([login, await permissions.canWrite({ ...ALICE, login }), permissions.known({ ...ALICE, login })]).toEqual([
      login,
      false,
      false,
    ]);
  }
  expect(await permissions.canWrite({ ...ALICE, repoName: "acme/shop/../other" })).toBeNull();
  fc.assert(
    fc.property(fc.string(), (login) => {
      fc.pre(!/^[a-z0-9][a-z0-9_-]*$/i.test(login));
      return permissions.known({ ...ALICE, login }) === false;
    }),
  );
});
