/** The monitoring senders that sign, as cases of the contract of presets; openssl signs. */

import { opensslHmac } from "../openssl.ts";
import type { PresetCase, SentRequest } from "../preset-case.ts";
import { payload, payloadText } from "./payload.ts";
import { SNS_TOPIC, type SnsKeyName, type SnsMessage, signSns } from "./sns-signer.ts";
import { report } from "./token-cases.ts";

const SECRET = "e5c4b1f3a7d2964880fb1c2d3e4f5a6b";
const OTHER = "0a9b8c7d6e5f40312233445566778899";

const common = {
  settings: {},
  secret: SECRET,
  other: OTHER,
  signedBy: "openssl",
  isBodySigned: true,
  toleranceMs: null,
  isDeduped: true,
} as const;

const JSON_TYPE = { "content-type": "application/json" };

const grafanaAlerts = [
  report({
    fingerprint: "c6eadffa33fcdf37",
    state: "firing",
    title: "This alert was triggered for zone us-1",
    detail: "The system has high memory usage",
    startedAtMs: Date.parse("2021-10-12T07:51:03.157Z"),
    labels: { alertname: "High memory usage", team: "blue", zone: "us-1" },
    links: [{ label: "Alert rule", url: "https://play.grafana.org/alerting/1afz29v7z/edit" }],
    runbookUrl: "https://myrunbook.com/runbook/1234",
    silenceUrl: payload("grafana").alerts[0].silenceURL,
  }),
  report({
    fingerprint: "bc97ff14869b13e3",
    state: "firing",
    title: "This alert was triggered for zone eu-1",
    detail: "The system has high CPU usage",
    startedAtMs: Date.parse("2021-10-12T07:56:03.157Z"),
    labels: { alertname: "High CPU usage", team: "blue", zone: "eu-1" },
    links: [{ label: "Alert rule", url: "https://play.grafana.org/alerting/d1rdpdv7k/edit" }],
    runbookUrl: "https://myrunbook.com/runbook/1234",
    silenceUrl: payload("grafana").alerts[1].silenceURL,
  }),
];

const grafanaHeader = "x-grafana-alerting-signature";
const grafanaCases: readonly PresetCase[] = [
  {
    ...common,
    kind: "grafana",
    name: "two alerts that fire",
    signatureHeader: grafanaHeader,
    request: (secret, _nowMs, { body = payloadText("grafana") } = {}) => ({
      headers: { ...JSON_TYPE, [grafanaHeader]: opensslHmac(secret, body) },
      body,
    }),
    reading: { alerts: grafanaAlerts },
  },
  {
    ...common,
    kind: "grafana",
    name: "two alerts that fire, with a timestamp",
    settings: { timestampHeader: "X-Grafana-Alerting-Timestamp" },
    signatureHeader: grafanaHeader,
    toleranceMs: 300_000,
    request(secret, nowMs, { body = payloadText("grafana") } = {}) {
      const timestamp = String(Math.floor(nowMs / 1000));
      const signature = opensslHmac(secret, `${timestamp}:${body}`);
      return {
        headers: { ...JSON_TYPE, [grafanaHeader]: signature, "x-grafana-alerting-timestamp": timestamp },
        body,
      };
    },
    reading: { alerts: grafanaAlerts },
  },
  {
    ...common,
    kind: "grafana-token",
    name: "two alerts that fire, with a token",
    signedBy: "none: a token is sent as it is",
    signatureHeader: "authorization",
    isBodySigned: false,
    request: (secret, _nowMs, { body = payloadText("grafana") } = {}) => ({
      headers: { ...JSON_TYPE, authorization: `Bearer ${secret}` },
      body,
    }),
    reading: { alerts: grafanaAlerts },
  },
];

/** As Sentry sends it: with an id and a time that are others for each attempt. */
const sentryRequest =
  (resource: string, usual: string): PresetCase["request"] =>
  (secret, nowMs, { body = usual, attempt = 1 } = {}) => ({
    headers: {
      ...JSON_TYPE,
      "request-id": String(attempt).padStart(32, "0"),
      "sentry-hook-resource": resource,
      "sentry-hook-timestamp": String(Math.floor(nowMs / 1000)),
      "sentry-hook-signature": opensslHmac(secret, body),
    },
    body,
  });

