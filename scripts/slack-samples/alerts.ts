/** Pictures of alerts of monitoring. */
import type { Alert } from "../../src/model/alert.ts";
import { wordNotice } from "../../src/notify/wording/slack/notice-wording.ts";
import { MIN_MS, message, NOW_MS, type Sample } from "./data.ts";

const HOUR_MS = 60 * MIN_MS;

function alert(part: Partial<Omit<Alert, "report">> & { report?: Partial<Alert["report"]> } = {}) {
  const { report, ...rest } = part;
  const shown: Alert = {
    ...{ id: 12, source: "metrics", label: "Alertmanager", state: "firing", sinceMs: NOW_MS - 9 * MIN_MS },
    ...{ resolvedAtMs: null, flaps: 0, acknowledged: null, silenced: null, suspects: [] },
    ...{ canSilence: true, silenceForMs: 2 * HOUR_MS },
    ...rest,
    report: {
      ...{ fingerprint: "f", state: "firing", severity: "critical", title: "Checkout answers with errors" },
      detail: "12.4 % of the requests to /checkout were answered with 5xx in the last five minutes; 1 % is allowed.",
      ...{ startedAtMs: null, endedAtMs: null, silenceUrl: null, runbookUrl: "https://wiki.example.com/checkout" },
      labels: {
        alertname: "CheckoutErrors",
        severity: "critical",
        service: "shop",
        instance: "web-1:9100",
        job: "node",
      },
      links: [{ label: "Graph", url: "https://prometheus.example.com/graph?g0.expr=rate" }],
      ...report,
    },
  };
  return message(wordNotice({ about: "alert", setting: "sources.metrics.channel", alert: shown, hasButtons: true }));
}

const SUSPECT = {
  ...{ site: "shop", deployment: "d-mkx2k9x1-4f7a", commit: "a1b2c3d4e5", title: "Show prices with tax & shipping" },
  ...{ author: "Alice Moreau", liveAtMs: NOW_MS - 13 * MIN_MS },
};
const BY = "bob (Slack U0BOB)";
const ACKNOWLEDGED = { by: BY, atMs: NOW_MS - 5 * MIN_MS };

/** The pictures. */
export function alertSamples(): Sample[] {
  return [
    {
      name: "alert-firing",
      messages: [
        alert({ suspects: [SUSPECT] }),
        alert({
          suspects: [SUSPECT],
          acknowledged: ACKNOWLEDGED,
          silenced: { by: BY, untilMs: NOW_MS + 2 * HOUR_MS },
        }),
      ],
    },
    {
      name: "alert-others",
      messages: [
        alert({ state: "resolved", resolvedAtMs: NOW_MS, flaps: 3, acknowledged: ACKNOWLEDGED, suspects: [SUSPECT] }),
        alert({
          ...{ label: "Grafana", canSilence: false },
          report: {
            ...{ severity: "warning", title: "Disk almost full", detail: "", runbookUrl: null },
            ...{ labels: { host: "db-2", mountpoint: "/var" }, silenceUrl: "https://grafana.example.com/silence" },
          },
        }),
        alert({
          ...{ label: "Uptime Kuma", canSilence: false },
          report: {
            severity: null,
            title: "docs is down",
            detail: "timeout of 48000ms exceeded",
            labels: {},
            links: [],
          },
        }),
        alert({ label: "Sentry", canSilence: false, report: { severity: "info", title: "A new kind of error" } }),
      ],
    },
  ];
}
