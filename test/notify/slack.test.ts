/** One message per deployment, whatever happens between us and Slack. */
import { createEmulator, type Emulator } from "emulate";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { OperatorError, PermanentError, RetryLaterError } from "../../src/errors.ts";
import { createLog } from "../../src/log.ts";
import type { Deployment } from "../../src/model/deployment.ts";
import { createSlackPerformers } from "../../src/notify/slack.ts";
import { secret } from "../../src/secrets/secret.ts";
import { createSlackClient } from "../../src/slack/slack-client.ts";
import { attempt, type Told, untold } from "./attempts.ts";
import { news } from "./deployment.ts";
import { misbehaving, type Partner } from "./misbehaving.ts";

let emulator: Emulator;
let partner: Partner;
let perform: ReturnType<typeof createSlackPerformers>;
let channel: string;

beforeAll(async () => {
  const seed = { slack: { users: [{ name: "slipway" }], channels: [{ name: "deploys" }] } };
  emulator = await createEmulator({ service: "slack", port: 0, seed });
});
afterAll(() => emulator.close());
beforeEach(async () => {
  emulator.reset();
  partner = await misbehaving(emulator.url);
  const slack = createSlackClient({
    botToken: secret("xoxb-of-the-test"),
    apiUrl: `${partner.url}/api/`,
    log: createLog({ level: "silent", pretty: false }),
  });
  perform = createSlackPerformers({ slack, lookAgainMs: 10 });
  const { channels } = await ask<{ channels: Array<{ id: string; name: string }> }>("conversations.list", {});
  channel = channels.find(({ name }) => name === "deploys")?.id ?? "";
});
afterEach(() => partner.close());

