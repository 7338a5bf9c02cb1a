/** An alert of monitoring, from its event to the channel, and clicks on its buttons, from the front door to the store. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { parseConfig } from "../../src/config/load-config.ts";
import { type SlackServer, startSlack } from "../../src/demo/slack-server.ts";
import { applyEffects } from "../../src/inbox/apply-effects.ts";
import { decide } from "../../src/inbox/decide.ts";
import type { AlertReport } from "../../src/model/alert.ts";
import type { AlertsEvent } from "../../src/model/event.ts";
import type { SlackNoticeWish } from "../../src/notify/announce.ts";
import type { SilenceWish } from "../../src/notify/silence.ts";
import { createLogKeys } from "../../src/secrets/log-keys.ts";
import { secret } from "../../src/secrets/secret.ts";
import { firingAlerts } from "../../src/store/alerts.ts";
import { listAudit } from "../../src/store/audit.ts";
import { claimOutbox, type OutboxRow, outboxSent } from "../../src/store/outbox.ts";
import { setLive } from "../../src/store/sites.ts";
import { PATIENCE } from "../patience.ts";
import { clickPayload, formOf } from "../slack/click.ts";
import { aReport, MIN } from "../store/alerts-contract.ts";
import { type InboxWorld, startInbox } from "./world.ts";

const config = parseConfig(
  `
channel: "#ops"
slack: { operators: [U0OTTO] }
sites:
  shop: { repo: acme/shop, publish: "dir:/srv/shop", channel: "#shop", deployers: [U0ALICE] }
  docs: { repo: acme/docs, publish: "dir:/srv/docs", deployers: [U0DORA] }
sources:
  metrics:
    kind: custom
    verify: [{ none: nothing is sent to it in these tests }]
    routes: [{ store: true }]
    silence: { url: "http://127.0.0.1:1", for: 45m }
`,
  "the tests",
);

let slack: SlackServer;
let world: InboxWorld;
beforeAll(async () => {
  const users = ["U0ALICE", "U0OTTO", "U0DORA"].map((id) => ({ id, name: id.slice(2).toLowerCase() }));
  slack = await startSlack({
    token: "xoxb-test",
    botName: "slipway",
    channels: ["shop", "ops", "alerts", "random"],
    users,
  });
});
afterAll(() => slack.stop());
beforeEach(async () => {
  world = await startInbox({ config, slackApiUrl: slack.apiUrl });
});
afterEach(() => world.stop());

/** As a delivery of a declared source does it. */
function report(reports: Array<Partial<AlertReport>>, part: Partial<AlertsEvent> = {}): Promise<string[]> {
  const nowMs = Date.now();
  const event: AlertsEvent = {
    ...{ type: "alerts", source: "metrics", label: "Alertmanager", cause: "metrics 1", channel: "#alerts" },
    ...{ alerts: reports.map((it) => aReport({ startedAtMs: nowMs, ...it })), sites: ["shop"] },
    ...part,
  };
  const logKeys = createLogKeys([secret("the secret of the tests")]);
  const telling = { config, hasSlack: true, hasButtons: true, hasGithub: false, logKeys };
  return world.store.transact(function* (tx) {
    const effects = yield* decide(tx, config, event, { asker: null, nowMs });
    return yield* applyEffects(tx, { config, telling }, effects, { nowMs, random: Math.random, cause: "1" });
  });
}

const alerts = () => world.store.transact((tx) => firingAlerts(tx, 10));
const audited = async () =>
  (await world.store.transact((tx) => listAudit(tx, { limit: 9 }))).map(({ verb, site, result }) => [
    verb,
    site,
    result,
  ]);

let clicks = 0;
async function click(action: "acknowledge" | "silence", user: string, channel = "alerts", value?: string) {
  const id = value ?? String((await alerts())[0]?.alert.id);
  const payload = { deployment: id, user, channel: slack.channelId(channel), team: slack.teamId };
  await world.sendSlack(
    formOf(clickPayload({ ...payload, actionId: `slipway.${action}`, triggerId: `1.2.${++clicks}` })),
  );
}

/** What the deliveries came to, the newest first. */
async function settled(): Promise<string[]> {
  const open = async () => (await world.deliveries()).filter((it) => it.state === "received");
  await vi.waitFor(async () => expect(await open()).toEqual([]), PATIENCE);
  return (await world.deliveries()).map(({ outcome }) => outcome.join("; "));
}

/** What is to be told now, each time it is told. */
const toldNow = (): Promise<OutboxRow[]> =>
  world.store.transact(function* (tx) {
    const rows = yield* claimOutbox(tx, { boot: "test", nowMs: Date.now(), untilMs: Date.now(), limit: 100 });
    for (const { id, desiredVersion } of rows) yield* outboxSent(tx, id, desiredVersion, { channel: "C", ts: "1.1" });
    return rows;
  });
const noticesIn = (rows: OutboxRow[]) =>
  rows.filter(({ kind }) => kind === "slack.notice").map(({ desired }) => desired as SlackNoticeWish);
const answersIn = (rows: OutboxRow[]) =>
  rows.flatMap(({ kind, desired }) => (kind === "slack.answer" ? [(desired as { answer: unknown }).answer] : []));

