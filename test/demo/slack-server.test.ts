import { WebClient } from "@slack/web-api";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { type SlackServer, startSlack } from "../../src/demo/slack-server.ts";

const TOKEN = "xoxb-demo-token-of-the-bot";
const POST = { method: "POST", path: "/api/chat.postMessage" };
let slack: SlackServer;
let client: WebClient;
let channel: string;

beforeEach(async () => {
  slack = await startSlack({
    token: TOKEN,
    botName: "slipway",
    channels: ["shop", "ops"],
    userGroups: [{ id: "S0DEVTEAM", handle: "devs", users: ["U0ALICE"] }],
  });
  onTestFinished(slack.stop);
  channel = slack.channelId("shop");
  client = createClient(TOKEN);
});

const createClient = (token: string) =>
  new WebClient(token, {
    slackApiUrl: slack.apiUrl,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    logger: {
      debug() {},
      info() {},
      warn() {},
      error() {},
      setLevel() {},
      setName() {},
      getLevel: () => "error" as never,
    },
  });

const metadata = (key: string) => ({ event_type: "slipway_message", event_payload: { key } });

describe("messages", () => {
  test("are posted with metadata, edited, and found again with it, by form and by JSON", async () => {
    const posted = await client.chat.postMessage({ channel, text: "queued", metadata: metadata("d-1") });
    const answer = await fetch(`${slack.apiUrl}chat.postMessage`, {
      method: "POST",
      headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json; charset=utf-8" },
      body: JSON.stringify({ channel, text: "as JSON", metadata: metadata("d-2") }),
    });
    expect(await answer.json()).toMatchObject({ ok: true, channel });
    await client.chat.update({ channel, ts: posted.ts ?? "", text: "live" });

    const history = await client.conversations.history({ channel, include_all_metadata: true });
    expect(history.messages?.map(({ text, metadata }) => [text, metadata])).toEqual([
      ["as JSON", metadata("d-2")],
      ["live", metadata("d-1")],
    ]);
    expect((await slack.messages("shop")).map((message) => message.text)).toEqual(["live", "as JSON"]);
  });

  test("show their metadata only to those who ask, and nothing older than asked for", async () => {
    const first = await client.chat.postMessage({ channel, text: "first", metadata: metadata("d-1") });
    const second = await client.chat.postMessage({ channel, text: "second" });
    const plain = await client.conversations.history({ channel });
    expect(plain.messages?.map((message) => message.metadata)).toEqual([undefined, undefined]);
    const oldest = second.ts ?? "";
    const inclusive = await client.conversations.history({ channel, oldest, inclusive: true });
    expect(inclusive.messages?.map((message) => message.text)).toEqual(["second"]);
    expect((await client.conversations.history({ channel, oldest })).messages).toEqual([]);
    const latest = await client.conversations.history({ channel, latest: first.ts ?? "", inclusive: true });
    expect(latest.messages?.map((message) => message.text)).toEqual(["first"]);
  });

  test("that break Slack's published limits are refused", async () => {
    const section = (text: string) => ({ type: "section", text: { type: "mrkdwn", text } }) as const;
    const refusal = (blocks: unknown) =>
      client.chat
        .postMessage({ channel, text: "x", blocks: blocks as [] })
        .then(() => "taken")
        .catch((error) => error.data.error);
    expect(await refusal([section("a".repeat(3000)), { type: "divider" }])).toBe("taken");
    expect(await refusal([section("a".repeat(3001))])).toBe("invalid_blocks");
    expect(await refusal(Array(51).fill({ type: "divider" }))).toBe("invalid_blocks");
    expect(await refusal([{ type: "header", text: { type: "plain_text", text: "a".repeat(151) } }])).toBe(
      "invalid_blocks",
    );
    expect(await refusal([{ type: "confetti" }])).toBe("invalid_blocks");
    const update = client.chat.update({ channel, ts: "1.000000", text: "a".repeat(4001) });
    await expect(update).rejects.toMatchObject({ data: { error: "msg_too_long" } });
    await expect(
      client.chat.postMessage({ channel, text: "x", metadata: { event_type: "x" } as never }),
    ).rejects.toMatchObject({ data: { error: "invalid_metadata_format" } });
  });
});

