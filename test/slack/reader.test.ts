/** What Slack's payloads mean to Slipway, read by Bolt without a network. */
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { UnparseableError } from "../../src/errors.ts";
import { createLog } from "../../src/log.ts";
import { CLICKS, type WordsEvent } from "../../src/model/event.ts";
import { secret } from "../../src/secrets/secret.ts";
import { createBoltApp } from "../../src/slack/bolt-app.ts";
import { actionId, clickOf, MODAL_ACTION, MODAL_BLOCKS, ROLLBACK_MODAL } from "../../src/slack/elements.ts";
import { createSlackReader, readSubmission } from "../../src/slack/reader.ts";
import { clickPayload, formOf } from "./click.ts";

const AT = 1_767_326_130_000;
const TRIGGER = "13345224609.738474920.8088930838d88f008e0";
const ANSWERS = "https://hooks.slack.com/actions/T0TEAM/1/abc";
// Nobody listens there: whatever Bolt would ask of Slack fails.
const apiUrl = "http://127.0.0.1:1/api/";
const load = () =>
  createBoltApp({ botToken: secret("xoxb-test"), apiUrl, log: createLog({ level: "silent", pretty: false }) });

let loads = 0;
const read = createSlackReader(() => {
  loads++;
  return load();
}, apiUrl);
const readText = (text: string) => read({ event: "block_actions", body: Buffer.from(text), receivedAtMs: AT });
const readPayload = (payload: unknown) => readText(formOf(payload));

const COMMAND = {
  command: "/deploy",
  text: "status shop",
  user_id: "U0ALICE",
  user_name: "alice",
  team_id: "T0TEAM",
  channel_id: "C0SHOP",
  trigger_id: TRIGGER,
  response_url: "https://hooks.slack.com/commands/T0TEAM/1/abc",
};
const command = (given: Record<string, string> = {}) => new URLSearchParams({ ...COMMAND, ...given }).toString();

const event = (given: Record<string, unknown>, around: Record<string, unknown> = {}) =>
  JSON.stringify({
    type: "event_callback",
    event_id: "Ev0PV52K21",
    team_id: "T0TEAM",
    api_app_id: "A0APP",
    authorizations: [{ team_id: "T0TEAM", user_id: "U0BOT", is_bot: true }],
    ...around,
    event: { user: "U0ALICE", channel: "C0SHOP", ts: "1767326126.896109", ...given },
  });
const mention = (text: string, given: Record<string, unknown> = {}) => event({ type: "app_mention", text, ...given });
const direct = (text: string, given: Record<string, unknown> = {}) =>
  event({ type: "message", channel_type: "im", channel: "D0ALICE", text, ...given });

const REPLY = { channel: "C0SHOP", user: "U0ALICE", responseUrl: ANSWERS, thread: null, isDirect: false };
const submission = (given: { memory?: unknown; to?: unknown; reason?: unknown; callback?: string } = {}) => {
  const { memory = { site: "shop", from: "a".repeat(64), reply: REPLY }, to = "b".repeat(64) } = given;
  const chosen = { type: "static_select", selected_option: { text: { type: "plain_text", text: "x" }, value: to } };
  const written = { type: "plain_text_input", value: "reason" in given ? given.reason : " the fair " };
  return {
    type: "view_submission",
    user: { id: "U0ALICE", username: "alice", team_id: "T0TEAM" },
    team: { id: "T0TEAM", domain: "acme" },
    trigger_id: TRIGGER,
    view: {
      id: "V1",
      callback_id: given.callback ?? ROLLBACK_MODAL,
      private_metadata: typeof memory === "string" ? memory : JSON.stringify(memory),
      state: {
        values: { [MODAL_BLOCKS.to]: { [MODAL_ACTION]: chosen }, [MODAL_BLOCKS.reason]: { [MODAL_ACTION]: written } },
      },
    },
  };
};

