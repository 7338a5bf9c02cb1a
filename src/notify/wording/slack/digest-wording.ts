/** How many news at once are told: one message, edited while they come, the bad ones first. */
import type { Digest } from "../../../model/notice.ts";
import type { SlackMessage } from "../../../slack/slack-client.ts";
import { count, slackDate, slackLink, unformatted } from "../plain.ts";
import { type Block, context, header, sections } from "./slack-blocks.ts";

const MAX_GROUPS = 10;

/** The message, with the groups that have the most news. Nothing is left out silently. */
export function wordDigest({ sinceMs, endedAtMs, groups }: Digest): SlackMessage {
  const sorted = groups.toSorted(
    (a, b) => Number(a.state === "good") - Number(b.state === "good") || b.count - a.count,
  );
  const total = groups.reduce((sum, group) => sum + group.count, 0);
  const bad = groups.filter(({ state }) => state === "bad").length;
  const shown = sorted.slice(0, MAX_GROUPS);
  const verdict = bad > 0 ? `${bad} of ${groups.length} still broken` : "nothing is broken any more";
  const headline = `📚 ${count(total, "message")} in one: ${verdict}`;
  const { blocks, left } = sections(shown.map(line));
  const more = groups.length - shown.length + left;
  const time =
    endedAtMs === null
      ? [`since ${slackDate(sinceMs)}`, "it goes on; this message is edited while more news come"]
      : [`from ${slackDate(sinceMs)} to ${slackDate(endedAtMs)}`, "it has ended"];
  const all: Block[] = [header(headline), ...blocks, context([...(more > 0 ? [`and ${more} more`] : []), ...time])];
  return { text: `${headline}${endedAtMs === null ? "; it goes on" : "; it has ended"}`, blocks: all };
}

function line({ title, count: times, state, url }: Digest["groups"][number]): string {
  const mark = state === "bad" ? "🔴 broken" : "🟢 works";
  const link = slackLink(url, "open");
  return `${mark}  *${unformatted(title, 120)}*  ·  ${count(times, "message")}${link ? `  ·  ${link}` : ""}`;
}
