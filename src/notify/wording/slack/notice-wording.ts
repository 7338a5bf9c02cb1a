/** How notices are worded: news that is not the story of one deployment. Pure: what is said follows from the data alone. */
import type { Notice } from "../../../model/notice.ts";
import type { SlackMessage } from "../../../slack/slack-client.ts";
import { outside, slackCode } from "../plain.ts";
import { wordAlert } from "./alert-wording.ts";
import { wordCi } from "./ci-wording.ts";
import { wordDigest } from "./digest-wording.ts";
import { wordInstalled } from "./installed.ts";
import { wordNote } from "./note-wording.ts";
import { wordSecondPerson } from "./second-person-wording.ts";
import { actions, type Block, context, header, plainContext, plainSection } from "./slack-blocks.ts";
import { wordSummary } from "./summary-wording.ts";

/** The message about it. */
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
      return wordCi(notice.incident);
    case "digest":
      return wordDigest(notice.digest);
    case "summary":
      return wordSummary(notice.summary);
    case "second_person":
      return wordSecondPerson(notice);
    case "alert":
      return wordAlert(notice.alert, notice.hasButtons);
    case "note":
      return wordNote(notice.note, notice.label);
    case "webhook":
      return wordDeadWebhook(notice);
    case "held":
      return runnable(notice, delivery(notice, "may be a replay", "It is kept, and nothing was done about it."));
    case "conflict":
      return runnable(
        notice,
        delivery(notice, "has the id of another one", "It is kept, and nothing was done about it."),
      );
    case "unparseable":
      return delivery(notice, "could not be read", "It is kept, and nothing was done about it.");
    case "dead":
      return delivery(notice, "was given up", "It is kept; once the reason is mended it can be replayed.");
  }
}

function delivery(
  { source, event, deliveryKey, reason }: Extract<Notice, { about: "unparseable" | "dead" | "held" | "conflict" }>,
  fate: string,
  then: string,
): SlackMessage {
  const headline = `⚠️ A delivery from ${outside(source, 40)} ${fate}: ${outside(event, 60)}`;
  const { text, blocks } = plainNotice(headline, outside(reason, 500), []);
  return { text, blocks: [...blocks, context([then, slackCode(`slipway deliveries show ${deliveryKey}`, 150)])] };
}

/** With the button that has it worked off all the same, where clicks reach Slipway. */
function runnable(
  { id, hasButtons }: Extract<Notice, { about: "held" | "conflict" }>,
  { text, blocks }: SlackMessage,
): SlackMessage {
  if (!hasButtons) return { text, blocks };
  const confirm = {
    title: "Run it anyway?",
    text: "Do so when you know who sent it again, and why.",
    confirm: "Run it",
    deny: "Leave it",
  };
  return { text, blocks: [...blocks, actions([{ action: "run", label: "Run anyway", value: String(id), confirm }])] };
}

function wordDeadWebhook({ host, dead, reason }: Extract<Notice, { about: "webhook" }>): SlackMessage {
  const what = dead === 1 ? "An event" : `${dead} events`;
  const headline = `📤 ${what} for ${outside(host, 100)} could not be delivered`;
  const { text, blocks } = plainNotice(headline, outside(reason, 500), []);
  const way = ["Kept, until somebody sends them again:", slackCode("slipway webhooks resend --all", 60)];
  return { text, blocks: [...blocks, context(way)] };
}

function plainNotice(headline: string, reason: string, remarks: string[]): SlackMessage {
  const blocks: Block[] = [header(headline)];
  if (reason) blocks.push(plainSection(reason));
  if (remarks.length > 0) blocks.push(plainContext(remarks));
  return { text: reason ? `${headline}: ${reason}` : headline, blocks };
}
