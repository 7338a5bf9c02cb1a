/** Monitoring reports alerts: each is remembered, and told where somebody is to hear of it. */
import type { Effect } from "../model/effect.ts";
import type { AlertsEvent } from "../model/event.ts";

export type AlertsFacts = {
  /** Where the alerts are told, and the key of slipway.yaml that says so; null: nowhere. */
  readonly channel: string | null;
  readonly setting: string;
  readonly canSilence: boolean;
};

export function handleAlerts(event: AlertsEvent, facts: AlertsFacts): Effect[] {
  const { source, label, sites } = event;
  return event.alerts.map((report) => ({ do: "alert", source, label, report, sites, ...facts }));
}
