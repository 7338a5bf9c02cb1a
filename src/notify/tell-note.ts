/** Tells a channel of a payment, an order or a form; many at once in one message. */
import type { NoteEffect } from "../model/effect.ts";
import type { Tx, Work } from "../store/work.ts";
import { announceNotice } from "./announce.ts";
import { tellNews } from "./digest.ts";
import type { Telling } from "./tell.ts";

/** Answers with what it did, in one sentence; the sentence holds nothing of a person. */
export function* tellNote(
  tx: Tx,
  { hasSlack }: Pick<Telling, "hasSlack">,
  { source, label, note, channel, setting, cause }: NoteEffect,
  { nowMs }: { readonly nowMs: number },
): Work<string> {
  if (channel === null) return `skipped: nobody is told of what ${source} sends; set sources.${source}.channel`;
  if (!hasSlack) return `skipped: nobody is told of what ${source} sends, since Slack is not set up: SLACK_BOT_TOKEN`;
  const wish = announceNotice({ about: "note", setting, label, note }, cause, channel);
  const state = note.tone === "bad" ? "bad" : "good";
  yield* tellNews(
    tx,
    { channel, setting, wish, topic: cause, title: `${label}: ${note.title}`, state, url: note.url },
    nowMs,
  );
  return `told ${channel} what ${source} sent`;
}
