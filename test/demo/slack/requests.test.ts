/** What people do in the demo's Slack reaches Slipway's source and reader as what they did. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createSlackSender, type SlackSender } from "../../../src/demo/slack/requests.ts";
import { type SlackServer, startSlack } from "../../../src/demo/slack-server.ts";
import { SenderError } from "../../../src/errors.ts";
import { createLog } from "../../../src/log.ts";
import type { Event } from "../../../src/model/event.ts";
import { secret } from "../../../src/secrets/secret.ts";
import { createBoltApp } from "../../../src/slack/bolt-app.ts";
import { actionId, MODAL_ACTION, MODAL_BLOCKS, ROLLBACK_MODAL } from "../../../src/slack/elements.ts";
import { createSlackReader } from "../../../src/slack/reader.ts";
import { createSlackClient } from "../../../src/slack/slack-client.ts";
import { createSlackSource } from "../../../src/sources/slack.ts";

const SECRET = "the signing secret of the tests";
const PREVIOUS = "the one that is being rotated out";
const TOKEN = "xoxb-of-the-test";
const log = createLog({ level: "silent", pretty: false });

let slack: SlackServer;
let sender: SlackSender;
let url: string;
let channel: string;
const events: Event[] = [];
const keys: string[] = [];
const teardowns: Array<() => unknown> = [];

beforeAll(async () => {
  const users = [{ id: "U0ALICE", name: "alice" }];
  slack = await startSlack({ token: TOKEN, botName: "slipway", channels: ["shop"], users });
  teardowns.push(() => slack.stop());
  channel = slack.channelId("shop");
  const source = createSlackSource([secret(SECRET), secret(PREVIOUS)]);
  const read = createSlackReader(
    () => createBoltApp({ botToken: secret(TOKEN), apiUrl: slack.apiUrl, log }),
    slack.apiUrl,
  );
  const server = createServer(async (request, response) => {
    const body = await buffer(request);
    try {
      source.readHeaders(request);
      source.verify(request, body);
      const arrival = source.readBody(null, body);
      if ("answer" in arrival) return void response.end(arrival.answer);
      keys.push(arrival.key);
      events.push(...(await read({ event: arrival.event, body, receivedAtMs: 7 })));
      response.end();
    } catch (error) {
      response.writeHead(error instanceof SenderError ? error.status : 500).end(String(error));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  teardowns.push(() => server.close());
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/slack/events`;
  sender = createSlackSender({ url, signingSecret: SECRET, slack });
});
afterAll(async () => {
  for (const teardown of teardowns.reverse()) await teardown();
});
beforeEach(() => {
  events.splice(0);
  keys.splice(0);
});

const client = () => createSlackClient({ botToken: secret(TOKEN), apiUrl: slack.apiUrl, log });
const OK = { status: 200, body: "" };
const who = () => ({ slackUser: "U0ALICE", team: slack.teamId });

describe("What somebody does in Slack", () => {
  it("by a command can be answered at the address that came with it", async () => {
    expect(await sender.command({ user: "U0ALICE", channel, command: "/rollback", text: "shop" })).toEqual(OK);
    const [asked] = events;
    expect(asked).toMatchObject({
      type: "words",
      text: "rollback shop",
      via: "command",
      actor: { ...who(), name: "alice" },
    });
    if (asked?.type !== "words" || !asked.reply.responseUrl) throw new Error("no address");
    await client().respond(asked.reply.responseUrl, { text: "on its way", blocks: [] });
    expect(slack.ephemerals().at(-1)).toMatchObject({
      ...{ channel, user: "U0ALICE", text: "on its way", blocks: [], via: "response_url" },
    });
  });

  it("by a click opens a dialog, and what they send in it comes back with what the dialog remembers", async () => {
    const { ts } = await client().postMessage({ channel, setting: "x" }, "k", { text: "shop is live", blocks: [] });
    const message = (await slack.messages("shop")).find((it) => it.ts === ts) ?? {};
    const click = { user: "U0ALICE", channel, message, actionId: actionId("rollback"), value: "d-1" };
    expect(await sender.click(click)).toEqual(OK);
    const [clicked] = events.splice(0);
    expect(clicked).toMatchObject({ type: "click", click: "rollback", value: "d-1", actor: who(), askedAtMs: 7 });
    if (clicked?.type !== "click" || clicked.triggerId === null) throw new Error("no trigger");

    const plain = (text: string) => ({ type: "plain_text" as const, text });
    const release = "b".repeat(64);
    await client().openModal(clicked.triggerId, {
      type: "modal",
      callback_id: ROLLBACK_MODAL,
      private_metadata: JSON.stringify({ site: "shop", from: null, reply: clicked.reply }),
      title: plain("Roll back"),
      submit: plain("Roll back"),
      blocks: [
        {
          type: "input",
          block_id: MODAL_BLOCKS.to,
          label: plain("To"),
          element: { type: "static_select", action_id: MODAL_ACTION, options: [{ text: plain("b"), value: release }] },
        },
        {
          type: "input",
          block_id: MODAL_BLOCKS.reason,
          optional: true,
          label: plain("Why"),
          element: { type: "plain_text_input", action_id: MODAL_ACTION },
        },
      ],
    });
    const view = slack.modals().at(-1);
    if (!view) throw new Error("no dialog");
    expect(await sender.submit({ user: "U0ALICE", view, values: { to: release, reason: "the fair" } })).toEqual(OK);
    expect(events).toMatchObject([
      { type: "submission", site: "shop", from: null, to: release, reason: "the fair", reply: clicked.reply },
    ]);
    expect(new Set(keys).size).toBe(2);
  });

  it("by a mention or a message to the bot is answered where they wrote", async () => {
    expect(await sender.mention({ user: "U0ALICE", channel, text: "status", thread: "1.1" })).toEqual(OK);
    expect(await sender.direct({ user: "U0ALICE", text: "status shop" })).toEqual(OK);
    const direct = { channel: slack.directId("U0ALICE"), thread: null, isDirect: true };
    expect(events).toMatchObject([
      { via: "mention", text: "status", reply: { channel, thread: "1.1", isDirect: false }, actor: who() },
      { via: "direct", text: "status shop", reply: direct, actor: who() },
    ]);
  });
});

describe("A request", () => {
  const body = "command=%2Fdeploy&text=status&user_id=U0ALICE&channel_id=C1&trigger_id=1.2";
  const seconds = () => Math.floor(Date.now() / 1000);

  it("is taken with either secret, within five minutes in both directions, and with a charset", async () => {
    const rotated = createSlackSender({ url, signingSecret: PREVIOUS, slack });
    const type = "application/x-www-form-urlencoded; charset=utf-8";
    const answers = [
      await sender.send(body),
      await rotated.send(body),
      await sender.send(body, { type, atSeconds: seconds() - 290 }),
      await sender.send(body, { atSeconds: seconds() + 290 }),
    ];
    expect(answers).toEqual([OK, OK, OK, OK]);
    // All are one request that came several times: it has one name, and is recorded once.
    expect(new Set(keys)).toEqual(new Set(["1.2"]));
  });

  it("is refused when it is older, or of the future, or signed by others", async () => {
    const other = createSlackSender({ url, signingSecret: "another secret entirely", slack });
    const answers = [
      await sender.send(body, { atSeconds: seconds() - 310 }),
      await sender.send(body, { atSeconds: seconds() + 310 }),
      await other.send(body),
    ];
    expect(answers.map((it) => it.status)).toEqual([401, 401, 401]);
    expect(events).toEqual([]);
  });
});
