/** What the message of an alert says, and which buttons it has, while it fires and once it is over. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Alert, AlertReport } from "../../../../src/model/alert.ts";
import { wordAlert } from "../../../../src/notify/wording/slack/alert-wording.ts";
import { hostileWord, LONGEST } from "../hostile-words.ts";
import { controlsIn, expectMessageWithinLimits, mrkdwnOf, textsOf } from "./slack-limits.ts";

const AT_MS = Date.UTC(2026, 0, 31, 14, 2);
const DATE = "<!date^1769868120^{date_short_pretty}, {time}|2026-01-31 14:02 UTC>";
const LATER = "<!date^1769868720^{date_short_pretty}, {time}|2026-01-31 14:12 UTC>";
const MIN = 60_000;

const REPORT: AlertReport = {
  ...{ fingerprint: "f", state: "firing", severity: "critical", title: "Shop is down", detail: "5xx above 10 %" },
  ...{ startedAtMs: AT_MS, endedAtMs: null, silenceUrl: null, runbookUrl: "https://wiki.example.com/shop" },
  labels: { alertname: "ShopDown", severity: "critical", zone: "a", job: "node", instance: "web-1" },
  links: [{ label: "Graph", url: "https://prometheus.example.com/graph" }],
};

const alert = (part: Partial<Alert> = {}, report: Partial<AlertReport> = {}): Alert => ({
  ...{ id: 12, source: "metrics", label: "Alertmanager", state: "firing", sinceMs: AT_MS, resolvedAtMs: null },
  ...{ flaps: 0, acknowledged: null, silenced: null, suspects: [], canSilence: true, silenceForMs: 120 * MIN },
  ...part,
  report: { ...REPORT, ...report },
});

const SUSPECT = {
  ...{ site: "shop", deployment: "d-1", commit: "a1b2c3d4e5", title: "Show prices", author: "Zoë" },
  liveAtMs: AT_MS - 4 * MIN,
};
const ACKNOWLEDGED = { by: "bob (Slack U0BOB)", atMs: AT_MS };

type Button = Readonly<Record<"action_id" | "value" | "url" | "style", string | undefined>> & {
  text: { text: string };
};
const buttonsOf = (one: Alert, hasButtons = true): Button[] =>
  wordAlert(one, hasButtons).blocks.flatMap((block) =>
    block.type === "actions" ? (block.elements as unknown as Button[]) : [],
  );
const labelsOf = (one: Alert, hasButtons = true) => buttonsOf(one, hasButtons).map(({ text }) => text.text);
const lines = (one: Alert) => textsOf(wordAlert(one, true).blocks).join("\n");

describe("an alert that fires", () => {
  it("says what, since when, where and by whom, and has its buttons", () => {
    const { text, blocks } = wordAlert(alert(), true);
    expect(text).toBe("🔴 Critical: Shop is down (Alertmanager, since 2026-01-31 14:02 UTC)");
    expect(textsOf(blocks)).toEqual([
      ...["🔴 Critical: Shop is down", "5xx above 10 %", `Firing since ${DATE}`],
      ...["Acknowledge", "Silence 2 h", "Runbook"],
      "`instance=web-1`  ·  `job=node`  ·  `zone=a`  ·  Alertmanager  ·  <https://prometheus.example.com/graph|Graph>",
    ]);
    expect(buttonsOf(alert())).toMatchObject([
      { action_id: "slipway.acknowledge", value: "12", style: "primary" },
      { action_id: "slipway.silence", value: "12" },
      { action_id: "slipway.open.0", url: "https://wiki.example.com/shop" },
    ]);
  });

  it.each([
    ["critical", "🔴 Critical: "],
    ["error", "🔴 Error: "],
    ["warning", "🟠 Warning: "],
    ["info", "🔵 Info: "],
    [null, "🔴 Alert: "],
  ] as const)("of the severity %s begins with %s", (severity, start) => {
    expect(wordAlert(alert({}, { severity }), true).text).toBe(
      `${start}Shop is down (Alertmanager, since 2026-01-31 14:02 UTC)`,
    );
  });

  it("names the sites that went live shortly before, each with a button that rolls it back", () => {
    const one = alert({ suspects: [SUSPECT, { ...SUSPECT, site: "blog", deployment: "d-2", title: "", author: "" }] });
    expect(lines(one)).toContain("🚀 *shop* went live 4 min before: `a1b2c3d` Show prices by Zoë");
    expect(lines(one)).toContain("🚀 *blog* went live 4 min before: `a1b2c3d`\n");
    expect(buttonsOf(one).slice(3)).toMatchObject([
      { action_id: "slipway.rollback.0", value: "d-1", style: "danger", text: { text: "Roll back shop…" } },
      { action_id: "slipway.rollback.1", value: "d-2", style: "danger", text: { text: "Roll back blog…" } },
    ]);
  });

  it("that somebody has is marked, and offers that to nobody else", () => {
    const one = alert({ acknowledged: ACKNOWLEDGED, flaps: 1 });
    expect(lines(one)).toContain("🔴 👀 Critical: Shop is down");
    expect(lines(one)).toContain(`🔁 Came back 1 time\n👀 Acknowledged by *bob (Slack U0BOB)* ${DATE}`);
    expect(labelsOf(one)).toEqual(["Silence 2 h", "Runbook"]);
  });

  it("that is silenced says until when and by whom, and that cannot be silenced here says where", () => {
    const silenced = alert({ silenced: { by: "bob (Slack U0BOB)", untilMs: AT_MS + 10 * MIN } });
    expect(lines(silenced)).toContain(`🔕 Silenced until ${LATER} by *bob (Slack U0BOB)*`);
    expect(labelsOf(silenced)).toEqual(["Acknowledge", "Runbook"]);
    const elsewhere = alert({ canSilence: false }, { silenceUrl: "https://grafana.example.com/silence" });
    expect(labelsOf(elsewhere)).toEqual(["Acknowledge", "Runbook"]);
    expect(lines(elsewhere)).toContain("<https://grafana.example.com/silence|silence it there>");
  });

  it("has no button but those that open addresses where no click reaches Slipway", () => {
    expect(labelsOf(alert({ suspects: [SUSPECT] }), false)).toEqual(["Runbook"]);
    expect(labelsOf(alert({}, { runbookUrl: null }), false)).toEqual([]);
  });

  it("shows few of many labels, and says how many there are besides", () => {
    const labels = Object.fromEntries(Array.from({ length: 9 }, (_, n) => [`l${n}`, "x"]));
    const small = lines(
      alert({}, { labels: { ...labels, __meta: "x", host: "db-2", empty: "", name: "Shop is down" } }),
    );
    expect(small).toContain("`host=db-2`  ·  `l0=x`  ·  `l1=x`  ·  `l2=x`  ·  `l3=x`  ·  and 5 more  ·  Alertmanager");
  });
});

describe("an alert that is over", () => {
  it("is green, says after how long and how often it came back, and has no buttons", () => {
    const over = alert({ state: "resolved", resolvedAtMs: AT_MS + 10 * MIN, flaps: 3, acknowledged: ACKNOWLEDGED });
    const { text, blocks } = wordAlert({ ...over, suspects: [SUSPECT] }, true);
    expect(text).toBe("🟢 Resolved: Shop is down (Alertmanager, after 10 min)");
    const [headline, , story] = textsOf(blocks);
    expect(headline).toBe("🟢 Resolved: Shop is down");
    expect(story?.split("\n")).toEqual([
      `Resolved ${LATER}, after 10 min; it began ${DATE}`,
      "🔁 Came back 3 times",
      `👀 Acknowledged by *bob (Slack U0BOB)* ${DATE}`,
      "🚀 *shop* went live 4 min before: `a1b2c3d` Show prices by Zoë",
    ]);
    expect(labelsOf(over)).toEqual([]);
  });
});

const address = fc.oneof(hostileWord, fc.constantFrom(LONGEST.url, "javascript:alert(1)", "https://a.example/|x>y"));

const anyAlert: fc.Arbitrary<Alert> = fc
  .record({
    word: hostileWord,
    other: hostileWord,
    url: address,
    isOver: fc.boolean(),
    labels: fc.dictionary(hostileWord, hostileWord, { maxKeys: 12 }),
    atMs: fc.double(),
    many: fc.integer({ min: 0, max: 5 }),
    flaps: fc.nat(),
  })
  .map(({ word, other, url, isOver, labels, atMs, many, flaps }) =>
    alert(
      {
        ...{ label: other, state: isOver ? "resolved" : "firing", sinceMs: atMs, resolvedAtMs: isOver ? atMs : null },
        ...{ acknowledged: { by: word, atMs }, silenced: { by: other, untilMs: atMs }, flaps, canSilence: isOver },
        suspects: Array.from({ length: many }, (_, n) => ({
          ...{ site: LONGEST.site, deployment: `d-${n}`, commit: word, title: other, author: word, liveAtMs: 0 },
        })),
      },
      {
        ...{ title: word || "x", detail: other, labels, runbookUrl: url, silenceUrl: url },
        links: Array.from({ length: many }, () => ({ label: word, url })),
      },
    ),
  );

describe("whatever a sender says", () => {
  it("keeps within Slack's limits, and makes no mention, link or command", () => {
    const check = (one: Alert) => {
      for (const hasButtons of [true, false]) {
        const message = wordAlert(one, hasButtons);
        expectMessageWithinLimits(message);
        for (const text of [message.text, ...textsOf(message.blocks)]) {
          for (const control of controlsIn(text)) expect(control).toMatch(/^(!date\^\d|https?:)/);
        }
        for (const text of mrkdwnOf(message.blocks)) expect(text.match(/<!(?!date)/)).toBeNull();
      }
    };
    check(
      alert(
        { label: LONGEST.title, acknowledged: { by: LONGEST.author, atMs: 1 } },
        {
          ...{ title: LONGEST.title, detail: LONGEST.reason, runbookUrl: LONGEST.url, silenceUrl: LONGEST.url },
          labels: Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`${n}${LONGEST.title}`, LONGEST.reason])),
          links: Array.from({ length: 5 }, () => ({
            label: LONGEST.title,
            url: `https://e.example/${"a".repeat(800)}`,
          })),
        },
      ),
    );
    fc.assert(fc.property(anyAlert, check), { numRuns: 300 });
  });
});
