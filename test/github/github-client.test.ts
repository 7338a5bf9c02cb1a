/** What each way in which GitHub, or the road to it, fails means to the outbox; and that Octokit sends nothing twice. */
import { generateKeyPairSync } from "node:crypto";
import { Probot, ProbotOctokit } from "probot";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type Front, startFront } from "../../src/demo/front.ts";
import type { Fault } from "../../src/demo/misbehaviour.ts";
import { AmbiguousError, OperatorError, PermanentError, RetryLaterError } from "../../src/errors.ts";
import { createGithubClient } from "../../src/github/github-client.ts";
import { askedToWaitMs } from "../../src/model/asked-to-wait.ts";

const { privateKey } = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  privateKeyEncoding: { type: "pkcs1", format: "pem" },
  publicKeyEncoding: { type: "pkcs1", format: "pem" },
});
const DEPLOYMENTS = "/repos/acme/shop/deployments";
const TOKENS = "/app/installations/100/access_tokens";
const created: Fault = { answer: 201, body: { id: 7 } };
const silent = { debug() {}, info() {}, warn() {}, error() {} };

let hub: Front;
beforeEach(async () => {
  hub = await startFront();
});
afterEach(() => hub.stop());

/** What happens to requests for a path. */
const plan = (path: string, fault: Fault) => hub.misbehave({ path, fault });
const paths = () => hub.requests.map(({ path }) => path);

const shop = (limit = AbortSignal.timeout(20_000)) => ({ installationId: 100, repoName: "acme/shop", limit });

/** As Probot makes it, with its retries and its waits; only the token is there already. */
function client({ baseUrl = hub.url, isThrottled = true } = {}) {
  const octokit = new ProbotOctokit({
    baseUrl,
    auth: { token: "ghs_very-secret" },
    log: silent,
    throttle: isThrottled
      ? { id: hub.url, onRateLimit: () => true, onSecondaryRateLimit: () => true }
      : { enabled: false },
  });
  return createGithubClient(async () => octokit, { requestMs: 1500 });
}

/** With a token still to be had, from Probot's own authentication. */
function appClient() {
  const probot = new Probot({
    appId: 1,
    privateKey,
    secret: "0123456789abcdef",
    baseUrl: hub.url,
    logLevel: "fatal",
  });
  return createGithubClient((installationId) => probot.auth(installationId), { requestMs: 1500 });
}

