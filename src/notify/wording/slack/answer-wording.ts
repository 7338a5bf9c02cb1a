/** How Slipway answers one person: short, and complete enough that nobody has to ask again. Pure. */
import type { Answer } from "../../../model/answer.ts";
import type { SlackMessage } from "../../../slack/slack-client.ts";
import { outside, shortCommit, slackCode, slackCommit, slackLink, unformatted } from "../plain.ts";
import { wordAudit } from "./audit-wording.ts";
import { wordChoice, wordRollbackOffer } from "./choice-wording.ts";
import { STATE_ICONS, STATE_VERBS, shownState } from "./deployment-state.ts";
import { type CommandTable, wordHelp } from "./help-wording.ts";
import { wordDiff, wordReleases } from "./releases-wording.ts";
import { type Block, codeBlock, context, section } from "./slack-blocks.ts";
import { wordStatus } from "./status-wording.ts";
import { wordText } from "./text-wording.ts";

/** What one person alone is answered. `commands` says what each command is written like and does; help tells it. */
export function wordAnswer(answer: Answer, commands: CommandTable = {}): SlackMessage {
  switch (answer.kind) {
    case "text":
      return wordText(answer.text);
    case "help":
      return wordHelp(answer, commands);
    case "status":
      return wordStatus(answer);
    case "releases":
      return wordReleases(answer);
    case "diff":
      return wordDiff(answer);
    case "logs":
      return logs(answer);
    case "whoami":
      return whoami(answer);
    case "audit":
      return wordAudit(answer.entries);
    case "choose_site":
      return wordChoice(answer);
    case "offer_rollback":
      return wordRollbackOffer(answer);
  }
}

function logs({ deployment, lines, logUrl }: Extract<Answer, { kind: "logs" }>): SlackMessage {
  const { id, site, commit } = deployment;
  const shown = shownState(deployment);
  const state = `${STATE_ICONS[shown]} *${unformatted(site, 60)}* ${STATE_VERBS[shown]}`;
  const head = [state, slackCommit(commit), slackCode(id, 60)].filter(Boolean).join("  ·  ");
  const link = slackLink(logUrl, "The whole log");
  const blocks: Block[] = [
    section(head),
    lines.trim() ? codeBlock(lines) : section("Nothing was printed yet."),
    ...(link ? [context([link])] : []),
  ];
  const what = [outside(site, 60), STATE_VERBS[shown]].join(" ");
  return { text: `The end of the log: ${what}${commit ? `, ${shortCommit(commit)}` : ""}`, blocks };
}

function whoami({ who, lines }: Extract<Answer, { kind: "whoami" }>): SlackMessage {
  const told = lines.slice(0, 20).map((line) => `• ${unformatted(line, 130)}`);
  if (lines.length > told.length) told.push(`and ${lines.length - told.length} more`);
  return {
    text: `You are ${outside(who, 200)}`,
    blocks: [section([`👤 You are *${unformatted(who, 200)}*`, ...told].join("\n"))],
  };
}
