/**
 * The shapes of Slack's payloads, as far as we use them; unknown fields are kept. What comes in is bounded here: ids by
 * their form, words by their length. https://docs.slack.dev/reference/interaction-payloads, …/interactivity/implementing-slash-commands
 */
import { z } from "zod";
import { MODAL_ACTION, MODAL_BLOCKS, modalMemory } from "./elements.ts";

/** No command is nearly as long; what is longer is cut, so that whoever reads it has to refuse it as too long. */
const MAX_TEXT = 3000;
const MAX_NAME = 80;

const userId = z.string().regex(/^[UW][A-Z0-9]{1,39}$/, "is no user");
const channelId = z.string().regex(/^[CDG][A-Z0-9]{1,39}$/, "is no conversation");
/** A workspace, or an organisation of workspaces. */
const teamId = z.string().regex(/^[TE][A-Z0-9]{1,39}$/, "is no workspace");
const triggerId = z.string().regex(/^[\w.:-]{1,100}$/, "is no trigger id");
const eventId = z.string().regex(/^[\w.:-]{1,100}$/, "is no event id");
/** The time stamp by which Slack names a message: "1767326126.896109". */
const messageTs = z.string().regex(/^\d{1,15}\.\d{1,10}$/, "names no message");
const text = z.string().transform((value) => cut(value, MAX_TEXT));
const name = z.string().transform((value) => cut(value, MAX_NAME));

/** Not cut inside a character. */
function cut(value: string, max: number): string {
  return value.length <= max ? value : value.slice(0, max).replace(/[\uD800-\uDBFF]$/, "");
}

/** What every payload says of itself: as much as tells whether we have a use for it. */
export const anyPayload = z.looseObject({
  type: z.string().nullish(),
  command: z.string().nullish(),
  actions: z.array(z.looseObject({ action_id: z.string().nullish() })).nullish(),
  view: z.looseObject({ callback_id: z.string().nullish() }).nullish(),
  event: z
    .looseObject({
      type: z.string().nullish(),
      subtype: z.unknown().optional(),
      bot_id: z.unknown().optional(),
      edited: z.unknown().optional(),
      channel_type: z.string().nullish(),
      channel: z.string().nullish(),
      user: z.string().nullish(),
    })
    .nullish(),
  authorizations: z.array(z.looseObject({ user_id: z.string().nullish(), is_bot: z.boolean().nullish() })).nullish(),
});
export type AnyPayload = z.output<typeof anyPayload>;

/** A slash command: a form, or in Socket Mode the same fields as JSON. */
export const commandPayload = z.looseObject({
  command: z.string(),
  text: text.default(""),
  user_id: userId,
  user_name: name.nullish(),
  team_id: teamId.nullish(),
  channel_id: channelId,
  trigger_id: triggerId,
  response_url: z.unknown().optional(),
});

const interaction = {
  trigger_id: triggerId,
  user: z.looseObject({ id: userId, username: name.nullish(), name: name.nullish(), team_id: teamId.nullish() }),
  team: z.looseObject({ id: teamId }).nullish(),
};

const threaded = z.looseObject({ ts: messageTs.nullish(), thread_ts: messageTs.nullish() });

/** A click on a button of ours. Only messages have such buttons, so there is always a channel. */
export const clickPayload = z.looseObject({
  ...interaction,
  type: z.literal("block_actions"),
  channel: z.looseObject({ id: channelId }),
  /** Absent for what only one person sees. */
  message: threaded.nullish(),
  container: z.looseObject({ thread_ts: messageTs.nullish() }).nullish(),
  response_url: z.unknown().optional(),
  actions: z
    .array(
      z.looseObject({
        type: z.literal("button"),
        action_id: z.string(),
        value: z.string().regex(/^[^\p{C}<>&]{1,200}$/u, "is no value of a button of ours"),
      }),
    )
    .length(1),
});

/** Our own note, which Slack kept for us. */
const memory = z
  .string()
  .max(3000)
  .transform((json, context) => {
    const read = modalMemory.safeParse(parseJson(json));
    if (read.success) return read.data;
    context.addIssue({ code: "custom", message: "is not what Slipway wrote there" });
    return z.NEVER;
  });

/** A dialog of ours that was sent. */
export const submissionPayload = z.looseObject({
  ...interaction,
  type: z.literal("view_submission"),
  view: z.looseObject({
    private_metadata: memory,
    state: z.looseObject({
      values: z.looseObject({
        [MODAL_BLOCKS.to]: z.looseObject({
          [MODAL_ACTION]: z.looseObject({
            selected_option: z.looseObject({ value: z.string().regex(/^[\w.-]{1,150}$/, "is no release") }),
          }),
        }),
        [MODAL_BLOCKS.reason]: z.looseObject({ [MODAL_ACTION]: z.looseObject({ value: text.nullish() }) }),
      }),
    }),
  }),
});

/** Somebody mentions the bot, or writes to it. https://docs.slack.dev/reference/events/app_mention, …/message.im */
export const messagePayload = z.looseObject({
  event_id: eventId,
  team_id: teamId.nullish(),
  event: z.looseObject({
    type: z.enum(["app_mention", "message"]),
    user: userId,
    channel: channelId,
    text: text.default(""),
    ts: messageTs,
    thread_ts: messageTs.nullish(),
    /** The workspace of whoever wrote it; another one than ours in shared channels. */
    user_team: teamId.nullish(),
    team: teamId.nullish(),
  }),
});

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
