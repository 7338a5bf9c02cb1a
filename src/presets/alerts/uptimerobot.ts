/** UptimeRobot: its integration "Webhook", with its default variables or the template below. */
import { z } from "zod";
import type { AlertReport } from "../../model/alert.ts";
import { type Preset, reading } from "../preset.ts";
import { linksTo, timeOfCount } from "./sender-words.ts";

/**
 * What to put into "POST value (JSON)", with "Send as JSON". The default variables, as parameters of a POST or of the
 * query, are named the same.
 */
export const uptimeRobotTemplate = `{
  "monitorID": "*monitorID*",
  "monitorURL": "*monitorURL*",
  "monitorFriendlyName": "*monitorFriendlyName*",
  "alertType": "*alertType*",
  "alertDetails": "*alertDetails*",
  "alertDuration": "*alertDuration*",
  "alertDateTime": "*alertDateTime*"
}`;

/** A variable that has no value in an alert stays as it stands in the template. */
const variable = z
  .union([z.string(), z.number()])
  .transform(String)
  .transform((text) => (/^\*\w*\*$/.test(text) ? "" : text));

const payload = z.object({
  monitorID: variable.pipe(z.string().min(1)),
  /** 1 down, 2 up, 3 a certificate or domain runs out. */
  alertType: variable,
  monitorFriendlyName: variable.nullish(),
  monitorURL: variable.nullish(),
  alertDetails: variable.nullish(),
  /** Seconds, of what is over. */
  alertDuration: variable.nullish(),
  /** Seconds since 1970. */
  alertDateTime: variable.nullish(),
});

const [DOWN, UP, EXPIRES] = ["1", "2", "3"];

/**
 * It signs nothing, so the secret stands at the end of the address. Whether it tries again is not documented; the id is
 * what stays the same in any case.
 *
 * https://help.uptimerobot.com/en/articles/14498593-webhook-integration
 */
export const uptimeRobot: Preset = {
  kind: "uptimerobot",
  label: "UptimeRobot",
  purpose: "alerts",
  docs: "https://help.uptimerobot.com/en/articles/14498593-webhook-integration",
  provenBy: null,
  keys: [],
  secret: "needed",
  events: [],
  definition: () => ({
    verify: [{ token: { in: "path" } }],
    id: "join(json:/monitorID, json:/alertType, json:/alertDateTime)",
    event: ["json:/alertType"],
    accept: {
      types: ["application/json", "application/x-www-form-urlencoded"],
      methods: ["POST", "GET"],
    },
  }),
  read: reading(payload, (alert) => {
    const { monitorID, alertType, monitorURL } = alert;
    if (alertType !== DOWN && alertType !== UP && alertType !== EXPIRES)
      return { ignored: "the monitor is neither up nor down" };
    const atMs = timeOfCount(alert.alertDateTime, 1000);
    const lengthMs = Number(alert.alertDuration || Number.NaN) * 1000;
    const report: AlertReport = {
      fingerprint: `${alertType === EXPIRES ? "expires" : "monitor"}:${monitorID}`,
      state: alertType === UP ? "resolved" : "firing",
      severity: alertType === EXPIRES ? "warning" : null,
      title: alert.monitorFriendlyName || monitorURL || `Monitor ${monitorID}`,
      detail: alert.alertDetails ?? "",
      startedAtMs: alertType === UP ? began(atMs, lengthMs) : atMs,
      endedAtMs: alertType === UP ? atMs : null,
      labels: {},
      links: linksTo({ Monitored: monitorURL }),
      runbookUrl: null,
      silenceUrl: null,
    };
    return { alerts: [report] };
  }),
};

function began(endedAtMs: number | null, lengthMs: number): number | null {
  return endedAtMs !== null && lengthMs >= 0 && lengthMs < endedAtMs ? endedAtMs - lengthMs : null;
}
