/** How GitHub is told: states, conclusions and words, as data. Pure. */
import { contentTitle } from "../../../model/content.ts";
import { type Deployment, type DeploymentState, isFinal } from "../../../model/deployment.ts";
import { bytesText, durationText } from "../../../model/quantities.ts";
import type { DeploymentNews } from "../../announce.ts";
import { fenced, logLines } from "../log-lines.ts";
import { againWord, codeSpan, count, oneLine, webAddress } from "../plain.ts";
import { type Annotation, annotationsOf } from "./annotations.ts";

/** GitHub's states of a deployment that Slipway uses (docs.github.com/en/rest/deployments/statuses). */
export type GithubState = "queued" | "in_progress" | "success" | "failure" | "error" | "inactive";

/** The states that GitHub is to have seen by now, in this order. */
export function githubStates({ state, startedAtMs }: Deployment): GithubState[] {
  switch (state) {
    case "queued":
    case "held":
      return ["queued"];
    case "building":
    case "publishing":
      return ["queued", "in_progress"];
    case "live":
      return ["queued", "in_progress", "success"];
    case "failed":
      return ["queued", "in_progress", "failure"];
    case "cancelled":
      // Stopped in the middle is no success and no failure of the commit either.
      return startedAtMs === null ? ["queued", "inactive"] : ["queued", "in_progress", "error"];
    case "superseded":
    case "skipped":
      return startedAtMs === null ? ["queued", "inactive"] : ["queued", "in_progress", "inactive"];
  }
}

const WORDS: Record<DeploymentState, string> = {
  queued: "Queued",
  held: "Held",
  building: "Building",
  publishing: "Publishing",
  live: "Live",
  failed: "Failed",
  cancelled: "Cancelled",
  superseded: "Superseded",
  skipped: "Skipped",
};

/** One line about the present state; at most 140 characters, GitHub's limit for the description of a status. */
export function describeState(deployment: Deployment): string {
  const { state, stage, stats, reason } = deployment;
  const details = [
    againWord(deployment),
    stage && !isFinal(state) ? stage : "",
    stats && state === "live" ? `${count(stats.added + stats.changed + stats.removed, "file")} changed` : "",
    isFinal(state) ? took(deployment) : "",
  ].filter(Boolean);
  return oneLine(
    `${WORDS[state]}${details.length > 0 ? ` (${details.join(", ")})` : ""}${reason ? `: ${reason}` : ""}`,
    140,
  );
}

/** What can be clicked on a check run; `identifier` comes back in the webhook check_run.requested_action. */
export type CheckAction = { readonly label: string; readonly description: string; readonly identifier: string };

/** At most three, of at most 20, 40 and 20 characters: docs.github.com/en/rest/checks/runs, "actions". */
const REDEPLOY: CheckAction = {
  label: "Redeploy",
  description: "Publish this release again",
  identifier: "redeploy",
};
const ROLL_BACK: CheckAction = {
  label: "Roll back",
  description: "Publish the release before",
  identifier: "rollback",
};

/** None while it runs; a failed one has GitHub's own Re-run beside them. */
export function checkActions({ deployment, hasGithubButtons = false }: DeploymentNews): CheckAction[] {
  if (!hasGithubButtons) return [];
  if (deployment.state === "live") return [REDEPLOY, ROLL_BACK];
  return deployment.state === "failed" ? [ROLL_BACK] : [];
}

/** What a failed build said of single lines. GitHub adds them to those that a check run has, so they are sent once. */
export function checkAnnotations({ deployment, logTail = "", folder = "." }: DeploymentNews): Annotation[] {
  return deployment.state === "failed" ? annotationsOf(logTail, { site: deployment.site, folder }) : [];
}

/** The check run as it should be now, without its name and commit, and without annotations. */
export function checkFields(news: DeploymentNews): CheckFields {
  const { id, state, startedAtMs, finishedAtMs } = news.deployment;
  const detailsUrl = webAddress(news.logUrl);
  const text = logText(news);
  return {
    external_id: id,
    ...status(state),
    ...(startedAtMs === null ? {} : { started_at: new Date(startedAtMs).toISOString() }),
    ...(isFinal(state) && finishedAtMs !== null ? { completed_at: new Date(finishedAtMs).toISOString() } : {}),
    ...(detailsUrl === null ? {} : { details_url: detailsUrl }),
    output: {
      title: describeState(news.deployment),
      summary: summary(news.deployment, webAddress(news.siteUrl)),
      ...(text === "" ? {} : { text }),
    },
    // Said always: those of an earlier state would stay otherwise.
    actions: checkActions(news),
  };
}

export type CheckFields = Readonly<Record<string, unknown>> & {
  readonly output: { readonly title: string; readonly summary: string; readonly text?: string };
};

const SHOWN_LINES = 60;
/** Below GitHub's 65,535 characters, and in bytes, since it does not say how it counts. */
const MAX_LOG_BYTES = 60_000;

/** The end of a failed deployment's transcript, as Markdown. */
function logText({ deployment, logTail = "" }: DeploymentNews): string {
  if (deployment.state !== "failed") return "";
  const lines = logLines(logTail);
  const last = lines.findLastIndex((line) => line !== "") + 1;
  return fenced(lines.slice(Math.max(0, last - SHOWN_LINES), last), MAX_LOG_BYTES);
}

function status(state: DeploymentState): { status: string; conclusion?: string } {
  if (state === "queued" || state === "held") return { status: "queued" };
  if (!isFinal(state)) return { status: "in_progress" };
  return { status: "completed", conclusion: CONCLUSIONS[state] ?? "neutral" };
}

const CONCLUSIONS: Partial<Record<DeploymentState, string>> = {
  live: "success",
  failed: "failure",
  cancelled: "cancelled",
  skipped: "skipped",
  superseded: "neutral",
};

/** Markdown, far below GitHub's limit of 65,535 characters. What comes from outside stands in code spans. */
function summary(deployment: Deployment, siteUrl: string | null): string {
  const { site, title, author, branch, commit, trigger, content, stats, reason, remarks } = deployment;
  const again = againWord(deployment);
  const lines = [
    `**${site}**: ${WORDS[deployment.state].toLowerCase()}${again ? ` (${again})` : ""}`,
    reason && `Reason: ${codeSpan(oneLine(reason, 2000))}`,
    `Commit ${codeSpan(oneLine(commit, 40))} on ${codeSpan(oneLine(branch, 200))}: ${codeSpan(oneLine(title, 300))}`,
    content && trigger !== "content" && codeSpan(oneLine(contentTitle(content), 300)),
    author && trigger !== "content" && `By ${codeSpan(oneLine(author, 100))}`,
    stats &&
      `${stats.added} added, ${stats.changed} changed, ${stats.removed} removed, ${stats.unchanged} unchanged; ` +
        `${bytesText(stats.uploadedBytes)} sent, ${count(stats.files, "file")} with ${bytesText(stats.bytes)} in all`,
    took(deployment) && `Took ${took(deployment)}`,
    siteUrl && `Site: <${siteUrl}>`,
    ...remarks.slice(0, 10).map((remark) => codeSpan(oneLine(remark, 1000))),
  ];
  return lines.filter(Boolean).join("\n\n");
}

function took({ startedAtMs, finishedAtMs }: Deployment): string {
  return startedAtMs === null || finishedAtMs === null ? "" : durationText(finishedAtMs - startedAtMs);
}
