/** Slack's mrkdwn as HTML, as far as Slipway uses it: bold, italics, struck, code, quotes, links, mentions and dates. */
import { type Html, html } from "../../web/html.ts";

/** How somebody is called, by their id. */
export type Name = (user: string) => string;

/** Fences first, then code, then what stands in angle brackets, then the rest. docs.slack.dev/messaging/formatting-message-text */
const TOKENS =
  /```\n?([\s\S]*?)\n?```|`([^`\n]+)`|<([^<>\n]+)>|(?<![\p{L}\p{N}])\*(\S|\S[^*\n]*\S)\*(?![\p{L}\p{N}])|(?<![\p{L}\p{N}])_(\S|\S[^_\n]*\S)_(?![\p{L}\p{N}])|(?<![\p{L}\p{N}])~(\S|\S[^~\n]*\S)~(?![\p{L}\p{N}])|(\n)/gu;

/** The text as Slack shows it. */
export function drawMrkdwn(text: string, name: Name): Html {
  const parts: Html[] = [];
  let at = 0;
  for (const found of text.matchAll(TOKENS)) {
    parts.push(words(text.slice(at, found.index)), token(found, name));
    at = found.index + found[0].length;
  }
  parts.push(words(text.slice(at)));
  return html`${parts}`;
}

/** Plain words, in which Slack has three escapes. */
export function words(text: string): Html {
  return html`${text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&")}`;
}

function token(found: RegExpMatchArray, name: Name): Html {
  const [, fence, code, angle, bold, italic, struck] = found;
  if (fence !== undefined) return html`<pre>${words(fence)}</pre>`;
  if (code !== undefined) return html`<code>${words(code)}</code>`;
  if (angle !== undefined) return control(angle, name);
  if (bold !== undefined) return html`<b>${drawMrkdwn(bold, name)}</b>`;
  if (italic !== undefined) return html`<i>${drawMrkdwn(italic, name)}</i>`;
  if (struck !== undefined) return html`<s>${drawMrkdwn(struck, name)}</s>`;
  return html`<br>`;
}

function control(content: string, name: Name): Html {
  const [target = "", ...rest] = content.split("|");
  const label = rest.join("|");
  if (target.startsWith("@")) return html`<span class="mention">@${name(target.slice(1))}</span>`;
  if (target.startsWith("#")) return html`<span class="mention">#${label || name(target.slice(1))}</span>`;
  if (target.startsWith("!date^")) return html`<time class="date">${label}</time>`;
  if (target.startsWith("!subteam^")) return html`<span class="mention">@${label || name(target.slice(9))}</span>`;
  if (target.startsWith("!")) return html`<span class="mention loud">@${target.slice(1)}</span>`;
  if (/^https?:\/\//.test(target)) return drawLink(target.replaceAll("&amp;", "&"), words(label || target));
  return words(`<${content}>`);
}

/** Only addresses of the web are linked to. */
export function drawLink(url: string, label: Html): Html {
  if (!/^https?:\/\//.test(url)) return label;
  return html`<a href="${url}" rel="noreferrer">${label}</a>`;
}
