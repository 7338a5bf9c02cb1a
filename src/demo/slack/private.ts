/** What one person alone sees in the demo's Slack: answers, dialogs, and the direct messages with the bot. */
import { randomBytes } from "node:crypto";
import type { FrontAnswer } from "../front-request.ts";
import { refusalOf, structured, viewProblem } from "./limits.ts";

/** What only `user` saw, and how it came: by chat.postEphemeral, or at the address for answers. */
export type SlackEphemeral = {
  readonly channel: string;
  readonly user: string;
  readonly text: string;
  readonly blocks?: readonly unknown[];
  readonly thread_ts?: string;
  /** When, as Slack writes it. */
  readonly ts: string;
  readonly via: "chat.postEphemeral" | "response_url";
};

/** A dialog that was opened for `user`. */
export type SlackModal = {
  readonly id: string;
  readonly user: string;
  readonly view: Readonly<Record<string, unknown>>;
  /** Until it was sent and taken. */
  isOpen: boolean;
};

type Fields = Readonly<Record<string, unknown>>;

export type SlackPrivate = {
  readonly ephemerals: readonly SlackEphemeral[];
  readonly modals: readonly SlackModal[];
  /** Issues the id with which a dialog can be opened for `user`, once and within three seconds. */
  trigger(user: string): string;
  /** Issues an address for answers to `user`: 5 of them, within 30 minutes. */
  responseUrl(user: string, channel: string): string;
  /** The dialog was sent, and taken. */
  close(id: string): void;
  /** views.open */
  openView(fields: Fields): FrontAnswer;
  /** A POST to the address with that id. */
  respond(id: string, fields: Fields): FrontAnswer;
  /** chat.postEphemeral, where the conversation and the person are known to be there. */
  postEphemeral(fields: Fields): FrontAnswer;
};

/** docs.slack.dev/interactivity/handling-user-interaction */
const TRIGGER_MS = 3000;
const RESPONSE_MS = 30 * 60_000;
const RESPONSES = 5;

/** `responsesAt` is the address under which answers are taken, without the id. */
export function createSlackPrivate(responsesAt: string, now: () => number = Date.now): SlackPrivate {
  const ephemerals: SlackEphemeral[] = [];
  const modals: SlackModal[] = [];
  const triggers = new Map<string, { readonly user: string; readonly atMs: number; isUsed: boolean }>();
  const addresses = new Map<
    string,
    { readonly user: string; readonly channel: string; readonly atMs: number; left: number }
  >();

  const ts = () => (now() / 1000).toFixed(6);

  return {
    ephemerals,
    modals,
    close(id) {
      const modal = modals.find((it) => it.id === id);
      if (modal) modal.isOpen = false;
    },
    trigger(user) {
      const id = `${now()}.${randomBytes(4).readUInt32BE()}.${randomBytes(8).toString("hex")}`;
      triggers.set(id, { user, atMs: now(), isUsed: false });
      return id;
    },
    responseUrl(user, channel) {
      const id = randomBytes(12).toString("hex");
      addresses.set(id, { user, channel, atMs: now(), left: RESPONSES });
      return `${responsesAt}/${id}`;
    },
    openView({ trigger_id, view: given }) {
      const trigger = triggers.get(String(trigger_id));
      if (!trigger) return refused("invalid_trigger_id");
      if (trigger.isUsed) return refused("exchanged_trigger_id");
      if (now() - trigger.atMs > TRIGGER_MS) return refused("expired_trigger_id");
      const problem = viewProblem(given);
      if (problem !== null) return refused("invalid_arguments", [problem]);
      trigger.isUsed = true;
      const view = structured(given) as Record<string, unknown>;
      const id = `V${randomBytes(5).toString("hex").toUpperCase()}`;
      modals.push({ id, user: trigger.user, view, isOpen: true });
      return { status: 200, body: { ok: true, view: { id, ...view } } };
    },
    respond(id, fields) {
      const address = addresses.get(id);
      if (!address || address.left === 0) return refused("used_url", undefined, 404);
      if (now() - address.atMs > RESPONSE_MS) return refused("expired_url", undefined, 404);
      const refusal = refusalOf("chat.postMessage", fields);
      if (refusal) return refused(refusal.error, [refusal.detail], 400);
      address.left -= 1;
      const { user, channel } = address;
      ephemerals.push({ ...shownOf(fields), channel, user, ts: ts(), via: "response_url" });
      return { status: 200, body: { ok: true } };
    },
    postEphemeral(fields) {
      const refusal = refusalOf("chat.postMessage", fields);
      if (refusal) return refused(refusal.error, [refusal.detail]);
      const thread = typeof fields.thread_ts === "string" ? { thread_ts: fields.thread_ts } : {};
      const { channel, user } = fields;
      ephemerals.push({
        ...shownOf(fields),
        ...thread,
        channel: String(channel),
        user: String(user),
        ts: ts(),
        via: "chat.postEphemeral",
      });
      return { status: 200, body: { ok: true, message_ts: ts() } };
    },
  };
}

function shownOf({ text, blocks }: Fields): Pick<SlackEphemeral, "text" | "blocks"> {
  const list = structured(blocks);
  return { text: String(text ?? ""), ...(Array.isArray(list) ? { blocks: list } : {}) };
}

/** As Slack refuses; `messages` say what is wrong. */
export function refused(error: string, messages?: readonly string[], status = 200): FrontAnswer {
  return { status, body: { ok: false, error, ...(messages ? { response_metadata: { messages } } : {}) } };
}
