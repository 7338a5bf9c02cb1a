/** How a deployment's message in Slack asks for the consent that it lacked, and what it says once it has an answer. */
import type { Deployment, NeededConsent } from "../../../model/deployment.ts";
import { count, outside } from "../plain.ts";
import { type Block, type Button, plainContext, plainSection } from "./slack-blocks.ts";

const MAX_PATHS = 5;

/** What it is about, and the button that agrees; or who has answered, and no button. */
export function wordConsent(
  { id, site }: Deployment,
  consent: NeededConsent,
): { readonly blocks: Block[]; readonly button: Button | null } {
  const about = plainSection(`${question(consent)}: ${someOf(consent)}. Nothing was changed.`);
  if (consent.answer) return { blocks: [about, plainContext([answered(consent.answer)])], button: null };
  return { blocks: [about], button: button(id, site, consent) };
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

function answered({ deployment, by }: NonNullable<NeededConsent["answer"]>): string {
  return by ? `answered by ${outside(by, 120)}: ${outside(deployment, 60)}` : `followed by ${outside(deployment, 60)}`;
}

function button(id: string, site: string, { needs, files }: NeededConsent): Button {
  const words = {
    adopt: {
      label: "Replace these files and publish",
      title: `Replace ${count(files, "file")}?`,
      text: `${count(files, "file")} that others put on the host of ${outside(site, 60)} will be overwritten. Slipway cannot bring them back.`,
      confirm: "Replace and publish",
    },
    allowRemovals: {
      label: "Remove them and publish",
      title: `Remove ${count(files, "file")}?`,
      text: `${count(files, "file")} of ${outside(site, 60)}, more than half of the site, will be removed from the host.`,
      confirm: "Remove and publish",
    },
  }[needs];
  const { label, ...confirm } = words;
  return { action: needs, label, value: id, style: "danger", confirm: { ...confirm, deny: "Cancel", isDanger: true } };
}
