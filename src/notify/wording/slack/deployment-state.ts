/** How each state of a deployment is shown: an icon and words of its own, so that no two can be taken for each other. */
import type { Deployment, DeploymentState } from "../../../model/deployment.ts";
import { againWord, shortCommit } from "../plain.ts";

/** What is shown; a rollback that is live, what was interrupted and what asks somebody are states of their own for people. */
export type ShownState = DeploymentState | "rolled_back" | "goes_on" | "cut_off" | "asks";

/** How it stands, for people. */
export function shownState({ state, trigger, isInterrupted, consent }: Deployment): ShownState {
  if (state === "live" && trigger === "rollback") return "rolled_back";
  if (state === "failed" && consent?.answer === null) return "asks";
  if (isInterrupted && state === "queued") return "goes_on";
  if (isInterrupted && state === "failed") return "cut_off";
  return state;
}

export const STATE_ICONS: Readonly<Record<ShownState, string>> = {
  queued: "🕓",
  held: "⏸️",
  building: "🔨",
  publishing: "🚚",
  live: "✅",
  failed: "❌",
  cancelled: "⛔",
  superseded: "⏭️",
  skipped: "➖",
  rolled_back: "↩️",
  goes_on: "🔄",
  cut_off: "🔌",
  asks: "❓",
};

/** What follows the name of the site. */
export const STATE_VERBS: Readonly<Record<ShownState, string>> = {
  queued: "is queued",
  held: "is held",
  building: "is building",
  publishing: "is publishing",
  live: "is live",
  failed: "failed",
  cancelled: "was cancelled",
  superseded: "was superseded",
  skipped: "was skipped",
  rolled_back: "was rolled back",
  goes_on: "was interrupted, goes on",
  cut_off: "was interrupted",
  asks: "needs a decision",
};

/** The same in a sentence, which names the state in one word of `DEPLOYMENT_STATES`: others look for it. */
export function sentenceVerb(deployment: Deployment): string {
  const shown = shownState(deployment);
  if (shown === "rolled_back") return STATE_VERBS.live;
  if (shown === "goes_on") return "was interrupted and is queued again";
  if (shown === "cut_off") return "was interrupted and failed";
  if (shown === "asks") return "failed and needs a decision";
  return STATE_VERBS[shown];
}

/** The commit, and what is done with it where that is no build: "rolled back to a1b2c3d". Escaped. */
export function namedCommit(deployment: Deployment): string {
  const again = againWord(deployment);
  const commit = shortCommit(deployment.commit);
  if (!again || !commit) return again || commit;
  return `${again}${{ rollback: " to", "rolled back": " to", redeploy: " of" }[again] ?? ""} ${commit}`;
}
