/** How somebody is asked for what their words left open: which site, or what to roll back to. */
import type { Answer } from "../../../model/answer.ts";
import type { SlackMessage } from "../../../slack/slack-client.ts";
import { count, outside, slackCode } from "../plain.ts";
import { actions, type Block, type Button, context, section } from "./slack-blocks.ts";
import { wordText } from "./text-wording.ts";

/** A row of Slack's holds 25 buttons; two rows of them are as many as anybody looks through. */
const IN_A_ROW = 25;
const MAX_SITES = 2 * IN_A_ROW;

/** A button for each site, which asks for the same with it. */
export function wordChoice({ verb, sites, rest = "" }: Extract<Answer, { kind: "choose_site" }>): SlackMessage {
  const buttons = sites.slice(0, MAX_SITES).map(
    (site, index): Button => ({
      action: "choose",
      number: index + 1,
      label: outside(site, 75),
      value: `${verb} ${site} ${rest}`.trim(),
    }),
  );
  const left = sites.length - buttons.length;
  const blocks: Block[] = [section(`Which site do you mean? ${slackCode(verb, 20)} needs one.`)];
  for (let from = 0; from < buttons.length; from += IN_A_ROW)
    blocks.push(actions(buttons.slice(from, from + IN_A_ROW)));
  if (left > 0) blocks.push(context([`${count(left, "more site")} can be named: ${slackCode(`${verb} NAME`, 40)}`]));
  return { text: `Which site do you mean? ${verb} needs one.`, blocks };
}

/** A button that asks for the same where Slack lets a dialog be opened. */
export function wordRollbackOffer({ site, release, text }: Extract<Answer, { kind: "offer_rollback" }>): SlackMessage {
  const words = wordText(text);
  const label = outside(`Roll back ${site}…`, 75);
  const value = `rollback ${site} ${release.slice(0, 12)}`;
  return { text: words.text, blocks: [...words.blocks, actions([{ action: "choose", label, value }])] };
}
