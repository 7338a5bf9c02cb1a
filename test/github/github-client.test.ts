/** What each way in which GitHub, or the road to it, fails means to the outbox; and that Octokit sends nothing twice. */
import { generateKeyPairSync } from "node:crypto";
import { Probot, ProbotOctokit } from "probot";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { AmbiguousError, OperatorError, PermanentError, RetryLaterError } from "../../src/errors.ts";
import { askedToWaitMs, createGithubClient } from "../../src/github/github-client.ts";
import { type Misbehaviour, misbehaving, type Partner } from "../notify/misbehaving.ts";

const { privateKey } = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  privateKeyEncoding: { type: "pkcs1", format: "pem" },
  publicKeyEncoding: { type: "pkcs1", format: "pem" },
});
const DEPLOYMENTS = "POST /repos/acme/shop/deployments";
const TOKENS = "POST /app/installations/100/access_tokens";
const created: Misbehaviour = { status: 201, body: { id: 7 } };
const silent = { debug() {}, info() {}, warn() {}, error() {} };

let partner: Partner;
beforeEach(async () => {
  // Whatever is not planned for finds nobody behind the proxy and is cut.
  partner = await misbehaving("http://127.0.0.1:9");
});
afterEach(() => partner.close());

const shop = (limit = AbortSignal.timeout(20_000)) => ({ installationId: 100, repoName: "acme/shop", limit });

/** As Probot makes it, with its retries and its waits; only the token is there already. */
function client({ baseUrl = partner.url, isThrottled = true } = {}) {
  const octokit = new ProbotOctokit({
    baseUrl,
    auth: { token: "ghs_very-secret" },
    log: silent,
    throttle: isThrottled
      ? { id: partner.url, onRateLimit: () => true, onSecondaryRateLimit: () => true }
      : { enabled: false },
  });
  return createGithubClient(async () => octokit, { requestMs: 300 });
}

/** With a token still to be had, from Probot's own authentication. */
function appClient() {
  const probot = new Probot({
    appId: 1,
    privateKey,
    secret: "0123456789abcdef",
    baseUrl: partner.url,
    logLevel: "fatal",
  });
  return createGithubClient((installationId) => probot.auth(installationId), { requestMs: 300 });
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
  const cases: Array<[Misbehaviour, unknown, object]> = [
    [
      { status: 401, body: { message: "Bad credentials" } },
      PermanentError,
      { message: expect.stringContaining("the App's token") },
    ],
    [
      { status: 403, body: { message: "Resource not accessible by integration" } },
      PermanentError,
      { message: expect.stringContaining("give the App the permission deployments: write") },
    ],
    [
      { status: 404, body: {} },
      PermanentError,
      { message: expect.stringContaining("is the App installed on acme/shop") },
    ],
    [{ status: 409, body: { message: "Conflict" } }, PermanentError, {}],
    [
      { status: 422, body: { message: "No ref found for: x" } },
      PermanentError,
      { message: expect.stringContaining("No ref found") },
    ],
    [{ status: 451, body: {} }, PermanentError, {}],
    [{ status: 429, headers: { "retry-after": "30" }, body: {} }, RetryLaterError, { delayMs: 30_000 }],
    [{ status: 429, body: {} }, RetryLaterError, { delayMs: 60_000 }],
    [
      { status: 403, headers: { "retry-after": "60" }, body: { message: "secondary rate limit" } },
      RetryLaterError,
      { delayMs: 60_000 },
    ],
    [
      {
        status: 403,
        headers: { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1" },
        body: { message: "rate limit" },
      },
      RetryLaterError,
      { delayMs: 1000 },
    ],
    [{ status: 503, headers: { "retry-after": "5" }, body: {} }, RetryLaterError, { delayMs: 5000 }],
    [{ status: 503, body: {} }, AmbiguousError, {}],
    [{ status: 500, body: {} }, AmbiguousError, {}],
    [{ status: 502, body: "<html>" }, AmbiguousError, {}],
    [{ status: 408, body: {} }, AmbiguousError, {}],
    [{ status: 201, body: "not JSON" }, AmbiguousError, {}],
    [{ status: 201, body: {} }, AmbiguousError, {}],
    ["cut before effect", AmbiguousError, {}],
    ["silence", AmbiguousError, {}],
  ];
  test.each(cases)("answers with %o is sent once and understood", async (misbehaviour, kind, fields) => {
    partner.next(DEPLOYMENTS, misbehaviour);
    const error = await failure(client().createDeployment(shop(), { ref: "a1b2c3d" }));
    expect(error.constructor).toBe(kind);
    expect(error).toMatchObject(fields);
    expect(partner.requests).toEqual([DEPLOYMENTS]);
    expect(JSON.stringify([error, error.message])).not.toContain("ghs_very-secret");
  });

  test.each(["127.0.0.1", "localhost", "github.invalid"])(
    "is not there to get, at %s, may be tried again",
    async (host) => {
      await partner.close();
      const baseUrl = partner.url.replace("127.0.0.1", host);
      const error = await failure(client({ baseUrl }).createDeployment(shop(), { ref: "a1b2c3d" }));
      expect(error).toBeInstanceOf(RetryLaterError);
      expect(error).toMatchObject({ delayMs: null });
    },
  );

  test("takes has its id", async () => {
    partner.next(DEPLOYMENTS, created);
    expect(await client().createDeployment(shop(), { ref: "a1b2c3d" })).toBe(7);
  });
});

