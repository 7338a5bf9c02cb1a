/**
 * Slack's Web API through Bolt's client, as far as Slipway tells people things: post a message, edit it, find it again.
 * Nothing is repeated in here: Bolt's own retries would post a message several times.
 */
import { createHash } from "node:crypto";
import type { App, types } from "@slack/bolt";
import { AmbiguousError, describeError, OperatorError, PermanentError, RetryLaterError } from "../errors.ts";
import type { Log } from "../log.ts";
import { neverReached, rootCause } from "../model/unreached.ts";
import type { Secret } from "../secrets/secret.ts";
import { createBoltApp } from "./bolt-app.ts";
import { explainRefusal, isGone, type SlackRequest } from "./slack-refusal.ts";

/** What people see. `text` is for notifications and screen readers, `blocks` for the channel. */
export type SlackMessage = { readonly text: string; readonly blocks: readonly types.KnownBlock[] };

/** Where a message is: the channel's id, and the time stamp that Slack uses as the message's id. */
export type Posted = { readonly channel: string; readonly ts: string };

/** A channel and the key of slipway.yaml that names it. */
export type Place = Pick<SlackRequest, "channel" | "setting">;

/**
 * All of them throw RetryLaterError (nothing happened), AmbiguousError (may have happened), OperatorError or
 * PermanentError (never).
 */
export type SlackClient = {
  /** Posts a message that carries `key`, by which it can be found again; with `thread` it is a reply there. */
  postMessage(
    place: Place,
    key: string,
    message: SlackMessage,
    thread?: { readonly ts: string; readonly isBroadcast: boolean },
  ): Promise<Posted>;
  /** Edits a message. "gone": it was deleted, or may not be edited any more. */
  updateMessage(place: Place, posted: Posted, message: SlackMessage): Promise<"updated" | "gone">;
  /** Shows a message to one member of the channel alone; it is in no history and cannot be found again. */
  postEphemeral(place: Place, user: string, message: SlackMessage, thread?: string): Promise<void>;
  /** The message that carries `key`, posted after `sinceMs`; null when there surely is none. */
  findMessage(place: Place, key: string, sinceMs: number): Promise<Posted | null>;
  /** The reply in a thread that carries `key`, posted after `sinceMs`; null when there surely is none. */
  findReply(place: Place, threadTs: string, key: string, sinceMs: number): Promise<Posted | null>;
  /** Opens a dialog. */
  openModal(triggerId: string, view: types.ModalView): Promise<void>;
  /** Answers through the address that Slack gave for it; whoever asked alone sees it. */
  respond(responseUrl: string, message: SlackMessage): Promise<void>;
};

/** Marks our messages. The metadata of a message can be read by every app in the workspace: it holds ids, nothing else. */
const EVENT_TYPE = "slipway_message";
/** Slack recommends no more than 200 (docs.slack.dev/reference/methods/conversations.history). */
const PAGE_SIZE = 200;
const MAX_PAGES = 5;
/** Slack's clock and ours may differ by so much. */
const CLOCK_SKEW_MS = 60_000;

