/** Replies stand once in the thread of the message that they belong to, wherever that is by now. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { PermanentError } from "../../src/errors.ts";
import { announceReply, slackKey } from "../../src/notify/announce.ts";
import { attempt, untold } from "./attempts.ts";
import { aDeployment } from "./deployment.ts";
import { type SlackWorld, startSlackWorld } from "./slack-world.ts";

const POST = "/api/chat.postMessage";
const REPLIES = "/api/conversations.replies";
const CONFIGURED = "#deploys";
const deployment = aDeployment({ state: "failed", stage: "build" });

let world: SlackWorld;
let parentTs: string;
beforeEach(async () => {
  world = await startSlackWorld();
  parentTs = await postParent();
});
afterEach(() => world.slack.stop());

/** Posts the message about the deployment, as the outbox remembers it. */
async function postParent(): Promise<string> {
  const ts = String((await world.ask("chat.postMessage", { channel: world.channel, text: "shop failed" })).ts);
  world.told.set(slackKey(deployment.id, CONFIGURED), {
    state: "sent",
    remote: { channel: world.channel, ts },
    hasFailed: false,
  });
  return ts;
}

const failure = { kind: "failure", deployment, lines: "npm error it broke", logUrl: null, mention: "U0ALICE" } as const;
const fixed = { kind: "fixed", site: "shop", deployment: "d-2", commit: "b".repeat(40), afterMs: 60_000 } as const;

function aReply(reply: typeof failure | typeof fixed = failure) {
  return untold(announceReply(deployment, CONFIGURED, reply));
}
const tell = (told = aReply(), attempts = 5) => attempt(told, world.perform["slack.thread"], { attempts });

type Reply = { ts: string; text: string; blocks?: unknown };
async function replies(ts = parentTs): Promise<Reply[]> {
  const { messages } = await world.ask("conversations.replies", { channel: world.channel, ts });
  return (messages as Reply[]).filter((it) => it.ts !== ts);
}

describe("A reply in a thread", () => {
  test("stands there once, with its words, and a failure is shown to the channel too", async () => {
    expect((await tell()).ends).toEqual(["sent"]);
    const [reply, ...others] = await replies();
    expect(others).toEqual([]);
    expect(JSON.stringify(reply)).toContain("it broke");
    expect(JSON.stringify(reply)).toContain("<@U0ALICE>");
    expect(world.slack.effects.at(-1)).toMatchObject({ path: POST, fields: { thread_ts: parentTs } });
    expect(String(world.slack.effects.at(-1)?.fields.reply_broadcast)).toBe("true");
  });

  test("is for the thread alone when it is good news", async () => {
    expect((await tell(aReply(fixed))).ends).toEqual(["sent"]);
    expect(String(world.slack.effects.at(-1)?.fields.reply_broadcast)).not.toBe("true");
  });

  test("stands there once when the answer to its post is lost", async () => {
    world.slack.misbehave({ path: POST, times: 1, fault: { cut: true }, afterEffect: true });
    expect((await tell()).ends).toEqual(["AmbiguousError", "sent"]);
    expect(await replies()).toHaveLength(1);
    expect(world.slack.count("POST", POST)).toBe(2);
  });

  test("is posted after all when it surely did not arrive", async () => {
    world.slack.misbehave({ path: POST, times: 1, fault: { cut: true } });
    expect((await tell()).ends).toEqual(["AmbiguousError", "sent"]);
    expect(await replies()).toHaveLength(1);
    expect(world.slack.count("POST", REPLIES)).toBeGreaterThanOrEqual(2);
  });

  test("is not repeated when nobody can look", async () => {
    world.slack.misbehave({ path: POST, times: 1, fault: { cut: true }, afterEffect: true });
    const told = await tell(aReply(), 1);
    world.slack.misbehave({
      path: REPLIES,
      times: 1,
      fault: { answer: 200, body: { ok: false, error: "unknown_method" } },
    });
    await tell(told);
    expect(told.ends).toEqual(["AmbiguousError", "unsure"]);
    expect(await replies()).toHaveLength(1);
  });

  test("waits for its message, and stands in the thread of the newest one", async () => {
    const key = slackKey(deployment.id, CONFIGURED);
    world.told.set(key, { state: "pending", remote: null, hasFailed: true });
    const told = await tell(aReply(), 1);
    expect(told.last).toMatchObject({ kind: "waits", forMs: 15_000 });
    world.told.set(key, { state: "pending", remote: null, hasFailed: false });
    await tell(told, 1);
    expect(told.last).toMatchObject({ kind: "waits", forMs: 2000 });
    const newest = await postParent();
    await tell(told);
    expect([await replies(), await replies(newest)]).toMatchObject([[], [{}]]);
  });

  test.each([["dead"], ["unsure"], ["expired"], [null]] as const)(
    "is given up when its message is %s",
    async (state) => {
      const key = slackKey(deployment.id, CONFIGURED);
      if (state === null) world.told.delete(key);
      else world.told.set(key, { state, remote: null, hasFailed: true });
      const told = await tell();
      expect(told.last).toBeInstanceOf(PermanentError);
      expect(await replies()).toEqual([]);
    },
  );

  test("is edited, not repeated, when it is wished anew", async () => {
    const told = await tell();
    told.row = {
      ...told.row,
      desired: { ...(told.row.desired as object), reply: { ...failure, lines: "in other words" } },
    };
    await tell(told);
    expect(told.ends).toEqual(["sent", "sent"]);
    const [reply, ...others] = await replies();
    expect(others).toEqual([]);
    expect(JSON.stringify(reply)).toContain("in other words");
  });
});
