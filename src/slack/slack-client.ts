/**
 * Slack's Web API, as far as Slipway tells people things: post a message, edit it, find it again, answer, open a dialog.
 * Nothing is repeated in here. What somebody waits for has a client of its own: a 429 to an edit must not hold up a
 * dialog, which opens within three seconds or never.
 */
import { createHash } from "node:crypto";
import type { types } from "@slack/bolt";
import type { ConversationsHistoryResponse, ConversationsRepliesResponse, WebClient } from "@slack/web-api";
import { AmbiguousError, OperatorError, PermanentError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Secret } from "../secrets/secret.ts";
import { createChannelIds } from "./channel-ids.ts";
import { respondAt } from "./respond.ts";
import { explainFailure } from "./slack-failure.ts";
import { isGone, type SlackRequest, unknownChannel } from "./slack-refusal.ts";
import { createWebClient } from "./web-client.ts";

/** What people see. `text` is for notifications and screen readers, `blocks` for the channel. */
export type SlackMessage = { readonly text: string; readonly blocks: readonly types.KnownBlock[] };

/** Where a message is: the channel's id, and the time stamp that Slack uses as the message's id. */
export type Posted = { readonly channel: string; readonly ts: string };

/** A channel and the key of slipway.yaml that names it. */
export type Place = Pick<SlackRequest, "channel" | "setting">;

/** Where in a thread: under the message `ts`; a broadcast is seen in the channel too, and notifies. */
type InThread = { readonly ts: string; readonly isBroadcast: boolean };

/**
 * All of them throw RetryLaterError (nothing happened), AmbiguousError (may have happened), OperatorError or
 * PermanentError (never).
 */
export type SlackClient = {
  /**
   * Posts a message that carries `key`, by which it can be found again: into the channel, or into a thread there. The
   * channel may be a direct message.
   */
  postMessage(place: Place, key: string, message: SlackMessage, thread?: InThread): Promise<Posted>;
  /** Edits a message. "gone": it was deleted, or may not be edited any more. */
  updateMessage(place: Place, posted: Posted, message: SlackMessage): Promise<"updated" | "gone">;
  /**
   * Shows a message to one member of the channel alone, in the thread `threadTs` where that is given; it is in no history
   * and cannot be found again.
   */
  postEphemeral(place: Place, user: string, message: SlackMessage, threadTs?: string): Promise<void>;
  /** Shows a message to whoever asked, at the address that Slack gave for it. It cannot be found again either. */
  respond(responseUrl: string, message: SlackMessage): Promise<void>;
  /** Opens a dialog for whoever clicked, within three seconds; later that is a PermanentError. */
  openModal(triggerId: string, view: types.ModalView): Promise<void>;
  /** The message that carries `key`, posted after `sinceMs`; null when there surely is none. */
  findMessage(place: Place, key: string, sinceMs: number): Promise<Posted | null>;
  /** The same in the thread `threadTs`. */
  findReply(place: Place, threadTs: string, key: string, sinceMs: number): Promise<Posted | null>;
};

/** Marks our messages. The metadata of a message can be read by every app in the workspace: it holds ids, nothing else. */
const EVENT_TYPE = "slipway_message";
/** Slack recommends no more than 200 (docs.slack.dev/reference/methods/conversations.history). */
const PAGE_SIZE = 200;
const MAX_PAGES = 5;
/** Slack's clock and ours may differ by so much. */
const CLOCK_SKEW_MS = 60_000;

/** Somebody waits for these, and a dialog opens within three seconds: docs.slack.dev/interactivity, "trigger_id". */
const INTERACTIVE_MS = 2500;
const OUTBOX_MS = 10_000;

type Road = "outbox" | "interactive";

