/**
 * How Slack's messages are worded. Pure: what is said follows from the data alone.
 *
 * Words from outside stand in plain_text only, which knows no formatting, and are escaped there all the same; our own
 * words and links stand in mrkdwn. Lengths stay within Slack's limits after escaping (header 150, section 3000, text 4000):
 * docs.slack.dev/reference/block-kit/blocks, docs.slack.dev/reference/methods/chat.update.
 */
import type { types } from "@slack/bolt";
import type { Answer, Modal } from "../model/answer.ts";
import { contentTitle } from "../model/content.ts";
import { type Deployment, type DeploymentState, isAutomatic, isFinal, stagesOf } from "../model/deployment.ts";
import type { Notice } from "../model/notice.ts";
import { bytesText, durationText } from "../model/quantities.ts";
import type { SlackMessage } from "../slack/slack-client.ts";
import type { DeploymentNews, ThreadReply } from "./announce.ts";
import { wordConsent } from "./consent-wording.ts";
import { wordInstalled } from "./installed.ts";
import { againWord, count, escapeSlack, oneLine, webAddress } from "./plain.ts";

type Block = SlackMessage["blocks"][number];
type ModalView = types.ModalView;

const ICONS: Record<DeploymentState, string> = {
  queued: "🕓",
  held: "⏸️",
  building: "🔨",
  publishing: "🚚",
  live: "✅",
  failed: "❌",
  cancelled: "⛔",
  superseded: "⏭️",
  skipped: "➖",
};

const VERBS: Record<DeploymentState, string> = {
  queued: "is queued",
  held: "is held",
  building: "is building",
  publishing: "is publishing",
  live: "is live",
  failed: "failed",
  cancelled: "was cancelled",
  superseded: "was superseded",
  skipped: "was skipped",
};

/** The message about a deployment, as it stands now. Its `text` names the state in one word. */
export function wordDeployment(news: DeploymentNews, _: { readonly hasPlans?: boolean } = {}): SlackMessage {
  const { deployment } = news;
  const { site, state, consent } = deployment;
  const commit = namedCommit(deployment);
  const title = outside(deployment.title, 250);
  const reason = outside(deployment.reason ?? "", 500);

  const blocks: Block[] = [
    header(`${ICONS[state]} ${outside(site, 60)} ${VERBS[state]}${commit ? ` · ${commit}` : ""}`),
  ];
  const alsoContent = deployment.trigger !== "content" && deployment.content ? contentTitle(deployment.content) : "";
  for (const text of [title, outside(alsoContent, 250)]) if (text) blocks.push(plainSection(text));
  blocks.push(plainContext(origin(deployment)));
  // Without buttons the reason says it all, with the command that answers.
  if (consent && news.hasButtons) blocks.push(...wordConsent(deployment, consent));
  else if (reason) blocks.push(plainSection(reason));
  if (!isFinal(state) || state === "failed") blocks.push(...progress(deployment));
  const facts = [...changes(deployment), ...times(deployment)];
  if (facts.length > 0) blocks.push(plainContext(facts));
  const remarks = deployment.remarks.slice(0, 3).map((remark) => outside(remark, 300));
  if (isFinal(state)) blocks.push(...remarks.filter(Boolean).map((remark) => plainContext([remark])));
  blocks.push(...links(news));
  return { text: sentence(deployment), blocks };
}

/** The message about something that is not the story of one deployment. */
export function wordNotice(notice: Notice): SlackMessage {
  switch (notice.about) {
    case "installed":
      return wordInstalled(notice);
    case "site_paused":
      return plainNotice(`⏸️ ${outside(notice.site, 60)} is paused`, outside(notice.reason, 500), [
        "Pushes to it are held until it is resumed.",
      ]);
    case "site_resumed":
      return plainNotice(`▶️ ${outside(notice.site, 60)} is resumed`, outside(notice.reason, 500), []);
    case "site_locked":
      return plainNotice(`🔒 ${outside(notice.site, 60)} is locked`, outside(notice.reason, 500), [
        "Nothing is deployed, on command either, until it is unlocked.",
      ]);
    case "site_unlocked":
      return plainNotice(`🔓 ${outside(notice.site, 60)} is unlocked`, outside(notice.reason, 500), []);
    case "ci":
    case "digest":
    case "summary":
    case "second_person":
      throw new Error(`${notice.about} is not worded yet`);
    case "unparseable":
      return delivery(notice, "could not be read", "It is kept, and nothing was done about it.");
    case "dead":
      return delivery(notice, "was given up", "It is kept; once the reason is mended it can be replayed.");
  }
}

/** What one person alone is answered. */
export function wordAnswer(answer: Answer): SlackMessage {
  if (answer.kind !== "text") throw new Error(`${answer.kind} is not worded yet`);
  const words = outside(answer.text, 550);
  return { text: words, blocks: [plainSection(words)] };
}

/** What is said in the thread of a message. */
export function wordThreadReply(reply: ThreadReply): SlackMessage {
  const words =
    reply.kind === "failure"
      ? outside(reply.lines, 2900)
      : outside(reply.kind === "fixed" ? `fixed by ${reply.commit.slice(0, 7)}` : reply.title, 250);
  const mention = reply.kind === "failure" && reply.mention ? [mrkdwn(`<@${reply.mention}>`)] : [];
  return { text: words || "?", blocks: [...mention, plainSection(words || "?")] };
}

