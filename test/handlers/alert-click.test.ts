/** What a click on an alert's button comes to: who may, and what they are told. */
import { describe, expect, it } from "vitest";
import {
  type AlertClickEvent,
  type AlertClickFacts,
  type AlertRules,
  handleAlertClick,
} from "../../src/handlers/alert-click.ts";
import { handleAlerts } from "../../src/handlers/alerts.ts";
import type { Alert } from "../../src/model/alert.ts";
import type { AlertClick } from "../../src/model/event.ts";
import { aReport, MIN, T0 } from "../store/alerts-contract.ts";
import { ALICE, asking, audited, member, REPLY, rules, told } from "./asking.ts";

const ALERT: Alert = {
  ...{ id: 12, source: "metrics", label: "Alertmanager", state: "firing", sinceMs: T0, resolvedAtMs: null, flaps: 0 },
  ...{ acknowledged: null, silenced: null, suspects: [], report: aReport(), canSilence: true },
};
const DAN = "U0DAN";

const ofSite = (part: Partial<AlertRules["rules"]> = {}, isLookedUp = true): AlertRules => ({
  site: part.name ?? "shop",
  rules: rules(part),
  isLookedUp,
});
const ofAll = (part: Partial<AlertRules["rules"]> = {}): AlertRules => ({
  site: null,
  rules: rules({ name: "alerts of metrics", settings: "slack", deployers: [], operators: [], ...part }),
  isLookedUp: false,
});

function click(what: AlertClick, part: Partial<AlertClickFacts> & { user?: string } = {}) {
  const { user = ALICE, ...facts } = part;
  const event: AlertClickEvent = {
    ...{ type: "click", click: what, value: "12", triggerId: "1.2.3", askedAtMs: T0 + MIN, cause: "slack 1.2.3" },
    ...{ actor: { slackUser: user, name: "alice", team: "T0TEAM", channel: "C0SHOP" }, reply: REPLY },
  };
  return handleAlertClick(event, {
    ...asking({ person: member(user), askedAtMs: T0 + MIN }),
    ...{ alert: ALERT, rules: [ofSite(), ofAll()], silenceForMs: 120 * MIN, isBeingSilenced: false },
    ...facts,
  });
}

describe("Acknowledge", () => {
  it("gives the alert to whoever may deploy one of its sites, and says so", () => {
    const effects = click("acknowledge", { user: DAN });
    expect(effects).toMatchObject([
      { do: "acknowledge_alert", alert: 12, by: "dan (Slack U0DAN)" },
      { do: "answer", site: "shop" },
      {
        do: "audit",
        entry: { verb: "acknowledge", site: "shop", what: "the button acknowledge for alert 12", atMs: T0 + MIN },
      },
    ]);
    expect(told(effects)).toBe("You have “Shop is down”; its message says so.");
    expect(audited(effects)).toEqual(["done by deployers: U0DAN"]);
  });

  it("says who has it already", () => {
    const acknowledged = (by: string) => ({ alert: { ...ALERT, acknowledged: { by, atMs: T0 } } });
    const effects = click("acknowledge", acknowledged("bob (Slack U0BOB)"));
    expect(told(effects)).toBe("bob (Slack U0BOB) has “Shop is down” already, since 2026-12-01 10:00 UTC.");
    expect(audited(effects)).toEqual(["refused by state"]);
    expect(effects.map((it) => it.do)).toEqual(["answer", "audit"]);
    expect(told(click("acknowledge", acknowledged("alice (Slack U0ALICE)")))).toMatch(/^You have .* already/);
  });

  it("is of no use once it is resolved, or forgotten", () => {
    expect(told(click("acknowledge", { alert: { ...ALERT, state: "resolved" } }))).toMatch(/is resolved already/);
    expect(told(click("acknowledge", { alert: null, rules: [] }))).toMatch(/knows nothing of this alert/);
  });
});