/** Creates the client. Slack's package is loaded at the first call, since that takes longer than everything else. */
export function createSlackClient(options: {
  /** null: there is no Slack, and every call throws an OperatorError that says so. */
  botToken: Secret | null;
  apiUrl: string;
  log: Log;
  /** Limit of one request, in milliseconds. Default 10 s, and 2.5 s for what somebody waits for. */
  requestMs?: number;
}): SlackClient {
  const { apiUrl, log, requestMs = OUTBOX_MS } = options;
  const clients: Partial<Record<Road, Promise<WebClient>>> = {};
  const ids = createChannelIds();

  async function call<T>(road: Road, request: SlackRequest, send: (client: WebClient) => Promise<T>): Promise<T> {
    if (options.botToken === null) throw new OperatorError("SLACK_BOT_TOKEN", "is not set, so Slack cannot be told");
    clients[road] ??= createWebClient({
      apiUrl,
      log,
      botToken: options.botToken,
      requestMs: road === "outbox" ? requestMs : Math.min(requestMs, INTERACTIVE_MS),
    });
    const ready = await clients[road];
    try {
      return await send(ready);
    } catch (error) {
      throw await explainFailure(error, request);
    }
  }

  /** Looks through pages of messages for the one that carries `key`. */
  async function look(
    request: SlackRequest,
    key: string,
    sinceMs: number,
    ask: (slack: WebClient, page: Page) => Promise<ConversationsHistoryResponse | ConversationsRepliesResponse>,
  ): Promise<Posted | null> {
    const oldest = ((sinceMs - CLOCK_SKEW_MS) / 1000).toFixed(6);
    let cursor: string | undefined;
    for (let page = 0; page < MAX_PAGES; page++) {
      const next = cursor === undefined ? {} : { cursor };
      const answer = await call("outbox", request, (slack) =>
        ask(slack, { oldest, inclusive: true, include_all_metadata: true, limit: PAGE_SIZE, ...next }),
      );
      if (!answer.messages) throw new AmbiguousError(`Slack's answer to ${request.method} holds no messages`);
      const found = answer.messages.find(
        ({ metadata }) => metadata?.event_type === EVENT_TYPE && keyOf(metadata) === key,
      );
      if (found?.ts) return { channel: request.channel, ts: found.ts };
      cursor = answer.response_metadata?.next_cursor;
      const last = answer.messages.at(-1)?.ts;
      // A history comes newest first, so that its end is reached here; a thread, oldest first.
      if (!cursor || (last !== undefined && Number(last) < Number(oldest))) return null;
    }
    throw new PermanentError(`there are more than ${MAX_PAGES * PAGE_SIZE} newer messages in ${request.channel}`);
  }

  /** The id of a channel; Slack knows no history of a name. */
  async function idOf(place: Place): Promise<string> {
    const request = { ...place, method: "conversations.list" };
    const id = await ids.idOf(place.channel, async (cursor) => {
      const answer = await call("outbox", request, (slack) =>
        slack.conversations.list({
          ...{ types: "public_channel,private_channel", exclude_archived: true, limit: 1000 },
          ...(cursor && { cursor }),
        }),
      );
      const channels = (answer.channels ?? []).map(({ id = "", name = "" }) => ({ id, name }));
      return { channels, next: answer.response_metadata?.next_cursor ?? "" };
    });
    if (id === null) throw unknownChannel(place);
    return id;
  }

  return {
    async postMessage(place, key, message, thread) {
      const inThread: object = thread ? { thread_ts: thread.ts, reply_broadcast: thread.isBroadcast } : {};
      const answer = await call("outbox", { ...place, method: "chat.postMessage" }, (slack) =>
        slack.chat.postMessage({
          channel: place.channel,
          text: message.text,
          blocks: [...message.blocks],
          ...inThread,
          metadata: { event_type: EVENT_TYPE, event_payload: { key } },
          mrkdwn: false,
          parse: "none",
          link_names: false,
          unfurl_links: false,
          unfurl_media: false,
          // Not documented as an argument, but Slack's list of errors knows it, and elsewhere it prevents duplicates.
          ...{ client_msg_id: messageId(key) },
        }),
      );
      if (!answer.ts || !answer.channel)
        throw new AmbiguousError("Slack's answer to chat.postMessage names no message");
      ids.learn(place.channel, answer.channel);
      return { channel: answer.channel, ts: answer.ts };
    },

    async updateMessage(place, { channel, ts }, message) {
      return call("outbox", { ...place, method: "chat.update" }, async (slack) => {
        try {
          await slack.chat.update({ channel, ts, text: message.text, blocks: [...message.blocks], parse: "none" });
          return "updated";
        } catch (error) {
          const { WebAPIPlatformError } = await import("@slack/web-api");
          if (error instanceof WebAPIPlatformError && isGone(error.data.error)) return "gone";
          throw error;
        }
      });
    },

    async postEphemeral(place, user, { text, blocks }, threadTs) {
      const { channel } = place;
      const thread = threadTs === undefined ? {} : { thread_ts: threadTs };
      await call("interactive", { ...place, method: "chat.postEphemeral" }, (slack) =>
        slack.chat.postEphemeral({
          channel,
          user,
          text,
          blocks: [...blocks],
          parse: "none",
          link_names: false,
          ...thread,
        }),
      );
    },

    respond: (responseUrl, message) => respondAt(responseUrl, message, { apiUrl, requestMs }),

    async openModal(triggerId, view) {
      const request = { method: "views.open", channel: "", setting: "SLACK_BOT_TOKEN" };
      await call("interactive", request, (slack) => slack.views.open({ trigger_id: triggerId, view }));
    },

    async findMessage(place, key, sinceMs) {
      const channel = await idOf(place);
      return look({ ...place, channel, method: "conversations.history" }, key, sinceMs, (slack, page) =>
        slack.conversations.history({ channel, ...page }),
      );
    },

    findReply(place, threadTs, key, sinceMs) {
      const { channel } = place;
      return look({ ...place, method: "conversations.replies" }, key, sinceMs, (slack, page) =>
        slack.conversations.replies({ channel, ts: threadTs, ...page }),
      );
    },
  };
}

type Page = {
  readonly oldest: string;
  readonly inclusive: true;
  readonly include_all_metadata: true;
  readonly limit: number;
  readonly cursor?: string;
};

function keyOf({ event_payload }: { readonly event_payload?: unknown }): unknown {
  return (event_payload as { key?: unknown } | undefined)?.key;
}

/** A UUID that follows from the key (RFC 9562, section 5.8), so that a repeated post can be recognised. */
function messageId(key: string): string {
  const hex = createHash("sha256").update(key).digest("hex");
  const parts = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ];
  return parts.join("-");
}
