/** Monitoring reports alerts: each is remembered, and told where somebody is to hear of it. */
import { cleanReport } from "../model/alert.ts";
import type { Effect } from "../model/effect.ts";
import type { AlertsEvent } from "../model/event.ts";

export type AlertsFacts = {
  /** Where the alerts are told, and the key of slipway.yaml that says so; null: nowhere. */
  readonly channel: string | null;
  readonly setting: string;
  /** As in `Alert`. */
  readonly canSilence: boolean;
  readonly silenceForMs?: number;
};

/** In one order, whatever the sender's: two deliveries about the same alerts tell them alike. */
export function handleAlerts(event: AlertsEvent, facts: AlertsFacts): Effect[] {
  const { source, label, sites } = event;
  const reports = event.alerts.map(cleanReport).sort((a, b) => compare(a.fingerprint, b.fingerprint));
  return reports.map((report) => ({ do: "alert", source, label, report, sites, ...facts }));
}

const compare = (a: string, b: string) => (a < b ? -1 : Number(a > b));
