/** The summary of the day: what was deployed on the sites of a channel, what is on hold, what is broken. */
import type { Config } from "../config/schema.ts";
import { type DailyMoment, lastTimeAt } from "../model/day.ts";
import type { Summary } from "../model/notice.ts";
import { holdOf } from "../model/site.ts";
import { brokenIn } from "../store/ci.ts";
import { lockChannel } from "../store/digests.ts";
import { isWished, wish } from "../store/outbox.ts";
import { findSite } from "../store/sites.ts";
import { type Finished, finishedBetween, wasThereBefore } from "../store/summary.ts";
import type { Tx, Work } from "../store/work.ts";
import { announceNotice, noticeKey } from "./announce.ts";
import { slackChannelOf } from "./tell.ts";
import { titleOf } from "./tell-ci.ts";

/** Later than this nobody wants to read it any more. */
const MAX_LATE_MS = 6 * 3_600_000;

type SummaryConfig = Pick<Config, "channel" | "sites" | "slack">;

/**
 * Tells each channel its summary, once a day, at its time or up to six hours late. Of a day before Slipway was there
 * nothing is told. Answers with what it did, in sentences.
 */
export function* tellSummaries(tx: Tx, config: SummaryConfig, { nowMs }: { readonly nowMs: number }): Work<string[]> {
  const { summary: wanted } = config.slack;
  if (!wanted) return [];
  const day = lastTimeAt(wanted.at, wanted.timeZone, nowMs);
  if (nowMs - day.atMs > MAX_LATE_MS || !(yield* wasThereBefore(tx, day.atMs))) return [];
  const told: string[] = [];
  for (const [channel, setting] of [...channelsOf(config)].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (yield* tellOne(tx, config, { channel, setting, day, nowMs }))
      told.push(`told ${channel} the summary of the day`);
  }
  return told;
}

function* tellOne(
  tx: Tx,
  config: SummaryConfig,
  { channel, setting, day, nowMs }: { channel: string; setting: string; day: DailyMoment; nowMs: number },
): Work<boolean> {
  const cause = `summary ${channel} ${day.date}`;
  const key = noticeKey(cause, channel);
  if (yield* isWished(tx, key)) return false;
  yield* lockChannel(tx, channel);
  // Another process may have told it meanwhile.
  if (yield* isWished(tx, key)) return false;
  const summary = yield* summaryOf(tx, config, channel, day.dayBeforeMs, day.atMs);
  yield* wish(tx, announceNotice({ about: "summary", setting, summary }, cause, channel), nowMs);
  return true;
}

/** What happened on the sites of a channel in that time, and how they stand. */
export function* summaryOf(
  tx: Tx,
  config: Pick<Config, "channel" | "sites">,
  channel: string,
  fromMs: number,
  toMs: number,
): Work<Summary> {
  const names = Object.keys(config.sites).filter((name) => slackChannelOf(config, name) === channel);
  const finished = yield* finishedBetween(tx, names, fromMs, toMs);
  const sites: Array<Summary["sites"][number]> = [];
  const repoIds = new Set<number>();
  for (const site of names) {
    const state = yield* findSite(tx, site);
    if (state?.repoId != null) repoIds.add(state.repoId);
    const own = finished.filter((it) => it.site === site);
    sites.push({ site, ...countsOf(own), hold: state ? holdOf(site, state, "push") : null });
  }
  const broken = (yield* brokenIn(tx, [...repoIds])).map(titleOf);
  return { fromMs, toMs, sites, broken };
}

function countsOf(finished: readonly Finished[]) {
  const live = finished.filter(({ state }) => state === "live");
  const failed = finished.filter(({ state }) => state === "failed").length;
  const times = live.flatMap(({ tookMs }) => (tookMs === null ? [] : [tookMs]));
  const other = finished.length - live.length - failed;
  return { live: live.length, failed, other, medianMs: medianOf(times) };
}

function medianOf(values: readonly number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low, high] = sorted.length % 2 === 1 ? [middle, middle] : [middle - 1, middle];
  const [a, b] = [sorted[low], sorted[high]];
  return a === undefined || b === undefined ? null : (a + b) / 2;
}

/** The channels of all sites, and the key of slipway.yaml that names each. */
function channelsOf(config: SummaryConfig): Map<string, string> {
  const channels = new Map<string, string>();
  for (const [name, site] of Object.entries(config.sites)) {
    const channel = slackChannelOf(config, name);
    if (channel !== null && !channels.has(channel)) {
      channels.set(channel, site.channel === undefined ? "channel" : `sites.${name}.channel`);
    }
  }
  return channels;
}