/** A dialog. */
export function wordModal(modal: Modal): ModalView {
  return {
    type: "modal",
    title: { type: "plain_text", text: `Roll back ${outside(modal.site, 14)}` },
    blocks: [plainSection(modal.chosen)],
  };
}

function mrkdwn(text: string): Block {
  return { type: "section", text: { type: "mrkdwn", text } };
}

function delivery(
  { source, event, deliveryKey, reason }: Extract<Notice, { about: "unparseable" | "dead" }>,
  fate: string,
  then: string,
): SlackMessage {
  const headline = `⚠️ A delivery from ${outside(source, 40)} ${fate}: ${outside(event, 60)}`;
  return plainNotice(headline, outside(reason, 500), [then, `slipway deliveries show ${outside(deliveryKey, 120)}`]);
}

function plainNotice(headline: string, reason: string, context: string[]): SlackMessage {
  const blocks: Block[] = [header(headline)];
  if (reason) blocks.push(plainSection(reason));
  if (context.length > 0) blocks.push(plainContext(context));
  return { text: reason ? `${headline}: ${reason}` : headline, blocks };
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
  const head = `${outside(site, 60)} ${VERBS[state]}`;
  const told = [`${what}${by}`.trim(), ...facts].filter(Boolean).join(", ");
  return `${head}${told ? `: ${told}` : ""}${reason ? ` (${reason})` : ""}`;
}

function origin(deployment: Deployment): string[] {
  const { author, branch, trigger, repoName, askedBy, cleanCaches, adopt, allowRemovals } = deployment;
  return [
    // The title of changed content names who changed it.
    author && trigger !== "content" ? `by ${outside(author, 80)}` : "",
    `${outside(repoName, 140)}, ${outside(branch, 100)}`,
    isAutomatic(trigger) ? "" : `on command${askedBy ? ` of ${outside(askedBy, 120)}` : ""}`,
    cleanCaches ? "with clean caches" : "",
    adopt ? "may replace files of others" : "",
    allowRemovals ? "may remove most files" : "",
  ].filter(Boolean);
}

/** A mark for each stage: done, at work or failed, still to come. */
function progress({ state, stage, trigger }: Deployment): Block[] {
  if (stage === null) return [];
  const stages = stagesOf(trigger, stage);
  const at = stages.indexOf(stage);
  const marks = stages.map((name, index) => {
    if (index < at) return `✓ ${name}`;
    if (index > at) return `○ ${name}`;
    return state === "failed" ? `✗ *${name}*` : `▸ *${name}*`;
  });
  return [{ type: "context", elements: [{ type: "mrkdwn", text: marks.join("   ") }] }];
}

function changes({ stats }: Deployment): string[] {
  if (!stats) return [];
  const { added, changed, removed, uploadedBytes, files, bytes } = stats;
  const parts = [added && `${added} added`, changed && `${changed} changed`, removed && `${removed} removed`].filter(
    Boolean,
  );
  return [
    parts.length > 0 ? `${count(added + changed + removed, "file")}: ${parts.join(", ")}` : "no file changed",
    `${bytesText(uploadedBytes)} sent`,
    `${count(files, "file")}, ${bytesText(bytes)} in all`,
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

/** Nobody's address is that long, and together they have to fit into one element (2000 characters). */
const MAX_LINK = 900;

function links({ siteUrl, logUrl, deployment }: DeploymentNews): Block[] {
  const site = webAddress(siteUrl);
  const log = webAddress(logUrl);
  const told = [site && link(site, "Open the site"), log && link(log, "Log")].filter(
    (one) => one && one.length <= MAX_LINK,
  );
  const id = `\`${deployment.id.replace(/[^\w-]/g, "")}\``;
  return [{ type: "context", elements: [{ type: "mrkdwn", text: [...told, id].join("   ·   ") }] }];
}

/** "|" and ">" end an address in Slack's syntax; `URL` has escaped ">" already, but not "|" everywhere. */
function link(href: string, label: string): string {
  return `<${escapeSlack(href.replaceAll("|", "%7C"))}|${label}>`;
}

function shortCommit({ commit }: Deployment): string {
  return escapeSlack([...oneLine(commit, 40)].slice(0, 7).join(""));
}

/** The commit, and what is done with it where that is no build: "rolled back to a1b2c3d". */
function namedCommit(deployment: Deployment): string {
  const again = againWord(deployment);
  const commit = shortCommit(deployment);
  if (!again || !commit) return again || commit;
  return `${again}${{ rollback: " to", "rolled back": " to", redeploy: " of" }[again] ?? ""} ${commit}`;
}

function outside(text: string, maxChars: number): string {
  return escapeSlack(oneLine(text, maxChars));
}

/** At most 150 characters; the parts are short enough unless they were escaped. */
function header(text: string): Block {
  const cut = [...text].length <= 150 ? text : `${[...text].slice(0, 149).join("").replace(/&\w*$/, "")}…`;
  return { type: "header", text: { type: "plain_text", text: cut, emoji: true } };
}

function plainSection(text: string): Block {
  return { type: "section", text: { type: "plain_text", text, emoji: false } };
}

function plainContext(texts: string[]): Block {
  return { type: "context", elements: [{ type: "plain_text", text: texts.join("  ·  "), emoji: false }] };
}
