/** What Slack's messages say, and that nothing from outside can say more than its words. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { configSchema } from "../../src/config/schema.ts";
import { refusalOf } from "../../src/demo/slack-limits.ts";
import { DEPLOYMENT_STATES, type Deployment, STAGES } from "../../src/model/deployment.ts";
import type { Notice } from "../../src/model/notice.ts";
import type { DeploymentNews } from "../../src/notify/announce.ts";
import { codeSpan, duration, oneLine, size, webAddress } from "../../src/notify/plain.ts";
import { wordDeployment, wordNotice } from "../../src/notify/wording.ts";
import type { SlackMessage } from "../../src/slack/slack-client.ts";
import { aDeployment, news } from "./deployment.ts";

const stats = { added: 1, changed: 2, removed: 0, unchanged: 37, uploadedBytes: 3100, files: 40, bytes: 1_240_000 };

describe("The sentence of a deployment", () => {
  const times = { createdAtMs: 0, startedAtMs: 1000, finishedAtMs: 13_000 };
  const cases: Array<[Partial<Deployment>, string]> = [
    [{ state: "queued" }, "shop is queued: a1b2c3d Fix footer by Alice"],
    [{ state: "building", stage: "install" }, "shop is building: a1b2c3d Fix footer by Alice"],
    [{ state: "publishing", stage: "publish" }, "shop is publishing: a1b2c3d Fix footer by Alice"],
    [{ state: "live", stats, ...times }, "shop is live: a1b2c3d Fix footer by Alice, 3 files changed, 12 s"],
    [
      { state: "live", stats: { ...stats, added: 0, changed: 1 }, ...times, finishedAtMs: 66_000 },
      "shop is live: a1b2c3d Fix footer by Alice, 1 file changed, 1 min 5 s",
    ],
    [
      { state: "failed", stage: "build", reason: "npm run build ended with 1", ...times },
      "shop failed: a1b2c3d Fix footer by Alice, 12 s (npm run build ended with 1)",
    ],
    [
      { state: "cancelled", reason: "asked for by bob" },
      "shop was cancelled: a1b2c3d Fix footer by Alice (asked for by bob)",
    ],
    [
      { state: "superseded", reason: "a newer push" },
      "shop was superseded: a1b2c3d Fix footer by Alice (a newer push)",
    ],
    [{ state: "skipped", reason: "already live" }, "shop was skipped: a1b2c3d Fix footer by Alice (already live)"],
    [{ state: "queued", commit: "", title: "", author: "" }, "shop is queued"],
  ];
  test.each(cases)("for %o", (part, text) => {
    expect(wordDeployment(news(part)).text).toBe(text);
  });
});

describe("The blocks of a deployment", () => {
  test("say all there is to know of one that is live", () => {
    const { blocks } = wordDeployment(
      news({
        state: "live",
        stats,
        createdAtMs: 0,
        startedAtMs: 40_000,
        finishedAtMs: 52_000,
        remarks: ["GitHub was not told"],
      }),
    );
    expect(textsOf(blocks)).toEqual([
      "✅ shop is live · a1b2c3d",
      "Fix footer",
      "by Alice  ·  acme/shop, main",
      "3 files: 1 added, 2 changed  ·  3.1 KB sent  ·  40 files, 1.2 MB in all  ·  took 12 s  ·  waited 40 s before",
      "GitHub was not told",
      "<https://shop.example.com/|Open the site>   ·   <https://deploy.example.com/deployments/d-1/log?key=a&amp;b=c|Log>   ·   `d-mf2k9x1c-4f7a`",
    ]);
  });

  test("show how far one that runs, or failed, has come", () => {
    const running = wordDeployment(news({ state: "building", stage: "build" }));
    expect(textsOf(running.blocks)).toContain("✓ checkout   ✓ install   ▸ *build*   ○ package   ○ publish   ○ confirm");
    const failed = wordDeployment(news({ state: "failed", stage: "publish", reason: "530 Login incorrect" }));
    expect(textsOf(failed.blocks)).toContain("✓ checkout   ✓ install   ✓ build   ✓ package   ✗ *publish*   ○ confirm");
    expect(textsOf(failed.blocks)).toContain("530 Login incorrect");
  });

  test("carry no links where there are no addresses, or none of the web", () => {
    const bare = wordDeployment({ deployment: aDeployment({}), siteUrl: null, logUrl: "javascript:alert(1)" });
    expect(JSON.stringify(bare.blocks)).not.toMatch(/javascript|Open the site/);
    const odd = wordDeployment({
      deployment: aDeployment({}),
      siteUrl: "https://a.example/x|y>z<!channel>",
      logUrl: null,
    });
    expect(textsOf(odd.blocks).at(-1)).toMatch(/^<https:\/\/a\.example\/x%7Cy%3Ez%3C!channel%3E\|Open the site> /);
  });
});

describe("Words from outside", () => {
  test("are shown and not obeyed", () => {
    const title = "<!channel> *bold* `code` <https://evil.example|click> @here & \u202etxt.exe";
    const { text, blocks } = wordDeployment(news({ title }));
    expect(text).toContain("&lt;!channel&gt; *bold* `code` &lt;https://evil.example|click&gt; @here &amp; txt.exe");
    const [block] = blocks.filter((one) => one.type === "section");
    expect(block).toEqual({
      type: "section",
      text: {
        type: "plain_text",
        text: "&lt;!channel&gt; *bold* `code` &lt;https://evil.example|click&gt; @here &amp; txt.exe",
        emoji: false,
      },
    });
  });

  test("never stand where formatting works, make no control sequence, and keep within Slack's limits", () => {
    fc.assert(
      fc.property(anyNews, (one) => {
        const message = wordDeployment(one);
        expectWithinLimits(message);
        const hostile = [message.text, ...textsOf(message.blocks.filter(({ type }) => type !== "context"))];
        for (const text of hostile) expect(text).not.toMatch(/[<>]|&(?!(amp|lt|gt);)/);
        const formatted = mrkdwnOf(message.blocks).join("\n");
        const ours = /^(<https?:\/\/[^<>|\s]+\|(Open the site|Log)>|[✓○▸✗] \*?[a-z]+\*?|`[\w-]*`|[\s·])*$/u;
        expect(formatted).toMatch(ours);
      }),
      { numRuns: 300 },
    );
  });

  test("name the state in one word, whatever else is in the sentence", () => {
    for (const state of DEPLOYMENT_STATES) {
      const { text } = wordDeployment(news({ state, title: "words" }));
      expect(DEPLOYMENT_STATES.filter((word) => new RegExp(`\\b${word}\\b`).test(text))).toEqual([state]);
    }
  });

  test("fit with the longest names that GitHub allows", () => {
    const longest = {
      site: "s".repeat(40),
      branch: "b".repeat(255),
      author: "&".repeat(255),
      title: "<".repeat(5000),
      reason: ">".repeat(10_000),
      repoName: `${"o".repeat(39)}/${"r".repeat(100)}`,
      remarks: Array.from({ length: 50 }, () => "&".repeat(2000)),
      commit: "f".repeat(64),
    };
    for (const state of DEPLOYMENT_STATES) {
      expectWithinLimits(
        wordDeployment(news({ ...longest, state, stage: "confirm", stats, startedAtMs: 9e6, finishedAtMs: 9e7 })),
      );
    }
  });
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
    expectWithinLimits(message);
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
    expectWithinLimits(wordNotice({ about: "installed", account: "&".repeat(100), repoNames }));
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
    expectWithinLimits(message);
  });

  test("keeps within the limits whatever it is about", () => {
    const hostile = fc.string({ unit: "binary", maxLength: 3000 });
    fc.assert(
      fc.property(hostile, hostile, fc.constantFrom("unparseable", "dead"), (a, b, about) => {
        expectWithinLimits(wordNotice({ about, source: a, event: b, deliveryKey: a, reason: b } as Notice));
      }),
    );
  });
});

describe("Plain words", () => {
  test("are one line, cut between characters", () => {
    expect(oneLine(" a\r\n\tb\u0000\u200b ", 10)).toBe("a b");
    expect(oneLine("👍👍👍👍", 6)).toBe("👍👍…");
    expect(oneLine("a\ud800b", 5)).toBe("a\ufffdb");
  });
  test("of sizes and times are short", () => {
    expect([0, 999, 1000, 9949, 12_345, 999_499, 999_600, 5e9].map(size)).toEqual([
      "0 B",
      "999 B",
      "1 KB",
      "9.9 KB",
      "12 KB",
      "999 KB",
      "1 MB",
      "5 GB",
    ]);
    expect([0, 440, 949, 950, 59_400, 60_000, 185_000, 7_800_000].map(duration)).toEqual([
      "0 s",
      "0.4 s",
      "0.9 s",
      "1 s",
      "59 s",
      "1 min",
      "3 min 5 s",
      "2 h 10 min",
    ]);
  });
  test("in a code span end it never", () => {
    expect(codeSpan("a ``b`` @alice")).toBe("``` a ``b`` @alice ```");
  });
  test("of an address are a web address or none", () => {
    expect([null, "ftp://x", "x", "HTTPS://X.example"].map(webAddress)).toEqual([
      null,
      null,
      null,
      "https://x.example/",
    ]);
  });
});

const word = fc.oneof(
  fc.string({ maxLength: 400, unit: "binary" }),
  fc
    .array(fc.constantFrom("<!channel>", "<@U1>", "&", "*x*", "`", "~", "_", "|", ">", "\n", "👩‍👩‍👧"), {
      maxLength: 300,
    })
    .map((a) => a.join("")),
);
const anyNews: fc.Arbitrary<DeploymentNews> = fc
  .record({
    state: fc.constantFrom(...DEPLOYMENT_STATES),
    stage: fc.constantFrom(null, ...STAGES),
    trigger: fc.constantFrom("push" as const, "command" as const),
    site: word,
    title: word,
    author: word,
    branch: word,
    commit: word,
    repoName: word,
    reason: fc.option(word),
    remarks: fc.array(word, { maxLength: 5 }),
    stats: fc.constantFrom(null, stats),
    startedAtMs: fc.option(fc.nat()),
    finishedAtMs: fc.option(fc.nat()),
  })
  .chain((part) =>
    fc.record({
      deployment: fc.constant(aDeployment(part)),
      siteUrl: fc.oneof(
        fc.constant(null),
        fc.webUrl(),
        word.map((path) => `https://x.example/${path}`),
      ),
      logUrl: fc.oneof(fc.constant(null), fc.webUrl({ withQueryParameters: true }), word),
    }),
  );

function many(name: string, n: number): string[] {
  return Array.from({ length: n }, (_, index) => (name.includes("/") ? `${name}${index}` : `acme/${name}${index}`));
}

type Element = {
  type: string;
  text?: string | { type: string; text: string };
  elements?: Array<{ type: string; text: string }>;
};

function textsOf(blocks: readonly unknown[]): string[] {
  return parts(blocks).map(({ text }) => text);
}

function mrkdwnOf(blocks: readonly unknown[]): string[] {
  return parts(blocks)
    .filter(({ type }) => type === "mrkdwn")
    .map(({ text }) => text);
}

function parts(blocks: readonly unknown[]): Array<{ type: string; text: string }> {
  return (blocks as Element[]).flatMap((block) =>
    block.elements ? block.elements : typeof block.text === "object" ? [block.text] : [],
  );
}

function expectWithinLimits({ text, blocks }: SlackMessage): void {
  expect(text.length).toBeGreaterThan(0);
  expect(text).not.toMatch(/\n/);
  expect(refusalOf("chat.update", { text, blocks })).toBeNull();
  for (const part of parts(blocks)) expect(part.text.isWellFormed()).toBe(true);
}