describe("alerts that are reported", () => {
  it("are told where the source says, with what went live shortly before, and for how long they can be silenced", async () => {
    const live = { deployment: "d-1", release: "f".repeat(64), commit: "a".repeat(40), nowMs: Date.now() - 4 * MIN };
    await world.store.transact((tx) => setLive(tx, "shop", live));
    expect(
      await report([
        { fingerprint: "b", title: "B" },
        { fingerprint: "a", title: "A" },
      ]),
    ).toEqual([
      expect.stringMatching(/^told #alerts: alert \d+, “A” of Alertmanager, is firing$/),
      expect.stringMatching(/^told #alerts: alert \d+, “B” of Alertmanager, is firing$/),
    ]);
    expect(noticesIn(await toldNow())).toMatchObject([
      {
        channel: "#alerts",
        notice: {
          ...{ about: "alert", setting: "sources.metrics.channel", hasButtons: true },
          alert: { suspects: [{ site: "shop", deployment: "d-1" }], canSilence: true, silenceForMs: 45 * MIN },
        },
      },
      {},
    ]);
  });

  it("are told in the channel of their first site that has one, or else in Slipway's own", async () => {
    await report([{}], { channel: null, sites: ["docs", "shop"] });
    await report([{ fingerprint: "f2" }], { channel: null, sites: [] });
    await report([{ fingerprint: "f3" }], { channel: null, sites: [], source: "gone" });
    expect(noticesIn(await toldNow())).toMatchObject([
      { channel: "#shop", notice: { setting: "sites.shop.channel" } },
      { channel: "#ops", notice: { setting: "channel", alert: { canSilence: true } } },
      { channel: "#ops", notice: { alert: { canSilence: false } } },
    ]);
  });
});

describe("a click on Acknowledge", () => {
  it("by a deployer of the alert's site gives it to them, in its own channel too", async () => {
    await report([{}]);
    await toldNow();
    await click("acknowledge", "U0ALICE");
    expect(await settled()).toEqual([expect.stringMatching(/^noted: alice \(Slack U0ALICE\) has alert \d+; answered/)]);
    const rows = await toldNow();
    expect(noticesIn(rows)).toMatchObject([{ notice: { alert: { acknowledged: { by: "alice (Slack U0ALICE)" } } } }]);
    expect(answersIn(rows)).toEqual([{ kind: "text", text: "You have “Shop is down”; its message says so." }]);
    expect(await audited()).toEqual([["acknowledge", "shop", "done"]]);
  });

  it("by several at once gives it to one, and says to the others who that is", async () => {
    await report([{}]);
    await Promise.all(Array.from({ length: 5 }, (_, n) => click("acknowledge", n % 2 ? "U0ALICE" : "U0OTTO")));
    const outcomes = await settled();
    expect(outcomes.filter((it) => it.startsWith("noted"))).toHaveLength(1);
    expect(outcomes.filter((it) => /refused .* already, since/.test(it))).toHaveLength(4);
    expect((await audited()).map(([, , result]) => result).sort()).toEqual(["done", ...Array(4).fill("refused")]);
  });

  it.each([
    ["who deploys other sites", "U0DORA", "alerts", "acknowledge on shop is for its deployers"],
    ["in a channel that has nothing to do with it", "U0ALICE", "random", "shop cannot be commanded here"],
  ])("by somebody %s changes nothing", async (_, user, channel, says) => {
    await report([{}]);
    await click("acknowledge", user, channel);
    expect(await settled()).toEqual([expect.stringContaining(says)]);
    expect(await alerts()).toMatchObject([{ alert: { acknowledged: null } }]);
  });

  it("of an alert that nobody knows is answered, and a site of that name is none", async () => {
    await click("acknowledge", "U0ALICE", "alerts", "shop");
    expect((await settled())[0]).toContain("Slipway knows nothing of this alert any more.");
  });
});

describe("a click on Silence", () => {
  it("is for operators: it is asked for once, with the time of slipway.yaml", async () => {
    await report([{}]);
    await toldNow();
    await click("silence", "U0ALICE");
    expect((await settled())[0]).toContain("silence on shop is for its operators (sites.shop.operators): U0OTTO");
    await click("silence", "U0OTTO");
    expect((await settled())[0]).toMatch(/^noted: alice \(Slack U0OTTO\) wants alert \d+ silenced; answered U0OTTO/);
    await click("silence", "U0OTTO");
    expect((await settled())[0]).toContain("is being asked already");
    const rows = (await toldNow()).filter(({ kind }) => kind === "alertmanager.silence");
    expect(rows).toMatchObject([
      { desired: { source: "metrics", by: "alice (Slack U0OTTO)", site: "shop", labels: { instance: "web-1" } } },
    ]);
    const [wish] = rows.map(({ desired }) => desired as SilenceWish);
    expect((wish?.untilMs ?? 0) - (wish?.fromMs ?? 0)).toBe(45 * MIN);
    expect(await audited()).toEqual([
      ["silence", "shop", "refused"],
      ["silence", "shop", "asked"],
      ["silence", "shop", "denied"],
    ]);
  });
});