describe("a payload that is not for us", () => {
  const payloads: Array<[string, string, RegExp]> = [
    ["a click on another app's button", formOf(clickPayload({ deployment: "d", actionId: "other" })), /no use/],
    ["a click on no button", formOf(clickPayload({ deployment: "d" }, { actions: [{ type: "button" }] })), /no use/],
    ["a link", formOf(clickPayload({ deployment: "d", actionId: actionId("open", 3) })), /opened an address/],
    ["another modal", formOf(submission({ callback: "other" })), /no use/],
    ["a modal that was closed", formOf({ ...submission(), type: "view_closed" }), /no use/],
    ["a shortcut", formOf({ type: "shortcut", callback_id: ROLLBACK_MODAL }), /no use/],
    [
      "an older kind of button",
      formOf({ type: "interactive_message", actions: [{ name: "slipway.adopt" }] }),
      /no use/,
    ],
    ["another command", command({ command: "/deploys" }), /no use/],
    ["an event of another sort", event({ type: "reaction_added" }), /no use/],
    ["a message in a channel", event({ type: "message", channel_type: "channel", text: "x" }), /no use/],
    ["a mention in a direct message", mention("<@U0BOT> status", { channel: "D0ALICE" }), /no use/],
    ["a mention by an app", mention("<@U0BOT> status", { bot_id: "B0OTHER" }), /an app/],
    ["a message of an app", direct("status", { bot_id: "B0OTHER" }), /an app/],
    ["a message of our own", direct("status", { user: "U0BOT" }), /an app/],
    ["a message that was deleted", direct("status", { subtype: "message_deleted" }), /no message of a person/],
    ["a mention that was edited", mention("<@U0BOT> status", { edited: { ts: "1.1" } }), /at first/],
    ["a form of nothing", "x=1", /no use/],
    ["fields of other kinds", JSON.stringify({ type: 7, command: {}, event: "x" }), /no use/],
  ];
  it.each(payloads)("is ignored for a reason, and Bolt is not even loaded: %s", async (_, text, reason) => {
    expect(await readText(text)).toEqual([{ type: "ignored", reason: expect.stringMatching(reason) }]);
    expect(loads).toBe(0);
  });
});

