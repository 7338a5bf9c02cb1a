/** How the commands are explained: all of them in a line each, or one. */
import type { Answer } from "../../../model/answer.ts";
import { VERBS, type Verb } from "../../../model/command.ts";
import type { SlackMessage } from "../../../slack/slack-client.ts";
import { slackCode, unformatted } from "../plain.ts";
import { type Block, context, section, sections } from "./slack-blocks.ts";

/** How each command is written, without its slash command, and what it does. */
export type CommandTable = Readonly<Partial<Record<Verb, { readonly usage: string; readonly does: string }>>>;

const MAX_SITES = 20;

/** The message. */
export function wordHelp({ about, sites }: Extract<Answer, { kind: "help" }>, commands: CommandTable): SlackMessage {
  const of = about === null ? "What you can ask for" : `How to use ${about}`;
  const lines = about === null ? VERBS.map((verb) => line(verb, commands, false)) : [line(about, commands, true)];
  const names = sites.slice(0, MAX_SITES).map((site) => slackCode(site, 60));
  if (sites.length > names.length) names.push(`and ${sites.length - names.length} more`);
  const blocks: Block[] = [section(`🛟 *${of}*`), ...sections(lines).blocks];
  if (names.length > 0) blocks.push(context([`Sites: ${names.join(", ")}`]));
  if (about === null) {
    blocks.push(context(["By `/deploy`, or by mentioning me. `help rollback` says more of one."]));
  }
  return { text: of, blocks };
}

/** Among all the others a command has a line, and only what it is about; its flags are told where it alone is meant. */
function line(verb: Verb, commands: CommandTable, hasFlags: boolean): string {
  const { usage, does } = commands[verb] ?? { usage: verb, does: "" };
  const shown = hasFlags ? usage : usage.replace(/ *\[--[^\]]*\]/g, "");
  return [slackCode(shown, 200), unformatted(does, 400)].filter(Boolean).join("  ");
}