describe("a Slack", () => {
  test("refuses tokens and methods it does not know", async () => {
    await expect(createClient("xoxb-another").chat.postMessage({ channel, text: "x" })).rejects.toMatchObject({
      data: { error: "invalid_auth" },
    });
    await expect(client.apiCall("chat.shout", { channel })).rejects.toMatchObject({
      data: { error: "unknown_method" },
    });
    expect(await (await fetch(`${slack.apiUrl}auth.test`, { method: "POST" })).json()).toMatchObject({
      error: "not_authed",
    });
    expect((await client.auth.test()).user).toBe("slipway");
  });

  test("has user groups, permalinks, and a page that shows the messages", async () => {
    expect((await client.usergroups.list()).usergroups?.map((group) => group.handle)).toEqual(["devs"]);
    expect((await client.usergroups.users.list({ usergroup: "S0DEVTEAM" })).users).toEqual(["U0ALICE"]);
    const { ts = "" } = await client.chat.postMessage({ channel, text: "shop 1234567 live" });
    expect((await client.chat.getPermalink({ channel, message_ts: ts })).permalink).toContain(channel);
    const page = await fetch(slack.inspectorUrl("shop"));
    expect(page.headers.get("content-type")).toContain("text/html");
    expect(await page.text()).toContain("shop 1234567 live");
  });
});

describe("on command", () => {
  test("it asks to wait, fails and refuses without any effect, and each is counted", async () => {
    slack.misbehave({ ...POST, fault: { answer: 429, headers: { "retry-after": "7" } }, times: 1 });
    await expect(client.chat.postMessage({ channel, text: "x" })).rejects.toMatchObject({ retryAfter: 7 });
    slack.misbehave({ ...POST, fault: { answer: 500 }, times: 1 });
    await expect(client.chat.postMessage({ channel, text: "x" })).rejects.toMatchObject({ statusCode: 500 });
    slack.misbehave({ ...POST, fault: { answer: 200, body: { ok: false, error: "is_archived" } }, times: 1 });
    await expect(client.chat.postMessage({ channel, text: "x" })).rejects.toMatchObject({
      data: { error: "is_archived" },
    });
    await client.chat.postMessage({ channel, text: "at last" });
    expect(slack.count("POST", "/api/chat.postMessage")).toBe(4);
    expect(slack.effects.map((effect) => effect.fields.text)).toEqual(["at last"]);
    expect((await slack.messages("shop")).map((message) => message.text)).toEqual(["at last"]);
  });

  test("it takes a message and cuts the connection before it answers", async () => {
    const cut = slack.misbehave({ ...POST, fault: { cut: true }, afterEffect: true, times: 1 });
    await expect(client.chat.postMessage({ channel, text: "x", metadata: metadata("d-1") })).rejects.toThrow();
    await cut.hit;
    expect(cut.hits()).toBe(1);
    expect((await slack.messages("shop")).map((message) => message.metadata)).toEqual([metadata("d-1")]);
    expect(slack.effects).toHaveLength(1);
  });

  test("it takes requests and stays silent, or answers when it is let", async () => {
    const silence = slack.misbehave({ ...POST, fault: { hang: true } });
    const impatient = new WebClient(TOKEN, { slackApiUrl: slack.apiUrl, retryConfig: { retries: 0 }, timeout: 100 });
    await expect(impatient.chat.postMessage({ channel, text: "x" })).rejects.toThrow();
    silence.end();
    const gate = Promise.withResolvers<void>();
    const held = slack.misbehave({ ...POST, fault: { holdUntil: gate.promise }, times: 1 });
    const posting = client.chat.postMessage({ channel, text: "held" });
    await held.hit;
    expect(await slack.messages("shop")).toEqual([]);
    gate.resolve();
    expect((await posting).ok).toBe(true);
  });

  test("it is gone, and comes back at the same address with what it knew", async () => {
    await client.chat.postMessage({ channel, text: "before" });
    await slack.goDown();
    await expect(client.chat.postMessage({ channel, text: "x" })).rejects.toThrow();
    await slack.comeUp();
    await client.chat.postMessage({ channel, text: "after" });
    expect((await slack.messages("shop")).map((message) => message.text)).toEqual(["before", "after"]);
  });
});