describe("a click on a button of ours", () => {
  it.each(CLICKS)("is an event of whoever clicked, in our words: %s", async (click) => {
    const payload = clickPayload({ deployment: "d-mf2k9x1c-4f7a", actionId: actionId(click, 2) });
    expect(await readPayload(payload)).toEqual([
      {
        type: "click",
        click,
        value: "d-mf2k9x1c-4f7a",
        reply: REPLY,
        triggerId: TRIGGER,
        askedAtMs: AT,
        actor: { slackUser: "U0ALICE", name: "alice", team: "T0TEAM", channel: "C0SHOP" },
        cause: `slack ${TRIGGER}`,
      },
    ]);
  });

  it("of a message of an earlier version still is one, and others' are none", async () => {
    const old = clickPayload({ deployment: "d-1", actionId: "slipway.consent.allowRemovals" });
    expect(await readPayload(old)).toMatchObject([{ type: "click", click: "allowRemovals", value: "d-1" }]);
    fc.assert(fc.property(fc.string(), (action) => clickOf(`x${action}`) === null));
  });

  it("comes through side by side with others, each once, and loads Bolt once", async () => {
    const many = Array.from({ length: 20 }, (_, n) => readPayload(clickPayload({ deployment: `d-${n}` })));
    const events = await Promise.all(many);
    expect(events.map((it) => it.length)).toEqual(Array(20).fill(1));
    expect(events.flat().map((it) => it.type === "click" && it.value)).toEqual(
      Array.from({ length: 20 }, (_, n) => `d-${n}`),
    );
    expect(loads).toBe(1);
  });

  it("comes through in an organisation's install too, where there is no team", async () => {
    const payload = clickPayload(
      { deployment: "d-1" },
      { team: null, enterprise: { id: "E1", name: "acme" }, is_enterprise_install: true, user: { id: "W0BOB" } },
    );
    expect(await readPayload(payload)).toMatchObject([{ actor: { slackUser: "W0BOB", name: "W0BOB", team: "" } }]);
  });

  it.each([
    ["in the thread that it stands in", { message: { ts: "2.2", thread_ts: "1.1" } }, "1.1"],
    ["in the channel, where its message begins the thread", { message: { ts: "1.1", thread_ts: "1.1" } }, null],
    ["in the thread, where only one person sees it", { message: undefined, container: { thread_ts: "1.1" } }, "1.1"],
  ])("is answered %s", async (_, given, thread) => {
    const [click] = await readPayload(clickPayload({ deployment: "d" }, given));
    expect(click).toMatchObject({ reply: { thread } });
  });

  const broken: Array<[string, Record<string, unknown>, RegExp]> = [
    ["a user", { user: { id: "B0BOT" } }, /user\.id: is no user/],
    ["a user's id", { user: {} }, /user\.id/],
    ["a channel", { channel: undefined }, /channel/],
    ["a trigger", { trigger_id: "" }, /trigger_id: is no trigger id/],
    ["a value", { actions: [{ type: "button", action_id: "slipway.adopt" }] }, /actions\.0\.value/],
    ["a button", { actions: [{ type: "overflow", action_id: "slipway.adopt", value: "d" }] }, /actions\.0\.type/],
    ["a sane value", { actions: [{ type: "button", action_id: "slipway.adopt", value: "<!here>" }] }, /value/],
    ["a short value", { actions: [{ type: "button", action_id: "slipway.adopt", value: "a".repeat(201) }] }, /value/],
  ];
  it.each(broken)("without %s is unparseable, and what it said is not repeated: %o", async (_, part, message) => {
    const failed = readPayload(clickPayload({ deployment: "d-1" }, part));
    await expect(failed).rejects.toBeInstanceOf(UnparseableError);
    await expect(failed).rejects.toThrow(message);
    await expect(failed).rejects.not.toThrow(/B0BOT|<!here>/);
  });
});

describe("a slash command", () => {
  const words: WordsEvent = {
    type: "words",
    text: "status shop",
    via: "command",
    reply: { ...REPLY, responseUrl: COMMAND.response_url },
    triggerId: TRIGGER,
    askedAtMs: AT,
    actor: { slackUser: "U0ALICE", name: "alice", team: "T0TEAM", channel: "C0SHOP" },
    cause: `slack ${TRIGGER}`,
  };

  it("is what somebody asks, as a form and as the JSON of Socket Mode", async () => {
    expect(await readText(command())).toEqual([words]);
    expect(await readText(JSON.stringify(COMMAND))).toEqual([words]);
  });

  it.each([
    ["/deploy", "", ""],
    ["/deploy", "rollback shop", "rollback shop"],
    ["/rollback", "shop previous", "rollback shop previous"],
    ["/redeploy", "", "redeploy"],
    ["/rebuild", " shop ", "rebuild  shop"],
  ])("%s %s asks for: %s", async (name, text, asked) => {
    expect(await readText(command({ command: name, text }))).toMatchObject([{ text: asked }]);
  });

  it("in a direct message is between the two", async () => {
    expect(await readText(command({ channel_id: "D0ALICE" }))).toMatchObject([{ reply: { isDirect: true } }]);
  });

  it.each([
    ["https://evil.example/x", null],
    ["http://169.254.169.254/", null],
    ["", null],
    ["http://127.0.0.1:1/response/1", "http://127.0.0.1:1/response/1"],
  ])("is answered at %s: %s", async (response_url, responseUrl) => {
    expect(await readText(command({ response_url }))).toMatchObject([{ reply: { responseUrl } }]);
  });

  it("is bounded in what it says, and never cut inside a character", async () => {
    const [long] = await readText(command({ text: `${"a".repeat(2999)}😀😀`, user_name: "n".repeat(500) }));
    expect(long).toMatchObject({ text: "a".repeat(2999), actor: { name: "n".repeat(80) } });
  });

  it.each(["user_id", "channel_id", "trigger_id"])("without %s is unparseable", async (field) => {
    await expect(readText(command({ [field]: "<!channel>" }))).rejects.toThrow(new RegExp(`slash command: ${field}: `));
    await expect(readText(command({ [field]: "<!channel>" }))).rejects.not.toThrow(/<!/);
  });
});

