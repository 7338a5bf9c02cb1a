/** Whatever Slack does meanwhile: each deployment has one message, which goes forward only and ends with the truth. */
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type ControlRoom, startControlRoom } from "./control-room-world.ts";

const WAIT = { timeout: 30_000, interval: 30 };
const POST = "/api/chat.postMessage";
const UPDATE = "/api/chat.update";
const refusal = (error: string) => ({ answer: 200, body: { ok: false, error } });

let room: ControlRoom;
beforeAll(async () => {
  room = await startControlRoom();
  await deployed("first");
}, 120_000);
afterAll(() => room?.stop());

/** Pushes this content. Waits until visitors see it; answers with the commit. */
async function published(content: string): Promise<string> {
  const commit = await room.push({ "index.html": content });
  await vi.waitFor(() => expect(room.live()).toBe(content), WAIT);
  return commit;
}

const field = ({ body }: { body: Buffer }, name: string) => new URLSearchParams(body.toString()).get(name) ?? "";

const ORDER = ["queued", "building", "publishing", "live"];

/** Waits until Slack shows that the commit is live, and looks at all that was ever shown of it. */
async function endsWell(commit: string): Promise<void> {
  const isAbout = (text: unknown) => String(text).includes(commit.slice(0, 7));
  const shown = async () => (await room.slack.messages("shop")).filter(({ text }) => isAbout(text));
  await vi.waitFor(async () => expect((await shown()).map(({ text }) => text).join()).toContain("is live"), WAIT);
  expect(await shown()).toHaveLength(1);
  const states = room.slack.effects
    .filter(({ path, fields }) => (path === POST || path === UPDATE) && isAbout(fields.text))
    .map(({ fields }) => ORDER.findIndex((state) => String(fields.text).includes(` is ${state}`)));
  expect(states).toEqual(states.toSorted((a, b) => a - b));
  expect(states.filter((it) => it === ORDER.length - 1)).toHaveLength(1);
}

async function deployed(content: string): Promise<void> {
  await endsWell(await published(content));
}

describe("the last state of a deployment arrives, once and in order, when Slack", { timeout: 60_000 }, () => {
  it("is away meanwhile", async () => {
    await room.slack.goDown();
    const commit = await published("away");
    await room.slack.comeUp();
    await endsWell(commit);
  });

  it("fails", async () => {
    room.slack.misbehave({ path: POST, times: 1, fault: { answer: 500, body: "no" } });
    room.slack.misbehave({ path: UPDATE, times: 1, fault: { answer: 503, body: "no" } });
    await deployed("fails");
  });

  it("asks to wait with edits alone", async () => {
    const wait = { answer: 429, headers: { "retry-after": "2" }, body: { ok: false, error: "ratelimited" } };
    const rule = room.slack.misbehave({ path: UPDATE, times: 1, fault: wait });
    await deployed("waits");
    expect(rule.hits()).toBe(1);
  });

  it("takes a message and an edit, and cuts the connection", async () => {
    room.slack.misbehave({ path: POST, times: 1, fault: { cut: true }, afterEffect: true });
    await deployed("cuts");
  });

  it.each([
    ["refuses the token until there is another one", "token_revoked"],
    ["has the channel archived until somebody unarchives it", "is_archived"],
  ])("%s", async (_, error) => {
    const isLast = (request: { body: Buffer }) => field(request, "text").includes("is live");
    const last = room.slack.misbehave({ path: "/api/:method", when: isLast, fault: refusal(error) });
    const all = room.slack.misbehave({ path: "/api/:method", fault: refusal(error) });
    const commit = await published(error);
    await last.hit;
    for (const rule of [last, all]) rule.end();
    await room.restart();
    await endsWell(commit);
  });

  it("lost the message, since somebody deleted it", async () => {
    // Its first post is to go at once, so that an edit follows.
    const last = async () => Number((await room.slack.messages("shop")).at(-1)?.ts) * 1000;
    await vi.waitFor(async () => expect(Date.now() - (await last())).toBeGreaterThan(1500), WAIT);
    const [posting, editing] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    room.slack.misbehave({ path: POST, times: 1, fault: { holdUntil: posting.promise } });
    const edit = room.slack.misbehave({ path: UPDATE, times: 1, fault: { holdUntil: editing.promise } });
    const commit = await published("deleted");
    posting.resolve();
    await edit.hit;
    const { ts } = await room.says(new RegExp(commit.slice(0, 7)));
    await fetch(`${room.slack.apiUrl}chat.delete`, {
      method: "POST",
      headers: { authorization: "Bearer xoxb-of-the-test", "content-type": "application/json" },
      body: JSON.stringify({ channel: room.shop, ts }),
    });
    editing.resolve();
    await endsWell(commit);
  });

  it("takes none of its blocks", async () => {
    const when = (request: { body: Buffer }) => !["", "[]"].includes(field(request, "blocks"));
    const rules = [POST, UPDATE].map((path) => room.slack.misbehave({ path, when, fault: refusal("invalid_blocks") }));
    await deployed("blocks");
    for (const rule of rules) rule.end();
  });
});
