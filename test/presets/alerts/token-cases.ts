/** The monitoring senders that send a shared secret as it is, as cases of the contract of presets. */
import type { AlertReport } from "../../../src/model/alert.ts";
import { datadogTemplate } from "../../../src/presets/alerts/datadog.ts";
import { uptimeRobotTemplate } from "../../../src/presets/alerts/uptimerobot.ts";
import type { PresetCase, SentRequest } from "../preset-case.ts";
import { payload, payloadText } from "./payload.ts";

/** A report with nothing in it but what is given. */
export const report = (
  it: Partial<AlertReport> & Pick<AlertReport, "fingerprint" | "state" | "title">,
): AlertReport => ({
  severity: null,
  detail: "",
  startedAtMs: null,
  endedAtMs: null,
  labels: {},
  links: [],
  runbookUrl: null,
  silenceUrl: null,
  ...it,
});

/** The template with its variables replaced, the longest names first. */
export function fillTemplate(template: string, values: Readonly<Record<string, string>>): string {
  const names = Object.keys(values).sort((a, b) => b.length - a.length);
  return names.reduce((text, name) => text.replaceAll(name, values[name] ?? ""), template);
}

const SECRET = "Wq3v9xA1tT7cZ0bN5kLmP2sD";
const OTHER = "Hy6uJ8iK0oL2pQ4wE6rT8yU0";

const common = {
  settings: {},
  secret: SECRET,
  other: OTHER,
  signedBy: "none: a token is sent as it is",
  isBodySigned: false,
  toleranceMs: null,
  isDeduped: true,
} as const;

/** JSON by POST, with a bearer token. */
const byBearer = (usual: string) => ({
  ...common,
  signatureHeader: "authorization",
  request: (secret: string, _nowMs: number, { body = usual }: { readonly body?: string } = {}): SentRequest => ({
    headers: { "content-type": "application/json", authorization: `Bearer ${secret}` },
    body,
  }),
});

/** JSON by POST, with the token at the end of the address. */
const byPath = (usual: string) => ({
  ...common,
  signatureHeader: null,
  request: (secret: string, _nowMs: number, { body = usual }: { readonly body?: string } = {}): SentRequest => ({
    suffix: `/${secret}`,
    headers: { "content-type": "application/json" },
    body,
  }),
});

const kumaIsDown = report({
  fingerprint: "monitor:29",
  state: "firing",
  title: "Test",
  detail: "getaddrinfo ENOTFOUND test.com",
  startedAtMs: Date.parse("2024-09-24T23:51:35.527Z"),
  labels: { type: "http" },
  links: [{ label: "Monitored", url: "https://test.com" }],
});

/** The field `data` of a form, as the package form-data writes it. */
function multipart(json: string): string {
  const lines = ["--boundary", 'Content-Disposition: form-data; name="data"', "", json, "--boundary--", ""];
  return lines.join("\r\n");
}

const kuma = payload("uptime-kuma");
const kumaQuery = new URLSearchParams({
  msg: kuma.msg,
  heartbeat: JSON.stringify(kuma.heartbeat),
  monitor: JSON.stringify(kuma.monitor),
});

const kumaCases: readonly PresetCase[] = [
  {
    ...byBearer(payloadText("uptime-kuma")),
    kind: "uptime-kuma",
    name: "a monitor that is down, as JSON",
    isDeduped: false,
    reading: { alerts: [kumaIsDown] },
  },
  {
    ...byBearer(""),
    kind: "uptime-kuma",
    name: "a monitor that is down, as form data",
    isDeduped: false,
    request: (secret, _nowMs, { body } = {}) => ({
      headers: { "content-type": "multipart/form-data; boundary=boundary", authorization: `Bearer ${secret}` },
      body: body ?? multipart(payloadText("uptime-kuma")),
    }),
    reading: { alerts: [kumaIsDown] },
  },
  {
    ...byBearer(""),
    kind: "uptime-kuma",
    name: "a monitor that is down, by GET",
    isDeduped: false,
    request: (secret, _nowMs, { body = "" } = {}) => ({
      method: "GET",
      suffix: `?${kumaQuery}`,
      headers: { authorization: `Bearer ${secret}` },
      body,
    }),
    reading: { alerts: [kumaIsDown] },
  },
];

const robotValues = {
  "*monitorID*": "776172795",
  "*monitorURL*": "https://shop.example/",
  "*monitorFriendlyName*": "Shop",
  "*alertType*": "1",
  "*alertDetails*": "HTTP 502 - Bad Gateway",
  "*alertDateTime*": "1764496800",
};
const robotIsDown = report({
  fingerprint: "monitor:776172795",
  state: "firing",
  title: "Shop",
  detail: "HTTP 502 - Bad Gateway",
  startedAtMs: Date.parse("2025-11-30T10:00:00Z"),
  links: [{ label: "Monitored", url: "https://shop.example/" }],
});
const robotParameters = new URLSearchParams(
  Object.entries({ ...robotValues, "*alertTypeFriendlyName*": "Down", "*sslExpiryDate*": "*sslExpiryDate*" }).map(
    ([name, value]): [string, string] => [name.slice(1, -1), value],
  ),
);

