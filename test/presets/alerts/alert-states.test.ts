/** How each monitoring sender says that something began, is over, or is no alert at all. */
import { describe, expect, it } from "vitest";
import type { Received } from "../../../src/model/received.ts";
import { betterStack } from "../../../src/presets/alerts/better-stack.ts";
import { cloudwatch } from "../../../src/presets/alerts/cloudwatch.ts";
import { datadog, datadogTemplate } from "../../../src/presets/alerts/datadog.ts";
import { grafana } from "../../../src/presets/alerts/grafana.ts";
import { healthchecks, healthchecksTemplate } from "../../../src/presets/alerts/healthchecks.ts";
import { pagerduty } from "../../../src/presets/alerts/pagerduty.ts";
import { fingerprintOf, severityOf, timeOf, timeOfCount } from "../../../src/presets/alerts/sender-words.ts";
import { sentry } from "../../../src/presets/alerts/sentry.ts";
import { sns } from "../../../src/presets/alerts/sns.ts";
import { uptimeKuma } from "../../../src/presets/alerts/uptime-kuma.ts";
import { uptimeRobot, uptimeRobotTemplate } from "../../../src/presets/alerts/uptimerobot.ts";
import type { Preset } from "../../../src/presets/preset.ts";
import { payload } from "./payload.ts";
import { RECEIVED_AT_MS, readDelivery, receivedFrom, receivedJson } from "./read-delivery.ts";
import { snsNotification } from "./signed-cases.ts";
import { SNS_TOPIC } from "./sns-signer.ts";
import { datadogValues, fillTemplate } from "./token-cases.ts";

async function read(preset: Preset, body: unknown, headers: Readonly<Record<string, string>> = {}) {
  return (await readDelivery(preset, receivedJson(body, headers))).reading;
}
const firstAlert = async (preset: Preset, body: unknown, headers: Readonly<Record<string, string>> = {}) =>
  (await read(preset, body, headers)).alerts?.[0];
const idOf = async (preset: Preset, received: Received) => (await readDelivery(preset, received)).id;

describe("Grafana", () => {
  it("tests its contact point with an alert that is told to nobody", async () => {
    const [alert] = payload("grafana").alerts;
    const test = { ...alert, labels: { alertname: "TestAlert", instance: "Grafana" } };
    expect(await read(grafana, { ...payload("grafana"), alerts: [test] })).toEqual({
      ping: "Grafana tests its contact point",
    });
  });

  it("may send an image, which is no link, and labels of its own, which are not told", async () => {
    const [alert] = payload("grafana").alerts;
    const labels = { ...alert.labels, __alert_rule_uid__: "abc", severity: "Warning" };
    const changed = {
      ...alert,
      labels,
      imageURL: "https://play.grafana.org/public/img/attachments/1.png",
      panelURL: "https://play.grafana.org/d/1?viewPanel=2",
      dashboardURL: "https://play.grafana.org/d/1",
    };
    const report = await firstAlert(grafana, { ...payload("grafana"), alerts: [changed] });
    expect(report?.links.map((it) => it.label)).toEqual(["Alert rule", "Dashboard", "Panel"]);
    expect(report?.labels).toEqual({ ...alert.labels, severity: "Warning" });
    expect(report?.severity).toBe("warning");
  });
});

describe("Uptime Kuma", () => {
  const kuma = () => payload("uptime-kuma");

  it("tells that a monitor is up again", async () => {
    const heartbeat = { ...kuma().heartbeat, status: 1, time: "2024-09-25 00:10:00.000", msg: "200 - OK" };
    expect(await firstAlert(uptimeKuma, { ...kuma(), heartbeat })).toMatchObject({
      fingerprint: "monitor:29",
      state: "resolved",
      startedAtMs: null,
      endedAtMs: Date.parse("2024-09-25T00:10:00Z"),
      detail: "200 - OK",
    });
  });

  it.each([2, 3])("says nothing of how a monitor stands by the status %i", async (status) => {
    const reading = await read(uptimeKuma, { ...kuma(), heartbeat: { ...kuma().heartbeat, status } });
    expect(reading).toEqual({ ignored: "the monitor is neither up nor down" });
  });

  it("tests its notification with neither monitor nor heartbeat, in JSON and by GET", async () => {
    const ping = { ping: "Uptime Kuma tests its notification" };
    expect(await read(uptimeKuma, { heartbeat: null, monitor: null, msg: "Slipway Testing" })).toEqual(ping);
    const byGet = receivedFrom({ method: "GET", suffix: "?msg=Slipway%20Testing", headers: {}, body: "" });
    expect((await readDelivery(uptimeKuma, byGet)).reading).toEqual(ping);
  });

  it("warns of a certificate as one alert, however many days are left", async () => {
    const warning = (days: number) => ({
      heartbeat: null,
      monitor: null,
      msg: `[Test][https://test.com] leaf certificate test.com will expire in ${days} days`,
    });
    const first = await firstAlert(uptimeKuma, warning(14));
    expect(first).toMatchObject({ state: "firing", severity: "warning", title: warning(14).msg });
    expect((await firstAlert(uptimeKuma, warning(7)))?.fingerprint).toBe(first?.fingerprint);
  });
});

