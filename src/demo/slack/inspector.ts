/**
 * What people in a workspace see, as one page: the channels, the messages of one of them with their threads, what only one
 * person sees, and open dialogs. No scripts, nothing loaded from anywhere, everything from outside escaped.
 */
import { type Html, html } from "../../web/html.ts";
import { drawBlocks } from "./block-pictures.ts";
import { STYLE } from "./inspector-style.ts";
import { drawModal, type InspectedView } from "./modal-picture.ts";
import { drawMrkdwn, type Name } from "./mrkdwn.ts";

/** A message as Slack's API gives it. */
export type InspectedMessage = {
  readonly ts: string;
  readonly text: string;
  readonly user?: string | undefined;
  readonly blocks?: readonly unknown[] | undefined;
  /** Set when the message was edited. */
  readonly edited?: { readonly ts: string } | undefined;
  /** The message whose thread it is in. */
  readonly thread_ts?: string | undefined;
  /** Whether a reply is shown in the channel too. */
  readonly isBroadcast?: boolean | undefined;
};

type InspectedChannel = {
  readonly id: string;
  readonly name: string;
  /** In any order. */
  readonly messages: readonly InspectedMessage[];
};

export type Inspected = {
  readonly channels: readonly InspectedChannel[];
  /** What only one person sees, in the channel where they see it. */
  readonly ephemerals: ReadonlyArray<
    Omit<InspectedMessage, "user"> & { readonly channel: string; readonly user: string }
  >;
  /** Open dialogs, and who has them open. */
  readonly modals: ReadonlyArray<{ readonly user: string; readonly view: InspectedView }>;
  /** The id of the channel that is shown; else the first one. */
  readonly selected?: string | null;
  /** How people are called; an id that is not in there is shown as it is. */
  readonly names?: Readonly<Record<string, string>>;
  /** Loads itself anew after so many seconds. */
  readonly refreshS?: number;
};

/** The whole page. Channels link to "?channel=ID". */
export function renderInspector(inspected: Inspected): string {
  const { channels, modals, selected, names = {}, refreshS } = inspected;
  const shown = channels.find(({ id }) => id === selected) ?? channels[0] ?? null;
  const name: Name = (user) => (Object.hasOwn(names, user) ? names[user] : undefined) ?? user;
  const { markup } = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="content-security-policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
${refreshS === undefined ? null : html`<meta http-equiv="refresh" content="${refreshS}">`}
<title>${shown === null ? "Slack" : `#${shown.name}`} · Message inspector</title>
<link rel="icon" href="data:,">
<style>${{ markup: STYLE }}</style>
</head>
<body>
<nav><h1>Slipway demo</h1><h2>Channels</h2>${channels.map((channel) => drawChannel(channel, channel === shown))}</nav>
<main>
${shown === null ? html`<p class="empty">There is no channel.</p>` : drawConversation(shown, inspected, name)}
${modals.length === 0 ? null : html`<section class="modals">${modals.map(({ user, view }) => drawModal(view, name(user)))}</section>`}
</main>
</body>
</html>
`;
  return markup;
}

function drawChannel({ id, name, messages }: InspectedChannel, isShown: boolean): Html {
  const count = messages.filter(isTopLevel).length;
  return html`<a class="channel${isShown ? " shown" : ""}" href="?channel=${encodeURIComponent(id.toWellFormed())}"><span>#</span> ${name}${count > 0 ? html`<small>${count}</small>` : null}</a>`;
}

function isTopLevel({ ts, thread_ts }: InspectedMessage): boolean {
  return thread_ts === undefined || thread_ts === ts;
}

function drawConversation(channel: InspectedChannel, { ephemerals }: Inspected, name: Name): Html {
  const replies = channel.messages.filter((message) => !isTopLevel(message)).toSorted(byTime);
  const inChannel: Array<{ ts: string; drawn: Html }> = [
    ...channel.messages.filter(isTopLevel).map((message) => ({
      ts: message.ts,
      drawn: drawMessage(message, name, { replies: replies.filter(({ thread_ts }) => thread_ts === message.ts) }),
    })),
    ...replies
      .filter(({ isBroadcast }) => isBroadcast)
      .map((message) => ({ ts: message.ts, drawn: drawMessage(message, name, { note: IN_THREAD }) })),
    ...ephemerals
      .filter((message) => message.channel === channel.id)
      .map(({ user, ...message }) => ({
        ts: message.ts,
        drawn: drawMessage(message, name, { note: `👁 Only visible to ${name(user)}`, isEphemeral: true }),
      })),
  ].toSorted(byTime);
  return html`<header><h2># ${channel.name}</h2></header>
<div class="messages">${inChannel.length === 0 ? html`<p class="empty">Nobody has said anything here.</p>` : inChannel.map(({ drawn }) => drawn)}</div>`;
}

const IN_THREAD = "↪\ufe0e replied to a thread";
const IN_CHANNEL = "↪\ufe0e also sent to the channel";

function byTime(a: { readonly ts: string }, b: { readonly ts: string }): number {
  return Number(a.ts) - Number(b.ts);
}

function drawMessage(
  message: InspectedMessage,
  name: Name,
  more: { replies?: readonly InspectedMessage[]; note?: string | null; isEphemeral?: boolean },
): Html {
  const { replies = [], note = null, isEphemeral = false } = more;
  return html`<article class="${isEphemeral ? "ephemeral" : ""}">
<div class="avatar" aria-hidden="true">⚓</div>
<div class="content">
${note === null ? null : html`<p class="note">${note}</p>`}
<p class="who"><b>${name(message.user ?? "slipway")}</b> <span class="app">APP</span> <time>${clock(message.ts)}</time>${message.edited ? html` <span class="edited">(edited)</span>` : null}</p>
${drawBody(message, name)}
${replies.length === 0 ? null : html`<section class="thread"><p class="replies">${replies.length === 1 ? "1 reply" : `${replies.length} replies`}</p>${replies.map((reply) => drawMessage(reply, name, { note: reply.isBroadcast ? IN_CHANNEL : null }))}</section>`}
</div>
</article>`;
}

/** Where there are blocks, the text is for notifications only. */
function drawBody({ text, blocks }: Pick<InspectedMessage, "text" | "blocks">, name: Name): Html {
  if (blocks && blocks.length > 0) return html`<div class="blocks" title="${text}">${drawBlocks(blocks, name)}</div>`;
  return html`<div class="blocks"><p class="section">${drawMrkdwn(text, name)}</p></div>`;
}

/** "14:02" in UTC, so that the page is the same wherever it is made. */
function clock(ts: string): string {
  const ms = Number(ts) * 1000;
  return Number.isFinite(ms) && Math.abs(ms) < 8e15 ? new Date(ms).toISOString().slice(11, 16) : "";
}
