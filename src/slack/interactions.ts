/** Clicks and dialogs of ours, from Slack's payloads to our events. Pure: the payload's shape is checked in here. */
import type { ClickEvent, SubmissionEvent } from "../model/event.ts";
import { clickOf, MODAL_ACTION, MODAL_BLOCKS } from "./elements.ts";
import { clickPayload, submissionPayload } from "./payloads.ts";
import type { Reading } from "./reading.ts";
import { isResponseUrl } from "./response-url.ts";

/** What a click on a button of ours means. Throws ZodError where it is not of the shape that Slack documents. */
export function readClick(payload: unknown, { receivedAtMs, apiUrl }: Reading): ClickEvent {
  const { trigger_id, user, team, channel, message, container, response_url, actions } = clickPayload.parse(payload);
  const [action] = actions;
  const click = clickOf(action?.action_id ?? "");
  if (!action || click === null || click === "open") throw new Error("a click on no button of ours");
  const thread = message?.thread_ts ?? container?.thread_ts ?? null;
  return {
    type: "click",
    click,
    value: action.value,
    reply: {
      channel: channel.id,
      user: user.id,
      responseUrl: isResponseUrl(response_url, apiUrl) ? response_url : null,
      // The message that begins a thread stands in the channel, and so does the answer.
      thread: thread === message?.ts ? null : thread,
      isDirect: channel.id.startsWith("D"),
    },
    triggerId: trigger_id,
    askedAtMs: receivedAtMs,
    actor: { ...actorOf(user, team), channel: channel.id },
    cause: `slack ${trigger_id}`,
  };
}

/** What a dialog of ours means that was sent. Throws ZodError where it is not of the shape that Slack documents. */
export function readModal(payload: unknown, { receivedAtMs }: Pick<Reading, "receivedAtMs">): SubmissionEvent {
  const { trigger_id, user, team, view } = submissionPayload.parse(payload);
  const { site, from, reply } = view.private_metadata;
  const { [MODAL_BLOCKS.to]: to, [MODAL_BLOCKS.reason]: reason } = view.state.values;
  return {
    type: "submission",
    modal: "rollback",
    site,
    from,
    to: to[MODAL_ACTION].selected_option.value,
    reason: (reason[MODAL_ACTION].value ?? "").trim(),
    // Whoever sends it is answered, whomever it was opened for: the address is the other one's.
    reply: user.id === reply.user ? reply : { ...reply, user: user.id, responseUrl: null },
    triggerId: trigger_id,
    askedAtMs: receivedAtMs,
    actor: { ...actorOf(user, team), channel: reply.channel },
    cause: `slack ${trigger_id}`,
  };
}

type User = ReturnType<typeof clickPayload.parse>["user"];

function actorOf(user: User, team: { id: string } | null | undefined) {
  return {
    slackUser: user.id,
    name: user.username ?? user.name ?? user.id,
    team: user.team_id ?? team?.id ?? "",
  };
}