describe("UptimeRobot", () => {
  const values = { "*monitorID*": "1", "*monitorFriendlyName*": "Shop", "*alertDateTime*": "1764497700" };
  const filled = (more: Readonly<Record<string, string>>) =>
    JSON.parse(fillTemplate(uptimeRobotTemplate, { ...values, ...more }));

  it("tells that a monitor is up again, and how long it was down", async () => {
    expect(await firstAlert(uptimeRobot, filled({ "*alertType*": "2", "*alertDuration*": "900" }))).toMatchObject({
      fingerprint: "monitor:1",
      state: "resolved",
      startedAtMs: Date.parse("2025-11-30T10:00:00Z"),
      endedAtMs: Date.parse("2025-11-30T10:15:00Z"),
    });
  });

  it("warns of a certificate, which is another alert than that the monitor is down", async () => {
    const report = await firstAlert(uptimeRobot, filled({ "*alertType*": "3" }));
    // Variables without a value are left as they stand.
    expect(report).toMatchObject({ fingerprint: "expires:1", severity: "warning", detail: "", links: [] });
  });

  it("has another id for each change, and the same one for the same change", async () => {
    const down = receivedJson(filled({ "*alertType*": "1" }));
    const up = receivedJson(filled({ "*alertType*": "2" }));
    expect(await idOf(uptimeRobot, down)).toBe(await idOf(uptimeRobot, receivedJson(filled({ "*alertType*": "1" }))));
    expect(await idOf(uptimeRobot, up)).not.toBe(await idOf(uptimeRobot, down));
  });
});

describe("Better Stack", () => {
  it.each([
    ["firing", { acknowledged_at: null }],
    ["acknowledged", {}],
    ["resolved", { resolved_at: "2020-10-21T11:51:28.151Z" }],
  ])("tells that an incident is %s by the times that are set", async (state, times) => {
    const body = payload("better-stack");
    Object.assign(body.data.attributes, times);
    expect(await firstAlert(betterStack, body)).toMatchObject({ fingerprint: "incident:1", state });
  });

  it("says nothing of incidents when a monitor was created", async () => {
    const body = { event: "created", data: { id: "1", type: "monitor", attributes: { url: "https://example.com" } } };
    expect(await read(betterStack, body)).toEqual({ ignored: "it tells no incident" });
  });
});

describe("Healthchecks", () => {
  it("tells that a check is up again", async () => {
    expect(await firstAlert(healthchecks, { ...payload("healthchecks"), status: "up" })).toMatchObject({
      state: "resolved",
      startedAtMs: null,
      endedAtMs: Date.parse("2026-11-30T10:00:00Z"),
    });
  });

  it("fills the template into what is read", async () => {
    const { code, status, now, check } = payload("healthchecks");
    const filled = fillTemplate(healthchecksTemplate, {
      $CODE: code,
      $STATUS: status,
      $NOW: now,
      $JSON: JSON.stringify(check),
    });
    expect(JSON.parse(filled)).toEqual(payload("healthchecks"));
  });

  it("tests its integration with a check that there is not", async () => {
    const { check, ...rest } = payload("healthchecks");
    expect(await read(healthchecks, { ...rest, check: { ...check, name: "TEST", n_pings: 42 } })).toEqual({
      ping: "Healthchecks tests its integration",
    });
    expect((await read(healthchecks, { ...rest, check: { ...check, name: "TEST" } })).alerts).toHaveLength(1);
  });

  it("has the same id for each of its tries, and another one for the way up", async () => {
    const down = await idOf(healthchecks, receivedJson(payload("healthchecks")));
    expect(await idOf(healthchecks, receivedJson(payload("healthchecks")))).toBe(down);
    expect(await idOf(healthchecks, receivedJson({ ...payload("healthchecks"), status: "up" }))).not.toBe(down);
  });
});

