/** One message per deployment, whatever happens between us and Slack. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { OperatorError, PermanentError, RetryLaterError } from "../../src/errors.ts";
import { CONSENTS, DEPLOYMENT_STATES, type Deployment } from "../../src/model/deployment.ts";
import { attempt, type Told, untold } from "./attempts.ts";
import { news } from "./deployment.ts";
import { type SlackWorld, startSlackWorld } from "./slack-world.ts";

const POST = "/api/chat.postMessage";
const HISTORY = "/api/conversations.history";

let slack: SlackWorld["slack"];
let perform: SlackWorld["perform"];
let channel: SlackWorld["channel"];
let ask: SlackWorld["ask"];
beforeEach(async () => {
  ({ slack, perform, channel, ask } = await startSlackWorld());
});
afterEach(() => slack.stop());

const messages = () => slack.messages("deploys");
const texts = async () => (await messages()).map(({ text }) => text);
const methods = () => slack.requests.map(({ path }) => path.replace("/api/", ""));

const cutAfterPost = () => slack.misbehave({ path: POST, times: 1, fault: { cut: true }, afterEffect: true });
const answer = (path: string, status: number, body: unknown, headers = {}) =>
  slack.misbehave({ path, times: 1, fault: { answer: status, body, headers } });

const wish = (part: Partial<Deployment>) => ({ channel, news: news(part) });
const tellNew = () =>
  untold({ kind: "slack.deployment", key: `slack:d-1:${channel}`, desired: wish({ state: "queued" }) });
const tell = (told: Told, part?: Partial<Deployment>) =>
  attempt(told, perform["slack.deployment"], part ? { desired: wish(part) } : {});

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
    expect(methods()).toEqual(["chat.postMessage", "chat.update", "chat.update"]);
  });

  test("is one message when the connection is cut after the post had its effect", async () => {
    cutAfterPost();
    const told = await tell(tellNew(), { state: "building" });
    expect(told.ends).toEqual(["AmbiguousError", "sent"]);
    expect(await messages()).toHaveLength(1);
    expect(slack.count("POST", POST)).toBe(1);
    await tell(told, { state: "live" });
    expect(await texts()).toEqual(["shop is live: a1b2c3d Fix footer by Alice"]);
  });

  test("is one message after a cut, also where slipway.yaml has the name of the channel, which has no history", async () => {
    cutAfterPost();
    const named = { ...wish({ state: "queued" }), channel: "deploys" };
    const told = untold({ kind: "slack.deployment", key: "slack:d-1:deploys", desired: named });
    await attempt(told, perform["slack.deployment"]);
    expect(told.ends).toEqual(["AmbiguousError", "sent"]);
    expect(await messages()).toHaveLength(1);
  });

  test("is one message when only half of the answer arrives", async () => {
    slack.misbehave({
      path: POST,
      times: 1,
      fault: { answer: 200, headers: { "content-length": "9999", connection: "close" }, body: { ok: true } },
      afterEffect: true,
    });
    const told = await tell(tellNew());
    expect(told.ends).toEqual(["AmbiguousError", "sent"]);
    expect(await messages()).toHaveLength(1);
  });

  test("is found again among others' messages, behind several pages of them", async () => {
    cutAfterPost();
    const told = await attempt(tellNew(), perform["slack.deployment"], { attempts: 1 });
    await Promise.all(Array.from({ length: 450 }, (_, n) => ask("chat.postMessage", { channel, text: `chat ${n}` })));
    await tell(told);
    expect(told.ends).toEqual(["AmbiguousError", "sent"]);
    expect(methods().slice(-4)).toEqual([...Array(3).fill("conversations.history"), "chat.update"]);
  });

  test("is posted after all when it surely did not arrive, and is looked for twice before", async () => {
    slack.misbehave({ path: POST, times: 1, fault: { cut: true } });
    const told = await tell(tellNew());
    expect(told.ends).toEqual(["AmbiguousError", "sent"]);
    expect(await messages()).toHaveLength(1);
    expect(slack.count("POST", HISTORY)).toBe(2);
  });

  test("waits as long as Slack asks, and is not in doubt then", async () => {
    answer(POST, 429, { ok: false, error: "ratelimited" }, { "retry-after": "7" });
    const told = await attempt(tellNew(), perform["slack.deployment"], { attempts: 1 });
    expect(told.last).toBeInstanceOf(RetryLaterError);
    expect(told.last).toMatchObject({ delayMs: 7000 });
    await tell(told);
    expect(methods()).toEqual(["chat.postMessage", "chat.postMessage"]);
  });

  test.each([
    { ok: false, error: "missing_scope", needed: "channels:history" },
    { ok: false, error: "not_in_channel" },
    { ok: false, error: "token_revoked" },
  ])("waits for the operator where Slack does not let us look, and is told once: %o", async (refusal) => {
    cutAfterPost();
    answer(HISTORY, 200, refusal);
    const told = await tell(tellNew());
    expect(told.ends).toEqual(["AmbiguousError", "OperatorError"]);
    await tell(told, { state: "live" });
    expect(told.ends.at(-1)).toBe("sent");
    expect(await texts()).toEqual(["shop is live: a1b2c3d Fix footer by Alice"]);
  });

  test("is told at most once where there is no way to look", async () => {
    cutAfterPost();
    answer(HISTORY, 200, { ok: false, error: "unknown_method" });
    const told = await tell(tellNew());
    expect(told.ends).toEqual(["AmbiguousError", "unsure"]);
    expect(told.last).toMatchObject({
      reason: expect.stringMatching(/^a post may have reached Slack.*it is not repeated$/),
    });
    expect(await messages()).toHaveLength(1);
  });

  test("is looked for again when looking fails for a moment", async () => {
    cutAfterPost();
    for (const error of ["fatal_error", "internal_error"]) answer(HISTORY, 200, { ok: false, error });
    answer(HISTORY, 502, "bad gateway");
    const told = await tell(tellNew());
    expect(told.ends).toEqual(["AmbiguousError", "AmbiguousError", "AmbiguousError", "AmbiguousError", "sent"]);
    expect(await messages()).toHaveLength(1);
  });

  test("is posted once more when somebody deleted the message, and not a third time", async () => {
    const told = await tell(tellNew());
    await deleteAll();
    await tell(told, { state: "building", stage: "build" });
    expect(await texts()).toEqual(["shop is building: a1b2c3d Fix footer by Alice"]);
    await tell(told, { state: "live" });
    expect(await texts()).toEqual(["shop is live: a1b2c3d Fix footer by Alice"]);
    await deleteAll();
    await tell(told, { state: "failed" });
    expect(told.last).toBeInstanceOf(PermanentError);
    expect(await messages()).toEqual([]);
  });

  test("is posted once more exactly once, even when that post's answer is lost", async () => {
    const told = await tell(tellNew());
    await deleteAll();
    cutAfterPost();
    await tell(told, { state: "live" });
    expect(told.ends).toEqual(["sent", "AmbiguousError", "sent"]);
    expect(await texts()).toEqual(["shop is live: a1b2c3d Fix footer by Alice"]);
  });

  test("carries an id that follows from its key, so that Slack may recognise a repetition", async () => {
    const first = await tell(tellNew());
    await tell(untold({ kind: "slack.deployment", key: first.row.key, desired: wish({}) }));
    const ids = slack.effects.map(({ fields }) => fields.client_msg_id);
    expect(ids[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(ids).toEqual([ids[0], ids[0]]);
  });

  test("is taken by Slack in every state, with the longest words", async () => {
    const long = "&<👍>".repeat(2000);
    const part = { site: "s".repeat(40), title: long, author: long, branch: long, reason: long, remarks: [long, long] };
    const told = tellNew();
    for (const state of DEPLOYMENT_STATES) await tell(told, { ...part, state, stage: "publish" });
    for (const needs of CONSENTS) {
      const consent = { needs, files: 1e9, paths: Array(10).fill(long), answer: null };
      await tell(told, { ...part, state: "failed", consent });
      await tell(told, { ...part, state: "failed", consent: { ...consent, answer: { deployment: long, by: long } } });
    }
    expect(new Set(told.ends)).toEqual(new Set(["sent"]));
  });

  test("waits while Slack is down, and is not in doubt then", async () => {
    await slack.goDown();
    const told = await attempt(tellNew(), perform["slack.deployment"], { attempts: 1 });
    expect(told.last).toBeInstanceOf(RetryLaterError);
    await slack.comeUp();
    await tell(told);
    expect(methods()).toEqual(["chat.postMessage"]);
  });

  test("is told without a plan where Slack does not know that block, and so are all others from then on", async () => {
    const refusal = { ok: false, error: "invalid_blocks" };
    answer(POST, 200, refusal);
    const first = await tell(tellNew(), { state: "building", stage: "build" });
    expect(first.ends).toEqual(["sent"]);
    expect(slack.count("POST", POST)).toBe(2);
    const second = untold({ kind: "slack.deployment", key: "key:2", desired: wish({ state: "building" }) });
    expect((await tell(second)).ends).toEqual(["sent"]);
    expect(slack.count("POST", POST)).toBe(3);
    for (const { blocks } of await messages())
      expect(blocks).not.toContainEqual(expect.objectContaining({ type: "plan" }));
  });

  test("is told with a plan again when it was not the plan that Slack refused", async () => {
    for (let n = 0; n < 2; n++) answer(POST, 200, { ok: false, error: "invalid_blocks" });
    expect((await tell(tellNew(), { state: "building", stage: "build" })).ends).toEqual(["sent"]);
    const second = untold({ kind: "slack.deployment", key: "key:2", desired: null });
    expect((await tell(second, { state: "building", stage: "build" })).ends).toEqual(["sent"]);
    const plans = (await messages()).map(({ blocks }) => JSON.stringify(blocks ?? []).includes('"plan"'));
    expect(plans).toEqual([false, true]);
  });

  test("is told by its text alone where Slack takes none of its blocks", async () => {
    for (let n = 0; n < 2; n++) answer(POST, 200, { ok: false, error: "invalid_blocks" });
    expect((await tell(tellNew(), { state: "live" })).ends).toEqual(["sent"]);
    const [message] = await messages();
    expect(message?.text).toBe("shop is live: a1b2c3d Fix footer by Alice");
    expect(message?.blocks ?? []).toEqual([]);
  });

  test("is not worded again when Slack refuses it for another reason", async () => {
    answer(POST, 200, { ok: false, error: "msg_too_long" });
    expect((await tell(tellNew())).ends).toEqual(["RefusedMessageError"]);
    expect(slack.count("POST", POST)).toBe(1);
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
  cutAfterPost();
  await attempt(told, perform["slack.notice"]);
  expect(await texts()).toEqual(["👋 Slipway was installed for acme: 1 repository"]);
});

async function deleteAll(): Promise<void> {
  for (const { ts } of await messages()) await ask("chat.delete", { channel, ts });
}
