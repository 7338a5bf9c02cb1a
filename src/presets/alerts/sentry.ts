/** Sentry: webhooks of an internal or public integration, for issues and for both kinds of alert rules. */
import { z } from "zod";
import type { AlertReport } from "../../model/alert.ts";
import { headerOf } from "../../model/received.ts";
import { type Preset, reading } from "../preset.ts";
import { labelsOf, linksTo, severityOf, timeOf } from "./sender-words.ts";

const id = z.union([z.string(), z.number()]).transform(String);

const issuePayload = z.object({
  action: z.string(),
  data: z.object({
    issue: z.object({
      id,
      title: z.string(),
      culprit: z.string().nullish(),
      level: z.string().nullish(),
      shortId: z.string().nullish(),
      firstSeen: z.string().nullish(),
      permalink: z.string().nullish(),
      web_url: z.string().nullish(),
      project: z.object({ slug: z.string().nullish() }).nullish(),
    }),
  }),
});

/** How an issue stands after an action; what is not in here says nothing of it. */
const ISSUE_STATES = new Map<string, AlertReport["state"]>([
  ["created", "firing"],
  ["unresolved", "firing"],
  ["resolved", "resolved"],
  // Somebody decided that it does not matter; should it escalate, "unresolved" comes.
  ["archived", "resolved"],
  ["ignored", "resolved"],
]);

const readIssue = reading(issuePayload, ({ action, data: { issue } }, { receivedAtMs }) => {
  const state = ISSUE_STATES.get(action);
  if (state === undefined) return { ignored: "it does not change how the issue stands" };
  const report: AlertReport = {
    fingerprint: `issue:${issue.id}`,
    state,
    severity: severityOf(issue.level),
    title: issue.title,
    detail: issue.culprit ?? "",
    // What comes back did not begin when it was seen first.
    startedAtMs: action === "created" ? timeOf(issue.firstSeen) : null,
    endedAtMs: state === "resolved" ? receivedAtMs : null,
    labels: labelsOf({ project: issue.project?.slug, issue: issue.shortId }),
    links: linksTo({ Issue: issue.web_url || issue.permalink }),
    runbookUrl: null,
    silenceUrl: null,
  };
  return { alerts: [report] };
});

const eventAlertPayload = z.object({
  data: z.object({
    event: z.object({
      issue_id: id,
      title: z.string(),
      culprit: z.string().nullish(),
      level: z.string().nullish(),
      environment: z.string().nullish(),
      datetime: z.string().nullish(),
      web_url: z.string().nullish(),
    }),
    triggered_rule: z.string().nullish(),
  }),
});

/** An alert rule on issues. It is the issue that is over one day, so the issue names the alert. */
const readEventAlert = reading(eventAlertPayload, ({ data: { event, triggered_rule: rule } }) => {
  const report: AlertReport = {
    fingerprint: `issue:${event.issue_id}`,
    state: "firing",
    severity: severityOf(event.level),
    title: event.title,
    detail: event.culprit ?? "",
    startedAtMs: timeOf(event.datetime),
    endedAtMs: null,
    labels: labelsOf({ rule, environment: event.environment }),
    links: linksTo({ Issue: event.web_url }),
    runbookUrl: null,
    silenceUrl: null,
  };
  return { alerts: [report] };
});

const metricAlertPayload = z.object({
  action: z.enum(["critical", "warning", "resolved"]),
  data: z.object({
    metric_alert: z.object({
      alert_rule: z.object({ id, name: z.string().nullish(), environment: z.string().nullish() }),
      projects: z.array(z.string()).nullish(),
      date_started: z.string().nullish(),
      date_closed: z.string().nullish(),
    }),
    description_text: z.string().nullish(),
    description_title: z.string().nullish(),
    web_url: z.string().nullish(),
  }),
});

/** An alert rule on figures. Each time it fires it has another id, so the rule names the alert. */
const readMetricAlert = reading(metricAlertPayload, ({ action, data }) => {
  const { alert_rule: rule, projects, date_started, date_closed } = data.metric_alert;
  const report: AlertReport = {
    fingerprint: `rule:${rule.id}`,
    state: action === "resolved" ? "resolved" : "firing",
    severity: severityOf(action),
    title: rule.name || data.description_title || `Rule ${rule.id}`,
    detail: (data.description_text ?? "").replaceAll("\\n", "\n"),
    startedAtMs: timeOf(date_started),
    endedAtMs: timeOf(date_closed),
    labels: labelsOf({ project: projects?.join(", "), environment: rule.environment }),
    links: linksTo({ Alert: data.web_url }),
    runbookUrl: null,
    silenceUrl: null,
  };
  return { alerts: [report] };
});

/**
 * The answer has to come within a second, and a try that got none (or 503) is made again up to three times, five minutes
 * apart: with the same bytes, but a new Request-ID and timestamp, which are not signed. So the bytes are the id.
 *
 * https://docs.sentry.io/organization/integrations/integration-platform/webhooks/, and
 * getsentry/sentry src/sentry/sentry_apps/api/serializers/app_platform_event.py
 */
export const sentry: Preset = {
  kind: "sentry",
  label: "Sentry",
  purpose: "alerts",
  docs: "https://docs.sentry.io/organization/integrations/integration-platform/webhooks/",
  provenBy: "the examples of its documentation, signed by openssl",
  keys: [],
  secret: "needed",
  events: [],
  definition: () => ({
    verify: [{ hmac: { header: "sentry-hook-signature" } }],
    id: { from: "digest", window: "20m" },
    event: ["header:sentry-hook-resource", "json:/action"],
  }),
  read: (delivery) => {
    switch (headerOf(delivery.received, "sentry-hook-resource")) {
      case "issue":
        return readIssue(delivery);
      case "event_alert":
        return readEventAlert(delivery);
      case "metric_alert":
        return readMetricAlert(delivery);
      case "installation":
        return { ping: "Sentry tells that its integration was installed or removed" };
      default:
        return { ignored: "it is neither an issue nor an alert" };
    }
  },
};
