/** The payload that Alertmanager invented and Grafana sends, too: a group of alerts, each firing or resolved. */
import { z } from "zod";
import type { AlertReport } from "../../model/alert.ts";
import type { Reading } from "../preset.ts";
import { linksTo, severityOf, timeOf } from "./sender-words.ts";

/**
 * So many alerts of one delivery are read: each is a row and a wish, and more at once are no news that anybody reads one
 * by one. `max_alerts` of a receiver says the same to Alertmanager.
 */
export const MAX_ALERTS = 500;

const words = z.record(z.string(), z.string());

const alert = z.object({
  status: z.enum(["firing", "resolved"]),
  labels: words.nullish(),
  annotations: words.nullish(),
  startsAt: z.string().nullish(),
  endsAt: z.string().nullish(),
  generatorURL: z.string().nullish(),
  fingerprint: z.string().min(1),
  // These are Grafana's.
  silenceURL: z.string().nullish(),
  dashboardURL: z.string().nullish(),
  panelURL: z.string().nullish(),
  valueString: z.string().nullish(),
});

/** Alerts beyond MAX_ALERTS are counted, and not looked at. */
const boundedAlerts = z
  .array(z.unknown())
  .transform((all) => ({ first: all.slice(0, MAX_ALERTS), unread: Math.max(0, all.length - MAX_ALERTS) }))
  .pipe(z.object({ first: z.array(alert), unread: z.number() }));

export const alertGroup = z.object({
  alerts: boundedAlerts,
  externalURL: z.string().nullish(),
  truncatedAlerts: z.number().nullish(),
});
export type AlertGroup = z.output<typeof alertGroup>;
type GroupedAlert = z.output<typeof alert>;

/** What differs between the senders of such groups. */
type Manner = {
  readonly links: (alert: GroupedAlert, group: AlertGroup) => AlertReport["links"];
  readonly silenceUrl: (alert: GroupedAlert, group: AlertGroup) => string | null;
};

/** Each alert of the group as a report. That there are more than were sent or read stands in the last one's detail. */
export function readAlertGroup(group: AlertGroup, manner: Manner): Reading {
  const { first, unread } = group.alerts;
  if (first.length === 0) return { ignored: "the group has no alerts in it" };
  const untold = unread + (group.truncatedAlerts ?? 0);
  const alerts = first.map((it, index) => {
    const report = reportOf(it, group, manner);
    return untold > 0 && index === first.length - 1 ? { ...report, detail: withRest(report.detail, untold) } : report;
  });
  return { alerts };
}

function reportOf(it: GroupedAlert, group: AlertGroup, manner: Manner): AlertReport {
  const labels = it.labels ?? {};
  const annotations = it.annotations ?? {};
  const name = labels.alertname || "An alert without a name";
  return {
    fingerprint: it.fingerprint,
    state: it.status,
    severity: severityOf(labels.severity),
    title: annotations.summary || annotations.title || name,
    detail: annotations.description || annotations.message || it.valueString || "",
    startedAtMs: timeOf(it.startsAt),
    endedAtMs: it.status === "resolved" ? timeOf(it.endsAt) : null,
    // Names with two underscores in front are the sender's own business.
    labels: Object.fromEntries(Object.entries(labels).filter(([label]) => !label.startsWith("__"))),
    links: [
      ...manner.links(it, group),
      ...linksTo({ Dashboard: it.dashboardURL || annotations.dashboard_url, Panel: it.panelURL }),
    ],
    runbookUrl: annotations.runbook_url || annotations.runbook || null,
    silenceUrl: manner.silenceUrl(it, group),
  };
}

function withRest(detail: string, untold: number): string {
  const rest = `${untold} more ${untold === 1 ? "alert" : "alerts"} of this group ${untold === 1 ? "is" : "are"} not told one by one.`;
  // First, since what is long is cut at its end.
  return detail === "" ? rest : `${rest} ${detail}`;
}