async function failure(promise: Promise<unknown>): Promise<Error> {
  const error = await promise.then(
    () => new Error("it did not fail"),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(Error);
  return error as Error;
}

describe("A deployment that GitHub", () => {
  const cases: Array<[Fault, unknown, object]> = [
    [
      { answer: 401, body: { message: "Bad credentials" } },
      PermanentError,
      { message: expect.stringContaining("the App's token") },
    ],
    [
      { answer: 403, body: { message: "Resource not accessible by integration" } },
      PermanentError,
      { message: expect.stringContaining("give the App the permission deployments: write") },
    ],
    [
      { answer: 404, body: {} },
      PermanentError,
      { message: expect.stringContaining("is the App installed on acme/shop") },
    ],
    [{ answer: 409, body: { message: "Conflict" } }, PermanentError, {}],
    [
      { answer: 422, body: { message: "No ref found for: x" } },
      PermanentError,
      { message: expect.stringContaining("No ref found") },
    ],
    [{ answer: 451, body: {} }, PermanentError, {}],
    [{ answer: 429, headers: { "retry-after": "30" }, body: {} }, RetryLaterError, { delayMs: 30_000 }],
    [{ answer: 429, body: {} }, RetryLaterError, { delayMs: 60_000 }],
    [
      { answer: 403, headers: { "retry-after": "60" }, body: { message: "secondary rate limit" } },
      RetryLaterError,
      { delayMs: 60_000 },
    ],
    [
      {
        answer: 403,
        headers: { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1" },
        body: { message: "rate limit" },
      },
      RetryLaterError,
      { delayMs: 1000 },
    ],
    [{ answer: 503, headers: { "retry-after": "5" }, body: {} }, RetryLaterError, { delayMs: 5000 }],
    [{ answer: 503, body: {} }, AmbiguousError, {}],
    [{ answer: 500, body: {} }, AmbiguousError, {}],
    [{ answer: 502, body: Buffer.from("<html>") }, AmbiguousError, {}],
    [{ answer: 408, body: {} }, AmbiguousError, {}],
    [{ answer: 201, body: Buffer.from("not JSON") }, AmbiguousError, {}],
    [{ answer: 201, body: {} }, AmbiguousError, {}],
    [{ cut: true }, AmbiguousError, {}],
    [{ hang: true }, AmbiguousError, {}],
  ];
  test.each(cases)("answers with %o is sent once and understood", async (fault, kind, fields) => {
    plan(DEPLOYMENTS, fault);
    const error = await failure(client().createDeployment(shop(), { ref: "a1b2c3d" }));
    expect(error.constructor).toBe(kind);
    expect(error).toMatchObject(fields);
    expect(paths()).toEqual([DEPLOYMENTS]);
    expect(JSON.stringify([error, error.message])).not.toContain("ghs_very-secret");
  });

  test.each(["127.0.0.1", "localhost", "github.invalid"])(
    "is not there to get, at %s, may be tried again",
    async (host) => {
      await hub.goDown();
      const baseUrl = hub.url.replace("127.0.0.1", host);
      const error = await failure(client({ baseUrl }).createDeployment(shop(), { ref: "a1b2c3d" }));
      expect(error).toBeInstanceOf(RetryLaterError);
      expect(error).toMatchObject({ delayMs: null });
    },
  );

  test("takes has its id", async () => {
    plan(DEPLOYMENTS, created);
    expect(await client().createDeployment(shop(), { ref: "a1b2c3d" })).toBe(7);
  });
});

test("A list whose answer is cut off is no empty list", async () => {
  plan(DEPLOYMENTS, { answer: 200, body: Buffer.alloc(0) });
  const filter = { sha: "a1b2c3d", environment: "shop", task: "deploy" };
  expect(await failure(client().listDeployments(shop(), filter))).toBeInstanceOf(AmbiguousError);
});

test("A write that its time runs out for, while Octokit holds it back, is never sent", async () => {
  const github = client();
  plan(DEPLOYMENTS, created);
  await github.createDeployment(shop(), { ref: "first" });
  // Octokit waits a second between two writes.
  const held = await failure(github.createDeployment(shop(AbortSignal.timeout(100)), { ref: "second" }));
  expect(held).toBeInstanceOf(RetryLaterError);
  await github.createDeployment(shop(), { ref: "third" });
  expect(paths()).toHaveLength(2);
});

describe("A token that GitHub", () => {
  test("gives is used", async () => {
    const token = { token: "ghs_1", expires_at: "2100-01-01T00:00:00Z", permissions: {}, repository_selection: "all" };
    plan(TOKENS, { answer: 201, body: token });
    plan(DEPLOYMENTS, created);
    expect(await appClient().createDeployment(shop(), { ref: "a1b2c3d" })).toBe(7);
    expect(paths()).toEqual([TOKENS, DEPLOYMENTS]);
  });

  test.each<[number, unknown, RegExp]>([
    [401, OperatorError, /^APP_ID: .*check APP_ID and PRIVATE_KEY/],
    [403, PermanentError, /is the App installed there/],
    [404, PermanentError, /is the App installed there/],
  ])("refuses with %i ends the matter", async (status, kind, message) => {
    plan(TOKENS, { answer: status, headers: { date: new Date().toUTCString() }, body: { message: "no" } });
    const error = await failure(appClient().createDeployment(shop(), { ref: "a1b2c3d" }));
    expect(error).toBeInstanceOf(kind);
    expect(error.message).toMatch(message);
  });

  test("does not give for the moment leaves the deployment unsent and undoubted", async () => {
    plan(TOKENS, { hang: true });
    const limit = new AbortController();
    const failed = failure(appClient().createDeployment(shop(limit.signal), { ref: "a1b2c3d" }));
    await vi.waitFor(() => expect(paths()).toEqual([TOKENS]), 5000);
    limit.abort();
    expect(await failed).toBeInstanceOf(RetryLaterError);
    expect(paths()).toEqual([TOKENS]);
  });
});

test.each<[number, Record<string, string>, number | null]>([
  [200, { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "2000" }, null],
  [403, {}, null],
  [403, { "x-ratelimit-remaining": "3", "x-ratelimit-reset": "2000" }, null],
  [403, { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1030" }, 31_000],
  [403, { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "900" }, 1000],
  [403, { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "999999" }, 3_600_000],
  [429, { "retry-after": "0" }, 0],
  [429, { "retry-after": "99999999" }, 3_600_000],
  [429, { "retry-after": "soon" }, 60_000],
  [503, {}, null],
  [503, { "retry-after": "10" }, 10_000],
])("An answer %i with %o asks to wait %s ms", (status, headers, waitMs) => {
  expect(askedToWaitMs(status, new Headers(headers), 1_000_000)).toBe(waitMs);
});
