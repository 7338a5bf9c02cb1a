/** Tells channels how alerts of monitoring stand: one message for each, edited until it is over. */
import type { Alert } from "../model/alert.ts";
import type { AlertEffect } from "../model/effect.ts";
import type { Notice } from "../model/notice.ts";
import { type KnownAlert, recordReport } from "../store/alerts.ts";
import { hasNews } from "../store/digests.ts";
import { isWished } from "../store/outbox.ts";
import type { Tx, Work } from "../store/work.ts";
import { announceNotice } from "./announce.ts";
import { tellNews } from "./digest.ts";
import { tellAlertOut } from "./outgoing/announce-out.ts";
import type { Telling } from "./tell.ts";
import { oneLine } from "./wording/plain.ts";
import { wordAlert } from "./wording/slack/alert-wording.ts";

type AlertTelling = Pick<Telling, "hasSlack" | "hasButtons" | "config">;

/** Remembers the report and tells the channel, where that is news. Answers with what it did, in one sentence. */
export function* tellAlert(
  tx: Tx,
  telling: AlertTelling,
  effect: AlertEffect,
  { nowMs }: { readonly nowMs: number },
): Work<string> {
  const { do: _, ...reported } = effect;
  const recorded = yield* recordReport(tx, reported, nowMs);
  const name = alertName(reported);
  if (recorded.kind === "no_news") return `skipped: ${name} is ${effect.report.state}; ${recorded.why}`;
  const { known } = recorded;
  const isNews = recorded.kind === "opened" || isSeen(recorded.before, known);
  if (!isNews) return `skipped: ${name} is ${known.alert.state} still`;
  yield* tellAlertOut(tx, telling.config.webhooks ?? [], known.alert, nowMs, effect.sites);
  const sentence = `alert ${known.alert.id}, ${name}, is ${stateText(known)}`;
  if (known.channel === null) {
    return `noted: ${sentence}; nobody is told of it, since no channel is set: sources.${effect.source}.channel`;
  }
  if (!(yield* showAlert(tx, telling, known, nowMs))) return `noted: ${sentence}`;
  return `told ${known.channel}: ${sentence}`;
}

/**
 * Has the message about an alert say how it stands now. False where nobody is told: there is no channel, or it is over
 * and the channel never heard of it. The caller has locked the alerts of its source.
 */
export function* showAlert(
  tx: Tx,
  { hasSlack, hasButtons = false }: AlertTelling,
  { alert, channel, setting }: KnownAlert,
  nowMs: number,
): Work<boolean> {
  if (!hasSlack || channel === null) return false;
  const topic = `alert ${alert.id}`;
  const notice: Notice = { about: "alert", setting, alert, hasButtons };
  const wish = announceNotice(notice, topic, channel);
  const isOver = alert.state === "resolved";
  if (isOver && !(yield* isWished(tx, wish.key)) && !(yield* hasNews(tx, channel, topic))) return false;
  const { title, links } = alert.report;
  const state = isOver ? "good" : "bad";
  yield* tellNews(tx, { channel, setting, topic, title, state, url: links[0]?.url ?? null, wish }, nowMs);
  return true;
}

/** Whether people see anything of the change: senders say again and again what is known. */
function isSeen(before: KnownAlert, now: KnownAlert): boolean {
  const shown = ({ alert, channel }: KnownAlert) =>
    JSON.stringify([channel, wordAlert(withSameAddresses(alert), true)]);
  return shown(before) !== shown(now);
}

/** Addresses alone are no news: each of two Alertmanagers names its own, and some senders put the time into them. */
function withSameAddresses(alert: Alert): Alert {
  const { links, silenceUrl } = alert.report;
  const url = "https://example.com/";
  const report = { ...alert.report, links: links.map((it) => ({ ...it, url })), silenceUrl: silenceUrl && url };
  return { ...alert, report };
}

/** "“Disk full” of Grafana" */
export function alertName({ label, report }: Pick<AlertEffect, "label" | "report">): string {
  return `“${oneLine(report.title, 100)}” of ${label}`;
}

function stateText({ alert }: KnownAlert): string {
  if (alert.state === "resolved" || alert.flaps === 0) return alert.state;
  return `${alert.state} again (${alert.flaps})`;
}
