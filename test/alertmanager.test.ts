/** What a real Prometheus Alertmanager sends, and what the preset reads in it. */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { AlertReport } from "../src/model/alert.ts";
import { alertmanager as preset } from "../src/presets/alerts/alertmanager.ts";
import {
  type Alertmanager,
  type AlertmanagerOptions,
  describeWithAlertmanager,
  type PostedAlert,
  startAlertmanager,
} from "./alertmanager/alertmanager.ts";
import { type Receiver, startReceiver } from "./alertmanager/receiver.ts";
import { PATIENCE } from "./patience.ts";
import { readDelivery } from "./presets/alerts/read-delivery.ts";

const TOKEN = "a-token-for-the-alertmanager";
const PATIENT = { ...PATIENCE, interval: 20 };

const STARTED = "2026-11-30T10:00:00.000Z";
const siteDown = (instance: string): PostedAlert => ({
  labels: { alertname: "SiteDown", severity: "critical", instance },
  annotations: {
    summary: `${instance} does not answer`,
    description: "No answer for 2 minutes.",
    runbook_url: "https://runbooks.example/site-down",
  },
  startsAt: STARTED,
  generatorURL: "http://prometheus.example/graph?g0.expr=up",
});
const over = (alert: PostedAlert): PostedAlert => ({ ...alert, endsAt: new Date().toISOString() });

describeWithAlertmanager("A real Alertmanager", () => {
  let receiver: Receiver;
  let running: Alertmanager[] = [];

  beforeEach(async () => {
    receiver = await startReceiver();
  });
  afterEach(async () => {
    await Promise.all(running.map((it) => it.stop()));
    running = [];
    await receiver.stop();
  });

  async function start(options: Partial<AlertmanagerOptions> = {}): Promise<Alertmanager> {
    const started = await startAlertmanager({ receiver: `${receiver.url}/hooks/alerts`, token: TOKEN, ...options });
    running.push(started);
    return started;
  }

  /** The reports of the request of that number, counted from 1, once it is there. */
  async function reportsOf(count: number): Promise<readonly AlertReport[]> {
    await vi.waitFor(() => expect(receiver.requests.length).toBeGreaterThanOrEqual(count), PATIENT);
    const request = receiver.requests[count - 1];
    if (!request) throw new Error("unreachable: it was waited for");
    return (await readDelivery(preset, request)).reading.alerts ?? [];
  }
  const bodies = () => receiver.requests.map(({ body }) => body.toString("utf8"));

  it("tells a group of alerts, and that one of them is over, with its token", async () => {
    const alertmanager = await start();
    await alertmanager.post([siteDown("a.example"), siteDown("b.example")]);

    const firing = await reportsOf(1);
    expect(firing).toHaveLength(2);
    expect(firing[0]).toEqual({
      fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/),
      state: "firing",
      severity: "critical",
      title: "a.example does not answer",
      detail: "No answer for 2 minutes.",
      startedAtMs: Date.parse(STARTED),
      endedAtMs: null,
      labels: { alertname: "SiteDown", severity: "critical", instance: "a.example" },
      links: [
        { label: "Query", url: "http://prometheus.example/graph?g0.expr=up" },
        { label: "Alertmanager", url: alertmanager.url },
      ],
      runbookUrl: "https://runbooks.example/site-down",
      silenceUrl: expect.stringContaining(`${alertmanager.url}/#/silences/new?filter=`),
    });
    expect(receiver.requests[0]?.headers.authorization).toEqual([`Bearer ${TOKEN}`]);
    expect(receiver.requests[0]?.headers["content-type"]).toEqual(["application/json"]);

    await alertmanager.post([over(siteDown("a.example"))]);
    const after = await reportsOf(2);
    expect(after.map(({ title, state }) => [title, state])).toEqual([
      ["a.example does not answer", "resolved"],
      ["b.example does not answer", "firing"],
    ]);
    expect(after.map((it) => it.fingerprint)).toEqual(firing.map((it) => it.fingerprint));
    expect(after[0]?.endedAtMs).toBeGreaterThan(Date.parse(STARTED));
    expect(after[0]?.startedAtMs).toBe(Date.parse(STARTED));
  });

  it("sends the same bytes again after 503, so that a retry has the id of the first try", async () => {
    receiver.answer((count) => (count <= 2 ? 503 : 200));
    const alertmanager = await start({ groupIntervalMs: 10_000 });
    await alertmanager.post([siteDown("a.example")]);

    await reportsOf(3);
    expect(new Set(bodies()).size).toBe(1);
    const ids = await Promise.all(receiver.requests.map(async (it) => (await readDelivery(preset, it)).id));
    expect(new Set(ids).size).toBe(1);
  });

  it("repeats the same bytes while nothing changes, which is no news", async () => {
    const alertmanager = await start({ groupIntervalMs: 200, repeatIntervalMs: 400 });
    await alertmanager.post([siteDown("a.example")]);

    await reportsOf(2);
    expect(new Set(bodies()).size).toBe(1);
  });

  it.each([400, 429])(
    "drops what is answered with %i, and tells it no sooner than the group is due",
    async (status) => {
      receiver.answer((count) => (count === 1 ? status : 200));
      const alertmanager = await start({ groupIntervalMs: 1000 });
      const startedAtMs = performance.now();
      await alertmanager.post([siteDown("a.example")]);

      // A retry after 5xx comes after half a second, give or take half of that.
      await reportsOf(2);
      expect(performance.now() - startedAtMs).toBeGreaterThan(1000);
    },
  );

  it("tells the same alert by the same fingerprint as a peer that does not see it, in other bytes", async () => {
    const [one, other] = await Promise.all([start(), start()]);
    await Promise.all([one?.post([siteDown("a.example")]), other?.post([siteDown("a.example")])]);

    const [first] = await reportsOf(1);
    const [second] = await reportsOf(2);
    expect(second?.fingerprint).toBe(first?.fingerprint);
    expect(second?.startedAtMs).toBe(first?.startedAtMs);
    expect(new Set(bodies()).size).toBe(2);
  });

  it("sends the bytes of its peer where both are called the same from outside", async () => {
    const externalUrl = "https://alerts.example";
    const [one, other] = await Promise.all([start({ externalUrl }), start({ externalUrl })]);
    await Promise.all([one?.post([siteDown("a.example")]), other?.post([siteDown("a.example")])]);

    await reportsOf(2);
    expect(new Set(bodies()).size).toBe(1);
  });

  it("leaves to one peer what the cluster has to tell", async () => {
    const timing = { peerTimeoutMs: 800, groupIntervalMs: 2000 };
    const one = await start({ ...timing, isClustered: true });
    const other = await start({ ...timing, peer: one });
    await vi.waitFor(async () => expect(await one.clusterSize()).toBe(2), PATIENT);

    await Promise.all([one.post([siteDown("a.example")]), other.post([siteDown("a.example")])]);
    await reportsOf(1);
    const end = [over(siteDown("a.example"))];
    await Promise.all([one.post(end), other.post(end)]);

    // By the time the end is told, the second peer would have told the beginning long ago.
    const [report] = await reportsOf(2);
    expect(report?.state).toBe("resolved");
  });
});
