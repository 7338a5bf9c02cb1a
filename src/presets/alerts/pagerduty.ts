/** PagerDuty: webhook subscriptions, version 3. */
import { z } from "zod";
import type { AlertReport } from "../../model/alert.ts";
import { type Preset, reading } from "../preset.ts";
import { labelsOf, linksTo, severityOf, timeOf } from "./sender-words.ts";

const reference = z.object({ summary: z.string().nullish(), html_url: z.string().nullish() }).nullish();

const payload = z.object({
  event: z.object({
    event_type: z.string(),
    data: z.object({ type: z.string().nullish() }).nullish(),
  }),
});

const incident = z.object({
  id: z.string().min(1),
  status: z.enum(["triggered", "acknowledged", "resolved"]),
  title: z.string().nullish(),
  html_url: z.string().nullish(),
  created_at: z.string().nullish(),
  urgency: z.string().nullish(),
  priority: reference,
  service: reference,
});

const STATES = { triggered: "firing", acknowledged: "acknowledged", resolved: "resolved" } as const;

/**
 * Up to five attempts within some 20 minutes after 5xx, 429 and timeouts (5 s), all with the same signed `event.id`.
 *
 * https://developer.pagerduty.com/docs/webhooks-overview, https://developer.pagerduty.com/docs/verifying-webhook-signatures
 */
export const pagerduty: Preset = {
  kind: "pagerduty",
  label: "PagerDuty",
  purpose: "alerts",
  docs: "https://developer.pagerduty.com/docs/webhooks-overview",
  provenBy: "the example of its documentation, signed by openssl",
  keys: [],
  secret: "needed",
  events: [],
  definition: () => ({
    verify: [{ hmac: { header: "x-pagerduty-signature", layout: "pairs", pick: "v1" } }],
    id: "json:/event/id",
    event: ["json:/event/event_type"],
  }),
  read: reading(payload, ({ event: { event_type: name, data } }, delivery) => {
    if (name === "pagey.ping") return { ping: "PagerDuty tests its subscription" };
    if (data?.type !== "incident") return { ignored: "it says nothing of how an incident stands" };
    return readIncident(delivery);
  }),
};

/** Whatever happened to an incident, it comes whole, and says how it stands. */
const readIncident = reading(
  z.object({ event: z.object({ occurred_at: z.string().nullish(), data: incident }) }),
  ({ event: { occurred_at, data } }) => {
    const { id, status, urgency, priority, service } = data;
    const report: AlertReport = {
      fingerprint: `incident:${id}`,
      state: STATES[status],
      severity: severityOf(priority?.summary) ?? (urgency === "low" ? "warning" : urgency ? "critical" : null),
      title: data.title || `Incident ${id}`,
      detail: "",
      startedAtMs: timeOf(data.created_at),
      endedAtMs: status === "resolved" ? timeOf(occurred_at) : null,
      labels: labelsOf({ service: service?.summary, urgency, priority: priority?.summary }),
      links: linksTo({ Incident: data.html_url, Service: service?.html_url }),
      runbookUrl: null,
      silenceUrl: null,
    };
    return { alerts: [report] };
  },
);