describe("Silence", () => {
  it("asks the sender for whoever is an operator of one of its sites", () => {
    const effects = click("silence");
    expect(effects).toMatchObject([
      {
        ...{ do: "silence_alert", alert: 12, by: "alice (Slack U0ALICE)", forMs: 120 * MIN, to: REPLY, site: "shop" },
        ...{ where: "C0SHOP", rule: "operators: U0ALICE", what: "the button silence for alert 12" },
        cause: "slack 1.2.3",
      },
      { do: "answer" },
      { do: "audit" },
    ]);
    expect(told(effects)).toContain("is asked to silence “Shop is down” for 2 h.");
    expect(audited(effects)).toEqual(["asked by operators: U0ALICE"]);
    expect(audited(click("silence", { user: DAN }))).toEqual(["denied by role"]);
  });

  it("is asked for once, where there is somebody to ask, and while the alert fires", () => {
    const silenced = { by: "bob", untilMs: T0 + 60 * MIN };
    expect(told(click("silence", { alert: { ...ALERT, silenced } }))).toMatch(/silenced already, until .*, by bob\.$/);
    const over = { ...silenced, untilMs: T0 };
    expect(click("silence", { alert: { ...ALERT, silenced: over } })).toMatchObject([{ do: "silence_alert" }, {}, {}]);
    expect(told(click("silence", { isBeingSilenced: true }))).toContain("is being asked already");
    expect(told(click("silence", { silenceForMs: null }))).toContain("sources.metrics.silence is not set");
    expect(told(click("silence", { alert: { ...ALERT, state: "resolved" } }))).toContain("is resolved already");
  });
});

describe("whoever may", () => {
  it("may by any of the alert's sites, or by a role on all of them", () => {
    const blog = ofSite({ name: "blog", deployers: ["U0EVE"], operators: [] });
    expect(click("acknowledge", { user: "U0EVE", rules: [ofSite(), blog, ofAll()] })).toMatchObject([
      { do: "acknowledge_alert" },
      { site: "blog" },
      {},
    ]);
    const everywhere = ofAll({ deployers: ["U0EVE"] });
    expect(audited(click("acknowledge", { user: "U0EVE", rules: [everywhere] }))).toEqual(["done by deployers: U0EVE"]);
  });

  it("is told by which setting they may not: of the first site, or of the workspace where there is none", () => {
    expect(told(click("acknowledge", { user: "U0EVE" }))).toMatch(
      /^acknowledge on shop is for its deployers \(sites\.shop\.deployers\): U0DAN, U0ALICE\./,
    );
    const nobody = click("silence", { user: "U0EVE", rules: [ofAll()] });
    expect(told(nobody)).toMatch(
      /^silence on alerts of metrics is for its operators \(slack\.operators\): nobody so far\. .* can add U0EVE to slack\.operators/,
    );
    expect(audited(nobody)).toEqual(["denied by role"]);
    const elsewhere = click("acknowledge", { rules: [ofAll({ channels: ["C0OPS"] })] });
    expect(told(elsewhere)).toBe("alerts of metrics cannot be commanded here. Use it in C0OPS (slack.channels).");
  });

  it("may by what GitHub said of a site only where that site was asked about", () => {
    const person = { ...member(ALICE), github: { login: "alice-m", canWrite: true } };
    const strict = { githubWrite: true };
    expect(audited(click("acknowledge", { person, rules: [ofSite(strict), ofAll()] }))).toEqual([
      "done by operators: U0ALICE",
    ]);
    const other = [ofSite({ ...strict, operators: [] }), ofSite({ ...strict, name: "blog" }, false), ofAll()];
    expect(audited(click("acknowledge", { person, rules: other }))).toEqual(["denied by role"]);
  });

  it("is no guest, nor somebody of another workspace, nor anybody in a direct message", () => {
    const by = (part: object) => audited(click("acknowledge", { person: member(ALICE, part) }));
    expect(by({ kind: "guest" })).toEqual(["denied by account"]);
    expect(by({ team: "T0THEIRS" })).toEqual(["denied by team"]);
    const direct = { id: "D0ALICE", name: null, kind: "direct", isShared: false };
    expect(by({ conversation: direct })).toEqual(["denied by channel"]);
  });
});

it("Alerts are remembered one by one, cleaned, in one order whatever the sender's", () => {
  const alerts = [
    aReport({ fingerprint: "b", runbookUrl: "javascript:alert(1)" }),
    aReport({ fingerprint: "a", state: "firing" }),
    aReport({ fingerprint: "a", state: "resolved", title: " " }),
  ];
  const source = { source: "metrics", label: "Alertmanager", cause: "x", channel: null, sites: ["shop"] };
  const facts = { channel: "C0OPS", setting: "channel", canSilence: true, silenceForMs: 1 };
  const effects = handleAlerts({ type: "alerts", ...source, alerts }, facts);
  expect(effects).toMatchObject([
    { do: "alert", source: "metrics", channel: "C0OPS", sites: ["shop"], silenceForMs: 1, report: { state: "firing" } },
    { report: { fingerprint: "a", state: "resolved", title: "An alert without a name" } },
    { report: { fingerprint: "b", runbookUrl: null } },
  ]);
});