const sentryCases: readonly PresetCase[] = [
  {
    ...common,
    kind: "sentry",
    name: "an issue that is new",
    signatureHeader: "sentry-hook-signature",
    request: sentryRequest("issue", payloadText("sentry-issue")),
    reading: {
      alerts: [
        report({
          fingerprint: "issue:1170820242",
          state: "firing",
          severity: "error",
          title: "ReferenceError: blooopy is not defined",
          detail: "?(runner)",
          startedAtMs: Date.parse("2019-08-19T20:58:37.391Z"),
          labels: { project: "front-end", issue: "FRONT-END-9" },
        }),
      ],
    },
  },
  {
    ...common,
    kind: "sentry",
    name: "an alert rule on issues",
    signatureHeader: "sentry-hook-signature",
    request: sentryRequest("event_alert", payloadText("sentry-event-alert")),
    reading: {
      alerts: [
        report({
          fingerprint: "issue:1170820242",
          state: "firing",
          severity: "error",
          title: "ReferenceError: heck is not defined",
          detail: "?(<anonymous>)",
          startedAtMs: Date.parse("2019-08-19T21:06:17.677Z"),
          labels: { rule: "Very Important Alert Rule!" },
          links: [{ label: "Issue", url: payload("sentry-event-alert").data.event.web_url }],
        }),
      ],
    },
  },
  {
    ...common,
    kind: "sentry",
    name: "an alert rule on figures",
    signatureHeader: "sentry-hook-signature",
    request: sentryRequest("metric_alert", payloadText("sentry-metric-alert")),
    reading: {
      alerts: [
        report({
          fingerprint: "rule:7",
          state: "firing",
          severity: "critical",
          title: "Too many errors",
          detail: "1000 events in the last 10 minutes\nFilter: level:error",
          startedAtMs: Date.parse("2020-09-13T12:26:40Z"),
          labels: { project: "bar" },
          links: [{ label: "Alert", url: "https://sentry.io/organizations/foo/alerts/rules/details/7/?alert=1" }],
        }),
      ],
    },
  },
];

const pagerdutyCase: PresetCase = {
  ...common,
  kind: "pagerduty",
  name: "an incident whose priority changed",
  signatureHeader: "x-pagerduty-signature",
  // While a secret is rotated, there is one signature for each.
  request: (secret, _nowMs, { body = payloadText("pagerduty") } = {}) => ({
    headers: {
      ...JSON_TYPE,
      "x-pagerduty-signature": `v1=${"f03de6f6".repeat(8)},v1=${opensslHmac(secret, body)}`,
      "x-webhook-id": "0b8e1b0a-6b0a-4d2e-8f0e-2f6f1e7a9c11",
    },
    body,
  }),
  reading: {
    alerts: [
      report({
        fingerprint: "incident:PGR0VU2",
        state: "firing",
        severity: "critical",
        title: "A little bump in the road",
        startedAtMs: Date.parse("2020-04-09T15:16:27Z"),
        labels: { service: "API Service", urgency: "high", priority: "P1" },
        links: [
          { label: "Incident", url: "https://acme.pagerduty.com/incidents/PGR0VU2" },
          { label: "Service", url: "https://acme.pagerduty.com/services/PF9KMXH" },
        ],
      }),
    ],
  },
};

/** What a topic sends; the alarm is JSON in `Message`. */
export const snsNotification = (message: string): SnsMessage => ({
  Type: "Notification",
  MessageId: "95df01b4-ee98-5cb9-9903-4c221d41eb5e",
  TopicArn: SNS_TOPIC,
  Subject: 'ALARM: "Example alarm name" in EU - Ireland',
  Message: message,
  Timestamp: "2026-11-30T10:00:00.000Z",
});

/** The headers that go with it, as the documentation shows them. */
const snsRequest = (body: string): SentRequest => ({
  headers: {
    "content-type": "text/plain; charset=UTF-8",
    "x-amz-sns-message-type": "Notification",
    "x-amz-sns-topic-arn": SNS_TOPIC,
    "user-agent": "Amazon Simple Notification Service Agent",
  },
  body,
});

/** No secret is shared: `secret` and `other` name the key that signs (sns-signer.ts); "own" has the certificate. */
const snsCommon = {
  ...common,
  settings: { topics: [SNS_TOPIC] },
  secret: "own",
  other: "other",
  signatureHeader: null,
};
/** A body that replaces the usual one is sent as it is: its signature is in it. */
const snsCaseRequest =
  (message: string): PresetCase["request"] =>
  (secret, _nowMs, { body } = {}) =>
    snsRequest(body ?? signSns(snsNotification(message), secret as SnsKeyName));

const snsCases: readonly PresetCase[] = [
  {
    ...snsCommon,
    kind: "cloudwatch",
    name: "an alarm",
    request: snsCaseRequest(payloadText("cloudwatch-alarm")),
    reading: {
      alerts: [
        report({
          fingerprint: "arn:aws:cloudwatch:eu-west-1:000000000000:alarm:Example alarm name",
          state: "firing",
          title: "Example alarm name",
          detail:
            "Example alarm description.\nThreshold Crossed: 1 datapoint (10.0) was greater than or equal to the threshold (1.0).",
          startedAtMs: Date.parse("2017-01-12T16:30:42.236Z"),
          labels: {
            InstanceId: "TestInstance",
            metric: "ExampleNamespace/DeliveryErrors",
            region: "EU - Ireland",
          },
          links: [
            {
              label: "Alarm",
              url: "https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1#alarmsV2:alarm/Example%20alarm%20name",
            },
          ],
        }),
      ],
    },
  },
  {
    ...snsCommon,
    kind: "sns",
    name: "a message",
    request: snsCaseRequest("The nightly export is done."),
    reading: {
      note: {
        title: 'ALARM: "Example alarm name" in EU - Ireland',
        fields: [{ label: "Message", value: "The nightly export is done.", isPersonal: false }],
        url: null,
        tone: "neutral",
      },
    },
  },
];

export const signedCases: readonly PresetCase[] = [...grafanaCases, ...sentryCases, pagerdutyCase, ...snsCases];
