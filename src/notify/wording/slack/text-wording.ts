/** How a text of ours for one person is shown: what stands in backticks as code, ids of Slack's as mentions. */
import type { SlackMessage } from "../../../slack/slack-client.ts";
import { outside, slackWords } from "../plain.ts";
import { section } from "./slack-blocks.ts";
import { inSlackCommands } from "./slack-commands.ts";

const MAX_CHARS = 2400;

/**
 * Ids of users (U, W) and of groups (S): capital letters and digits, of which short ones have a digit in the second
 * place, so that no word is taken for one. docs.slack.dev/reference/objects/user-object
 */
const SLACK_ID = /(?<![\w&<^@-])([UWS])(\d[A-Z0-9]{3,14}|(?=[A-Z]*\d)[A-Z0-9]{8,14})(?![\w-])/g;

/** Nobody is pinged: only whoever asked sees it. Lines stay lines. */
export function wordText(given: string): SlackMessage {
  const text = inSlackCommands(given);
  const lines = text
    .slice(0, MAX_CHARS * 4)
    .split(/\r\n|[\r\n]/)
    .map((line) => line.trim())
    .filter(Boolean)
    .slice(0, 40);
  const told = cut(lines.map(formatLine)) || "…";
  return { text: outside(text, MAX_CHARS) || "…", blocks: [section(told)] };
}

/** Ids in code are no mentions. */
function formatLine(line: string): string {
  return slackWords(line, 2000)
    .split(/(`[^`]+`)/)
    .map((part) => (part.startsWith("`") ? part : part.replace(SLACK_ID, mentionOf)))
    .join("");
}

function mentionOf(_: string, sort: string, rest: string): string {
  return sort === "S" ? `<!subteam^S${rest}>` : `<@${sort}${rest}>`;
}

/** As many whole lines as fit into one section. */
function cut(lines: readonly string[]): string {
  let told = "";
  for (const line of lines) {
    if (told.length + line.length + 1 > 2900) return told ? `${told}\n…` : "";
    told = told ? `${told}\n${line}` : line;
  }
  return told;
}