describe("a mention and a direct message", () => {
  it("are what somebody asks, without the mention", async () => {
    const reply = { ...REPLY, responseUrl: null };
    const asked = { type: "words", triggerId: null, askedAtMs: AT, cause: "slack Ev0PV52K21" } as const;
    const actor = { slackUser: "U0ALICE", name: "U0ALICE", team: "T0TEAM", channel: "C0SHOP" };
    expect(await readText(mention("<@U0BOT> rollback shop"))).toEqual([
      { ...asked, via: "mention", text: "rollback shop", reply, actor },
    ]);
    expect(await readText(direct("status"))).toEqual([
      {
        ...{ ...asked, via: "direct", text: "status", actor: { ...actor, channel: "D0ALICE" } },
        reply: { ...reply, channel: "D0ALICE", isDirect: true },
      },
    ]);
  });

  it.each([
    ["<@U0BOT>: status", "status"],
    ["<@U0BOT|slipway>, status", "status"],
    ["status <@U0BOT>", "status"],
    ["<@U0BOT> lock shop <@U0BOB>", "lock shop <@U0BOB>"],
    ["<@U0BOT>", ""],
  ])("%s asks for: %s", async (text, asked) => {
    expect(await readText(mention(text))).toMatchObject([{ text: asked }]);
  });

  it("lose the mention that stands first where Slack does not say who the bot is", async () => {
    const unknown = event({ type: "app_mention", text: "<@U0ANY> cancel <@U0BOB>" }, { authorizations: undefined });
    expect(await readText(unknown)).toMatchObject([{ text: "cancel <@U0BOB>" }]);
  });

  it("are answered in the thread that they stand in", async () => {
    expect(await readText(mention("<@U0BOT> status", { thread_ts: "1.1" }))).toMatchObject([
      { reply: { thread: "1.1" } },
    ]);
    expect(await readText(direct("status", { thread_ts: "1.1" }))).toMatchObject([{ reply: { thread: "1.1" } }]);
  });

  it("are of the workspace of whoever wrote them, not of ours", async () => {
    const stranger = mention("<@U0BOT> status", { user_team: "T0OTHER", team: "T0OTHER" });
    expect(await readText(stranger)).toMatchObject([{ actor: { team: "T0OTHER" } }]);
  });

  it.each([
    ["a user", { user: "x" }],
    ["a channel", { channel: "#shop" }],
    ["a time", { ts: "now" }],
    ["text that is text", { text: 7 }],
  ])("without %s are unparseable", async (_, given) => {
    await expect(readText(mention("<@U0BOT> x", given))).rejects.toBeInstanceOf(UnparseableError);
  });
});

