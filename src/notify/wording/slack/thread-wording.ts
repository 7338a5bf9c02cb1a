/** How replies in the thread of a message are worded: a failure with the end of its log, its mending, a digest's worst. */
import type { SlackMessage } from "../../../slack/slack-client.ts";
import type { ThreadReply } from "../../announce.ts";
import {
  ageText,
  mention,
  outside,
  shortCommit,
  slackCode,
  slackCommit,
  slackLink,
  slackWords,
  unformatted,
} from "../plain.ts";
import { type Block, codeBlock, context, section } from "./slack-blocks.ts";

/** What is said below a message. */
export function wordThreadReply(reply: ThreadReply): SlackMessage {
  switch (reply.kind) {
    case "failure":
      return failure(reply);
    case "fixed":
      return fixed(reply);
    case "worst":
      return worst(reply);
  }
}

/** It mentions whoever is to look after it, since an edit of the message tells nobody. */
function failure({
  deployment,
  lines,
  logUrl,
  mention: user,
}: Extract<ThreadReply, { kind: "failure" }>): SlackMessage {
  const { id, site, stage, commit, title } = deployment;
  const whom = mention(user);
  const where = stage === null ? "failed" : `failed in ${stage}`;
  const reason = slackWords(deployment.reason ?? "", 1000);
  const of = [slackCommit(commit), unformatted(title, 200)].filter(Boolean).join(" ");
  const head = [whom, `*${unformatted(site, 60)}*`, where].filter(Boolean).join(" ");
  const blocks: Block[] = [section(of ? `${head}: ${of}` : head)];
  if (reason) blocks.push(section(reason));
  if (lines.trim()) blocks.push(codeBlock(lines));
  const below = [slackLink(logUrl, "The whole log"), slackCode(id, 60)].filter(Boolean);
  if (below.length > 0) blocks.push(context(below));
  const what = [shortCommit(commit), outside(title, 120)].filter(Boolean).join(" ");
  const told = [whom, outside(site, 60), where].filter(Boolean).join(" ");
  return {
    text: `${told}${what ? `: ${what}` : ""}${reason ? ` (${outside(deployment.reason ?? "", 250)})` : ""}`,
    blocks,
  };
}

function fixed({ site, deployment, commit, afterMs }: Extract<ThreadReply, { kind: "fixed" }>): SlackMessage {
  const after = ageText(Math.max(60_000, afterMs));
  const name = outside(site, 60);
  const text = `${name} works again: fixed by ${shortCommit(commit) || outside(deployment, 60)} after ${after}`;
  const by = slackCommit(commit) || slackCode(deployment, 60);
  const told = [`✅ *${unformatted(site, 60)}* works again: fixed by ${by} after ${after}`];
  if (commit) told.push(slackCode(deployment, 60));
  return { text, blocks: [context(told.filter(Boolean))] };
}

function worst({ title, url }: Extract<ThreadReply, { kind: "worst" }>): SlackMessage {
  const words = outside(title, 300);
  const link = slackLink(url, "Look at it");
  return {
    text: `The worst of these: ${words}`,
    blocks: [section(`🔴 *The worst of these:* ${unformatted(title, 600)}`), ...(link ? [context([link])] : [])],
  };
}