const robotCases: readonly PresetCase[] = [
  {
    ...byPath(fillTemplate(uptimeRobotTemplate, robotValues)),
    kind: "uptimerobot",
    name: "a monitor that is down, by the template",
    reading: { alerts: [robotIsDown] },
  },
  {
    ...byPath(""),
    kind: "uptimerobot",
    name: "a monitor that is down, by GET",
    request: (secret, _nowMs, { body = "" } = {}) => ({
      method: "GET",
      suffix: `/${secret}?${robotParameters}`,
      headers: {},
      body,
    }),
    reading: { alerts: [robotIsDown] },
  },
  {
    ...byPath(""),
    kind: "uptimerobot",
    name: "a monitor that is down, as a form",
    request: (secret, _nowMs, { body = String(robotParameters) } = {}) => ({
      suffix: `/${secret}`,
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body,
    }),
    reading: { alerts: [robotIsDown] },
  },
];

/** The examples that stand beside the variables in Datadog's documentation. */
export const datadogValues = {
  $ID: "1234567",
  $ALERT_ID: "1234",
  $ALERT_SCOPE: "availability-zone:us-east-1a, role:computing-node",
  $ALERT_TRANSITION: "Triggered",
  $ALERT_TYPE: "error",
  $ALERT_PRIORITY: "P1",
  $ALERT_TITLE: "[Triggered on {host:ip-012345}] Host is Down",
  $TEXT_ONLY_MSG: "No answer for 2 minutes",
  $TAGS: "monitor, name:myService, role:computing-node",
  $DATE: "1406662672000",
  $LINK: "https://app.datadoghq.com/event/jump_to?event_id=123456",
};

export const tokenCases: readonly PresetCase[] = [
  {
    ...byBearer(payloadText("alertmanager")),
    kind: "alertmanager",
    name: "a group that fires",
    reading: {
      alerts: [
        report({
          fingerprint: "c78afddd4672d13e",
          state: "firing",
          severity: "critical",
          title: "shop.example does not answer",
          startedAtMs: Date.parse("2026-11-30T19:56:21.173Z"),
          labels: { alertname: "SiteDown", instance: "shop.example", severity: "critical" },
          links: [
            { label: "Query", url: "http://prometheus.example:9090/graph?g0.expr=probe_success+%3D%3D+0&g0.tab=1" },
            { label: "Alertmanager", url: "http://alerts.example:9093" },
          ],
          runbookUrl: "https://runbooks.example/site-down",
          silenceUrl:
            "http://alerts.example:9093/#/silences/new?filter=%7Balertname%3D%22SiteDown%22%2Cinstance%3D%22shop.example%22%2Cseverity%3D%22critical%22%7D",
        }),
      ],
    },
  },
  ...kumaCases,
  ...robotCases,
  {
    ...byPath(payloadText("better-stack")),
    kind: "better-stack",
    name: "an incident that somebody acknowledged",
    reading: {
      alerts: [
        report({
          fingerprint: "incident:1",
          state: "acknowledged",
          title: "Tesla.com homepage",
          detail: "Error 500",
          startedAtMs: Date.parse("2020-10-21T10:51:28.151Z"),
          links: [{ label: "Monitored", url: "https://tesla.com" }],
        }),
      ],
    },
  },
  {
    ...byBearer(payloadText("healthchecks")),
    kind: "healthchecks",
    name: "a check that is down",
    reading: {
      alerts: [
        report({
          fingerprint: "check:31365bce-8da9-4729-8ff3-aaa71d56b712",
          state: "firing",
          title: 'Backups "nightly"',
          detail: "The database, every night\nLast ping: 2026-11-29T02:00:03+00:00",
          startedAtMs: Date.parse("2026-11-30T10:00:00Z"),
          labels: { tags: "prod www" },
        }),
      ],
    },
  },
  {
    ...byBearer(fillTemplate(datadogTemplate, datadogValues)),
    kind: "datadog",
    name: "a monitor that was triggered",
    reading: {
      alerts: [
        report({
          fingerprint: "1234:availability-zone:us-east-1a, role:computing-node",
          state: "firing",
          severity: "critical",
          title: "[Triggered on {host:ip-012345}] Host is Down",
          detail: "No answer for 2 minutes",
          startedAtMs: 1_406_662_672_000,
          labels: {
            scope: "availability-zone:us-east-1a, role:computing-node",
            tags: "monitor, name:myService, role:computing-node",
            priority: "P1",
          },
          links: [{ label: "Monitor", url: "https://app.datadoghq.com/event/jump_to?event_id=123456" }],
        }),
      ],
    },
  },
];