test("A list whose answer is cut off is no empty list", async () => {
  partner.next("GET /repos/acme/shop/deployments", { status: 200, body: "" });
  const filter = { sha: "a1b2c3d", environment: "shop", task: "deploy" };
  expect(await failure(client().listDeployments(shop(), filter))).toBeInstanceOf(AmbiguousError);
});

test("A write that its time runs out for, while Octokit holds it back, is never sent", async () => {
  const github = client();
  partner.next(DEPLOYMENTS, created, created, created);
  await github.createDeployment(shop(), { ref: "first" });
  // Octokit waits a second between two writes.
  const held = await failure(github.createDeployment(shop(AbortSignal.timeout(100)), { ref: "second" }));
  expect(held).toBeInstanceOf(RetryLaterError);
  await github.createDeployment(shop(), { ref: "third" });
  expect(partner.requests).toHaveLength(2);
});

describe("A token that GitHub", () => {
  test("gives is used", async () => {
    const token = { token: "ghs_1", expires_at: "2100-01-01T00:00:00Z", permissions: {}, repository_selection: "all" };
    partner.next(TOKENS, { status: 201, body: token });
    partner.next(DEPLOYMENTS, created);
    expect(await appClient().createDeployment(shop(), { ref: "a1b2c3d" })).toBe(7);
    expect(partner.requests).toEqual([TOKENS, DEPLOYMENTS]);
  });

  test.each<[number, unknown, RegExp]>([
    [401, OperatorError, /^APP_ID: .*check APP_ID and PRIVATE_KEY/],
    [403, PermanentError, /is the App installed there/],
    [404, PermanentError, /is the App installed there/],
  ])("refuses with %i ends the matter", async (status, kind, message) => {
    partner.next(TOKENS, { status, headers: { date: new Date().toUTCString() }, body: { message: "no" } });
    const error = await failure(appClient().createDeployment(shop(), { ref: "a1b2c3d" }));
    expect(error).toBeInstanceOf(kind);
    expect(error.message).toMatch(message);
  });

  test("does not give for the moment leaves the deployment unsent and undoubted", async () => {
    partner.next(TOKENS, "silence");
    const error = await failure(appClient().createDeployment(shop(AbortSignal.timeout(500)), { ref: "a1b2c3d" }));
    expect(error).toBeInstanceOf(RetryLaterError);
    expect(partner.requests).toEqual([TOKENS]);
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
