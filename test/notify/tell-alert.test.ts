/** What channels hear of alerts: one message for each, edited where people see a difference, and a digest of many. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { acknowledgeAlert } from "../../src/commands/acknowledge-alert.ts";
import { alertSilenced, isBeingSilenced, silenceRefused, wishSilence } from "../../src/commands/silence-alert.ts";
import type { AlertReport } from "../../src/model/alert.ts";
import type { SilenceAlertEffect } from "../../src/model/effect.ts";
import type { SlackAnswerWish } from "../../src/notify/announce.ts";
import type { SilenceWish } from "../../src/notify/silence.ts";
import { tellAlert } from "../../src/notify/tell-alert.ts";
import { firingAlerts, type ReportedAlert } from "../../src/store/alerts.ts";
import { listAudit } from "../../src/store/audit.ts";
import { claimOutbox, outboxSent } from "../../src/store/outbox.ts";
import { anAlert, emptyAlerts, end, MIN, T0 } from "../store/alerts-contract.ts";
import { openToldWorld, type ToldWorld } from "./outbox-rows.ts";

let world: ToldWorld;
beforeAll(async () => {
  world = await openToldWorld();
});
afterEach(() => world.store.transact(emptyAlerts));
afterAll(() => world.stop());

const config = { sites: {}, people: {} };
const TELLING = { hasSlack: true, hasButtons: true, config };
const tell = (report: Partial<AlertReport> = {}, nowMs = T0, part: Partial<ReportedAlert> = {}, telling = TELLING) =>
  world.store.transact((tx) => tellAlert(tx, telling, { do: "alert", ...anAlert(report, part) }, { nowMs }));
const firstId = async () => (await world.store.transact((tx) => firingAlerts(tx, 1)))[0]?.alert.id ?? 0;

describe("an alert", () => {
  it("has one message, which is edited when people see a difference, and is urgent when it is over", async () => {
    expect(await tell()).toMatch(/^told C0OPS: alert \d+, “Shop is down” of Alertmanager, is firing$/);
    expect(await tell({}, T0 + 240 * MIN)).toBe("skipped: “Shop is down” of Alertmanager is firing still");
    // A label that is not shown is none.
    expect(await tell({ labels: { instance: "web-1", uid: "x" } }, T0 + 241 * MIN)).toMatch(/still$/);
    expect(await world.notices()).toMatchObject([
      {
        ...{ key: expect.stringMatching(/^notice:alert \d+:C0OPS$/), versions: 1, channel: "C0OPS" },
        notice: { about: "alert", setting: "sources.metrics.channel", hasButtons: true, alert: { state: "firing" } },
      },
    ]);
    await tell({ detail: "5xx above 20 %" }, T0 + 242 * MIN);
    expect(await tell(end(250 * MIN), T0 + 250 * MIN)).toMatch(/^told C0OPS: .* is resolved$/);
    expect(await world.notices()).toMatchObject([{ versions: 3, notice: { alert: { state: "resolved" } } }]);
    const [row] = await world.store.transact((tx) =>
      claimOutbox(tx, { boot: "b", nowMs: T0, untilMs: T0 + 1, limit: 1 }),
    );
    expect(row).toMatchObject({ isUrgent: true });
    expect(await tell(end(250 * MIN), T0 + 251 * MIN)).toMatch(/^skipped: .* is resolved; something later is known/);
  });

  it("keeps its message where only addresses differ: two senders of one alert each name their own", async () => {
    const from = (host: string, ...more: AlertReport["links"]) => ({
      links: [{ label: "Query", url: `https://${host}.example.com/graph` }, ...more],
      silenceUrl: `https://${host}.example.com/silences`,
    });
    await tell(from("am-1"));
    expect(await tell(from("am-2"), T0 + MIN)).toMatch(/is firing still$/);
    expect(await tell(from("am-1", { label: "Panel", url: "https://g.example.com/" }), T0 + 2 * MIN)).toMatch(/^told/);
    expect(await world.notices()).toMatchObject([{ versions: 2 }]);
  });

  it("that comes back soon edits the same message", async () => {
    await tell();
    await tell(end(5 * MIN), T0 + 5 * MIN);
    expect(await tell({ startedAtMs: T0 + 10 * MIN }, T0 + 10 * MIN)).toMatch(/is firing again \(1\)$/);
    expect(await world.notices()).toMatchObject([{ versions: 3, notice: { alert: { state: "firing", flaps: 1 } } }]);
  });

  it("is no matter where nobody heard of it but its end", async () => {
    expect(await tell(end(MIN), T0 + MIN)).toBe(
      "skipped: “Shop is down” of Alertmanager is resolved; nobody heard of it",
    );
    expect(await world.notices()).toEqual([]);
  });

  it("without a channel is recorded, and the sentence says which key names one", async () => {
    const nowhere = { channel: null, setting: "channel" };
    expect(await tell({}, T0, nowhere)).toMatch(
      /^noted: alert \d+, .*, is firing; nobody is told of it, since no channel is set: sources\.metrics\.channel$/,
    );
    expect(await world.notices()).toEqual([]);
    // Once there is one, what fires still is told there; what is over is not.
    await tell({ fingerprint: "f2" }, T0, nowhere);
    expect(await tell({}, T0 + MIN)).toContain("told C0OPS");
    expect(await tell(end(MIN, { fingerprint: "f2" }), T0 + MIN)).toMatch(/^noted: alert \d+, .* is resolved$/);
    expect(await world.notices()).toHaveLength(1);
  });

  it("is only recorded where there is no Slack", async () => {
    expect(await tell({}, T0, {}, { ...TELLING, hasSlack: false, hasButtons: false })).toMatch(
      /^noted: alert \d+.* is firing$/,
    );
    expect(await world.notices()).toEqual([]);
  });

  it("that comes with many others is told in a digest, and its end there too", async () => {
    for (let n = 0; n < 7; n++) await tell({ fingerprint: `f${n}`, title: `Alert ${n}` }, T0 + n);
    const digest = async () => (await world.notices()).filter(({ notice }) => notice.about === "digest");
    expect(await world.notices()).toHaveLength(6);
    expect(await digest()).toMatchObject([
      { notice: { digest: { groups: [{ title: "Alert 5" }, { state: "bad" }] } } },
    ]);
    await tell(end(MIN, { fingerprint: "f6", title: "Alert 6" }), T0 + MIN);
    await tell(end(MIN, { fingerprint: "f0", title: "Alert 0" }), T0 + MIN);
    expect(await digest()).toMatchObject([
      { notice: { digest: { groups: [{ title: "Alert 6", state: "good", count: 2 }, { title: "Alert 5" }] } } },
    ]);
    const own = (await world.notices()).filter(({ notice }) => notice.about === "alert");
    expect(own.filter(({ notice }) => notice.about === "alert" && notice.alert.state === "resolved")).toHaveLength(1);
  });
});

describe("whoever acknowledges an alert", () => {
  const acknowledge = async (by: string) =>
    world.store.transact((tx) => acknowledgeAlert(tx, TELLING, { alert, by }, { nowMs: T0 + MIN }));
  let alert = 0;

  it("has it, and its message says so, once", async () => {
    await tell();
    alert = await firstId();
    expect(await acknowledge("alice")).toBe(true);
    expect(await acknowledge("bob")).toBe(false);
    expect(await world.notices()).toMatchObject([
      { versions: 2, notice: { alert: { acknowledged: { by: "alice", atMs: T0 + MIN } } } },
    ]);
    await tell(end(MIN), T0 + MIN);
    await tell({ fingerprint: "f2" });
    await tell(end(MIN, { fingerprint: "f2" }), T0 + MIN);
    expect(await acknowledge("carol")).toBe(false);
    alert = 999;
    expect(await acknowledge("carol")).toBe(false);
  });
});

describe("a silence", () => {
  const to = { channel: "C0OPS", user: "U0ALICE", responseUrl: null, thread: null, isDirect: false };
  const asked = (alert: number, part: Partial<SilenceAlertEffect> = {}): SilenceAlertEffect => ({
    ...{ do: "silence_alert", alert, by: "alice (Slack U0ALICE)", forMs: 120 * MIN, to, site: null, where: "C0OPS" },
    ...{ rule: "operators: U0ALICE", what: "the button silence for alert 1", cause: "slack 1.2.3" },
    ...part,
  });
  const audit = () => world.store.transact((tx) => listAudit(tx, { limit: 1 }));
  const wished = async () => {
    const rows = await world.store.transact((tx) =>
      claimOutbox(tx, { boot: "b", nowMs: T0 + MIN, untilMs: T0 + MIN, limit: 10 }),
    );
    const row = rows.find(({ kind }) => kind === "alertmanager.silence");
    if (!row) throw new Error("nothing is wished");
    return { row, wish: row.desired as SilenceWish };
  };
  const answers = async () => {
    const rows = await world.store.transact((tx) =>
      claimOutbox(tx, { boot: "b", nowMs: T0 + 2 * MIN, untilMs: T0 + 2 * MIN, limit: 10 }),
    );
    return rows.flatMap(({ kind, desired }) => (kind === "slack.answer" ? [(desired as SlackAnswerWish).answer] : []));
  };

  it("is wished once at a time, with the labels of the alert, and its message says so once it is made", async () => {
    await tell({}, T0, { canSilence: true, silenceForMs: 120 * MIN });
    const id = await firstId();
    expect(await world.store.transact((tx) => wishSilence(tx, asked(id), { nowMs: T0 }))).toBe(true);
    expect(await world.store.transact((tx) => isBeingSilenced(tx, id))).toBe(true);
    const { row, wish } = await wished();
    expect(wish).toMatchObject({
      ...{ alert: id, source: "metrics", labels: { instance: "web-1" }, fromMs: T0, untilMs: T0 + 120 * MIN },
      ...{ by: "alice (Slack U0ALICE)", cause: "slack 1.2.3" },
    });
    for (const nowMs of [T0 + MIN, T0 + 2 * MIN]) {
      await world.store.transact((tx) => alertSilenced(tx, TELLING, wish, { nowMs }));
    }
    await world.store.transact((tx) => outboxSent(tx, row.id, row.desiredVersion, null));
    expect(await world.store.transact((tx) => isBeingSilenced(tx, id))).toBe(false);
    expect(await world.notices()).toMatchObject([
      {
        versions: 2,
        notice: { alert: { silenced: { by: "alice (Slack U0ALICE)", untilMs: T0 + 120 * MIN } } },
      },
    ]);
    expect(await audit()).toMatchObject([
      {
        ...{ verb: "silence", result: "done", who: "alice (Slack U0ALICE)", where: "C0OPS", atMs: T0 + MIN },
        outcome: "“Shop is down” of Alertmanager is silenced until 2026-12-01T12:00:00.000Z.",
      },
    ]);
    // When it is over, another one can be wished.
    await world.store.transact((tx) => wishSilence(tx, asked(id, { cause: "slack 2" }), { nowMs: T0 + 121 * MIN }));
    expect(await world.store.transact((tx) => isBeingSilenced(tx, id))).toBe(true);
  });

  it("that failed is told to whoever asked, once, and written down", async () => {
    await tell();
    const id = await firstId();
    await world.store.transact((tx) => wishSilence(tx, asked(id, { site: null }), { nowMs: T0 }));
    const { wish } = await wished();
    for (const nowMs of [T0 + MIN, T0 + MIN + 1]) {
      await world.store.transact((tx) => silenceRefused(tx, wish, "Alertmanager answers HTTP 401", { nowMs }));
    }
    const text = "“Shop is down” of Alertmanager could not be silenced: Alertmanager answers HTTP 401.";
    expect(await answers()).toEqual([{ kind: "text", text }]);
    expect(await audit()).toMatchObject([{ result: "refused", outcome: text, atMs: T0 + MIN }]);
    expect(await world.notices()).toMatchObject([{ versions: 1 }]);
  });

  it("of an alert that is gone is wished by nobody", async () => {
    expect(await world.store.transact((tx) => wishSilence(tx, asked(999), { nowMs: T0 }))).toBe(false);
  });
});
