/** Datadog: its integration "Webhooks", with the template below. */
import { z } from "zod";
import type { AlertReport } from "../../model/alert.ts";
import { type Preset, reading } from "../preset.ts";
import { fingerprintOf, labelsOf, linksTo, severityOf, timeOfCount } from "./sender-words.ts";

/** What to put into "Payload"; into "Custom headers" goes `{"Authorization": "Bearer …"}`. */
export const datadogTemplate = `{
  "id": "$ID",
  "monitor": "$ALERT_ID",
  "scope": "$ALERT_SCOPE",
  "transition": "$ALERT_TRANSITION",
  "type": "$ALERT_TYPE",
  "priority": "$ALERT_PRIORITY",
  "title": "$ALERT_TITLE",
  "text": "$TEXT_ONLY_MSG",
  "tags": "$TAGS",
  "date": "$DATE",
  "link": "$LINK"
}`;

/** A variable without a value is empty or the word null. */
const variable = z
  .union([z.string(), z.number()])
  .transform(String)
  .transform((text) => (/^null$/i.test(text) ? "" : text))
  .nullish();

const payload = z.object({
  monitor: variable,
  scope: variable,
  transition: variable,
  type: variable,
  priority: variable,
  title: variable,
  text: variable,
  tags: variable,
  /** Milliseconds since 1970. */
  date: variable,
  link: variable,
});

/**
 * Retried five times after 5xx and when it is not answered, with the same $ID. One monitor has an alert for each scope,
 * and $ALERT_CYCLE_KEY is another one each time it fires: so monitor and scope name the alert.
 *
 * https://docs.datadoghq.com/integrations/webhooks/
 */
export const datadog: Preset = {
  kind: "datadog",
  label: "Datadog",
  purpose: "alerts",
  docs: "https://docs.datadoghq.com/integrations/webhooks/",
  provenBy: null,
  keys: [],
  secret: "needed",
  events: [],
  definition: () => ({
    verify: [{ token: { in: "header:authorization", scheme: "bearer" } }],
    id: "json:/id",
    event: ["json:/transition"],
    accept: { types: ["application/json", "application/x-www-form-urlencoded"] },
  }),
  read: reading(payload, (alert) => {
    const { monitor, scope, transition } = alert;
    if (!monitor || !transition) return { ignored: "it tells an event, and no alert of a monitor" };
    const isOver = transition === "Recovered";
    const atMs = timeOfCount(alert.date, 1);
    const report: AlertReport = {
      fingerprint: fingerprintOf(`${monitor}:${scope ?? ""}`),
      state: isOver ? "resolved" : "firing",
      severity: isOver ? null : (severityOf(alert.priority) ?? severityOf(alert.type)),
      title: alert.title || `Monitor ${monitor}`,
      detail: alert.text ?? "",
      // What comes with another transition began before.
      startedAtMs: BEGINNINGS.has(transition) ? atMs : null,
      endedAtMs: isOver ? atMs : null,
      labels: labelsOf({ scope, tags: alert.tags, priority: alert.priority }),
      links: linksTo({ Monitor: alert.link }),
      runbookUrl: null,
      silenceUrl: null,
    };
    return { alerts: [report] };
  }),
};

const BEGINNINGS = new Set(["Triggered", "No Data", "Warn"]);
