/**
 * Makes words from outside harmless: one line, no control characters, cut to a length, escaped for where they go. And
 * the few words of our own that all parties are told alike.
 */
import { basename } from "node:path/posix";
import type { CiIncident } from "../../model/ci.ts";
import type { Deployment } from "../../model/deployment.ts";

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
  return cut(line, maxChars);
}

/** At most `maxChars` of a well-formed text, in UTF-16 units and with the "…", never cut inside a character. */
export function cut(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text;
  const room = text.slice(0, maxChars - 1);
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

/** One line from outside for Slack's plain_text: escaped, and at most `maxChars` even so, never cut inside an escape. */
export function outside(text: string, maxChars: number): string {
  return escapeWithin(oneLine(text, maxChars), maxChars);
}

function escapeWithin(line: string, maxChars: number): string {
  const whole = escapeSlack(line);
  if (whole.length <= maxChars) return whole;
  let told = "";
  for (const character of line) {
    const escaped = escapeSlack(character);
    if (told.length + escaped.length >= maxChars) break;
    told += escaped;
  }
  return `${told.trimEnd()}…`;
}

/** What Slack's mrkdwn takes for formatting, and what looks alike and formats nothing. */
const LOOKALIKES: Readonly<Record<string, string>> = { "*": "∗", _: "ˍ", "~": "∼", "`": "ˋ" };

/**
 * One line from outside for where formatting works, so that it formats nothing itself. An underscore inside a word
 * formats nothing and stays. Source: docs.slack.dev/messaging/formatting-message-text, "Basic formatting".
 */
export function unformatted(text: string, maxChars: number): string {
  const harmless = (found: string) => LOOKALIKES[found] ?? found;
  return outside(text, maxChars).replace(/[*~`]|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, harmless);
}

/** One line from outside in Slack's code span; "" for nothing. */
export function slackCode(text: string, maxChars: number): string {
  const words = outside(text.replaceAll("`", "'"), maxChars);
  return words === "" ? "" : `\`${words}\``;
}

/** One line of ours and others' words for where formatting works: what stands between backticks is code, nothing else is. */
export function slackWords(text: string, maxChars: number): string {
  let room = maxChars;
  let told = "";
  // Longer texts are cut first, since nothing behind that can be shown.
  for (const part of text.slice(0, maxChars * 4).split(/(`[^`]+`)/)) {
    const isCode = /^`[^`]+`$/.test(part);
    // Two characters for the backticks, two for the spaces that are put back.
    if (room <= 4) break;
    const words = isCode ? slackCode(part.slice(1, -1), room - 2) : betweenCode(part, room - 2);
    told += words;
    room -= words.length;
  }
  return told.trim();
}

/** The space to what stands beside it is kept. */
function betweenCode(part: string, maxChars: number): string {
  const words = unformatted(part, maxChars);
  if (words === "") return /\s/.test(part) ? " " : "";
  return `${/^\s/.test(part) ? " " : ""}${words}${/\s$/.test(part) ? " " : ""}`;
}

/** The commit as people call it: seven characters, for Slack's plain_text. */
export function shortCommit(commit: string): string {
  return outside([...oneLine(commit, 40)].slice(0, 7).join(""), 40);
}

/** The commit as people call it, in Slack's code span; "" for none. */
export function slackCommit(commit: string): string {
  return slackCode(commit.slice(0, 7), 40);
}

/** The release by as much of its id as names it in a command, in Slack's code span; "" for none. */
export function slackRelease(id: string): string {
  return slackCode(id.slice(0, 12), 60);
}

/** Nobody's log has longer lines that are worth reading in a chat. */
const MAX_LINE_CHARS = 400;
const MAX_LINES = 40;

/**
 * The last lines of a text in Slack's code block, at most `maxChars` with the fences and at most 40: whole lines, those at
 * the top are left out. No line can end the block.
 */
export function slackFence(lines: string, maxChars: number): string {
  const told: string[] = [];
  let room = maxChars - "```\n…\n\n```".length;
  // Longer texts are cut first, since nothing before that can be shown.
  const all = lines
    .slice(-maxChars * 4)
    .trimEnd()
    .split(/\r\n|[\r\n]/);
  while (all.length > 0 && told.length < MAX_LINES) {
    const line = fencedLine(all.at(-1) ?? "");
    if (line.length + 1 > room) break;
    room -= line.length + 1;
    told.unshift(line);
    all.pop();
  }
  const isCut = all.length > 0 || lines.length > maxChars * 4;
  return `\`\`\`\n${isCut ? "…\n" : ""}${told.join("\n")}\n\`\`\``;
}

/** Keeps its spaces: what a log points at stands below it. Backticks are looked for last, when nothing is left out any more. */
function fencedLine(line: string): string {
  const visible = line
    .slice(0, MAX_LINE_CHARS * 4)
    .toWellFormed()
    .replaceAll("\t", "  ")
    .replace(INVISIBLE, "")
    .trimEnd();
  return escapeWithin(cut(visible, MAX_LINE_CHARS), MAX_LINE_CHARS).replace(/`{3,}/g, (run) => "'".repeat(run.length));
}

/** Mentions a user of Slack; "" where that is no id of a user. */
export function mention(user: string | null): string {
  return user !== null && /^[UW][A-Z0-9]{1,30}$/.test(user) ? `<@${user}>` : "";
}

/** Nobody's address is that long, and several have to fit into one text. */
const MAX_LINK = 900;

/** A link for where formatting works; "" where there is no address that may be linked to. */
export function slackLink(url: string | null, label: string): string {
  const href = webAddress(url);
  // "|" and ">" end an address in Slack's syntax; `URL` has escaped ">" already, but not "|" everywhere.
  const link = href === null ? "" : `<${escapeSlack(href.replaceAll("|", "%7C"))}|${label}>`;
  return link.length <= MAX_LINK ? link : "";
}

/**
 * A moment in the time zone of whoever reads it, for where formatting works.
 * Source: docs.slack.dev/messaging/formatting-message-text, "Date formatting".
 */
export function slackDate(atMs: number): string {
  return `<!date^${Math.floor(clock(atMs) / 1000)}^{date_short_pretty}, {time}|${utcText(atMs)}>`;
}

/** "2026-01-31 14:02 UTC", for where Slack formats no date. */
export function utcText(atMs: number): string {
  return `${new Date(clock(atMs)).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** Years of four digits, so that every moment has a text of the same length. */
function clock(atMs: number): number {
  return Number.isFinite(atMs) ? Math.min(Math.max(0, atMs), Date.UTC(9999, 11, 31)) : 0;
}

/** "5 min", "3 h", "2 days": how long ago, roughly. */
export function ageText(ms: number): string {
  const minutes = Math.floor(Math.max(0, ms) / 60_000);
  if (minutes < 1) return "less than a minute";
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h`;
  return `${Math.floor(minutes / 1440)} days`;
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

/** What a deployment is besides a build of a push, and for whom: "rolled back, asked for by Ada"; "" where neither. */
export function askedText(deployment: Pick<Deployment, "trigger" | "state" | "askedBy">): string {
  const by = deployment.askedBy === null ? "" : `asked for by ${deployment.askedBy}`;
  return [againWord(deployment), by].filter(Boolean).join(", ");
}

/** How a workflow is called: by its file, as slipway.yaml names it and no other is named, or by its name where GitHub names none. */
export function workflowName({ workflow, run }: Pick<CiIncident, "workflow" | "run">): string {
  return basename(run.path.replace(/@.*$/s, "")) || workflow || "a workflow";
}

/** "1 file", "2 files"; `plural` where it is no more than an "s". */
export function count(n: number, noun: string, plural = `${noun}s`): string {
  return `${n} ${n === 1 ? noun : plural}`;
}

/** The address, if it is one that may be linked to; otherwise null. */
export function webAddress(url: string | null): string | null {
  if (url === null || url.length > 2000 || !URL.canParse(url)) return null;
  const { protocol, href } = new URL(url);
  return protocol === "https:" || protocol === "http:" ? href : null;
}

/**
 * Reasons and errors begin small and end without a full stop; to a person they are said as a sentence. What a sentence may
 * begin with besides words, the name of `site` and ids, stays as it is.
 */
export function sentence(text: string, site: string | null): string {
  const [first = ""] = text.split(/[\s:;,]/, 1);
  const isWord = /^[a-z]+$/.test(first) && first !== site;
  const begun = isWord ? `${text.slice(0, 1).toUpperCase()}${text.slice(1)}` : text;
  return `${begun}${/[.!?…]$/.test(text) ? "" : "."}`;
}
