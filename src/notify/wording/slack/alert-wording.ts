/** How an alert of monitoring is told: one message from the first report on, edited until it is over. */
import type { Alert, Severity, Suspect } from "../../../model/alert.ts";
import { durationText } from "../../../model/quantities.ts";
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
  webAddress,
} from "../plain.ts";
import { tellingLabels } from "./alert-labels.ts";
import { actions, type Block, type Button, context, header, section } from "./slack-blocks.ts";

const SEVERITY: Readonly<Record<Severity, { readonly icon: string; readonly word: string }>> = {
  critical: { icon: "🔴", word: "Critical" },
  error: { icon: "🔴", word: "Error" },
  warning: { icon: "🟠", word: "Warning" },
  info: { icon: "🔵", word: "Info" },
};
const UNKNOWN = { icon: "🔴", word: "Alert" };

/** Of more sites nobody reads in one message; the button of each is beside the others. */
const MAX_SUSPECTS = 3;
const MAX_LINKS = 3;
/** A little less than a context block may hold; and what stands between two of its texts. */
const MAX_SMALL_PRINT = 1900;
const BETWEEN_CHARS = 5;

/** The message about it, as it stands now. What is clicked is offered where `hasButtons`; what only opens an address always. */
export function wordAlert(alert: Alert, hasButtons: boolean): SlackMessage {
  const { state, report, label, sinceMs } = alert;
  const { icon, word } = report.severity === null ? UNKNOWN : SEVERITY[report.severity];
  const isFiring = state === "firing";
  const mark = isFiring && alert.acknowledged ? "👀 " : "";
  const title = outside(report.title, 110);
  const headline = isFiring ? `${icon} ${mark}${word}: ${title}` : `🟢 Resolved: ${title}`;
  const buttons = isFiring ? buttonsOf(alert, hasButtons) : [];
  const detail = unformatted(report.detail, 1500);
  const small = smallPrint(alert);
  const blocks: Block[] = [
    header(headline),
    ...(detail ? [section(detail)] : []),
    section(storyOf(alert).join("\n")),
    ...(buttons.length > 0 ? [actions(buttons)] : []),
    ...(small.length > 0 ? [context(small)] : []),
  ];
  const when = isFiring ? `since ${utcText(sinceMs)}` : `after ${ageText((alert.resolvedAtMs ?? sinceMs) - sinceMs)}`;
  return { text: `${headline} (${outside(label, 60)}, ${when})`, blocks };
}

/** A line for each thing that happened. */
function storyOf({ state, sinceMs, resolvedAtMs, flaps, acknowledged, silenced, suspects }: Alert): string[] {
  const end = resolvedAtMs === null ? "" : ` ${slackDate(resolvedAtMs)}, after ${ageText(resolvedAtMs - sinceMs)}`;
  return [
    state === "firing" ? `Firing since ${slackDate(sinceMs)}` : `Resolved${end}; it began ${slackDate(sinceMs)}`,
    ...(flaps > 0 ? [`🔁 Came back ${count(flaps, "time")}`] : []),
    ...(acknowledged
      ? [`👀 Acknowledged by *${unformatted(acknowledged.by, 120)}* ${slackDate(acknowledged.atMs)}`]
      : []),
    ...(silenced ? [`🔕 Silenced until ${slackDate(silenced.untilMs)} by *${unformatted(silenced.by, 120)}*`] : []),
    ...suspects.slice(0, MAX_SUSPECTS).map((suspect) => suspectLine(suspect, sinceMs)),
  ];
}

function suspectLine({ site, commit, title, author, liveAtMs }: Suspect, sinceMs: number): string {
  const by = author ? ` by ${unformatted(author, 80)}` : "";
  const what = `${[slackCommit(commit), unformatted(title, 200)].filter(Boolean).join(" ")}${by}`;
  return `🚀 *${unformatted(site, 60)}* went live ${ageText(sinceMs - liveAtMs)} before${what ? `: ${what}` : ""}`;
}

function buttonsOf(alert: Alert, hasButtons: boolean): Button[] {
  const { id, acknowledged, silenced, suspects, report, canSilence, silenceForMs } = alert;
  const value = String(id);
  const asked: Button[] = [
    ...(acknowledged ? [] : [{ action: "acknowledge", label: "Acknowledge", value, style: "primary" } as const]),
    ...(canSilence && !silenced ? [{ action: "silence", label: silenceLabel(silenceForMs), value } as const] : []),
  ];
  const back = suspects.slice(0, MAX_SUSPECTS).map(({ site, deployment }, number): Button => {
    const label = `Roll back ${outside(site, 50)}…`;
    return { action: "rollback", number, label, value: deployment, style: "danger" };
  });
  const runbook = webAddress(report.runbookUrl);
  const opens: Button[] = runbook === null ? [] : [{ action: "open", number: 0, label: "Runbook", url: runbook }];
  return hasButtons ? [...asked, ...opens, ...back] : opens;
}

function silenceLabel(forMs: number | undefined): string {
  return forMs === undefined ? "Silence" : `Silence ${durationText(forMs)}`;
}

/** What tells this alert from others, who reports it, and where more is to be seen. */
function smallPrint({ report, label, canSilence }: Alert): string[] {
  const { labels, left } = tellingLabels(report);
  const links = report.links.slice(0, MAX_LINKS).map((it) => slackLink(it.url, unformatted(it.label, 40) || "open"));
  const all = [
    ...labels.map(([name, value]) => slackCode(`${name}=${value}`, 90)),
    ...(left > 0 ? [`and ${left} more`] : []),
    unformatted(label, 60),
    ...links,
    ...(canSilence ? [] : [slackLink(report.silenceUrl, "silence it there")]),
  ];
  return withinRoom(all.filter(Boolean), MAX_SMALL_PRINT);
}

/** As many of them as there is room for, the long ones left out. */
function withinRoom(texts: readonly string[], maxChars: number): string[] {
  let room = maxChars;
  return texts.filter((text) => {
    const fits = text.length + BETWEEN_CHARS <= room;
    if (fits) room -= text.length + BETWEEN_CHARS;
    return fits;
  });
}
