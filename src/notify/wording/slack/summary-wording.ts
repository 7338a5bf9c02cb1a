/** How a day is told: what went live on each site, what failed, and what is broken or held now. */
import type { Summary } from "../../../model/notice.ts";
import { durationText } from "../../../model/quantities.ts";
import type { SlackMessage } from "../../../slack/slack-client.ts";
import { count, slackDate, unformatted } from "../plain.ts";
import { context, header, section, sections } from "./slack-blocks.ts";

const MAX_SITES = 60;
const MAX_BROKEN = 10;

/** The message. Sites on which something failed come first, then those that are held, then the rest by how much happened. */
export function wordSummary({ fromMs, toMs, sites, broken }: Summary): SlackMessage {
  const live = sum(sites.map((site) => site.live));
  const failed = sum(sites.map((site) => site.failed));
  const told = [`${count(live, "deployment")} live`, `${failed} failed`];
  if (broken.length > 0) told.push(`${count(broken.length, "workflow")} broken`);
  const headline = `🗞️ The day: ${told.join(", ")}`;
  const sorted = sites.toSorted(
    (a, b) =>
      Number(b.failed > 0) - Number(a.failed > 0) ||
      Number(b.hold !== null) - Number(a.hold !== null) ||
      b.live + b.other - a.live - a.other,
  );
  const { blocks, left } = sections(sorted.slice(0, MAX_SITES).map(siteLine), 3);
  const more = Math.max(0, sites.length - MAX_SITES) + left;
  const times = [`from ${slackDate(fromMs)} to ${slackDate(toMs)}`];
  return {
    text: headline,
    blocks: [
      header(headline),
      ...(sites.length === 0 ? [section("Nothing was deployed.")] : blocks),
      ...brokenBlocks(broken),
      context(more > 0 ? [`and ${count(more, "more site")}`, ...times] : times),
    ],
  };
}

function siteLine({ site, live, failed, other, medianMs, hold }: Summary["sites"][number]): string {
  const told = [
    live > 0 && `✅ ${live} live`,
    failed > 0 && `❌ ${failed} failed`,
    other > 0 && `➖ ${other} other`,
    medianMs !== null && `median ${durationText(medianMs)}`,
    hold !== null && `⏸️ ${unformatted(hold, 150)}`,
  ].filter(Boolean);
  return `*${unformatted(site, 60)}*  ·  ${told.length > 0 ? told.join("  ·  ") : "nothing happened"}`;
}

function brokenBlocks(broken: readonly string[]) {
  if (broken.length === 0) return [];
  const lines = broken.slice(0, MAX_BROKEN).map((name) => `🔴 ${unformatted(name, 250)}`);
  if (broken.length > MAX_BROKEN) lines.push(`and ${broken.length - MAX_BROKEN} more`);
  return sections(["*Broken now*", ...lines], 2).blocks;
}

function sum(all: readonly number[]): number {
  return all.reduce((total, one) => total + one, 0);
}