describe("a dialog that was sent", () => {
  const sent = {
    type: "submission",
    modal: "rollback",
    site: "shop",
    from: "a".repeat(64),
    to: "b".repeat(64),
    reason: "the fair",
    reply: REPLY,
    triggerId: TRIGGER,
    askedAtMs: AT,
    actor: { slackUser: "U0ALICE", name: "alice", team: "T0TEAM", channel: "C0SHOP" },
    cause: `slack ${TRIGGER}`,
  };

  it("is what was chosen in it, read with Bolt and without, as a form and as JSON", async () => {
    expect(await readPayload(submission())).toEqual([sent]);
    expect(readSubmission(Buffer.from(formOf(submission())), AT)).toEqual(sent);
    expect(readSubmission(Buffer.from(JSON.stringify(submission())), AT)).toEqual(sent);
  });

  it("needs no reason, and answers whoever sent it", () => {
    const memory = { site: "shop", from: null, reply: { ...REPLY, user: "U0OTHER" } };
    const body = Buffer.from(formOf(submission({ memory, reason: null })));
    expect(readSubmission(body, AT)).toMatchObject({ from: null, reason: "", reply: { user: "U0ALICE" } });
  });

  it.each([
    ["without our own note", submission({ memory: "" })],
    ["with a note that is not ours", submission({ memory: { site: "shop" } })],
    ["with a note that says more", submission({ memory: { site: "shop", from: null, reply: REPLY, more: 1 } })],
    ["without a choice", submission({ to: null })],
    ["with a choice that is none", submission({ to: "<!here>" })],
  ])("%s is unparseable, and no dialog", async (_, payload) => {
    await expect(readPayload(payload)).rejects.toBeInstanceOf(UnparseableError);
    expect(readSubmission(Buffer.from(formOf(payload)), AT)).toBeNull();
  });

  it("is none where the body is something else", () => {
    for (const body of ["", "x", "payload=no", command(), mention("x"), formOf(clickPayload({ deployment: "d" }))]) {
      expect(readSubmission(Buffer.from(body), AT)).toBeNull();
    }
    fc.assert(fc.property(fc.uint8Array(), (bytes) => readSubmission(bytes, AT) === null));
  });
});

it.each(["payload=", "payload=no", "payload=null", "payload=[1]", '{"type":'])("%s is unparseable", async (text) => {
  await expect(readText(text)).rejects.toBeInstanceOf(UnparseableError);
});

it("Whatever is signed either means something, is ignored, or is unparseable", async () => {
  const value = fc.jsonValue();
  const near = fc.record({
    type: fc.constantFrom("event_callback", "block_actions", "view_submission", 7),
    command: fc.option(fc.constantFrom("/deploy", "/rollback", "/x"), { nil: undefined }),
    event: fc.option(fc.record({ type: fc.constantFrom("app_mention", "message"), user: value, channel: value })),
    actions: fc.option(fc.array(fc.record({ action_id: fc.constantFrom("slipway.adopt", "x"), value }))),
    view: fc.option(fc.record({ callback_id: fc.constant(ROLLBACK_MODAL), private_metadata: value })),
    user: value,
  });
  await fc.assert(
    fc.asyncProperty(fc.oneof(near, value), async (payload) => {
      const outcome = await readText(JSON.stringify(payload)).catch((error: unknown) => error);
      expect(Array.isArray(outcome) || outcome instanceof UnparseableError).toBe(true);
    }),
  );
});

describe("when Bolt fails", () => {
  let fails = true;
  beforeEach(() => {
    fails = true;
  });
  const delivery = { event: "command", body: Buffer.from(command()), receivedAtMs: AT };

  it("to load, the delivery is tried again, and so is Bolt", async () => {
    const reader = createSlackReader(async () => {
      if (fails) throw new Error("no memory");
      return load();
    });
    await expect(reader(delivery)).rejects.toThrow("no memory");
    fails = false;
    expect(await reader(delivery)).toMatchObject([{ type: "words" }]);
  });

  it("in a listener or before any, the delivery fails and nothing else does", async () => {
    const reader = createSlackReader(async () => {
      const app = await load();
      app.use(async ({ next }) => {
        if (fails) throw new Error("a listener fails");
        await next();
      });
      return app;
    });
    await expect(reader(delivery)).rejects.toThrow("a listener fails");
    fails = false;
    expect(await reader(delivery)).toMatchObject([{ type: "words" }]);
    const deaf = createSlackReader(async () => Object.assign(await load(), { processEvent: async () => {} }));
    await expect(deaf(delivery)).rejects.toThrow("Bolt handed a slash command to nobody");
  });
});
