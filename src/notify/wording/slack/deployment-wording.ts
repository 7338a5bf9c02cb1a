/**
 * How the message about a deployment is worded. Pure: what is said follows from the data alone.
 *
 * Words from outside stand in plain_text, which knows no formatting, and are escaped there all the same; where they stand
 * in mrkdwn, beside words and links of ours, what formats is replaced. Lengths stay within Slack's limits after escaping (header 150, section 3000, text 4000):
 * docs.slack.dev/reference/block-kit/blocks, docs.slack.dev/reference/methods/chat.update.
 */
import { contentTitle } from "../../../model/content.ts";
import { type Deployment, isAutomatic, isFinal } from "../../../model/deployment.ts";
import { bytesText, durationText } from "../../../model/quantities.ts";
import type { SlackMessage } from "../../../slack/slack-client.ts";
import type { DeploymentNews } from "../../announce.ts";
import { count, outside, shortCommit, slackLink, slackWords } from "../plain.ts";
import { wordConsent } from "./consent-wording.ts";
import { deploymentButtons } from "./deployment-buttons.ts";
import { namedCommit, STATE_ICONS, STATE_VERBS, sentenceVerb, shownState } from "./deployment-state.ts";
import { actions, type Block, context, header, plainContext, plainSection, section } from "./slack-blocks.ts";
import { inSlackCommands } from "./slack-commands.ts";
import { wordStages } from "./stages-wording.ts";

export type WordingOptions = {
  /** Whether Slack takes `plan` blocks; where it does not, the stages are one line. Default true. */
  readonly hasPlans?: boolean;
};

/** The message about a deployment, as it stands now. Its `text` names the state in one word. */
export function wordDeployment(news: DeploymentNews, { hasPlans = true }: WordingOptions = {}): SlackMessage {
  const { deployment, hasButtons } = news;
  const { state, consent } = deployment;
  const question = consent && hasButtons ? wordConsent(deployment, consent) : null;
  // Without buttons nobody can ask for anything in Slack, and the command line is the way.
  const inWords = hasButtons ? inSlackCommands : (text: string) => text;
  const reason = slackWords(inWords(deployment.reason ?? ""), 1500);
  const facts = [...changes(deployment), ...times(deployment)];
  const remarks = isFinal(state) ? deployment.remarks.slice(0, 3).map((remark) => outside(remark, 600)) : [];
  const buttons = hasButtons ? deploymentButtons(news, question?.button ?? null) : [];

  const blocks: Block[] = [
    header(headline(deployment)),
    ...titles(deployment).map(plainSection),
    origin(deployment),
    // Without buttons the reason says it all, with the command that answers.
    ...(question ? question.blocks : reason ? [section(reason)] : []),
    ...wordStages(deployment, hasPlans),
    ...(facts.length > 0 ? [plainContext(facts)] : []),
    ...remarks.filter(Boolean).map((remark) => plainContext([remark])),
    ...(buttons.length > 0 ? [actions(buttons)] : []),
    ...(hasButtons ? [] : links(news)),
  ];
  return { text: inWords(sentence(deployment)), blocks };
}

function headline(deployment: Deployment): string {
  const shown = shownState(deployment);
  const site = `${STATE_ICONS[shown]} ${outside(deployment.site, 60)} ${STATE_VERBS[shown]}`;
  const commit = shown === "rolled_back" ? shortCommit(deployment.commit) : namedCommit(deployment);
  if (!commit) return site;
  return shown === "rolled_back" ? `${site} to ${commit}` : `${site} · ${commit}`;
}

/** What it brings: a commit, changed content, or both. */
function titles({ title, trigger, content }: Deployment): string[] {
  const also = trigger !== "content" && content ? contentTitle(content) : "";
  return [outside(title, 250), outside(also, 250)].filter(Boolean);
}

/** The whole news in one sentence, for notifications and screen readers. */
function sentence(deployment: Deployment): string {
  const { site, state, stats, author, trigger } = deployment;
  const what = [namedCommit(deployment), outside(deployment.title, 120)].filter(Boolean).join(" ");
  const by = author && trigger !== "content" ? ` by ${outside(author, 60)}` : "";
  const facts =
    stats && state === "live" ? [`${count(stats.added + stats.changed + stats.removed, "file")} changed`] : [];
  const took = isFinal(state) ? tookMs(deployment) : null;
  if (took !== null) facts.push(durationText(took));
  const reason = outside(deployment.reason ?? "", 250);
  const head = `${outside(site, 60)} ${sentenceVerb(deployment)}`;
  const told = [`${what}${by}`.trim(), ...facts].filter(Boolean).join(", ");
  return `${head}${told ? `: ${told}` : ""}${reason ? ` (${reason})` : ""}`;
}

/** Who wrote it, where it is from, who asked for it; and the id by which people name it in commands. */
function origin(deployment: Deployment): Block {
  const { id, author, branch, trigger, repoName, askedBy, cleanCaches, adopt, allowRemovals } = deployment;
  const told = [
    // The title of changed content names who changed it.
    author && trigger !== "content" ? `by ${outside(author, 80)}` : "",
    `${outside(repoName, 140)}, ${outside(branch, 100)}`,
    trigger === "workflow" ? "built by a workflow" : "",
    askedBy ? `asked for by ${outside(askedBy, 120)}` : isAutomatic(trigger) ? "" : "on command",
    cleanCaches ? "with clean caches" : "",
    adopt ? "may replace files of others" : "",
    allowRemovals ? "may remove most files" : "",
  ].filter(Boolean);
  return {
    type: "context",
    elements: [
      { type: "plain_text", text: told.join("  ·  "), emoji: false },
      { type: "mrkdwn", text: `\`${id.replace(/[^\w-]/g, "")}\``, verbatim: true },
    ],
  };
}

function changes({ stats, releaseId, state }: Deployment): string[] {
  if (!stats) return [];
  const { added, changed, removed, uploadedBytes, files, bytes } = stats;
  const parts = [added && `${added} added`, changed && `${changed} changed`, removed && `${removed} removed`].filter(
    Boolean,
  );
  return [
    parts.length > 0 ? `${count(added + changed + removed, "file")}: ${parts.join(", ")}` : "no file changed",
    `${bytesText(uploadedBytes)} sent`,
    `${count(files, "file")}, ${bytesText(bytes)} in all`,
    ...(releaseId && state === "live" ? [`release ${outside(releaseId.slice(0, 12), 12)}`] : []),
  ];
}

function times(deployment: Deployment): string[] {
  const { state, createdAtMs, startedAtMs } = deployment;
  const told: string[] = [];
  const took = isFinal(state) ? tookMs(deployment) : null;
  if (took !== null) told.push(`took ${durationText(took)}`);
  const waitedMs = startedAtMs === null ? 0 : startedAtMs - createdAtMs;
  // Whoever pushed wonders about the minutes before the build too.
  if (waitedMs >= 5000) told.push(`waited ${durationText(waitedMs)} before`);
  return told;
}

function tookMs({ startedAtMs, finishedAtMs }: Deployment): number | null {
  return startedAtMs === null || finishedAtMs === null ? null : Math.max(0, finishedAtMs - startedAtMs);
}

/** What buttons open where there are some. */
function links({ siteUrl, logUrl }: DeploymentNews): Block[] {
  const told = [slackLink(siteUrl, "Open the site"), slackLink(logUrl, "Log")].filter(Boolean);
  return told.length > 0 ? [context(told)] : [];
}
