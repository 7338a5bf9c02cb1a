/**
 * The shapes of Slack's payloads, as far as we use them; unknown fields are kept.
 * https://docs.slack.dev/reference/interaction-payloads/block_actions-payload
 */
import { z } from "zod";
import { CONSENTS } from "../model/deployment.ts";

/** The buttons of ours: their `action_id` says what is agreed to, their `value` for which deployment. */
export const CONSENT_ACTION = /^slipway\.consent\.(\w+)$/;
export const consentAction = (consent: (typeof CONSENTS)[number]): string => `slipway.consent.${consent}`;

const id = z.string().regex(/^[A-Z0-9]{1,40}$/, "is no Slack id");

/** What every payload says of itself: the sort of interaction, and which of an app's elements were used. */
export const anyPayload = z.looseObject({
  type: z.string().nullish(),
  actions: z.array(z.looseObject({ action_id: z.string().nullish() })).nullish(),
});

/** A click on a button of ours. Only messages have such buttons, so there is always a channel. */
export const consentClick = z.looseObject({
  type: z.literal("block_actions"),
  trigger_id: z.string().regex(/^[\w.:-]{1,100}$/, "is no trigger id"),
  user: z.looseObject({
    id: id.regex(/^[UW]/, "is no user"),
    username: z.string().nullish(),
    name: z.string().nullish(),
    team_id: id.nullish(),
  }),
  team: z.looseObject({ id }).nullish(),
  channel: z.looseObject({ id }),
  actions: z
    .array(
      z.looseObject({
        type: z.literal("button"),
        action_id: z.templateLiteral(["slipway.consent.", z.enum(CONSENTS)]),
        value: z.string().regex(/^[\w-]{1,60}$/, "is no deployment"),
      }),
    )
    .length(1),
});
