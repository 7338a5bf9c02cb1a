import { generateKeyPairSync } from "node:crypto";
import nock from "nock";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { OperatorError, PermanentError } from "../../src/errors.ts";
import githubApp from "../../src/github/app.ts";
import { createGithub } from "../../src/github/probot.ts";
import { secret } from "../../src/secrets/secret.ts";

const API = "https://api.github.example";
const privateKey = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({
  type: "pkcs1",
  format: "pem",
});
const settings = {
  githubApp: { appId: 7, privateKey: secret(privateKey.toString()) },
  githubApiUrl: API,
  webhookSecrets: [secret("a secret for the tests")],
};
const asked = () => nock(API).post("/app/installations/9/access_tokens");

beforeAll(() => nock.disableNetConnect());
afterEach(() => nock.cleanAll());
afterAll(() => {
  nock.enableNetConnect();
  nock.restore();
});

describe("a token for a build", () => {
  it("reads the contents of one repository and nothing else", async () => {
    const answer = { token: "ghs_only_this", expires_at: "2100-01-01T00:00:00Z", permissions: { contents: "read" } };
    nock(API)
      .post("/app/installations/9/access_tokens", { repository_ids: [42], permissions: { contents: "read" } })
      .reply(201, answer);
    expect(await createGithub(settings).tokenFor(9, 42)).toBe("ghs_only_this");
  });

  it("reads workflow runs too where a site waits for them, and says which permission may be missing", async () => {
    const answer = { token: "ghs_more", expires_at: "2100-01-01T00:00:00Z", permissions: {} };
    const permissions = { contents: "read", actions: "read" };
    nock(API)
      .post("/app/installations/9/access_tokens", { repository_ids: [42], permissions })
      .reply(201, answer);
    expect(await createGithub(settings).tokenFor(9, 42, { actions: true })).toBe("ghs_more");
    asked().reply(422, { message: "The permissions requested are not granted to this installation." });
    const failed = createGithub(settings).tokenFor(9, 42, { actions: true });
    await expect(failed).rejects.toThrow(/\(422\).*permission actions: read accepted in the installation/);
    await expect(failed).rejects.toBeInstanceOf(PermanentError);
  });

  it("is nobody's without an App, and GitHub is not asked", async () => {
    const github = createGithub({ ...settings, githubApp: null });
    expect([github.hasApp, await github.tokenFor(9, 42)]).toEqual([false, null]);
  });

  it.each([
    [401, OperatorError, /APP_ID: GitHub does not accept the App/],
    [404, PermanentError, /is the App installed there/],
    [403, PermanentError, /is the App installed there/],
    [500, Error, /GitHub gave no token/],
  ])("that GitHub refuses with %i says who can mend it", async (status, kind, message) => {
    asked().reply(status, { message: "no" });
    const failed = createGithub(settings).tokenFor(9, 42);
    await expect(failed).rejects.toThrow(message);
    await expect(failed).rejects.toBeInstanceOf(kind);
    if (status === 500) await expect(failed).rejects.not.toBeInstanceOf(PermanentError);
  });
});

describe("the export that Probot's conventions expect", () => {
  it("loads as a Probot app, and under Probot's own server refuses a push loudly instead of losing it", async () => {
    const { Probot } = await import("probot");
    const probot = new Probot({ githubToken: "none", secret: "a secret for the tests", logLevel: "fatal" });
    await probot.load(githubApp);
    const commit = "1".repeat(40);
    const payload = {
      ref: "refs/heads/main",
      before: commit,
      after: commit,
      deleted: false,
      head_commit: null,
      repository: { id: 1, full_name: "acme/shop" },
    };
    const received = probot.receive({ id: "1", name: "push", payload } as unknown as Parameters<
      typeof probot.receive
    >[0]);
    await expect(received).rejects.toThrow(/start it with `npm start`/);
  });
});
