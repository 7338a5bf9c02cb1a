/** What people ask in words, from Slack's payloads to our events: slash commands, mentions, direct messages. Pure. */
import type { WordsEvent } from "../model/event.ts";
import { type AnyPayload, commandPayload, messagePayload } from "./payloads.ts";
import type { Reading } from "./reading.ts";
import { isResponseUrl } from "./response-url.ts";

/** The slash commands of ours. All but the first are a verb of it: "/rollback shop" is "/deploy rollback shop". */
export const COMMANDS = /^\/(deploy|redeploy|rebuild|rollback)$/;
const ROOT = "/deploy";

/** What a slash command means. Throws ZodError where it is not of the shape that Slack documents. */
export function readCommand(payload: unknown, { receivedAtMs, apiUrl }: Reading): WordsEvent {
  const { command, text, user_id, user_name, team_id, channel_id, trigger_id, response_url } =
    commandPayload.parse(payload);
  return {
    type: "words",
    text: command === ROOT ? text : `${command.slice(1)} ${text}`.trim(),
    via: "command",
    reply: {
      channel: channel_id,
      user: user_id,
      responseUrl: isResponseUrl(response_url, apiUrl) ? response_url : null,
      // Slack lets nobody use commands of apps inside threads.
      thread: null,
      isDirect: channel_id.startsWith("D"),
    },
    triggerId: trigger_id,
    askedAtMs: receivedAtMs,
    actor: { slackUser: user_id, name: user_name ?? user_id, team: team_id ?? "", channel: channel_id },
    cause: `slack ${trigger_id}`,
  };
}

/** What a mention of the bot or a message to it means. Throws ZodError where it is not of the shape that Slack documents. */
export function readMessage(
  payload: unknown,
  { receivedAtMs, botUser }: Pick<Reading, "receivedAtMs"> & { botUser: string | null },
): WordsEvent {
  const { event_id, team_id, event } = messagePayload.parse(payload);
  const { user, channel } = event;
  const isDirect = channel.startsWith("D");
  return {
    type: "words",
    text: withoutMention(event.text, botUser, event.type === "app_mention"),
    via: event.type === "app_mention" ? "mention" : "direct",
    reply: { channel, user, responseUrl: null, thread: event.thread_ts ?? null, isDirect },
    triggerId: null,
    askedAtMs: receivedAtMs,
    actor: { slackUser: user, name: user, team: event.user_team ?? event.team ?? team_id ?? "", channel },
    cause: `slack ${event_id}`,
  };
}

/** The bot's own user, as Slack says in events; null where it does not. */
export function botUserOf({ authorizations }: AnyPayload): string | null {
  return (authorizations ?? []).find((it) => it.is_bot !== false)?.user_id ?? null;
}

/** Without the bot's mention; where Slack does not say who the bot is, a mention is about it when it stands first. */
function withoutMention(text: string, botUser: string | null, isMention: boolean): string {
  const first = isMention ? /^\s*<@[UW][A-Z0-9]+(\|[^>]*)?>/ : null;
  const mention = botUser === null ? first : mentionOf(botUser);
  return (mention ? text.replace(mention, " ") : text).replace(/^\s*[,:]/, "").trim();
}

/** "<@U0BOT>" or, in older clients, "<@U0BOT|slipway>". */
const mentionOf = (botUser: string) => new RegExp(`<@${botUser.replace(/\W/g, "")}(?:\\|[^>]{0,100})?>`, "g");
