/** What each way in which Slack, or the road to it, fails means to the outbox. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startFront } from "../../src/demo/front.ts";
import type { Fault } from "../../src/demo/misbehaviour.ts";
import { AmbiguousError, OperatorError, PermanentError, RetryLaterError } from "../../src/errors.ts";
import { createLog } from "../../src/log.ts";
import { secret } from "../../src/secrets/secret.ts";
import { createSlackClient } from "../../src/slack/slack-client.ts";

const TOKEN = "xoxb-very-secret";
const place = { channel: "C1", setting: "sites.shop.channel" };
const message = { text: "hello", blocks: [] };

let slack: Awaited<ReturnType<typeof startFront>>;
beforeEach(async () => {
  slack = await startFront();
});
afterEach(() => slack.stop());

/** What happens to the calls of a method. */
const plan = (method: string, fault: Fault) => slack.misbehave({ path: `/api/${method}`, fault });
const paths = () => slack.requests.map(({ path }) => path);

function client(apiUrl = `${slack.url}/api/`, botToken: string | null = TOKEN) {
  return createSlackClient({
    botToken: botToken === null ? null : secret(botToken),
    apiUrl,
    log: createLog({ level: "silent", pretty: false }),
    requestMs: 1500,
  });
}

async function failure(promise: Promise<unknown>): Promise<Error> {
  const error = await promise.then(
    () => new Error("it did not fail"),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(Error);
  return error as Error;
}

const refused = (error: string, more = {}): Fault => ({ answer: 200, body: { ok: false, error, ...more } });

describe("A post that Slack refuses", () => {
  test.each([
    ["invalid_auth", "SLACK_BOT_TOKEN", /xoxb-/],
    ["account_inactive", "SLACK_BOT_TOKEN", /reinstall/],
    ["token_revoked", "SLACK_BOT_TOKEN", /reinstall/],
    ["missing_scope", "SLACK_BOT_TOKEN", /lacks the scope chat:write for chat\.postMessage/],
    ["channel_not_found", "sites.shop.channel", /no channel C1.*invite @slipway/],
    ["not_in_channel", "sites.shop.channel", /\/invite @slipway/],
    ["is_archived", "sites.shop.channel", /archived/],
    ["restricted_action", "sites.shop.channel", /owner of the workspace/],
  ])("with %s is for the operator to mend: %s", async (code, key, advice) => {
    plan("chat.postMessage", refused(code));
    const error = await failure(client().postMessage(place, "k", message));
    expect(error).toBeInstanceOf(OperatorError);
    expect(error).toMatchObject({ key, message: expect.stringMatching(advice) });
    expect(paths()).toHaveLength(1);
  });

  test("for want of a scope names the one that Slack names", async () => {
    plan("conversations.history", refused("missing_scope", { needed: "groups:history" }));
    const error = await failure(client().findMessage(place, "k", 0));
    expect(error.message).toContain("groups:history");
  });

  test.each(["msg_too_long", "invalid_blocks", "block_mismatch", "unknown_method"])(
    "with %s is refused for good",
    async (code) => {
      plan("chat.postMessage", refused(code));
      const error = await failure(client().postMessage(place, "k", message));
      expect(error).toBeInstanceOf(PermanentError);
      expect(error).not.toBeInstanceOf(OperatorError);
    },
  );

  test.each(["fatal_error", "internal_error", "service_unavailable", "a_code_of_tomorrow", "<html>"])(
    "with %s may have had its effect",
    async (code) => {
      plan("chat.postMessage", refused(code));
      const error = await failure(client().postMessage(place, "k", message));
      expect(error).toBeInstanceOf(AmbiguousError);
      expect(error.message).not.toContain("<");
    },
  );
});

describe("A post whose HTTP answer", () => {
  const cases: Array<[Fault, unknown, object]> = [
    [{ answer: 429, headers: { "retry-after": "30" }, body: {} }, RetryLaterError, { delayMs: 30_000 }],
    [{ answer: 200, body: { ok: false, error: "ratelimited" } }, RetryLaterError, { delayMs: null }],
    [{ answer: 503, headers: { "retry-after": "5" }, body: {} }, RetryLaterError, { delayMs: 5000 }],
    [{ answer: 429, body: {} }, AmbiguousError, {}],
    [{ answer: 500, body: {} }, AmbiguousError, {}],
    [{ answer: 503, body: {} }, AmbiguousError, {}],
    [{ answer: 408, body: {} }, AmbiguousError, {}],
    [{ answer: 404, body: "not here" }, OperatorError, { key: "SLACK_API_URL" }],
    [{ answer: 403, body: "the proxy says no" }, OperatorError, { key: "SLACK_API_URL" }],
    [{ answer: 200, body: Buffer.from("<html>a proxy's page</html>") }, AmbiguousError, {}],
    [{ answer: 200, body: { ok: true } }, AmbiguousError, {}],
    [{ answer: 302, headers: { location: "http://127.0.0.1:1/" }, body: {} }, AmbiguousError, {}],
    [{ cut: true }, AmbiguousError, {}],
    [{ hang: true }, AmbiguousError, {}],
  ];
  test.each(cases)("is %o is sent once and understood", async (fault, kind, fields) => {
    plan("chat.postMessage", fault);
    const error = await failure(client().postMessage(place, "k", message));
    expect(error.constructor).toBe(kind);
    expect(error).toMatchObject(fields);
    expect(paths()).toEqual(["/api/chat.postMessage"]);
    expect(JSON.stringify([error, error.message])).not.toContain(TOKEN);
  });
});

describe("A post that never reaches Slack", () => {
  test.each(["127.0.0.1", "localhost", "slack.invalid"])(
    "because nobody listens at %s, may be tried again",
    async (host) => {
      await slack.goDown();
      const apiUrl = slack.url.replace("127.0.0.1", host);
      const error = await failure(client(`${apiUrl}/api/`).postMessage(place, "k", message));
      expect(error).toBeInstanceOf(RetryLaterError);
      expect(error).toMatchObject({ delayMs: null });
    },
  );

  test("because there is no token, says so", async () => {
    const error = await failure(client(undefined, null).postMessage(place, "k", message));
    expect(error).toMatchObject({ key: "SLACK_BOT_TOKEN" });
    expect(paths()).toEqual([]);
  });
});

test.each(["message_not_found", "cant_update_message", "edit_window_closed", "is_inactive"])(
  "An edit refused with %s means that the message is gone",
  async (code) => {
    plan("chat.update", refused(code));
    expect(await client().updateMessage(place, { channel: "C1", ts: "1.1" }, message)).toBe("gone");
  },
);

test("A message cannot be told to be missing when there are too many newer ones", async () => {
  const messages = [{ ts: `${Math.floor(Date.now() / 1000)}.000100`, text: "chat" }];
  const page = { answer: 200, body: { ok: true, messages, response_metadata: { next_cursor: "more" } } };
  plan("conversations.history", page);
  const error = await failure(client().findMessage(place, "k", Date.now()));
  expect(error).toBeInstanceOf(PermanentError);
  expect(paths()).toHaveLength(5);
});

describe("A dialog", () => {
  const view = { type: "modal", title: { type: "plain_text", text: "Roll back" }, blocks: [] } as const;

  test("is opened with the trigger of the click", async () => {
    const seen: unknown[] = [];
    slack.serve({
      routes: [],
      otherwise: async (request) => {
        seen.push(Object.fromEntries(new URLSearchParams(request.body.toString("utf8"))));
        return { status: 200, body: { ok: true } };
      },
      isEffect: () => false,
    });
    await client().openModal("1.2.ab", { ...view, blocks: [] });
    expect(seen).toEqual([{ trigger_id: "1.2.ab", view: JSON.stringify(view) }]);
  });

  test.each(["expired_trigger_id", "exchanged_trigger_id"])("that is too late (%s) is given up", async (code) => {
    plan("views.open", refused(code));
    const error = await failure(client().openModal("1.2.ab", { ...view, blocks: [] }));
    expect(error.constructor).toBe(PermanentError);
    expect(error.message).toMatch(/too late/);
  });

  test("is not held up by Slack's wish that edits wait, nor by an edit that hangs", async () => {
    plan("chat.update", { answer: 429, headers: { "retry-after": "30" }, body: {} });
    plan("chat.postMessage", { hang: true });
    plan("views.open", { answer: 200, body: { ok: true } });
    const both = client();
    const hanging = both.postMessage(place, "k", message).catch(() => "hung");
    const posted = { channel: "C1", ts: "1.1" };
    await expect(both.updateMessage(place, posted, message)).rejects.toMatchObject({ delayMs: 30_000 });
    const startMs = performance.now();
    await both.openModal("1.2.ab", { ...view, blocks: [] });
    expect(performance.now() - startMs).toBeLessThan(5000);
    expect(await hanging).toBe("hung");
  });
});

describe("In a thread", () => {
  const asked: Array<Record<string, string>> = [];
  const answering = (body: (path: string) => object) => {
    asked.splice(0);
    slack.serve({
      routes: [],
      otherwise: async (request) => {
        asked.push(Object.fromEntries(new URLSearchParams(request.body.toString("utf8"))));
        return { status: 200, body: body(request.path) };
      },
      isEffect: () => false,
    });
  };
  const withKey = (key: string) => ({ metadata: { event_type: "slipway_message", event_payload: { key } } });

  test.each([true, false])("a message is posted, and the channel is shown it: %s", async (isBroadcast) => {
    answering(() => ({ ok: true, channel: "C1", ts: "2.2" }));
    await client().postMessage(place, "k", message, { ts: "1.1", isBroadcast });
    expect(asked).toMatchObject([{ thread_ts: "1.1", reply_broadcast: String(isBroadcast) }]);
  });

  test("what one person is told stands there too", async () => {
    answering(() => ({ ok: true, message_ts: "2.2" }));
    await client().postEphemeral(place, "U1", message, "1.1");
    expect(asked).toMatchObject([{ thread_ts: "1.1", user: "U1" }]);
  });

  test("a reply is found by its key, on whatever page it is, and the message above is none", async () => {
    const pages = [
      { messages: [{ ts: "1.1", ...withKey("other") }], response_metadata: { next_cursor: "more" } },
      { messages: [{ ts: "2.2", ...withKey("k") }] },
    ];
    answering(() => ({ ok: true, ...pages[asked.length - 1] }));
    expect(await client().findReply(place, "1.1", "k", 0)).toEqual({ channel: "C1", ts: "2.2" });
    expect(asked).toMatchObject([{ ts: "1.1", include_all_metadata: "true" }, { cursor: "more" }]);
    expect(
      await client()
        .findReply(place, "1.1", "k", 0)
        .catch(() => null),
    ).toBeNull();
  });

  test("that is gone nothing is looked for", async () => {
    plan("conversations.replies", refused("thread_not_found"));
    const error = await failure(client().findReply(place, "1.1", "k", 0));
    expect(error.constructor).toBe(PermanentError);
  });
});

test.each<[string, Fault]>([
  ["silent", { hang: true }],
  ["cut off", { cut: true }],
])("An answer that Slack took before it was %s may be there, and its address is told to nobody", async (_, fault) => {
  slack.serve({
    routes: [{ method: "POST", path: "/response/secret", handle: () => ({ status: 200, body: { ok: true } }) }],
    otherwise: async () => ({ status: 404 }),
    isEffect: () => true,
  });
  slack.misbehave({ path: "/response/secret", fault, afterEffect: true });
  const error = await failure(client().respond(`${slack.url}/response/secret`, message));
  expect(error).toBeInstanceOf(AmbiguousError);
  expect(error.message).not.toContain("/response/");
  expect(slack.effects).toHaveLength(1);
});
