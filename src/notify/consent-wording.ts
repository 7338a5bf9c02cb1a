/** How a deployment's message in Slack asks for the consent that it lacked, and what it says once it has an answer. */
import type { Deployment, NeededConsent } from "../model/deployment.ts";
import { consentAction } from "../slack/payloads.ts";
import type { SlackMessage } from "../slack/slack-client.ts";
import { count, escapeSlack, oneLine } from "./plain.ts";

type Block = SlackMessage["blocks"][number];

const MAX_PATHS = 5;

/** What it is about, then a button, or who has answered. */
export function wordConsent({ id, site }: Deployment, consent: NeededConsent): Block[] {
  const text = `${question(consent)}: ${someOf(consent)}. Nothing was changed.`;
  const about: Block = { type: "section", text: { type: "plain_text", text, emoji: false } };
  return [about, consent.answer ? answered(consent.answer) : button(id, site, consent)];
}

function question({ needs, files }: NeededConsent): string {
  if (needs === "allowRemovals") return `This release would remove ${count(files, "file")}, more than half of the site`;
  const are = files === 1 ? "is" : "are";
  return `${count(files, "file")} on the host ${are} not Slipway's and ${are} in the way of this release`;
}

function someOf({ files, paths }: NeededConsent): string {
  const shown = paths.slice(0, MAX_PATHS).map((path) => outside(path, 80));
  return files > shown.length ? `${shown.join(", ")} and ${files - shown.length} more` : shown.join(", ");
}

function answered({ deployment, by }: NonNullable<NeededConsent["answer"]>): Block {
  const text = by
    ? `answered by ${outside(by, 120)}: ${outside(deployment, 60)}`
    : `followed by ${outside(deployment, 60)}`;
  return { type: "context", elements: [{ type: "plain_text", text, emoji: false }] };
}

/**
 * Lengths: button 75, its dialog's title 100, text 300, buttons 30 characters.
 * docs.slack.dev/reference/block-kit/block-elements/button-element,
 * docs.slack.dev/reference/block-kit/composition-objects/confirmation-dialog-object
 */
function button(id: string, site: string, { needs, files }: NeededConsent): Block {
  const plain = (text: string) => ({ type: "plain_text" as const, text, emoji: false });
  const words = {
    adopt: {
      label: "Replace these files and publish",
      title: `Replace ${count(files, "file")}?`,
      text: `${count(files, "file")} that others put on the host of ${outside(site, 40)} will be overwritten. Slipway cannot bring them back.`,
      confirm: "Replace and publish",
    },
    allowRemovals: {
      label: "Remove them and publish",
      title: `Remove ${count(files, "file")}?`,
      text: `${count(files, "file")} of ${outside(site, 40)}, more than half of the site, will be removed from the host.`,
      confirm: "Remove and publish",
    },
  }[needs];
  return {
    type: "actions",
    elements: [
      {
        type: "button",
        action_id: consentAction(needs),
        value: id,
        style: "danger",
        text: plain(words.label),
        confirm: {
          title: plain(words.title),
          text: plain(words.text),
          confirm: plain(words.confirm),
          deny: plain("Cancel"),
          style: "danger",
        },
      },
    ],
  };
}

function outside(text: string, maxChars: number): string {
  return escapeSlack(oneLine(text, maxChars));
}
