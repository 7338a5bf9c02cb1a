/** What one person alone sees arrives where they asked, at most once. */
import nock from "nock";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { PermanentError } from "../../src/errors.ts";
import type { ReplyTo, RollbackModal } from "../../src/model/answer.ts";
import { attempt, untold } from "./attempts.ts";
import { type SlackWorld, startSlackWorld } from "./slack-world.ts";

const EPHEMERAL = "/api/chat.postEphemeral";
const OPEN = "/api/views.open";
const HOOKS = "https://hooks.slack.com";
const RESPONSE_PATH = "/commands/T0ACME/1/abc";

let world: SlackWorld;
let user: string;
beforeEach(async () => {
  world = await startSlackWorld();
  user = await world.member();
});
afterEach(async () => {
  expect(nock.pendingMocks()).toEqual([]);
  nock.cleanAll();
  await world.slack.stop();
});

const answer = (path: string, status: number, body: unknown, headers = {}) =>
  world.slack.misbehave({ path, times: 1, fault: { answer: status, body, headers } });

async function tell(to: Partial<ReplyTo> = {}) {
  const whole = { channel: world.channel, user, responseUrl: null, thread: null, isDirect: false, ...to };
  const desired = { to: whole, setting: "sites.shop.channel", answer: { kind: "text", text: "no <!here>" } };
  const row = untold({ kind: "slack.answer", key: "answer:1", deploymentId: null, desired });
  return attempt(row, world.perform["slack.answer"]);
}

/** What was done in Slack. */
const effects = () => world.slack.effects.map(({ path, fields }) => ({ path, fields }));

describe("An answer to one person", () => {
  test("is shown to them alone", async () => {
    expect((await tell()).ends).toEqual(["sent"]);
    expect(effects()).toMatchObject([
      { path: EPHEMERAL, fields: { channel: world.channel, user, text: "no &lt;!here&gt;" } },
    ]);
    expect(await world.slack.messages("deploys")).toEqual([]);
  });

  test("is shown in the thread in which they asked", async () => {
    expect((await tell({ thread: "1700000000.000100" })).ends).toEqual(["sent"]);
    expect(effects()).toMatchObject([{ path: EPHEMERAL, fields: { thread_ts: "1700000000.000100" } }]);
  });

  test("goes through the address that Slack gave for it, where there is one", async () => {
    let told: unknown;
    nock(HOOKS)
      .post(RESPONSE_PATH, (body) => {
        told = body;
        return true;
      })
      .reply(200, "ok");
    expect((await tell({ responseUrl: `${HOOKS}${RESPONSE_PATH}` })).ends).toEqual(["sent"]);
    expect(told).toMatchObject({ text: "no &lt;!here&gt;" });
    expect(effects()).toEqual([]);
  });

  test("is given in the channel when that address is used up", async () => {
    nock(HOOKS).post(RESPONSE_PATH).reply(404, "used_url");
    expect((await tell({ responseUrl: `${HOOKS}${RESPONSE_PATH}` })).ends).toEqual(["sent"]);
    expect(effects()).toMatchObject([{ path: EPHEMERAL }]);
  });

  test("is not given a second way when the first one may have worked", async () => {
    nock(HOOKS).post(RESPONSE_PATH).reply(502, "bad gateway");
    const told = await tell({ responseUrl: `${HOOKS}${RESPONSE_PATH}` });
    expect(told.ends).toEqual(["AmbiguousError", "unsure"]);
    expect(effects()).toEqual([]);
  });

  test("is an ordinary message where nobody else is", async () => {
    expect((await tell({ isDirect: true })).ends).toEqual(["sent"]);
    expect((await world.slack.messages("deploys")).map(({ text }) => text)).toEqual(["no &lt;!here&gt;"]);
  });

  test("is not repeated when nobody knows whether it arrived", async () => {
    world.slack.misbehave({ path: EPHEMERAL, times: 1, fault: { cut: true }, afterEffect: true });
    expect((await tell()).ends).toEqual(["AmbiguousError", "unsure"]);
    expect(world.slack.count("POST", EPHEMERAL)).toBe(1);
  });

  test("is given again when Slack asks to wait", async () => {
    answer(EPHEMERAL, 429, { ok: false, error: "ratelimited" }, { "retry-after": "7" });
    expect((await tell()).ends).toEqual(["RetryLaterError", "sent"]);
  });

  test("who left the channel is given up", async () => {
    answer(EPHEMERAL, 200, { ok: false, error: "user_not_in_channel" });
    const told = await tell();
    expect(told.last).toBeInstanceOf(PermanentError);
    expect(told.last).toMatchObject({ message: expect.stringContaining("is not in") });
  });
});

describe("A dialog", () => {
  const release = {
    id: "9".repeat(64),
    commit: "a".repeat(40),
    title: "T",
    author: "A",
    createdAtMs: 1,
    isLive: false,
  };
  const modal = (): RollbackModal => ({
    modal: "rollback",
    site: "shop",
    from: null,
    choices: [release],
    chosen: release.id,
    hold: null,
    waiting: 0,
    needsSecondPerson: false,
    reply: { channel: world.channel, user, responseUrl: null, thread: null, isDirect: false },
  });
  const open = (triggerId: string) =>
    attempt(
      untold({ kind: "slack.modal", key: "modal:1", deploymentId: null, desired: { triggerId, modal: modal() } }),
      world.perform["slack.modal"],
    );
  const trigger = () => world.slack.trigger(user);

  test("opens", async () => {
    expect((await open(trigger())).ends).toEqual(["sent"]);
    expect(world.slack.count("POST", OPEN)).toBe(1);
  });

  test("is not opened a second time when it may be open", async () => {
    world.slack.misbehave({ path: OPEN, times: 1, fault: { cut: true }, afterEffect: true });
    expect((await open(trigger())).ends).toEqual(["AmbiguousError", "unsure"]);
    expect(world.slack.count("POST", OPEN)).toBe(1);
  });
});
