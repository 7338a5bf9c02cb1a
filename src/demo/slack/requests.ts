/**
 * Sends what Slack would send when somebody commands, clicks, sends a dialog or writes to the bot: in Slack's own form,
 * signed with the app's secret. docs.slack.dev/authentication/verifying-requests-from-slack
 */
import { createHmac, randomBytes } from "node:crypto";
import type { SlackServer } from "../slack-server.ts";

/** What Slipway answered. */
type SlackReply = { readonly status: number; readonly body: string };

/** A message that has buttons, as `SlackServer.messages` or `ephemerals` gives it. */
type ClickedMessage = {
  readonly ts?: string;
  readonly text?: string;
  readonly thread_ts?: string;
  readonly blocks?: unknown;
  /** Set where only one person sees it. */
  readonly via?: string;
};

/** A dialog, as `SlackServer.modals` gives it. */
type SentView = { readonly id: string; readonly view: Readonly<Record<string, unknown>> };

export type SlackSender = {
  /** "/deploy", "rollback shop" */
  command(it: { user: string; channel: string; command: string; text: string }): Promise<SlackReply>;
  click(it: {
    user: string;
    channel: string;
    message: ClickedMessage;
    actionId: string;
    value: string;
  }): Promise<SlackReply>;
  /** `values`: what is written into, or chosen in, each block of the dialog, by `block_id`. */
  submit(it: { user: string; view: SentView; values: Readonly<Record<string, string>> }): Promise<SlackReply>;
  /** Mentions the bot before `text`, in the thread `thread` where that is given. */
  mention(it: { user: string; channel: string; text: string; thread?: string }): Promise<SlackReply>;
  direct(it: { user: string; text: string; thread?: string }): Promise<SlackReply>;
  /** Any body, signed now or at another time (seconds since 1970). */
  send(body: string, options?: { type?: string; atSeconds?: number }): Promise<SlackReply>;
};

type Slack = Pick<
  SlackServer,
  "teamId" | "botUserId" | "close" | "trigger" | "responseUrl" | "nameOf" | "directId" | "apiUrl"
>;

const FORM = "application/x-www-form-urlencoded";
const APP_ID = "A0SLIPWAY";

/** Sends to `url`, the address that the Slack app's settings name. */
export function createSlackSender(options: { url: string; signingSecret: string; slack: Slack }): SlackSender {
  const { url, signingSecret, slack } = options;
  const domain = "slipway-demo";
  let events = 0;

  async function send(
    body: string,
    { type = FORM, atSeconds = Math.floor(Date.now() / 1000) } = {},
  ): Promise<SlackReply> {
    const signature = createHmac("sha256", signingSecret).update(`v0:${atSeconds}:${body}`).digest("hex");
    const answer = await fetch(url, {
      method: "POST",
      headers: {
        "content-type": type,
        "x-slack-request-timestamp": String(atSeconds),
        "x-slack-signature": `v0=${signature}`,
      },
      body,
    });
    return { status: answer.status, body: await answer.text() };
  }

  const interact = (payload: unknown) => send(new URLSearchParams({ payload: JSON.stringify(payload) }).toString());

  const about = (user: string) => ({
    user: { id: user, username: slack.nameOf(user), name: slack.nameOf(user), team_id: slack.teamId },
    api_app_id: APP_ID,
    token: "deprecated",
    trigger_id: slack.trigger(user),
    team: { id: slack.teamId, domain },
    enterprise: null,
    is_enterprise_install: false,
  });

  /** An event, as Slack wraps it: docs.slack.dev/apis/events-api. */
  function report(event: Record<string, unknown>): Promise<SlackReply> {
    events += 1;
    const ts = `${Math.floor(Date.now() / 1000)}.${String(events).padStart(6, "0")}`;
    const body = {
      token: "deprecated",
      team_id: slack.teamId,
      api_app_id: APP_ID,
      event: { ...event, ts, event_ts: ts, team: slack.teamId },
      type: "event_callback",
      event_id: `Ev${randomBytes(5).toString("hex").toUpperCase()}`,
      event_time: Math.floor(Date.now() / 1000),
      authorizations: [{ enterprise_id: null, team_id: slack.teamId, user_id: slack.botUserId, is_bot: true }],
      is_ext_shared_channel: false,
    };
    return send(JSON.stringify(body), { type: "application/json" });
  }

  const inThread = (thread: string | undefined) => (thread === undefined ? {} : { thread_ts: thread });

  return {
    send,
    command({ user, channel, command, text }) {
      const fields = {
        token: "deprecated",
        team_id: slack.teamId,
        team_domain: domain,
        channel_id: channel,
        channel_name: channel.startsWith("D") ? "directmessage" : "channel",
        user_id: user,
        user_name: slack.nameOf(user),
        command,
        text,
        api_app_id: APP_ID,
        is_enterprise_install: "false",
        response_url: slack.responseUrl(user, channel),
        trigger_id: slack.trigger(user),
      };
      return send(new URLSearchParams(fields).toString());
    },
    click({ user, channel, message, actionId, value }) {
      const { ts } = message;
      const isEphemeral = ts === undefined || "via" in message;
      const button = { type: "button", block_id: "b", action_ts: `${Math.floor(Date.now() / 1000)}.000000` };
      return interact({
        type: "block_actions",
        ...about(user),
        container: {
          type: "message",
          message_ts: ts ?? "1.000000",
          channel_id: channel,
          is_ephemeral: isEphemeral,
          ...inThread(message.thread_ts),
        },
        channel: { id: channel, name: "channel" },
        ...(isEphemeral ? {} : { message: { type: "message", user: slack.botUserId, ...message } }),
        state: { values: {} },
        response_url: slack.responseUrl(user, channel),
        actions: [{ ...button, action_id: actionId, text: { type: "plain_text", text: "…" }, value }],
      });
    },
    async submit({ user, view: { id, view }, values }) {
      const state = { values: stateOf(view.blocks, values) };
      const reply = await interact({
        type: "view_submission",
        ...about(user),
        view: { id, team_id: slack.teamId, state, hash: "1.a", app_id: APP_ID, bot_id: "B0SLIPWAY", ...view },
        response_urls: [],
      });
      if (reply.status === 200 && reply.body === "") slack.close(id);
      return reply;
    },
    mention: ({ user, channel, text, thread }) =>
      report({ type: "app_mention", user, channel, text: `<@${slack.botUserId}> ${text}`, ...inThread(thread) }),
    direct: ({ user, text, thread }) =>
      report({ type: "message", channel_type: "im", user, channel: slack.directId(user), text, ...inThread(thread) }),
  };
}

/** What Slack says of a dialog's inputs: by `block_id`, then by `action_id`. docs.slack.dev/reference/views */
function stateOf(blocks: unknown, values: Readonly<Record<string, string>>): Record<string, unknown> {
  const state: Record<string, unknown> = {};
  const inputs = (blocks as Array<Record<string, unknown>>).filter(({ type }) => type === "input");
  for (const { block_id, element } of inputs) {
    const { type, action_id, options, initial_option } = element as Record<string, unknown>;
    const given = values[String(block_id)];
    const chosen = (options as Array<{ value: string }> | undefined)?.find(({ value }) => value === given);
    if (type === "static_select" && given !== undefined && !chosen)
      throw new Error(`${block_id} has no option ${given}`);
    const field =
      type === "static_select" ? { selected_option: chosen ?? initial_option ?? null } : { value: given ?? null };
    state[String(block_id)] = { [String(action_id)]: { type, ...field } };
  }
  for (const block of Object.keys(values)) if (!(block in state)) throw new Error(`the dialog has no input ${block}`);
  return state;
}
