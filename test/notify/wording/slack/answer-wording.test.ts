/** What one person is answered: each kind of answer, within Slack's limits, and without any power of others' words. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Answer, AuditEntry, ReleaseChoice, SiteStatus } from "../../../../src/model/answer.ts";
import { VERBS } from "../../../../src/model/command.ts";
import { wordAnswer } from "../../../../src/notify/wording/slack/answer-wording.ts";
import { aDeployment } from "../../deployment.ts";
import { hostileWord, LONGEST } from "../hostile-words.ts";
import { controlsIn, expectMessageWithinLimits, mrkdwnOf, textsOf } from "./slack-limits.ts";

const NOW_MS = Date.UTC(2026, 0, 31, 14, 2);
const MIN_MS = 60_000;
const HEALTH = { waiting: 0, dead: 0, untold: 0 };
const FREE = { githubPause: null, paused: null, locked: null };

const told = (answer: Answer) => textsOf(wordAnswer(answer).blocks);
const text = (words: string) => told({ kind: "text", text: words });

describe("A text", () => {
  test("shows commands as code, Slack's ids as people and groups, and everything else as it is", () => {
    expect(text("Ask U0ALICE or S0OPS, or *use* `/deploy status`.")).toEqual([
      "Ask <@U0ALICE> or <!subteam^S0OPS>, or ∗use∗ `/deploy status`.",
    ]);
  });

  test.each([
    "UPDATED",
    "SECURITY",
    "UTF8",
    "S3",
    "SLACK_BOT_TOKEN",
    "W3C",
    "SHA256",
    "D0ALICE",
    "XU0ALICE",
    "U0ALICE-x",
  ])("takes %s for a word", (word) => {
    expect(text(`a ${word} b`)).toEqual([`a ${word} b`]);
  });

  test("mentions nobody in code, and nobody by a name that looks like a mention", () => {
    expect(text("`U0ALICE` <!channel> <@everyone> @here")).toEqual([
      "`U0ALICE` &lt;!channel&gt; &lt;@everyone&gt; @here",
    ]);
  });

  test("keeps its lines, and is one line for notifications", () => {
    const message = wordAnswer({ kind: "text", text: "one\n\n two `x\ny` \r\nthree" });
    expect(textsOf(message.blocks)).toEqual(["one\ntwo ˋx\nyˋ\nthree"]);
    expect(message.text).toBe("one two `x y` three");
  });
});

describe("Help", () => {
  const COMMANDS = {
    status: { usage: "status [SITE]", does: "what is live" },
    rollback: { usage: "rollback [SITE] [RELEASE] [--yes]", does: "publishes an *earlier* release" },
  };
  test("tells every command in a line, and which sites there are", () => {
    const { blocks } = wordAnswer({ kind: "help", about: null, sites: ["shop", "docs"] }, COMMANDS);
    const texts = textsOf(blocks);
    expect(texts.join("\n").split("\n")).toEqual(
      expect.arrayContaining(["`status [SITE]`  what is live", "Sites: `shop`, `docs`"]),
    );
    // The flags are for whoever asks about one.
    expect(texts.join("\n")).not.toContain("--yes");
    for (const verb of VERBS) expect(texts.join("\n")).toContain(`\`${verb}`);
  });
  test("about one command tells that one", () => {
    const { blocks } = wordAnswer({ kind: "help", about: "rollback", sites: [] }, COMMANDS);
    expect(textsOf(blocks)).toEqual([
      "🛟 *How to use rollback*",
      "`rollback [SITE] [RELEASE] [--yes]`  publishes an ∗earlier∗ release",
    ]);
  });
});

function site(name: string, part: Partial<SiteStatus> = {}): SiteStatus {
  const latest = aDeployment({ site: name, state: "live", finishedAtMs: NOW_MS - 5 * MIN_MS });
  return {
    ...{ name, url: null, liveCommit: "a1b2c3d4e5", liveRelease: "9f8e7d6c5b4a3928", holds: FREE, latest, waiting: [] },
    ...part,
  };
}
const status = (sites: SiteStatus[], health = HEALTH): Answer => ({ kind: "status", nowMs: NOW_MS, sites, health });

describe("Status", () => {
  test("of a site says what is live, how the newest one stands and for how long, and what waits", () => {
    const latest = aDeployment({
      state: "building",
      stage: "install",
      commit: "b2c3d4e5",
      startedAtMs: NOW_MS - 3 * MIN_MS,
    });
    const waiting = [latest, aDeployment({ id: "d-2", commit: "c3d4e5f6" }), aDeployment({ id: "d-3", commit: "" })];
    const [first, health] = told(status([site("shop", { url: "https://shop.example.com", latest, waiting })]));
    expect(first?.split("\n")).toEqual([
      "*shop*  ·  live: `a1b2c3d` (release `9f8e7d6c5b4a`)  ·  <https://shop.example.com/|open>",
      "🔨 building (install) for 3 min: `b2c3d4e` Fix footer by Alice  ·  `d-mf2k9x1c-4f7a`",
      "🕓 2 behind it: `c3d4e5f` queued, `d-3` queued",
    ]);
    expect(health).toBe("🟢 Slipway keeps up: every delivery is done, everything is told");
  });

  test("says who holds a site, why, since when and until when", () => {
    const hold = { by: "bob (Slack U0BOB)", reason: "the sale", atMs: NOW_MS, untilMs: NOW_MS + 60 * MIN_MS };
    const [first] = told(status([site("shop", { holds: { githubPause: "suspended", paused: hold, locked: hold } })]));
    const since = "<!date^1769868120^{date_short_pretty}, {time}|2026-01-31 14:02 UTC>";
    const until = "<!date^1769871720^{date_short_pretty}, {time}|2026-01-31 15:02 UTC>";
    expect(first?.split("\n").slice(2)).toEqual([
      `🔒 locked by bob (Slack U0BOB) (the sale) since ${since} until ${until}: nothing is deployed`,
      `⏸️ paused by bob (Slack U0BOB) (the sale) since ${since} until ${until}: pushes wait`,
      "⏸️ GitHub: suspended",
    ]);
  });

  test("says whether Slipway keeps up", () => {
    expect(told(status([site("shop")], { waiting: 1, dead: 2, untold: 3 })).at(-1)).toBe(
      "🔴 Slipway: 1 delivery to do, 2 given up (`slipway deliveries` lists them), 3 messages to tell",
    );
    expect(told(status([site("shop")], { waiting: 2, dead: 0, untold: 0 })).at(-1)).toBe(
      "🟡 Slipway: 2 deliveries to do",
    );
  });

  test("of many sites has a line for each, those that need somebody first, and says how many are left out", () => {
    const failed = aDeployment({ state: "failed", finishedAtMs: NOW_MS - 60 * MIN_MS });
    const sites = [...Array.from({ length: 199 }, (_, n) => site(`site-${n}`)), site("broken", { latest: failed })];
    const message = wordAnswer(status(sites));
    expectMessageWithinLimits(message);
    expect(message.text).toBe("200 sites, 1 failed");
    const texts = textsOf(message.blocks);
    expect(texts[1]?.split("\n")[0]).toBe("❌ *broken*  ·  `a1b2c3d`  ·  failed  ·  1 h ago");
    const shown = texts.join("\n").match(/^✅/gm)?.length ?? 0;
    expect(texts.join("\n")).toContain(`and ${200 - shown - 1} more sites`);
  });

  test("of nothing says so", () => {
    expect(told(status([]))[0]).toBe("There is no site that you may see here.");
    expect(told(status([site("shop", { latest: null, liveCommit: null, liveRelease: null })]))[0]).toBe(
      "*shop*  ·  nothing is live yet",
    );
  });
});

const release = (n: number, part: Partial<ReleaseChoice> = {}): ReleaseChoice => ({
  ...{ id: `${n}`.padStart(16, "f"), commit: `abcdef${n}00`, title: `Title ${n}`, author: "Alice", isLive: n === 0 },
  createdAtMs: NOW_MS,
  ...part,
});

describe("Releases", () => {
  test("are listed with commit, title, author, when and id; the live one is marked", () => {
    const texts = told({ kind: "releases", site: "shop", releases: [release(0), release(1)] });
    const date = "<!date^1769868120^{date_short_pretty}, {time}|2026-01-31 14:02 UTC>";
    expect(texts[1]?.split("\n")).toEqual([
      `✅ *live*  \`abcdef0\` Title 0  ·  Alice  ·  ${date}  ·  \`ffffffffffff\``,
      `\`abcdef1\` Title 1  ·  Alice  ·  ${date}  ·  \`ffffffffffff\``,
    ]);
    expect(texts.at(-1)).toContain("`rollback shop` asks which one to go back to");
  });
  test("of which there are many are counted where they do not fit", () => {
    const texts = told({ kind: "releases", site: "shop", releases: Array.from({ length: 100 }, (_, n) => release(n)) });
    expect(texts.at(-1)).toMatch(/^and 60 older/);
  });
  test("of which there are none are none", () => {
    expect(told({ kind: "releases", site: "shop", releases: [] })).toEqual(["No release of *shop* is kept yet."]);
  });
});

describe("The other answers", () => {
  test("a log is its end, whose it is, and a link", () => {
    const deployment = aDeployment({ state: "failed" });
    expect(told({ kind: "logs", deployment, lines: "a\nb", logUrl: "https://a.example/log" })).toEqual([
      "❌ *shop* failed  ·  `a1b2c3d`  ·  `d-mf2k9x1c-4f7a`",
      "```\na\nb\n```",
      "<https://a.example/log|The whole log>",
    ]);
    expect(told({ kind: "logs", deployment, lines: "", logUrl: null })[1]).toBe("Nothing was printed yet.");
  });

  test("a comparison counts, and shows the first paths", () => {
    const one: Answer = {
      ...{ kind: "diff", site: "shop", added: 1, changed: 30, removed: 0 },
      ...{
        from: { id: "ffff", commit: "a1b2c3d4" },
        to: { id: "eeee", commit: "9f8e7d6c" },
        paths: ["+ a.html", "~ b.html"],
      },
    };
    expect(wordAnswer(one).text).toBe("shop from a1b2c3d to 9f8e7d6: 1 added, 30 changed, 0 removed");
    expect(told(one)[1]).toBe("```\n+ a.html\n~ b.html\nand 29 more\n```");
    expect(told({ ...one, added: 0, changed: 0, paths: [] })[0]).toContain("no file differs");
  });

  test("who somebody is, is told with what they may do", () => {
    expect(told({ kind: "whoami", who: "alice", lines: ["shop: operator"] })).toEqual([
      "👤 You are *alice*\n• shop: operator",
    ]);
  });

  const entry: AuditEntry = {
    ...{ atMs: NOW_MS, who: "alice (Slack U0ALICE)", where: "C0SHOP", verb: "rollback", site: "shop" },
    ...{ what: "rollback to 9f8e7d6", rule: "role", result: "denied", outcome: "operators only", deployment: null },
  };
  test("the audit log has a line for each entry", () => {
    const date = "<!date^1769868120^{date_short_pretty}, {time}|2026-01-31 14:02 UTC>";
    const done: AuditEntry = { ...entry, result: "done", outcome: "queued", deployment: "d-2" };
    expect(told({ kind: "audit", entries: [entry, done] })[1]?.split("\n")).toEqual([
      `${date}  🚫 not allowed (rule \`role\`)  ·  *rollback to 9f8e7d6* on shop  ·  alice (Slack U0ALICE)  ·  operators only`,
      `${date}  ✅ done  ·  *rollback to 9f8e7d6* on shop  ·  alice (Slack U0ALICE)  ·  queued  ·  \`d-2\``,
    ]);
    expect(told({ kind: "audit", entries: [] })).toEqual(["Nothing was asked for yet."]);
  });

  test("which site is asked with a button for each, fifty at most", () => {
    const sites = Array.from({ length: 200 }, (_, n) => `site-${n}`);
    const message = wordAnswer({ kind: "choose_site", verb: "rollback", sites, rest: "-2 --dry-run" });
    expectMessageWithinLimits(message);
    const json = JSON.stringify(message.blocks);
    expect(json).toContain('"action_id":"slipway.choose.50"');
    expect(json).toContain('"value":"rollback site-49 -2 --dry-run"');
    expect(textsOf(message.blocks).at(-1)).toBe("150 more sites can be named: `rollback NAME`");
  });

  test("a rollback is offered with a button that names the site and the release that was meant", () => {
    const release = "9f8e7d6c".repeat(8);
    const { blocks } = wordAnswer({ kind: "offer_rollback", site: "shop", release, text: "This button does:" });
    expect(textsOf(blocks)).toEqual(["This button does:", "Roll back shop…"]);
    expect(JSON.stringify(blocks)).toContain('"action_id":"slipway.choose","text"');
    expect(JSON.stringify(blocks)).toContain('"value":"rollback shop 9f8e7d6c9f8e"');
  });

  /** Every kind of answer, of these words. */
  function allAnswers(a: string, b: string, url: string | null, many: number): Answer[] {
    const hold = { by: a, reason: b, atMs: 0, untilMs: 9e15 };
    const deployment = aDeployment({
      site: a || "x",
      title: b,
      author: a,
      commit: b,
      reason: a,
      state: "failed",
      stage: "build",
    });
    const holds = { githubPause: a, paused: hold, locked: hold };
    const one: SiteStatus = {
      ...{ name: a, url, liveCommit: b, liveRelease: a, holds, latest: deployment },
      waiting: Array(5).fill(aDeployment({ id: b, commit: a })),
    };
    const releases = Array.from({ length: many }, (_, n) => release(n, { commit: a, title: b, author: a }));
    return [
      { kind: "text", text: a },
      { kind: "help", about: null, sites: Array(many).fill(b) },
      ...[1, 6, many].map((n) => status(Array(n).fill(one), { waiting: 1e9, dead: 1e9, untold: 1e9 })),
      { kind: "releases", site: a, releases },
      { kind: "logs", deployment, lines: b, logUrl: url },
      {
        ...{
          kind: "diff",
          site: a,
          from: { id: a, commit: b },
          to: { id: b, commit: a },
          added: 1e9,
          changed: 1e9,
          removed: 1e9,
        },
        paths: Array(many).fill(b),
      },
      { kind: "whoami", who: a, lines: Array(many).fill(b) },
      {
        kind: "audit",
        entries: Array(many).fill({ ...entry, who: a, what: b, verb: a, site: b, outcome: a, rule: b, deployment: a }),
      },
      { kind: "choose_site", verb: "rollback", sites: Array(many).fill("s".repeat(40)) },
      { kind: "offer_rollback", site: "s".repeat(40), release: "9f8e7d6c".repeat(8), text: b },
    ];
  }

  test("no answer obeys a word from outside beyond naming people, and each keeps within Slack's limits", () => {
    const ours = /^(!date\^\d+\^\{.*|@[UW][A-Z0-9]+|!subteam\^S[A-Z0-9]+|https?:\/\/[^<>|\s]+\|(open|The whole log))$/;
    fc.assert(
      fc.property(hostileWord, hostileWord, fc.option(hostileWord), (a, b, url) => {
        for (const answer of allAnswers(a, b, url, 30)) {
          const message = wordAnswer(answer);
          expectMessageWithinLimits(message);
          expect(controlsIn(message.text)).toEqual([]);
          for (const control of mrkdwnOf(message.blocks).flatMap(controlsIn)) expect(control).toMatch(ours);
        }
      }),
      { numRuns: 60 },
    );
  });

  test("each fits with the longest words there are", () => {
    const { title, reason, url, log } = LONGEST;
    for (const answer of allAnswers(title, reason, url, 200)) expectMessageWithinLimits(wordAnswer(answer));
    for (const answer of allAnswers(reason, log, "https://a.example/", 200))
      expectMessageWithinLimits(wordAnswer(answer));
    for (const answer of allAnswers(
      "x y ".repeat(500),
      "word ".repeat(900),
      `https://a.example/${"x".repeat(250)}`,
      200,
    )) {
      expectMessageWithinLimits(wordAnswer(answer));
    }
  });
});
