import { WebClient } from "@slack/web-api";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { createSlackPrivate } from "../../src/demo/slack/private.ts";
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
    sharedChannels: ["ops"],
    userGroups: [{ id: "S0DEVTEAM", handle: "devs", users: ["U0ALICE"] }],
    users: [
      { id: "U0ALICE", name: "alice" },
      { id: "U0GUEST", name: "guest", kind: "guest" },
    ],
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

const codeOf = (promise: Promise<unknown>) =>
  promise.then(() => "taken").catch((error: { data?: { error?: string } }) => error.data?.error);

describe("people", () => {
  test("are told of, in their kinds, and the bot's token says what it may do", async () => {
    expect((await client.users.info({ user: "U0GUEST" })).user).toMatchObject({ is_restricted: true, name: "guest" });
    expect((await client.users.info({ user: "U0ALICE" })).user).toMatchObject({ is_restricted: false });
    expect(await codeOf(client.users.info({ user: "U0NOBODY" }))).toBe("user_not_found");
    const me = await client.auth.test();
    expect([me.team_id, me.user_id]).toEqual([slack.teamId, slack.botUserId]);
    expect(me.response_metadata?.scopes).toContain("chat:write");
  });

  test("see what is for them alone, in channels they are in", async () => {
    await client.chat.postEphemeral({ channel, user: "U0ALICE", text: "psst", thread_ts: "1.1" });
    const seen = { channel, user: "U0ALICE", text: "psst", thread_ts: "1.1", via: "chat.postEphemeral" };
    expect(slack.ephemerals()).toMatchObject([seen]);
    expect(await codeOf(client.chat.postEphemeral({ channel, user: "U0NOBODY", text: "x" }))).toBe("user_not_found");
    expect(await codeOf(client.chat.postEphemeral({ channel: "C0NONE", user: "U0ALICE", text: "x" }))).toBe(
      "channel_not_found",
    );
    expect(await slack.messages("shop")).toEqual([]);
  });

  test("share channels with other workspaces where it is said", async () => {
    const isShared = async (name: string) =>
      (await client.conversations.info({ channel: slack.channelId(name) })).channel?.is_ext_shared;
    expect([await isShared("shop"), await isShared("ops")]).toEqual([false, true]);
  });

  test("are answered five times at an address for answers, and no more", async () => {
    const url = slack.responseUrl("U0ALICE", channel);
    const answer = async (at: string, body: object) => {
      const response = await fetch(at, { method: "POST", body: JSON.stringify(body) });
      return [response.status, ((await response.json()) as { error?: string }).error ?? "ok"];
    };
    expect(await answer(url, { text: "x", blocks: [{ type: "confetti" }] })).toEqual([400, "invalid_blocks"]);
    for (let n = 0; n < 5; n++) expect(await answer(url, { text: `answer ${n}` })).toEqual([200, "ok"]);
    expect(await answer(url, { text: "one more" })).toEqual([404, "used_url"]);
    expect(await answer(`${slack.url}/response/guessed`, { text: "x" })).toEqual([404, "used_url"]);
    expect(slack.ephemerals().map((it) => [it.text, it.user, it.via])).toEqual(
      Array.from({ length: 5 }, (_, n) => [`answer ${n}`, "U0ALICE", "response_url"]),
    );
  });

  test("read in a conversation of their own what the bot writes to them, and its edits", async () => {
    const direct = slack.directId("U0ALICE");
    const { ts = "" } = await client.chat.postMessage({ channel: direct, text: "hello", metadata: metadata("d-1") });
    await client.chat.postMessage({ channel: direct, text: "second" });
    await client.chat.update({ channel: direct, ts, text: "hello again" });
    expect(slack.directMessages("U0ALICE").map((it) => it.text)).toEqual(["hello again", "second"]);
    const history = await client.conversations.history({ channel: direct, include_all_metadata: true });
    expect(history.messages?.map((it) => it.text)).toEqual(["second", "hello again"]);
    expect(await codeOf(client.chat.update({ channel: direct, ts: "1.1", text: "x" }))).toBe("message_not_found");
  });
});

test("Replies in threads are among the messages, and it is told which of them the channel was shown", async () => {
  const { ts = "" } = await client.chat.postMessage({ channel, text: "failed" });
  await client.chat.postMessage({ channel, text: "why", thread_ts: ts, reply_broadcast: true });
  await client.chat.postMessage({ channel, text: "more", thread_ts: ts });
  await client.chat.postMessage({ channel, text: "another" });
  expect((await slack.messages("shop")).map((it) => [it.text, it.thread_ts, it.reply_broadcast])).toEqual([
    ["failed", undefined, undefined],
    ["why", ts, true],
    ["more", ts, undefined],
    ["another", undefined, undefined],
  ]);
});

