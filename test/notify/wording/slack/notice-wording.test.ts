/** What notices say: news that is not the story of one deployment. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { configSchema } from "../../../../src/config/schema.ts";
import type { CiIncident, CiRun } from "../../../../src/model/ci.ts";
import type { Digest, Notice, Summary } from "../../../../src/model/notice.ts";
import { wordNotice } from "../../../../src/notify/wording/slack/notice-wording.ts";
import { hostileWord, LONGEST } from "../hostile-words.ts";
import { controlsIn, expectMessageWithinLimits, mrkdwnOf, textsOf } from "./slack-limits.ts";

const AT_MS = Date.UTC(2026, 0, 31, 14, 2);
const DATE = "<!date^1769868120^{date_short_pretty}, {time}|2026-01-31 14:02 UTC>";

const doubted = (
  about: "held" | "conflict",
  part: Partial<Extract<Notice, { about: "held" | "conflict" }>> = {},
): Notice => ({
  ...{ about, id: 12, hasButtons: true, source: "shopify", event: "orders/paid", deliveryKey: "o-1", reason: "" },
  ...part,
});

describe("A notice", () => {
  test("of an installation holds YAML that slipway.yaml takes, for the first repositories", () => {
    const repoNames = [
      "acme/Shop",
      "acme/shop.js",
      "acme/1234",
      "acme/null",
      "acme/shop-js",
      "acme/___",
      ...many("r", 20),
    ];
    const message = wordNotice({ about: "installed", account: "acme", repoNames });
    expectMessageWithinLimits(message);
    expect(message.text).toBe("👋 Slipway was installed for acme: 26 repositories");
    const yaml =
      textsOf(message.blocks)
        .find((text) => text.startsWith("```"))
        ?.replaceAll("```", "") ?? "";
    const { sites } = configSchema.parse(parse(yaml));
    expect(
      Object.values(sites)
        .map(({ repo }) => repo)
        .sort(),
    ).toEqual(repoNames.slice(0, 10).sort());
    expect(Object.keys(sites)).toEqual(
      expect.arrayContaining(["shop", "shop-js", "1234", "null", "shop-js-2", "site"]),
    );
    expect(textsOf(message.blocks)).toContain("16 more are not shown.");
  });

  test("of an installation leaves out names that could not be GitHub's", () => {
    const repoNames = ["acme/```<!channel>", "acme/x\n  y: z"];
    expect(JSON.stringify(wordNotice({ about: "installed", account: "<!here>", repoNames }))).not.toMatch(/<!|```/);
  });

  test("of an installation keeps within the limits with the longest names", () => {
    const repoNames = many(`${"o".repeat(39)}/${"r".repeat(96)}`, 30);
    expectMessageWithinLimits(wordNotice({ about: "installed", account: "&".repeat(100), repoNames }));
    expect(wordNotice({ about: "installed", account: "acme", repoNames: ["acme/shop"] }).text).toMatch(
      /: 1 repository$/,
    );
  });

  const others: Array<[Notice, RegExp]> = [
    [
      { about: "site_paused", site: "shop", reason: "the GitHub App is suspended" },
      /shop is paused: the GitHub App is suspended$/,
    ],
    [{ about: "site_resumed", site: "shop", reason: "GitHub says so" }, /shop is resumed: GitHub says so$/],
    [
      { about: "webhook", host: "hooks.example.com", dead: 1, reason: "it answered 404" },
      /An event for hooks.example.com could not be delivered: it answered 404$/,
    ],
    [
      doubted("held", { reason: "another id, the same bytes" }),
      /A delivery from shopify may be a replay: orders\/paid: another id, the same bytes$/,
    ],
    [doubted("conflict", { reason: "other bytes" }), /has the id of another one: orders\/paid: other bytes$/],
    [
      { about: "unparseable", source: "github", event: "push", deliveryKey: "1/2", reason: "ref: is no string" },
      /A delivery from github could not be read: push: ref: is no string$/,
    ],
    [
      { about: "dead", source: "github", event: "push", deliveryKey: "1/2", reason: "<boom>" },
      /was given up: push: &lt;boom&gt;$/,
    ],
  ];
  test.each(others)("says %o", (notice, text) => {
    const message = wordNotice(notice);
    expect(message.text).toMatch(text);
    expectMessageWithinLimits(message);
  });
});

describe("A delivery that looks like another one", () => {
  test.each(["held", "conflict"] as const)("is %s, and has a button that runs it once somebody is sure", (about) => {
    const { blocks } = wordNotice(doubted(about));
    expect(textsOf(blocks)).toContain("It is kept, and nothing was done about it.  ·  `slipway deliveries show o-1`");
    expect(blocks.at(-1)).toMatchObject({
      type: "actions",
      elements: [
        {
          ...{ action_id: "slipway.run", value: "12", text: { text: "Run anyway" } },
          confirm: { title: { text: "Run it anyway?" }, confirm: { text: "Run it" }, deny: { text: "Leave it" } },
        },
      ],
    });
  });

  test.each(["held", "conflict"] as const)("is %s without a button where no click reaches Slipway", (about) => {
    expect(wordNotice(doubted(about, { hasButtons: false })).blocks.some(({ type }) => type === "actions")).toBe(false);
  });
});

const RUN: CiRun = {
  ...{ repoId: 1, repoName: "acme/shop", workflow: "CI", path: ".github/workflows/ci.yml", branch: "main", runId: 7 },
  ...{ runNumber: 512, attempt: 1, commit: "a1b2c3d4e5", title: "Fix footer", author: "Alice", actorLogin: "alice-m" },
  ...{ url: "https://github.com/acme/shop/actions/runs/7", conclusion: "failure", verdict: "failed" },
};
const incident = (part: Partial<CiIncident> = {}): Notice => ({
  about: "ci",
  setting: "channel",
  incident: {
    ...{ repoName: "acme/shop", workflow: "CI", branch: "main", state: "broken", failures: 3, sinceMs: AT_MS },
    ...{ mendedAtMs: null, run: RUN, firstCommit: "9f8e7d6c5b" },
    ...part,
  },
});

describe("A CI that fails", () => {
  test("is told with its workflow, how often and since when, the run, the first bad commit and who started it", () => {
    const { text, blocks } = wordNotice(incident());
    expect(text).toBe("CI fails on main of acme/shop: ci.yml, failed 3 times since 2026-01-31 14:02 UTC");
    expect(textsOf(blocks)).toEqual([
      "🔴 CI fails on main of acme/shop",
      `*ci.yml* on \`main\` of \`acme/shop\` failed 3 times since ${DATE}.\nLast with \`a1b2c3d\` Fix footer by Alice`,
      "first failed with `9f8e7d6`  ·  <https://github.com/acme/shop/actions/runs/7|Run 512>  ·  started by alice-m",
    ]);
  });

  test("is told as it is: timed out, an attempt, a CI without a workflow file", () => {
    const run = { ...RUN, conclusion: "timed_out", attempt: 2, path: "", runNumber: null };
    const texts = textsOf(wordNotice(incident({ failures: 1, run })).blocks).join("\n");
    expect(texts).toContain("*CI* on `main`");
    expect(texts).toContain("failed 1 time since");
    expect(texts).toContain("the last time as `timed_out`");
    expect(texts).toContain("|The run, attempt 2>");
  });

  test("is told again when it works, and after how long", () => {
    const { text, blocks } = wordNotice(incident({ state: "mended", mendedAtMs: AT_MS + 72 * 60_000 }));
    expect(text).toBe("CI works again on main of acme/shop: ci.yml, failed 3 times, mended after 1 h");
    expect(textsOf(blocks)[0]).toBe("🟢 CI works again on main of acme/shop");
    expect(textsOf(blocks)[1]).toContain("works again after 1 h; it had failed 3 times.");
  });
});

describe("A digest", () => {
  const group = (title: string, count: number, state: "bad" | "good") => ({ title, count, state, url: null });
  const digest = (groups: Digest["groups"], endedAtMs: number | null = null): Notice => ({
    about: "digest",
    setting: "channel",
    digest: { sinceMs: AT_MS, endedAtMs, groups },
  });

  test("tells the bad ones first, then by how many, and that it goes on", () => {
    const { text, blocks } = wordNotice(
      digest([group("docs", 9, "good"), group("blog", 2, "bad"), group("shop", 5, "bad")]),
    );
    expect(text).toBe("📚 16 messages in one: 2 of 3 still broken; it goes on");
    expect(textsOf(blocks)[1]?.split("\n")).toEqual([
      "🔴 broken  *shop*  ·  5 messages",
      "🔴 broken  *blog*  ·  2 messages",
      "🟢 works  *docs*  ·  9 messages",
    ]);
    expect(textsOf(blocks).at(-1)).toBe(`since ${DATE}  ·  it goes on; this message is edited while more news come`);
  });

  test("leaves nothing out silently, and says that it has ended", () => {
    const groups = Array.from({ length: 22 }, (_, n) => group(`site-${n}`, n + 1, "good"));
    const { text, blocks } = wordNotice(digest(groups, AT_MS + 60_000));
    expect(text).toBe("📚 253 messages in one: nothing is broken any more; it has ended");
    expect(textsOf(blocks).join("\n").match(/🟢/g)).toHaveLength(10);
    expect(textsOf(blocks).at(-1)).toMatch(/^and 12 more {2}· {2}from .* to .* {2}· {2}it has ended$/);
  });
});

describe("The summary of a day", () => {
  const site = (name: string, part: Partial<Summary["sites"][number]> = {}) => ({
    ...{ site: name, live: 1, failed: 0, other: 0, medianMs: 21_000, hold: null },
    ...part,
  });
  const summary = (sites: Summary["sites"], broken: string[] = []): Notice => ({
    about: "summary",
    setting: "channel",
    summary: { fromMs: AT_MS - 86_400_000, toMs: AT_MS, sites, broken },
  });

  test("tells each site's day, what failed first, what is held, and which workflows are broken", () => {
    const { text, blocks } = wordNotice(
      summary(
        [
          site("docs"),
          site("blog", { live: 0, other: 1, medianMs: null, hold: "paused by bob" }),
          site("shop", { live: 12, failed: 2, medianMs: 48_000 }),
        ],
        ["ci.yml on main of acme/shop"],
      ),
    );
    expect(text).toBe("🗞️ The day: 13 deployments live, 2 failed, 1 workflow broken");
    expect(textsOf(blocks)[1]?.split("\n")).toEqual([
      "*shop*  ·  ✅ 12 live  ·  ❌ 2 failed  ·  median 48 s",
      "*blog*  ·  ➖ 1 other  ·  ⏸️ paused by bob",
      "*docs*  ·  ✅ 1 live  ·  median 21 s",
    ]);
    expect(textsOf(blocks)[2]).toBe("*Broken now*\n🔴 ci.yml on main of acme/shop");
  });

  test("of 200 sites names how many are left out", () => {
    const message = wordNotice(summary(Array.from({ length: 200 }, (_, n) => site(`site-${n}`))));
    expectMessageWithinLimits(message);
    expect(textsOf(message.blocks).at(-1)).toMatch(/^and 140 more sites/);
  });

  test("of an empty day says so", () => {
    expect(textsOf(wordNotice(summary([])).blocks)).toContain("Nothing was deployed.");
  });
});

describe("A request for a second person", () => {
  const request = (part: Partial<Extract<Notice, { about: "second_person" }>> = {}): Notice => ({
    ...{ about: "second_person", request: "r-1", site: "shop", by: "alice (Slack U0ALICE)" },
    ...{ what: "roll back from a1b2c3d to 9f8e7d6", reason: "prices are wrong", expiresAtMs: AT_MS, answer: null },
    ...part,
  });

  test("says who wants what, why and until when, with two buttons", () => {
    const { text, blocks } = wordNotice(request());
    expect(text).toBe(
      "shop: alice (Slack U0ALICE) asks to roll back from a1b2c3d to 9f8e7d6; somebody else has to agree",
    );
    expect(textsOf(blocks)).toEqual([
      "🤝 shop: somebody else has to agree",
      "*alice (Slack U0ALICE)* asks to *roll back from a1b2c3d to 9f8e7d6*",
      "Why: prices are wrong",
      ...["Approve", "Decline"],
      `Whoever asked cannot answer. It ends ${DATE}.`,
    ]);
    expect(JSON.stringify(blocks)).toContain('"action_id":"slipway.approve"');
    expect(JSON.stringify(blocks).match(/"value":"r-1"/g)).toHaveLength(2);
  });

  test.each([
    ["approved", "bob (Slack U0BOB)", "👍 shop: approved by bob (Slack U0BOB)", "Approved by bob (Slack U0BOB)"],
    ["declined", "bob (Slack U0BOB)", "👎 shop: declined by bob (Slack U0BOB)", "nothing was done"],
    ["expired", null, "⌛ shop: nobody answered in time", "Nothing was done."],
  ] as const)("that is %s has no buttons, and says by whom", (kind, by, headline, remark) => {
    const { blocks } = wordNotice(request({ answer: { kind, by } }));
    expect(blocks.some(({ type }) => type === "actions")).toBe(false);
    expect(textsOf(blocks)[0]).toBe(headline);
    expect(textsOf(blocks).at(-1)).toContain(remark);
  });
});

/** Every kind of notice, of these words. */
function allNotices(a: string, b: string, url: string | null, many: number): Notice[] {
  const run = { ...RUN, path: a, title: b, author: a, actorLogin: b, conclusion: a, commit: b, url };
  const names = Array<string>(many).fill(b);
  return [
    { about: "unparseable", source: a, event: b, deliveryKey: a, reason: b },
    { about: "dead", source: b, event: a, deliveryKey: b, reason: a },
    ...(["held", "conflict"] as const).map((about) =>
      doubted(about, { source: a, event: b, deliveryKey: a, reason: b }),
    ),
    { about: "webhook", host: a, dead: 2, reason: b },
    { about: "installed", account: a, repoNames: [a, b] },
    { about: "site_locked", site: a, reason: b },
    { about: "site_resumed", site: b, reason: a },
    ...(["broken", "mended"] as const).map((state) =>
      incident({ repoName: a, branch: b, workflow: b, state, run, firstCommit: a, mendedAtMs: AT_MS }),
    ),
    {
      about: "digest",
      setting: "channel",
      digest: { sinceMs: 0, endedAtMs: null, groups: names.map((title) => ({ title, count: 1e9, state: "bad", url })) },
    },
    {
      about: "summary",
      setting: "channel",
      summary: {
        ...{ fromMs: 0, toMs: 9e15, broken: names },
        sites: names.map((site) => ({ site, live: 1e9, failed: 1e9, other: 1e9, medianMs: 1e9, hold: a })),
      },
    },
    ...([null, { kind: "approved", by: a }, { kind: "declined", by: b }, { kind: "expired", by: null }] as const).map(
      (answer): Notice => ({
        ...{ about: "second_person", request: "r-1", site: a, by: b, what: a, reason: b, expiresAtMs: 9e15, answer },
      }),
    ),
  ];
}

describe("Every notice", () => {
  test("obeys no word from outside, and keeps within Slack's limits", () => {
    fc.assert(
      fc.property(hostileWord, hostileWord, fc.option(hostileWord), (a, b, url) => {
        for (const notice of allNotices(a, b, url, 30)) {
          const message = wordNotice(notice);
          expectMessageWithinLimits(message);
          expect(controlsIn(message.text)).toEqual([]);
          const controls = mrkdwnOf(message.blocks).flatMap(controlsIn);
          for (const control of controls) expect(control).toMatch(/^(!date\^\d+\^\{|https?:\/\/[^<>|\s]+\|[\w ,]+$)/);
        }
      }),
      { numRuns: 60 },
    );
  });

  test("fits with the longest words there are", () => {
    const { title, reason, url } = LONGEST;
    for (const notice of allNotices(title, reason, url, 200)) expectMessageWithinLimits(wordNotice(notice));
    for (const notice of allNotices("a".repeat(300), "x y ".repeat(200), "https://a.example/", 200)) {
      expectMessageWithinLimits(wordNotice(notice));
    }
  });
});

function many(name: string, n: number): string[] {
  return Array.from({ length: n }, (_, index) => (name.includes("/") ? `${name}${index}` : `acme/${name}${index}`));
}
