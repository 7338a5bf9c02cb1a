/** Which buttons a deployment's message has, by its state. What they do is decided anew when somebody clicks. */
import type { Deployment } from "../../../model/deployment.ts";
import type { DeploymentNews } from "../../announce.ts";
import { outside, webAddress } from "../plain.ts";
import { type ShownState, shownState } from "./deployment-state.ts";
import type { Button } from "./slack-blocks.ts";

type Kind = "cancel" | "deploy" | "resume" | "open" | "redeploy" | "rollback" | "log" | "retry" | "rebuild";

const BY_STATE: Readonly<Record<ShownState, readonly Kind[]>> = {
  queued: ["cancel"],
  goes_on: ["cancel"],
  building: ["cancel", "log"],
  publishing: ["cancel", "log"],
  held: ["deploy", "resume"],
  live: ["open", "redeploy", "rollback", "log"],
  rolled_back: ["open", "resume", "log"],
  failed: ["retry", "rebuild", "rollback", "log"],
  cut_off: ["retry", "rebuild", "rollback", "log"],
  asks: ["log"],
  skipped: ["deploy", "log"],
  superseded: ["log"],
  cancelled: ["retry", "log"],
};

/** The buttons, the most wanted first. One that waits for somebody's consent has that button alone, and the log. */
export function deploymentButtons(news: DeploymentNews, consent: Button | null): Button[] {
  const { deployment } = news;
  const kinds = deployment.consent ? (["log"] as const) : BY_STATE[shownState(deployment)];
  const buttons = kinds.map((kind) => button(kind, news)).filter((it) => it !== null);
  return consent ? [consent, ...buttons] : buttons;
}

function button(kind: Kind, { deployment, siteUrl, logUrl }: DeploymentNews): Button | null {
  const value = deployment.id;
  switch (kind) {
    case "cancel":
      return { action: "cancel", label: "Cancel", value, confirm: cancelling(deployment) };
    case "deploy":
      return { action: "deploy", label: "Deploy anyway", value };
    case "resume":
      return { action: "resume", label: resuming(deployment), value: deployment.site };
    case "redeploy":
      return { action: "redeploy", label: "Redeploy", value };
    case "rollback":
      return { action: "rollback", label: "Roll back…", value };
    case "retry":
      return { action: "retry", label: "Retry", value, style: "primary" };
    case "rebuild":
      return { action: "rebuild", label: "Rebuild", value };
    case "open":
      return opens(1, "Open the site", siteUrl);
    case "log":
      return opens(2, "Log", logUrl);
  }
}

/** Addresses of buttons have at most 3000 characters; those that may be linked to have fewer. */
function opens(number: number, label: string, address: string | null): Button | null {
  const url = webAddress(address);
  return url === null || url.length > 3000 ? null : { action: "open", number, label, url };
}

/** The message about a rollback does not say by itself what it paused. */
function resuming(deployment: Deployment): string {
  return shownState(deployment) === "rolled_back" ? "Resume automatic deployment" : "Resume";
}

function cancelling({ site, state }: Deployment): NonNullable<Button["confirm"]> {
  const name = outside(site, 60);
  const text =
    state === "publishing"
      ? `It is being published. What visitors of ${name} see stays whole: the release of before, or this one.`
      : `Nothing of it reaches the host of ${name}. What is live stays live.`;
  return { title: "Cancel this deployment?", text, confirm: "Cancel it", deny: "Let it go on", isDanger: true };
}
