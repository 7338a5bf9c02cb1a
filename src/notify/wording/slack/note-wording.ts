/** How a payment, an order or a form is told. */
import type { Note, NoteField } from "../../../model/note.ts";
import type { SlackMessage } from "../../../slack/slack-client.ts";
import { outside, slackLink, unformatted } from "../plain.ts";
import { type Block, context, header, section, sections } from "./slack-blocks.ts";

const ICONS: Readonly<Record<Note["tone"], string>> = { good: "✅", bad: "🔴", neutral: "📝" };
/** What fits into a header; longer words of one's own stand below it. */
const MAX_HEADLINE = 140;
const MAX_FIELDS = 20;

/** The message about it. `label` is what people call the sender. */
export function wordNote({ title, fields, url, tone }: Note, label: string): SlackMessage {
  const said = title.trim() || "Something was reported";
  const headline = /^\p{Extended_Pictographic}/u.test(said) ? said : `${ICONS[tone]} ${said}`;
  const isLong = [...said].length > MAX_HEADLINE;
  const told = sections(fields.slice(0, MAX_FIELDS).map(fieldLine), 2);
  const left = Math.max(0, fields.length - MAX_FIELDS) + told.left;
  const blocks: Block[] = [header(outside(headline, MAX_HEADLINE))];
  if (isLong) blocks.push(section(unformatted(said, 600)));
  blocks.push(...told.blocks);
  const link = slackLink(url, "Open");
  const small = [`from ${unformatted(label, 60)}`, link, left > 0 ? `${left} more not shown` : ""];
  blocks.push(context(small.filter(Boolean)));
  return { text: `${outside(label, 60)}: ${outside(headline, 200)}`, blocks };
}

function fieldLine({ label, value }: NoteField): string {
  return `*${unformatted(label, 80) || "–"}*  ${unformatted(value, 400) || "–"}`;
}