describe("a dialog", () => {
  const plain = (text: string) => ({ type: "plain_text", text });
  const option = (text: string, value: string) => ({ text: plain(text), value });
  const select = (options: unknown[]) => ({
    type: "input",
    block_id: "to",
    label: plain("To"),
    element: { type: "static_select", action_id: "value", options },
  });
  const modal = (given: object = {}) => ({
    type: "modal",
    callback_id: "x",
    title: plain("Roll back"),
    submit: plain("Roll back"),
    blocks: [select([option("one", "1")])],
    ...given,
  });
  const open = (view: object, trigger = slack.trigger("U0ALICE")) =>
    codeOf(client.views.open({ trigger_id: trigger, view: view as never }));

  test("opens once for a trigger that Slack gave, within three seconds", async () => {
    const trigger = slack.trigger("U0ALICE");
    expect(await open(modal(), trigger)).toBe("taken");
    expect(await open(modal(), trigger)).toBe("exchanged_trigger_id");
    expect(await open(modal(), "1.2.guessed")).toBe("invalid_trigger_id");
    expect(slack.modals()).toMatchObject([{ user: "U0ALICE", view: { callback_id: "x" } }]);
    let nowMs = 0;
    const later = createSlackPrivate("http://127.0.0.1/response", () => nowMs);
    const old = later.trigger("U0ALICE");
    const url = later.responseUrl("U0ALICE", "C1");
    nowMs = 3001;
    expect(later.openView({ trigger_id: old, view: modal() }).body).toMatchObject({ error: "expired_trigger_id" });
    nowMs = 30 * 60_000 + 1;
    expect(later.respond(url.split("/").at(-1) ?? "", { text: "x" }).body).toMatchObject({ error: "expired_url" });
  });

  test.each<[string, object]>([
    ["a title of 25 characters", { title: plain("a".repeat(25)) }],
    ["101 blocks", { blocks: Array(101).fill({ type: "divider" }) }],
    ["no blocks", { blocks: [] }],
    ["3001 characters of memory", { private_metadata: "a".repeat(3001) }],
    ["an option of 76 characters", { blocks: [select([option("a".repeat(76), "1")])] }],
    ["101 options", { blocks: [select(Array.from({ length: 101 }, (_, n) => option("x", String(n))))] }],
    ["no option", { blocks: [select([])] }],
    ["an input but no way to send it", { submit: undefined }],
    ["two blocks of one name", { blocks: [select([option("one", "1")]), select([option("one", "1")])] }],
  ])("with %s is refused, and its trigger is still good", async (_, given) => {
    const trigger = slack.trigger("U0ALICE");
    expect(await open(modal(given), trigger)).toBe("invalid_arguments");
    expect(await open(modal({ private_metadata: "a".repeat(3000), title: plain("a".repeat(24)) }), trigger)).toBe(
      "taken",
    );
  });
});

describe("blocks of today", () => {
  const task = (given: object = {}) => ({
    type: "task_card",
    task_id: "build",
    title: "Build",
    status: "complete",
    ...given,
  });
  const plan = (tasks: unknown[], given: object = {}) => ({ type: "plan", title: "Deploying shop", tasks, ...given });
  const button = (id: string, given: object = {}) => ({
    type: "button",
    action_id: id,
    text: { type: "plain_text", text: "Cancel" },
    ...given,
  });

  test.each<[string, unknown[], string]>([
    ["a plan with tasks", [plan([task(), task({ task_id: "upload", status: "in_progress" })])], "taken"],
    ["a task by itself", [task()], "taken"],
    ["a title that is no text", [plan([], { title: { type: "plain_text", text: "x" } })], "invalid_blocks"],
    ["a status that is none", [plan([task({ status: "completed" })])], "invalid_blocks"],
    ["a task without a name", [plan([task({ task_id: "" })])], "invalid_blocks"],
    ["details that are plain", [plan([task({ details: "x" })])], "invalid_blocks"],
    ["both a plan and a task", [plan([task()]), task()], "invalid_blocks"],
    ["two buttons", [{ type: "actions", elements: [button("a"), button("b")] }], "taken"],
    ["two of one name", [{ type: "actions", elements: [button("a"), button("a")] }], "invalid_blocks"],
    ["a value too long", [{ type: "actions", elements: [button("a", { value: "a".repeat(2001) })] }], "invalid_blocks"],
  ])("%s: %o is %s", async (_, blocks, outcome) => {
    expect(await codeOf(client.chat.postMessage({ channel, text: "x", blocks: blocks as [] }))).toBe(outcome);
  });
});
