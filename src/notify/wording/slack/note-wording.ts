/** How a payment, an order or a form is told. */
import type { Note } from "../../../model/note.ts";
import type { SlackMessage } from "../../../slack/slack-client.ts";
import { outside } from "../plain.ts";
import { header } from "./slack-blocks.ts";

/** The message about it. `label` is what people call the sender. */
export function wordNote({ title }: Note, label: string): SlackMessage {
  const text = `${outside(label, 60)}: ${outside(title, 100)}`;
  return { text, blocks: [header(text)] };
}
