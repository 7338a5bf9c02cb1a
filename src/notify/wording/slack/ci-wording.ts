/** How a CI that fails is told: one message from the first failure on, edited until it works again. */
import type { CiIncident, CiRun } from "../../../model/ci.ts";
import type { SlackMessage } from "../../../slack/slack-client.ts";
import {
  ageText,
  count,
  outside,
  slackCode,
  slackCommit,
  slackDate,
  slackLink,
  unformatted,
  utcText,
  workflowName,
} from "../plain.ts";
import { context, header, section } from "./slack-blocks.ts";

/** The message about it, as it stands now. */
export function wordCi(incident: CiIncident): SlackMessage {
  const { repoName, branch, state, failures, sinceMs, mendedAtMs, run, firstCommit } = incident;
  const where = `on ${outside(branch, 60)} of ${outside(repoName, 60)}`;
  const workflow = workflowName(incident);
  const times = count(failures, "time");
  const place = `*${unformatted(workflow, 100)}* on ${slackCode(branch, 250)} of ${slackCode(repoName, 140)}`;
  const first = slackCommit(firstCommit);
  if (state === "broken") {
    return {
      text: `CI fails ${where}: ${outside(workflow, 100)}, failed ${times} since ${utcText(sinceMs)}`,
      blocks: [
        header(`🔴 CI fails ${where}`),
        section(`${place} failed ${times} since ${slackDate(sinceMs)}${how(run)}.\nLast with ${commitOf(run)}`),
        context([first && `first failed with ${first}`, ...runOf(run)].filter(Boolean)),
      ],
    };
  }
  const after = mendedAtMs === null ? "" : ` after ${ageText(mendedAtMs - sinceMs)}`;
  return {
    text: `CI works again ${where}: ${outside(workflow, 100)}, failed ${times}, mended${after}`,
    blocks: [
      header(`🟢 CI works again ${where}`),
      section(`${place} works again${after}; it had failed ${times}.\nMended with ${commitOf(run)}`),
      context([first && `broke with ${first}`, ...runOf(run)].filter(Boolean)),
    ],
  };
}

/** Where it is more than a failure: "timed_out". */
function how({ conclusion }: CiRun): string {
  return conclusion === "failure" || conclusion === "" ? "" : `, the last time as ${slackCode(conclusion, 40)}`;
}

function commitOf({ commit, title, author }: CiRun): string {
  const by = author ? ` by ${unformatted(author, 80)}` : "";
  return `${[slackCommit(commit), unformatted(title, 250)].filter(Boolean).join(" ")}${by}` || "a commit";
}

function runOf({ url, runNumber, attempt, actorLogin }: CiRun): string[] {
  const name = runNumber === null ? "The run" : `Run ${runNumber}`;
  return [
    slackLink(url, attempt > 1 ? `${name}, attempt ${attempt}` : name) || name,
    actorLogin ? `started by ${unformatted(actorLogin, 60)}` : "",
  ];
}
