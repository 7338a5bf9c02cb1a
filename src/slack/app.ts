/** The Bolt app: it turns Slack's interactions into our events and hands them on. It never acts. */
import type { App } from "@slack/bolt";
import type { z } from "zod";
import type { Consent } from "../model/deployment.ts";
import type { Event } from "../model/event.ts";
import { CONSENT_ACTION, consentClick } from "./payloads.ts";

/** Takes the events that one received payload means. */
export type Emit = (event: Event) => void;

/** What Slipway listens to. The payload's own `emit` comes with it, in Bolt's context. */
export function listen(app: App): void {
  app.action({ type: "block_actions", action_id: CONSENT_ACTION }, async ({ ack, body, context }) => {
    await ack();
    (context.emit as Emit)(readConsent(consentClick.parse(body)));
  });
}

function readConsent({ trigger_id, user, team, channel, actions }: z.output<typeof consentClick>): Event {
  const [action] = actions;
  if (!action) throw new Error("a click without an action");
  return {
    type: "click",
    click: action.action_id.replace(CONSENT_ACTION, "$1") as Consent,
    value: action.value,
    reply: { channel: channel.id, user: user.id, responseUrl: null, thread: null, isDirect: false },
    triggerId: trigger_id,
    askedAtMs: 0,
    actor: {
      slackUser: user.id,
      name: user.username ?? user.name ?? user.id,
      team: user.team_id ?? team?.id ?? "",
      channel: channel.id,
    },
    cause: `slack ${trigger_id}`,
  };
}
