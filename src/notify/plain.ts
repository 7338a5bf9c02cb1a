/**
 * Makes words from outside harmless: one line, no control characters, cut to a length, escaped for where they go. And
 * the few words of our own that all parties are told alike.
 */
import type { Deployment } from "../model/deployment.ts";

/**
 * Characters that hide, or change how others are shown: controls, spaces without width, and those that turn the writing
 * direction. The joiners (200c, 200d) stay: scripts and emoji need them.
 */
export const INVISIBLE = /[\p{Cc}\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu;

/**
 * One line of at most `maxChars`, whatever was in there. Counted in UTF-16 units, the strictest of the ways in which
 * others may count, and never cut inside a character.
 */
export function oneLine(text: string, maxChars: number): string {
  // Long texts are cut first, since nothing behind that can be shown.
  const line = text
    .slice(0, maxChars * 8)
    .toWellFormed()
    .replace(/\s+/g, " ")
    .replace(INVISIBLE, "")
    .trim();
  if (line.length <= maxChars) return line;
  const room = line.slice(0, maxChars - 1);
  // Half a character at the end is left out.
  return `${(room.isWellFormed() ? room : room.slice(0, -1)).trimEnd()}…`;
}

/**
 * Escapes Slack's three control characters, so that no mention, link or command can come of a text.
 * Source: docs.slack.dev/messaging/formatting-message-text, "Escaping text".
 */
export function escapeSlack(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}

/** A text as Markdown shows it literally: a code span, in which GitHub sees no link and no mention. */
export function codeSpan(text: string): string {
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return text === "" ? "" : `${fence} ${text} ${fence}`;
}

/** How a deployment that builds nothing is called: "rolled back" once it is live, "rollback" before; "" for a build. */
export function againWord({ trigger, state }: Pick<Deployment, "trigger" | "state">): string {
  if (trigger === "rollback") return state === "live" ? "rolled back" : "rollback";
  if (trigger === "redeploy") return state === "live" ? "redeployed" : "redeploy";
  return "";
}

/** "1 file", "2 files" */
export function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? "" : "s"}`;
}

/** The address, if it is one that may be linked to; otherwise null. */
export function webAddress(url: string | null): string | null {
  if (url === null || url.length > 2000 || !URL.canParse(url)) return null;
  const { protocol, href } = new URL(url);
  return protocol === "https:" || protocol === "http:" ? href : null;
}

/** Reasons and errors begin small and end without a full stop; to a person they are said as a sentence. */
export function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}${/[.!?…]$/.test(text) ? "" : "."}`;
}
