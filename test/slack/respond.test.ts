/** Slack's own hosts, as they misbehave: answers to people, and the one method that asks to wait. */
import nock from "nock";
import { afterEach, beforeEach, describe, expect, it, test } from "vitest";
import { AmbiguousError, OperatorError, PermanentError, RetryLaterError } from "../../src/errors.ts";
import { createLog } from "../../src/log.ts";
import { secret } from "../../src/secrets/secret.ts";
import { isResponseUrl } from "../../src/slack/response-url.ts";
import { createSlackClient } from "../../src/slack/slack-client.ts";

const API = "https://slack.com/api/";
const PATH = "/commands/T0TEAM/1/very-secret";
const URL_OF_ANSWER = `https://hooks.slack.com${PATH}`;
const message = { text: "done", blocks: [] };
const place = { channel: "C1", setting: "sites.shop.channel" };

const client = () =>
  createSlackClient({
    botToken: secret("xoxb-test"),
    apiUrl: API,
    log: createLog({ level: "silent", pretty: false }),
    requestMs: 300,
  });
const hooks = () => nock("https://hooks.slack.com");
const api = () => nock("https://slack.com");

beforeEach(() => nock.disableNetConnect());
afterEach(() => {
  nock.cleanAll();
  nock.enableNetConnect();
});

describe("An answer", () => {
  it("is for one person alone and replaces nothing", async () => {
    const bodies: unknown[] = [];
    hooks()
      .post(PATH, (body) => bodies.push(body) > 0)
      .reply(200, "ok");
    await client().respond(URL_OF_ANSWER, message);
    expect(bodies).toEqual([{ response_type: "ephemeral", replace_original: false, ...message }]);
  });

  test.each<[number, unknown, Record<string, string>, unknown, object]>([
    [404, { ok: false, error: "used_url" }, {}, PermanentError, {}],
    [404, { ok: false, error: "expired_url" }, {}, PermanentError, {}],
    [200, { ok: false, error: "expired_url" }, {}, PermanentError, {}],
    [404, "used_url", {}, PermanentError, {}],
    [410, "", {}, PermanentError, {}],
    [400, "invalid_payload", {}, PermanentError, {}],
    [302, "", { location: "https://elsewhere.example/" }, PermanentError, {}],
    [429, "", { "retry-after": "7" }, RetryLaterError, { delayMs: 7000 }],
    [503, "", { "retry-after": "7" }, RetryLaterError, { delayMs: 7000 }],
    [500, "", {}, AmbiguousError, {}],
    [503, "", {}, AmbiguousError, {}],
  ])("that Slack answers with %s %o is understood", async (status, body, headers, kind, fields) => {
    hooks()
      .post(PATH)
      .reply(status, body as string, headers);
    const error = await client()
      .respond(URL_OF_ANSWER, message)
      .catch((thrown: Error) => thrown);
    expect(error?.constructor).toBe(kind);
    expect(error).toMatchObject(fields);
    expect(String(error?.message)).not.toContain("secret");
  });

  it("that Slack never got is sent later", async () => {
    hooks()
      .post(PATH)
      .replyWithError(Object.assign(new Error("getaddrinfo ENOTFOUND hooks.slack.com"), { code: "ENOTFOUND" }));
    await expect(client().respond(URL_OF_ANSWER, message)).rejects.toBeInstanceOf(RetryLaterError);
  });

  it("goes nowhere but to Slack", async () => {
    const elsewhere = client().respond("https://hooks.slack.com.example/x", message);
    await expect(elsewhere).rejects.toBeInstanceOf(PermanentError);
  });
});

test.each<[unknown, string, boolean]>([
  [URL_OF_ANSWER, API, true],
  ["https://slack.com/x", API, true],
  ["http://127.0.0.1:4711/response/1", "http://127.0.0.1:4711/api/", true],
  ["http://127.0.0.1:4712/response/1", "http://127.0.0.1:4711/api/", false],
  ["http://hooks.slack.com/commands/1", API, false],
  ["https://hooks.slack.com:8443/commands/1", API, false],
  ["https://user:pw@hooks.slack.com/commands/1", API, false],
  ["https://hooks.slack.com.example/1", API, false],
  ["https://169.254.169.254/latest", API, false],
  ["file:///etc/passwd", "file:///api/", false],
  [`${URL_OF_ANSWER}${"a".repeat(1000)}`, API, false],
  ["", API, false],
  [null, API, false],
  [{ href: URL_OF_ANSWER }, API, false],
])("Whether answers may go to %o with the API at %s: %s", (url, apiUrl, isAllowed) => {
  expect(isResponseUrl(url, apiUrl)).toBe(isAllowed);
});

describe("Slack's API", () => {
  it("asks one method to wait, and the others go on at once", async () => {
    api().post("/api/chat.update").reply(429, "", { "retry-after": "30" });
    api().post("/api/chat.postMessage").reply(200, { ok: true, channel: "C1", ts: "1.1" });
    api().post("/api/chat.postEphemeral").reply(200, { ok: true });
    const slack = client();
    const edit = slack.updateMessage(place, { channel: "C1", ts: "1.1" }, message);
    await expect(edit).rejects.toMatchObject({ name: "RetryLaterError", delayMs: 30_000 });
    expect(await slack.postMessage(place, "k", message)).toEqual({ channel: "C1", ts: "1.1" });
    await slack.postEphemeral(place, "U1", message);
  });

  it("takes a post and fails: whether there is one is to be looked for", async () => {
    api().post("/api/chat.postMessage").reply(502, "bad gateway");
    await expect(client().postMessage(place, "k", message)).rejects.toBeInstanceOf(AmbiguousError);
    const found = { ts: "1.1", metadata: { event_type: "slipway_message", event_payload: { key: "k" } } };
    api()
      .post("/api/conversations.history")
      .reply(200, { ok: true, messages: [found] });
    expect(await client().findMessage(place, "k", 0)).toEqual({ channel: "C1", ts: "1.1" });
  });

  it("knows a message no more, or the token", async () => {
    api().post("/api/chat.update").reply(200, { ok: false, error: "message_not_found" });
    expect(await client().updateMessage(place, { channel: "C1", ts: "1.1" }, message)).toBe("gone");
    api().post("/api/views.open").reply(200, { ok: false, error: "token_revoked" });
    const view = { type: "modal" as const, title: { type: "plain_text" as const, text: "x" }, blocks: [] };
    const error = await client()
      .openModal("1.2", view)
      .catch((thrown: Error) => thrown);
    expect(error).toBeInstanceOf(OperatorError);
    expect(error).toMatchObject({ key: "SLACK_BOT_TOKEN" });
  });
});
