/** A real Prometheus Alertmanager, from the alert that it is given to Slack's message and back: the whole service. */
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { freePort } from "../src/demo/free-port.ts";
import type { SlackMessage } from "../src/demo/slack/history.ts";
import {
  type Alertmanager,
  describeWithAlertmanager,
  type PostedAlert,
  startAlertmanager,
} from "./alertmanager/alertmanager.ts";
import { ALICE, type ControlRoom, DAN, startControlRoom } from "./control-room-world.ts";
import { PATIENCE } from "./patience.ts";

const TOKEN = "alertmanager-sends-this-one";
const PATIENT = { ...PATIENCE, interval: 50 };

const alertOf = (alertname: string, instance = "a.example", startsAt = new Date().toISOString()): PostedAlert => ({
  labels: { alertname, severity: "critical", instance },
  annotations: { summary: `${alertname} on ${instance}`, runbook_url: "https://runbooks.example/it" },
  startsAt,
});
const over = (alert: PostedAlert): PostedAlert => ({ ...alert, endsAt: new Date().toISOString() });

describeWithAlertmanager("An Alertmanager", () => {
  let room: ControlRoom;
  let one: Alertmanager;
  let other: Alertmanager;

  beforeAll(async () => {
    const port = String(await freePort());
    const receiver = `http://127.0.0.1:${port}/hooks/monitoring`;
    const start = () => startAlertmanager({ receiver, token: TOKEN });
    [one, other] = await Promise.all([start(), start()]);
    room = await startControlRoom({
      secrets: { MONITORING_TOKEN: TOKEN },
      prepare: () => ({ PORT: port }),
      channels: ["alerts"],
      more: `
sources:
  monitoring: { kind: alertmanager, secret: env:MONITORING_TOKEN, sites: [shop], silence: { url: "${one.url}", for: 45m } }
`,
    });
  }, 60_000);
  afterAll(async () => {
    await Promise.all([one?.stop(), other?.stop()]);
    await room?.stop();
  });

  /** The messages whose text says so, with their blocks. */
  const messagesOf = async (text: RegExp) => (await room.slack.messages("shop")).filter((it) => text.test(it.text));
  /** Waits until the message is edited so that it says this. */
  const edited = ({ ts }: SlackMessage, says: RegExp) =>
    vi.waitFor(async () => {
      const now = (await room.slack.messages("shop")).find((it) => it.ts === ts);
      const all = `${now?.text} ${JSON.stringify(now?.blocks)}`;
      expect(all).toMatch(says);
      return now as SlackMessage;
    }, PATIENT);
  const click = (user: string, message: SlackMessage, action: string) => {
    const blocks = (message.blocks ?? []) as Array<{ elements?: Array<{ action_id?: string; value?: string }> }>;
    const buttons = blocks.flatMap(({ elements }) => elements ?? []);
    const button = buttons.find(({ action_id }) => action_id?.startsWith(`slipway.${action}`));
    if (!button) throw new Error(`there is no button ${action} on: ${message.text}`);
    const { action_id: actionId = "", value = "" } = button;
    return room.sender.click({ user, channel: room.shop, message, actionId, value });
  };

  it("has each alert of a group told in a message of its own, which turns green and counts how often it came back", async () => {
    const [a, b] = [alertOf("Slow"), alertOf("Slow", "b.example")];
    await one.post([a, b]);
    await room.says(/Critical: Slow on a\.example/);
    const told = await room.says(/Critical: Slow on b\.example/);

    await one.post([over(b)]);
    await edited(told, /🟢 Resolved: Slow on b\.example/);
    await one.post([alertOf("Slow", "b.example")]);
    await edited(told, /🔴 Critical: Slow on b\.example.*Came back 1 time/);
    expect(await messagesOf(/Slow on/)).toHaveLength(2);
    expect(await room.ask("alerts")).toHaveLength(2);
  });

  it("has an alert acknowledged by a deployer, and silenced by an operator in Alertmanager itself", async () => {
    const message = await room.says(/Critical: Slow on a\.example/);
    await click(DAN, message, "acknowledge");
    const acknowledged = await edited(message, /👀 Critical: Slow on a\.example.*Acknowledged by \*dan/);
    await click(ALICE, acknowledged, "silence");
    await edited(message, /Silenced until .* by \*alice/);

    const answer = await fetch(`${one.url}/api/v2/silences`);
    expect(await answer.json()).toMatchObject([
      {
        status: { state: "active" },
        createdBy: expect.stringContaining("alice"),
        matchers: expect.arrayContaining([
          { name: "alertname", value: "Slow", isRegex: false, isEqual: true },
          { name: "instance", value: "a.example", isRegex: false, isEqual: true },
        ]),
      },
    ]);
    const alerts = (await (await fetch(`${one.url}/api/v2/alerts?silenced=true&active=false`)).json()) as object[];
    expect(alerts).toMatchObject([{ labels: { instance: "a.example" } }]);
  });

  it("tries again until Slipway is back, so that what two peers report is told once, with what went live before it", async () => {
    for (const content of ["first", "second"]) {
      const commit = await room.push({ "index.html": content });
      await room.says(new RegExp(`shop is live: ${commit.slice(0, 7)}`));
    }
    await room.down();
    const down = alertOf("Down");
    await Promise.all([one, other].map((it) => it.post([down])));
    await Promise.all([one, other].map((it) => vi.waitFor(() => hasFailed(it), PATIENT)));
    await room.up();

    const message = await room.says(/Critical: Down on a\.example/);
    await vi.waitFor(async () => {
      expect(await room.ask("deliveries", { limit: 2 })).toMatchObject([
        { source: "monitoring", state: "done" },
        { source: "monitoring", state: "done" },
      ]);
    }, PATIENT);
    expect(await messagesOf(/Down on/)).toHaveLength(1);
    expect(JSON.stringify(message.blocks)).toMatch(/\*shop\* went live .* before/);

    const before = room.slack.modals().length;
    await click(ALICE, message, "rollback");
    await vi.waitFor(() => expect(room.slack.modals().length).toBe(before + 1), PATIENT);
    expect(room.slack.modals().at(-1)).toMatchObject({ user: ALICE });
    for (const it of [one, other]) await it.post([over(down)]);
    await edited(message, /🟢 Resolved: Down/);
  }, 120_000);
});

/** Throws until a notification of it did not arrive. */
async function hasFailed({ url }: Alertmanager): Promise<void> {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  expect(metrics).toMatch(/^alertmanager_notification_requests_failed_total\{integration="webhook"\} [1-9]/m);
}