describe("Sentry", () => {
  const issue = (action: string) => ({ ...payload("sentry-issue"), action });
  const resource = (name: string) => ({ "sentry-hook-resource": name });

  it.each([
    ["created", "firing", null],
    ["unresolved", "firing", null],
    ["resolved", "resolved", RECEIVED_AT_MS],
    ["archived", "resolved", RECEIVED_AT_MS],
  ])("tells by the action %s that an issue is %s", async (action, state, endedAtMs) => {
    expect(await firstAlert(sentry, issue(action), resource("issue"))).toMatchObject({ state, endedAtMs });
  });

  it("says nothing of how an issue stands when it was assigned", async () => {
    expect(await read(sentry, issue("assigned"), resource("issue"))).toEqual({
      ignored: "it does not change how the issue stands",
    });
  });

  it("names the alert of a rule on issues as it names the issue, so that its end is the alert's", async () => {
    const fired = await firstAlert(sentry, payload("sentry-event-alert"), resource("event_alert"));
    const ended = await firstAlert(sentry, issue("resolved"), resource("issue"));
    expect(ended?.fingerprint).toBe(fired?.fingerprint);
  });

  it.each([
    ["critical", "firing", "critical"],
    ["warning", "firing", "warning"],
    ["resolved", "resolved", null],
  ])("tells by the action %s of a rule on figures that it is %s", async (action, state, severity) => {
    const body = { ...payload("sentry-metric-alert"), action };
    expect(await firstAlert(sentry, body, resource("metric_alert"))).toMatchObject({
      fingerprint: "rule:7",
      state,
      severity,
    });
  });

  it("tells of its installation, and of comments, which are no alerts", async () => {
    expect((await read(sentry, { action: "created" }, resource("installation"))).ping).toContain("installed");
    expect((await read(sentry, { action: "created" }, resource("comment"))).ignored).toContain("neither");
  });

  it("names the event by its resource and its action", async () => {
    const received = receivedJson(payload("sentry-metric-alert"), resource("metric_alert"));
    expect((await readDelivery(sentry, received)).event).toBe("metric_alert.critical");
  });
});

describe("Datadog", () => {
  const filled = (more: Partial<typeof datadogValues>) =>
    JSON.parse(fillTemplate(datadogTemplate, { ...datadogValues, ...more }));

  it.each([
    ["Triggered", "firing", true],
    ["Re-Triggered", "firing", false],
    ["No Data", "firing", true],
    ["Warn", "firing", true],
    ["Renotify", "firing", false],
    ["Recovered", "resolved", false],
  ])("tells by the transition %s that a monitor is %s", async (transition, state, begins) => {
    const report = await firstAlert(datadog, filled({ $ALERT_TRANSITION: transition }));
    expect(report?.state).toBe(state);
    expect(report?.startedAtMs).toBe(begins ? 1_406_662_672_000 : null);
    expect(report?.endedAtMs).toBe(state === "resolved" ? 1_406_662_672_000 : null);
  });

  it("has the severity of the monitor's priority, and without one that of the alert", async () => {
    expect((await firstAlert(datadog, filled({ $ALERT_PRIORITY: "P3" })))?.severity).toBe("warning");
    expect((await firstAlert(datadog, filled({ $ALERT_PRIORITY: "null" })))?.severity).toBe("error");
  });

  it("tells one alert for each scope of a monitor, however long that is", async () => {
    const scope = (host: string) => `${"availability-zone:us-east-1a, ".repeat(20)}host:${host}`;
    const first = await firstAlert(datadog, filled({ $ALERT_SCOPE: scope("a") }));
    const second = await firstAlert(datadog, filled({ $ALERT_SCOPE: scope("b") }));
    expect(first?.fingerprint).not.toBe(second?.fingerprint);
  });

  it("tells events, too, which are no alerts", async () => {
    const reading = await read(datadog, filled({ $ALERT_ID: "null", $ALERT_TRANSITION: "null" }));
    expect(reading).toEqual({ ignored: "it tells an event, and no alert of a monitor" });
  });
});

