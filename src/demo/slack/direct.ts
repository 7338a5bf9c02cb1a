/** Direct messages between the bot and the people of the demo's Slack, which the emulator does not know. */
import type { FrontAnswer } from "../front-request.ts";
import { structured } from "./limits.ts";
import { refused } from "./private.ts";

type Fields = Readonly<Record<string, unknown>>;
type Message = Record<string, unknown> & { readonly ts: string; readonly text: string };

export type SlackDirect = {
  /** The conversation with that person: "D0ALICE" for "U0ALICE". */
  channelOf(user: string): string;
  /** Whether it is such a conversation. */
  isDirect(channel: unknown): boolean;
  /** What the bot wrote, oldest first. */
  messages(channel: string): readonly Message[];
  post(fields: Fields): FrontAnswer;
  update(fields: Fields): FrontAnswer;
  /** The history, newest first; or the thread of the message `ts`, oldest first. */
  history(fields: Fields): Record<string, unknown>;
};

export function createSlackDirect(users: readonly string[], bot: string): SlackDirect {
  const channelOf = (user: string) => `D${user.slice(1)}`;
  const conversations = new Map<string, Message[]>(users.map((user) => [channelOf(user), []]));
  const of = (channel: unknown) => conversations.get(String(channel)) ?? [];
  let lastMs = 0;

  function contentOf({ text, blocks, metadata, thread_ts }: Fields): Record<string, unknown> {
    const given = { blocks: structured(blocks), metadata: structured(metadata), thread_ts };
    return {
      text: String(text ?? ""),
      ...Object.fromEntries(Object.entries(given).filter(([, it]) => it !== undefined)),
    };
  }

  return {
    channelOf,
    isDirect: (channel) => conversations.has(String(channel)),
    messages: of,
    post(fields) {
      // Time stamps are names too, so no two are the same.
      lastMs = Math.max(Date.now(), lastMs + 1);
      const message = {
        type: "message",
        user: bot,
        ...contentOf(fields),
        ts: (lastMs / 1000).toFixed(6),
      } as unknown as Message;
      of(fields.channel).push(message);
      return { status: 200, body: { ok: true, channel: fields.channel, ts: message.ts, message } };
    },
    update(fields) {
      const found = of(fields.channel).find(({ ts }) => ts === fields.ts);
      if (!found) return refused("message_not_found");
      Object.assign(found, contentOf(fields), { edited: { user: bot, ts: (Date.now() / 1000).toFixed(6) } });
      return { status: 200, body: { ok: true, channel: fields.channel, ts: found.ts, text: found.text } };
    },
    history({ channel, ts }) {
      const all = of(channel);
      const thread = all.filter((it) => it.ts === ts || it.thread_ts === ts);
      const first = all.filter((it) => it.thread_ts === undefined).toReversed();
      return { ok: true, messages: ts === undefined ? first : thread, has_more: false };
    },
  };
}