/** Asks Slack itself, past the proxy. */
async function ask<T>(method: string, body: object): Promise<T> {
  const answer = await fetch(`${emulator.url}/api/${method}`, {
    method: "POST",
    headers: { authorization: "Bearer xoxb-of-the-test", "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return (await answer.json()) as T;
}

type Message = { ts: string; text: string; blocks: unknown[]; metadata?: unknown; client_msg_id?: string };

async function messages(): Promise<Message[]> {
  return (await ask<{ messages: Message[] }>("conversations.history", { channel })).messages;
}

const wish = (part: Partial<Deployment>) => ({ channel, news: news(part) });
const tellNew = () =>
  untold({ kind: "slack.deployment", key: `slack:d-1:${channel}`, desired: wish({ state: "queued" }) });
const tell = (told: Told, part?: Partial<Deployment>) =>
  attempt(told, perform["slack.deployment"], part ? { desired: wish(part) } : {});
const posts = () => partner.requests.filter((name) => name.endsWith("chat.postMessage")).length;

describe("A deployment in Slack", () => {
  test("is one message, posted once and edited through its stages", async () => {
    const told = await tell(tellNew());
    await tell(told, { state: "building", stage: "build" });
    await tell(told, { state: "live" });
    expect(told.ends).toEqual(["sent", "sent", "sent"]);
    const [message, ...others] = await messages();
    expect(others).toEqual([]);
    expect(message?.text).toBe("shop is live: a1b2c3d Fix footer by Alice");
    expect(message?.blocks).not.toEqual([]);
    expect(message?.metadata).toEqual({ event_type: "slipway_message", event_payload: { key: told.row.key } });
    expect(told.row.remote).toEqual({ channel, ts: message?.ts, isRepost: false });
    expect(partner.requests).toEqual(["POST /api/chat.postMessage", "POST /api/chat.update", "POST /api/chat.update"]);
  });

  test("is one message when the connection is cut after the post had its effect", async () => {
    partner.next("chat.postMessage", "cut after effect");
    const told = await tell(tellNew(), { state: "building" });
    expect(told.ends).toEqual(["AmbiguousError", "sent"]);
    expect(await messages()).toHaveLength(1);
    expect(posts()).toBe(1);
    await tell(told, { state: "live" });
    expect((await messages()).map(({ text }) => text)).toEqual(["shop is live: a1b2c3d Fix footer by Alice"]);
  });

  test("is one message when only half of the answer arrives", async () => {
    partner.next("chat.postMessage", "cut inside answer");
    const told = await tell(tellNew());
    expect(told.ends).toEqual(["AmbiguousError", "sent"]);
    expect(await messages()).toHaveLength(1);
  });

  test("is found again among others' messages, behind several pages of them", async () => {
    partner.next("chat.postMessage", "cut after effect");
    const told = await attempt(tellNew(), perform["slack.deployment"], { attempts: 1 });
    await Promise.all(Array.from({ length: 450 }, (_, n) => ask("chat.postMessage", { channel, text: `chat ${n}` })));
    await tell(told);
    expect(told.ends.at(-1)).toBe("sent");
    expect(posts()).toBe(1);
    expect(partner.requests.filter((name) => name.endsWith("history"))).toHaveLength(3);
  });

  test("is posted after all when it surely did not arrive, and is looked for twice before", async () => {
    partner.next("chat.postMessage", "cut before effect");
    const told = await tell(tellNew());
    expect(told.ends).toEqual(["AmbiguousError", "sent"]);
    expect(await messages()).toHaveLength(1);
    expect(partner.requests.filter((name) => name.endsWith("history"))).toHaveLength(2);
  });

  test("waits as long as Slack asks, and is not in doubt then", async () => {
    partner.next("chat.postMessage", {
      status: 429,
      headers: { "retry-after": "7" },
      body: { ok: false, error: "ratelimited" },
    });
    const told = await attempt(tellNew(), perform["slack.deployment"], { attempts: 1 });
    expect(told.last).toBeInstanceOf(RetryLaterError);
    expect(told.last).toMatchObject({ delayMs: 7000 });
    await tell(told);
    expect(partner.requests).toEqual(["POST /api/chat.postMessage", "POST /api/chat.postMessage"]);
  });

  test.each([
    { status: 200, body: { ok: false, error: "missing_scope", needed: "channels:history" } },
    { status: 404, body: "no such page" },
    { status: 200, body: { ok: false, error: "not_in_channel" } },
  ])("is told at most once where Slack does not let us look: %o", async (refusal) => {
    partner.next("chat.postMessage", "cut after effect");
    partner.next("conversations.history", refusal);
    const told = await tell(tellNew());
    expect(told.ends).toEqual(["AmbiguousError", "unsure"]);
    expect(told.last).toMatchObject({
      reason: expect.stringMatching(/^a post may have reached Slack.*it is not repeated$/),
    });
    expect(await messages()).toHaveLength(1);
  });

  test("is looked for again when looking fails for a moment", async () => {
    partner.next("chat.postMessage", "cut after effect");
    const refusals = ["fatal_error", "internal_error"].map((error) => ({ status: 200, body: { ok: false, error } }));
    partner.next("conversations.history", ...refusals, { status: 502, body: "bad gateway" });
    const told = await tell(tellNew());
    expect(told.ends).toEqual(["AmbiguousError", "AmbiguousError", "AmbiguousError", "AmbiguousError", "sent"]);
    expect(await messages()).toHaveLength(1);
  });

  test("is posted once more when somebody deleted the message, and not a third time", async () => {
    const told = await tell(tellNew());
    await deleteAll();
    await tell(told, { state: "building", stage: "build" });
    expect((await messages()).map(({ text }) => text)).toEqual(["shop is building: a1b2c3d Fix footer by Alice"]);
    await tell(told, { state: "live" });
    expect((await messages()).map(({ text }) => text)).toEqual(["shop is live: a1b2c3d Fix footer by Alice"]);
    await deleteAll();
    await tell(told, { state: "failed" });
    expect(told.last).toBeInstanceOf(PermanentError);
    expect(await messages()).toEqual([]);
  });

  test("is posted once more exactly once, even when that post's answer is lost", async () => {
    const told = await tell(tellNew());
    await deleteAll();
    partner.next("chat.postMessage", "cut after effect");
    await tell(told, { state: "live" });
    expect(told.ends).toEqual(["sent", "AmbiguousError", "sent"]);
    expect((await messages()).map(({ text }) => text)).toEqual(["shop is live: a1b2c3d Fix footer by Alice"]);
  });

  test("carries an id that follows from its key, so that Slack may recognise a repetition", async () => {
    const first = await tell(tellNew());
    await tell(untold({ kind: "slack.deployment", key: first.row.key, desired: wish({}) }));
    const ids = (await messages()).map(({ client_msg_id }) => client_msg_id);
    expect(ids[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(new Set(ids).size).toBe(1);
  });

  test("whose channel does not exist says which setting to mend", async () => {
    const told = untold({ kind: "slack.deployment", desired: { channel: "C0NOWHERE", news: news({}) } });
    await attempt(told, perform["slack.deployment"]);
    expect(told.last).toBeInstanceOf(OperatorError);
    expect(told.last).toMatchObject({
      key: "sites.shop.channel",
      message: expect.stringContaining("/invite @slipway"),
    });
  });
});

test("A notice is posted once", async () => {
  const notice = { about: "installed", account: "acme", repoNames: ["acme/shop"] };
  const told = untold({ kind: "slack.notice", key: "notice:1", desired: { channel, notice } });
  partner.next("chat.postMessage", "cut after effect");
  await attempt(told, perform["slack.notice"]);
  expect((await messages()).map(({ text }) => text)).toEqual(["👋 Slipway was installed for acme: 1 repository"]);
});

async function deleteAll(): Promise<void> {
  for (const { ts } of await messages()) await ask("chat.delete", { channel, ts });
}
