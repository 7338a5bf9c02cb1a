/**
 * The blocks that Slack's messages are made of. Lengths stay within Slack's limits (header 150, section 3000, context
 * 2000, button 75): docs.slack.dev/reference/block-kit/blocks.
 */
import { actionId } from "../../../slack/elements.ts";
import type { SlackMessage } from "../../../slack/slack-client.ts";
import { slackFence } from "../plain.ts";

export type Block = SlackMessage["blocks"][number];
type Actions = Extract<Block, { type: "actions" }>;
type ButtonElement = Extract<Actions["elements"][number], { type: "button" }>;

const MAX_HEADER = 150;
/** What is packed into one section: a little less than it may hold. */
const MAX_SECTION = 2900;

/** The headline; its parts are short enough unless they were escaped. */
export function header(text: string): Block {
  const cut = text.length <= MAX_HEADER ? text : `${cutAt(text, MAX_HEADER - 1)}…`;
  return { type: "header", text: { type: "plain_text", text: cut, emoji: true } };
}

/** Leaves out half a character, and half an escape. */
function cutAt(text: string, maxChars: number): string {
  return text
    .slice(0, maxChars)
    .replace(/&\w*$/, "")
    .replace(/[\ud800-\udbff]$/, "")
    .trimEnd();
}

/** Words that are shown as they are. */
export function plainSection(text: string): Block {
  return { type: "section", text: { type: "plain_text", text, emoji: false } };
}

/** Words that may be formatted; Slack makes links and mentions of nothing that does not ask for it (`verbatim`). */
export function section(text: string): Block {
  return { type: "section", text: { type: "mrkdwn", text, verbatim: true } };
}

/** The last lines of a text, in a code block. */
export function codeBlock(lines: string): Block {
  return section(slackFence(lines, MAX_SECTION));
}

/** As many sections as the lines need, whole lines each; at most `maxSections`, and how many lines were left out. */
export function sections(lines: readonly string[], maxSections = 4): { blocks: Block[]; left: number } {
  const texts: string[] = [];
  let shown = 0;
  for (const line of lines) {
    const last = texts.at(-1);
    if (last !== undefined && last.length + 1 + line.length <= MAX_SECTION)
      texts[texts.length - 1] = `${last}\n${line}`;
    else if (texts.length === maxSections) break;
    else texts.push(line);
    shown++;
  }
  return { blocks: texts.map(section), left: lines.length - shown };
}

const BETWEEN = "  ·  ";

/** Small words that are shown as they are, one after the other. */
export function plainContext(texts: readonly string[]): Block {
  return { type: "context", elements: [{ type: "plain_text", text: texts.join(BETWEEN), emoji: false }] };
}

/** Small words that may be formatted. */
export function context(texts: readonly string[]): Block {
  return { type: "context", elements: [{ type: "mrkdwn", text: texts.join(BETWEEN), verbatim: true }] };
}

export type Button = {
  readonly action: Parameters<typeof actionId>[0];
  /** Tells apart the buttons of one kind in one block. */
  readonly number?: number;
  readonly label: string;
  /** What it is about; absent for those that only open an address. */
  readonly value?: string;
  readonly url?: string;
  readonly style?: "primary" | "danger";
  /** Asks once more. Lengths: title 100, text 300, buttons 30 characters. */
  readonly confirm?: Readonly<Record<"title" | "text" | "confirm" | "deny", string>> & { readonly isDanger?: boolean };
};

/** Buttons in one row, or several where there is no room. docs.slack.dev/reference/block-kit/block-elements/button-element */
export function actions(buttons: readonly Button[]): Block {
  return { type: "actions", elements: buttons.map(element) };
}

function element({ action, number, label, value, url, style, confirm }: Button): ButtonElement {
  return {
    type: "button",
    action_id: actionId(action, number),
    text: plain(label),
    ...(value !== undefined && { value }),
    ...(url !== undefined && { url }),
    ...(style && { style }),
    ...(confirm && {
      confirm: {
        title: plain(confirm.title),
        text: plain(confirm.text),
        confirm: plain(confirm.confirm),
        deny: plain(confirm.deny),
        ...(confirm.isDanger && { style: "danger" as const }),
      },
    }),
  };
}

function plain(text: string) {
  return { type: "plain_text" as const, text, emoji: false };
}

/** A line between blocks. */
export function divider(): Block {
  return { type: "divider" };
}
