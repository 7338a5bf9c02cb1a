/** What Slack's payloads mean to Slipway, read by Bolt without a network. */
import { describe, expect, it } from "vitest";
import { UnparseableError } from "../../src/errors.ts";
import { createLog } from "../../src/log.ts";
import { secret } from "../../src/secrets/secret.ts";
import { createBoltApp } from "../../src/slack/bolt-app.ts";
import { createSlackReader } from "../../src/slack/reader.ts";
import { clickPayload, formOf } from "./click.ts";

let loads = 0;
const read = createSlackReader(() => {
  loads++;
  // Nobody listens there: whatever Bolt would ask of Slack fails.
  const apiUrl = "http://127.0.0.1:1/api/";
  return createBoltApp({ botToken: secret("xoxb-test"), apiUrl, log: createLog({ level: "silent", pretty: false }) });
});
const readText = (text: string) => read({ event: "block_actions", body: Buffer.from(text) });
const readPayload = (payload: unknown) => readText(formOf(payload));

describe("a payload that is not about a button of ours", () => {
  const payloads: Array<[string, string]> = [
    ["a click on another app's button", formOf(clickPayload({ deployment: "d-1", actionId: "other" }))],
    ["a click on a link", formOf(clickPayload({ deployment: "d-1" }, { actions: [{ type: "button" }] }))],
    ["a modal", formOf({ type: "view_submission", view: { callback_id: "slipway.consent.adopt" } })],
    ["a shortcut", formOf({ type: "shortcut", callback_id: "slipway.consent.adopt" })],
    ["an older kind of button", formOf({ type: "interactive_message", actions: [{ name: "slipway.consent.adopt" }] })],
    ["a command", "command=%2Fdeploy&text=shop&trigger_id=1.2"],
    ["a mention", JSON.stringify({ type: "event_callback", event_id: "Ev1", event: { type: "app_mention" } })],
    ["a form of nothing", "x=1"],
  ];
  it.each(payloads)("is ignored, and Bolt is not even loaded: %s", async (_, text) => {
    expect(await readText(text)).toEqual([{ type: "ignored", reason: "Slipway has no use for Slack's block_actions" }]);
    expect(loads).toBe(0);
  });
});

describe("a click on a button of ours", () => {
  it.each(["adopt", "allowRemovals"] as const)("is a command of whoever clicked, in our words: %s", async (consent) => {
    const click = { deployment: "d-mf2k9x1c-4f7a", actionId: `slipway.consent.${consent}` };
    expect(await readPayload(clickPayload(click))).toEqual([
      {
        type: "command",
        name: "deploy",
        deployment: "d-mf2k9x1c-4f7a",
        consent,
        actor: { slackUser: "U0ALICE", name: "alice", team: "T0TEAM", channel: "C0SHOP" },
        cause: "slack 13345224609.738474920.8088930838d88f008e0",
      },
    ]);
  });

  it("comes through side by side with others, each once, and loads Bolt once", async () => {
    const many = Array.from({ length: 20 }, (_, n) => readPayload(clickPayload({ deployment: `d-${n}` })));
    const events = await Promise.all(many);
    expect(events.map((it) => it.length)).toEqual(Array(20).fill(1));
    expect(events.flat().map((it) => it.type === "command" && it.deployment)).toEqual(
      Array.from({ length: 20 }, (_, n) => `d-${n}`),
    );
    expect(loads).toBe(1);
  });

  it("is a command in an organisation's install too, where there is no team", async () => {
    const payload = clickPayload(
      { deployment: "d-1" },
      { team: null, enterprise: { id: "E1", name: "acme" }, is_enterprise_install: true, user: { id: "W0BOB" } },
    );
    expect(await readPayload(payload)).toMatchObject([{ actor: { slackUser: "W0BOB", name: "W0BOB", team: "" } }]);
  });

  const broken: Array<[string, Record<string, unknown>, RegExp]> = [
    ["a user", { user: { id: "B0BOT" } }, /user\.id: is no user/],
    ["a user", { user: {} }, /user\.id/],
    ["a channel", { channel: undefined }, /channel/],
    ["a trigger", { trigger_id: "" }, /trigger_id: is no trigger id/],
    ["a value", { actions: [{ type: "button", action_id: "slipway.consent.adopt" }] }, /actions\.0\.value/],
    ["a known consent", { actions: [{ type: "button", action_id: "slipway.consent.all", value: "d" }] }, /action_id/],
    ["a sane value", { actions: [{ type: "button", action_id: "slipway.consent.adopt", value: "<!here>" }] }, /value/],
  ];
  it.each(broken)("without %s is unparseable: %o", async (_, part, message) => {
    const failed = readPayload(clickPayload({ deployment: "d-1" }, part));
    await expect(failed).rejects.toBeInstanceOf(UnparseableError);
    await expect(failed).rejects.toThrow(message);
  });
});

it.each(["payload=", "payload=no", "payload=null", "payload=[1]", '{"type":'])("%s is unparseable", async (text) => {
  await expect(readText(text)).rejects.toBeInstanceOf(UnparseableError);
});
