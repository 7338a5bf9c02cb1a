/** Deeds in words, for the audit log and for whoever is asked to agree: no more of others' words than ids and a reason. */
import type { CommandTarget } from "../model/command.ts";
import type { Deed } from "../model/effect.ts";
import { untilText } from "../model/site.ts";
import { oneLine } from "../notify/wording/plain.ts";

/** What the deed is called as a command: "rebuild" is a deploy with clean caches. */
export function verbOf(deed: Deed): string {
  return deed.kind === "deploy" && deed.cleanCaches ? "rebuild" : deed.kind;
}

/** "roll back to 9f8e7d6", "lock until 14:30 UTC: the host moves". `nowMs`: when it is asked for. */
export function deedText(deed: Deed, nowMs: number): string {
  switch (deed.kind) {
    case "deploy":
      return `${verbOf(deed)} ${deed.commit === null ? "the head" : hexText(deed.commit)}${consentText(deed)}${because(deed.reason)}`;
    case "redeploy":
      return `redeploy ${deed.target === null ? "what is live" : targetText(deed.target)}${consentText(deed)}${because(deed.reason)}`;
    case "rollback":
      return `roll back to ${deed.target === null ? "the release before" : targetText(deed.target)}${consentText(deed)}${because(deed.reason)}`;
    case "cancel":
      return `cancel ${deed.deployment === null ? "what runs, or waits" : oneLine(deed.deployment, 40)}${because(deed.reason)}`;
    case "pause":
    case "lock":
      return `${deed.kind}${deed.untilMs === null ? "" : ` ${untilText(deed.untilMs, nowMs)}`}${because(deed.reason)}`;
    case "resume":
    case "unlock":
      return `${deed.kind}${because(deed.reason)}`;
  }
}

/** What is agreed to besides; "" where nothing is. */
export function consentText({ adopt, allowRemovals }: { adopt: boolean; allowRemovals: boolean }): string {
  return `${adopt ? ", replacing files of others" : ""}${allowRemovals ? ", removing most of the files there" : ""}`;
}

function targetText(target: CommandTarget): string {
  if (target.kind === "hex") return hexText(target.start);
  if (target.kind === "deployment") return `the release of ${oneLine(target.id, 40)}`;
  return target.steps === 1 ? "the release before" : `${target.steps} releases before`;
}

const hexText = (start: string) => oneLine(start, 100).slice(0, 12);
const because = (reason: string | null | undefined) => (reason ? `: ${oneLine(reason, 300)}` : "");