describe("PagerDuty", () => {
  function pagerdutyEvent(name: string, data: object, more: object = {}) {
    const { event } = payload("pagerduty");
    return { event: { ...event, event_type: name, data: { ...event.data, ...data }, ...more } };
  }

  it("tells that an incident is acknowledged, and that it is resolved", async () => {
    const acknowledged = pagerdutyEvent("incident.acknowledged", { status: "acknowledged" });
    expect(await firstAlert(pagerduty, acknowledged)).toMatchObject({ state: "acknowledged", endedAtMs: null });
    const resolved = pagerdutyEvent("incident.resolved", { status: "resolved" });
    expect(await firstAlert(pagerduty, resolved)).toMatchObject({
      state: "resolved",
      endedAtMs: Date.parse("2020-10-02T18:45:22.169Z"),
    });
  });

  it.each([
    [{ priority: null, urgency: "high" }, "critical"],
    [{ priority: null, urgency: "low" }, "warning"],
    [{ priority: { summary: "P2" }, urgency: "high" }, "error"],
  ])("has the severity of %j", async (data, severity) => {
    expect((await firstAlert(pagerduty, pagerdutyEvent("incident.triggered", data)))?.severity).toBe(severity);
  });

  it("tests its subscription, and tells of notes and services, which are no alerts", async () => {
    const message = "Hello from your friend Pagey!";
    const ping = { id: "1", event_type: "pagey.ping", data: { message, type: "ping" } };
    expect((await read(pagerduty, { event: ping })).ping).toContain("tests");
    const note = { id: "2", event_type: "incident.annotated", data: { id: "P2LA89X", type: "incident_note" } };
    expect((await read(pagerduty, { event: note })).ignored).toContain("nothing of how an incident stands");
  });
});

describe("A topic of SNS", () => {
  const readTopic = async (preset: Preset, message: object) =>
    (await readDelivery(preset, receivedJson(message), { topics: [SNS_TOPIC] })).reading;
  const alarm = (changes: object) => JSON.stringify({ ...payload("cloudwatch-alarm"), ...changes });

  it.each([
    ["OK", "resolved", null],
    ["ALARM", "firing", null],
    ["INSUFFICIENT_DATA", "firing", "warning"],
  ])("tells by %s that an alarm is %s", async (NewStateValue, state, severity) => {
    const { alerts } = await readTopic(cloudwatch, snsNotification(alarm({ NewStateValue })));
    expect(alerts?.[0]).toMatchObject({ state, severity });
  });

  it("tells an alarm that is made of others, and one without an ARN", async () => {
    const bare = alarm({ Trigger: undefined, AlarmArn: undefined, AlarmRule: "ALARM(one) OR ALARM(two)" });
    const { alerts } = await readTopic(cloudwatch, snsNotification(bare));
    expect(alerts?.[0]).toMatchObject({
      fingerprint: "000000000000:EU - Ireland:Example alarm name",
      links: [],
      labels: { region: "EU - Ireland" },
    });
  });

  it("may carry other messages, which are no alarms", async () => {
    const reading = await readTopic(cloudwatch, snsNotification("The nightly export is done."));
    expect(reading.ignored).toContain("no alarm of CloudWatch");
  });

  it("asks whether it may send, and says when it does no more", async () => {
    const confirm = { ...snsNotification("You have chosen to subscribe"), Type: "SubscriptionConfirmation" };
    expect((await readTopic(sns, confirm)).ping).toContain("asks");
    expect((await readTopic(cloudwatch, { ...confirm, Type: "UnsubscribeConfirmation" })).ignored).toContain("ended");
  });

  it("names a message without a subject by the topic", async () => {
    const { note } = await readTopic(sns, { ...snsNotification("Done."), Subject: null });
    expect(note?.title).toBe("A message of the topic alarms");
  });
});

describe("The words of senders", () => {
  it("mean a severity, and unknown ones none", () => {
    expect(["CRITICAL", " page", "High", "warn", "notice"].map(severityOf)).toEqual([
      "critical",
      "critical",
      "error",
      "warning",
      "info",
    ]);
    expect(["none", "", "constructor", null, undefined].map(severityOf)).toEqual([null, null, null, null, null]);
  });

  it("are times where they are after 1970", () => {
    expect(timeOf("0001-01-01T00:00:00Z")).toBeNull();
    expect(timeOf("soon")).toBeNull();
    expect(timeOf("2021-10-12T09:51:03.157076123+02:00")).toBe(Date.parse("2021-10-12T07:51:03.157Z"));
    expect(timeOfCount("1764496800", 1000)).toBe(1_764_496_800_000);
    expect([timeOfCount("", 1000), timeOfCount("1e300", 1000), timeOfCount("x", 1)]).toEqual([null, null, null]);
  });

  it("that are long and begin alike are still two names", () => {
    expect(fingerprintOf("short")).toBe("short");
    expect(fingerprintOf(`${"a".repeat(500)}1`)).not.toBe(fingerprintOf(`${"a".repeat(500)}2`));
    expect(fingerprintOf("a".repeat(500)).length).toBeLessThanOrEqual(200);
  });
});