/** Creates the client. Bolt is loaded at the first call, because that takes longer than everything else at the start. */
export function createSlackClient(options: {
  /** null: there is no Slack, and every call throws an OperatorError that says so. */
  botToken: Secret | null;
  apiUrl: string;
  log: Log;
  /** Limit of one request. */
  requestMs?: number;
}): SlackClient {
  let client: Promise<App["client"]> | undefined;

  async function call<T>(request: SlackRequest, send: (client: App["client"]) => Promise<T>): Promise<T> {
    if (options.botToken === null) throw new OperatorError("SLACK_BOT_TOKEN", "is not set, so Slack cannot be told");
    client ??= createBoltApp({ ...options, botToken: options.botToken }).then((app) => app.client);
    const ready = await client;
    try {
      return await send(ready);
    } catch (error) {
      throw await classify(error, request);
    }
  }

  return {
    async postMessage(place, key, message, thread) {
      const answer = await call({ ...place, method: "chat.postMessage" }, (slack) =>
        slack.chat.postMessage({
          channel: place.channel,
          text: message.text,
          blocks: [...message.blocks],
          metadata: { event_type: EVENT_TYPE, event_payload: { key } },
          mrkdwn: false,
          parse: "none",
          link_names: false,
          unfurl_links: false,
          unfurl_media: false,
          // Not documented as an argument, but Slack's list of errors knows it, and elsewhere it prevents duplicates.
          ...{ client_msg_id: messageId(key) },
          ...((thread ? { thread_ts: thread.ts, reply_broadcast: thread.isBroadcast } : {}) as object),
        }),
      );
      if (!answer.ts || !answer.channel)
        throw new AmbiguousError("Slack's answer to chat.postMessage names no message");
      return { channel: answer.channel, ts: answer.ts };
    },

    async updateMessage(place, { channel, ts }, message) {
      return call({ ...place, method: "chat.update" }, async (slack) => {
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

    async postEphemeral(place, user, { text, blocks }, thread) {
      const { channel } = place;
      const at = thread === undefined ? {} : { thread_ts: thread };
      await call({ ...place, method: "chat.postEphemeral" }, (slack) =>
        slack.chat.postEphemeral({ channel, user, text, blocks: [...blocks], parse: "none", link_names: false, ...at }),
      );
    },

    async findReply(place, threadTs, key, sinceMs) {
      const oldest = ((sinceMs - CLOCK_SKEW_MS) / 1000).toFixed(6);
      const answer = await call({ ...place, method: "conversations.replies" }, (slack) =>
        slack.conversations.replies({
          channel: place.channel,
          ts: threadTs,
          oldest,
          inclusive: true,
          include_all_metadata: true,
          limit: PAGE_SIZE,
        }),
      );
      const found = answer.messages?.find(
        ({ metadata }) => (metadata?.event_payload as { key?: unknown } | undefined)?.key === key,
      );
      return found?.ts ? { channel: place.channel, ts: found.ts } : null;
    },

    async openModal(triggerId, view) {
      await call({ channel: "", setting: "channel", method: "views.open" }, (slack) =>
        slack.views.open({ trigger_id: triggerId, view }),
      );
    },

    async respond(responseUrl, { text, blocks }) {
      const response = await fetch(responseUrl, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ response_type: "ephemeral", text, blocks }),
      }).catch((error: unknown) => {
        throw neverReached(error)
          ? new RetryLaterError(null, "Slack cannot be reached")
          : new AmbiguousError("an answer was sent to Slack and nothing came back");
      });
      if (response.ok) return;
      if (response.status >= 500) throw new AmbiguousError(`Slack answers HTTP ${response.status} to an answer`);
      throw new PermanentError(`Slack answers HTTP ${response.status} to an answer`);
    },

    async findMessage(place, key, sinceMs) {
      const request = { ...place, method: "conversations.history" };
      const oldest = ((sinceMs - CLOCK_SKEW_MS) / 1000).toFixed(6);
      let cursor: string | undefined;
      // Newest first, so that a message of a moment ago is on the first page.
      for (let page = 0; page < MAX_PAGES; page++) {
        const answer = await call(request, (slack) =>
          slack.conversations.history({
            channel: place.channel,
            oldest,
            inclusive: true,
            include_all_metadata: true,
            limit: PAGE_SIZE,
            ...(cursor === undefined ? {} : { cursor }),
          }),
        );
        if (!answer.messages) throw new AmbiguousError("Slack's answer to conversations.history holds no messages");
        const found = answer.messages.find(
          ({ metadata }) =>
            metadata?.event_type === EVENT_TYPE &&
            (metadata.event_payload as { key?: unknown } | undefined)?.key === key,
        );
        if (found?.ts) return { channel: place.channel, ts: found.ts };
        cursor = answer.response_metadata?.next_cursor;
        const last = answer.messages.at(-1)?.ts;
        if (!cursor || (last !== undefined && Number(last) < Number(oldest))) return null;
      }
      throw new PermanentError(`there are more than ${MAX_PAGES * PAGE_SIZE} newer messages in ${place.channel}`);
    },
  };
}

async function classify(error: unknown, request: SlackRequest): Promise<Error> {
  const { WebAPIPlatformError, WebAPIRateLimitedError, WebAPIHTTPError } = await import("@slack/web-api");
  if (error instanceof WebAPIRateLimitedError) {
    return new RetryLaterError(error.retryAfter * 1000, `Slack asks to wait ${error.retryAfter} s (${request.method})`);
  }
  if (error instanceof WebAPIPlatformError) {
    const { needed, response_metadata } = error.data as {
      needed?: unknown;
      response_metadata?: { retryAfter?: number };
    };
    const retryAfter = response_metadata?.retryAfter;
    return explainRefusal(request, error.data.error, {
      needed: typeof needed === "string" && /^[\w:.,-]{1,200}$/.test(needed) ? needed : null,
      retryAfterMs: retryAfter === undefined ? null : retryAfter * 1000,
    });
  }
  if (error instanceof WebAPIHTTPError) {
    const retryAfter = Number(error.headers["retry-after"]);
    if (error.statusCode === 503 && retryAfter > 0) {
      return new RetryLaterError(retryAfter * 1000, `Slack answers 503 to ${request.method}`);
    }
    // 408: the other side grew tired of waiting; what it had read by then nobody knows.
    if (error.statusCode >= 400 && error.statusCode < 500 && error.statusCode !== 408) {
      return new PermanentError(`Slack answers HTTP ${error.statusCode} to ${request.method}: check SLACK_API_URL`);
    }
    return new AmbiguousError(`Slack answers HTTP ${error.statusCode} to ${request.method}`);
  }
  if (neverReached(error)) {
    return new RetryLaterError(null, `Slack cannot be reached: ${describeError(rootCause(error))}`, { cause: error });
  }
  return new AmbiguousError(
    `${request.method} was sent to Slack and no answer came: ${describeError(rootCause(error))}`,
    {
      cause: error,
    },
  );
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
