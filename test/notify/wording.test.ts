/** What Slack's messages say, and that nothing from outside can say more than its words. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { configSchema } from "../../src/config/schema.ts";
import { refusalOf } from "../../src/demo/slack-limits.ts";
import { CONSENTS, DEPLOYMENT_STATES, type Deployment, STAGES, TRIGGERS } from "../../src/model/deployment.ts";
import type { Notice } from "../../src/model/notice.ts";
import type { DeploymentNews } from "../../src/notify/announce.ts";
import { codeSpan, oneLine, webAddress } from "../../src/notify/plain.ts";
import { wordAnswer, wordDeployment, wordNotice } from "../../src/notify/wording.ts";
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
    [{ trigger: "rollback", state: "queued" }, "shop is queued: rollback to a1b2c3d Fix footer by Alice"],
    [
      { trigger: "rollback", state: "live", stats, ...times },
      "shop is live: rolled back to a1b2c3d Fix footer by Alice, 3 files changed, 12 s",
    ],
    [{ trigger: "redeploy", state: "publishing" }, "shop is publishing: redeploy of a1b2c3d Fix footer by Alice"],
    [{ trigger: "redeploy", state: "live" }, "shop is live: redeployed a1b2c3d Fix footer by Alice"],
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

  test("show a kept release that is published again with the stages that there are then", () => {
    const one = { trigger: "rollback", state: "publishing", stage: "confirm" } as const;
    const texts = textsOf(wordDeployment(news(one)).blocks);
    expect(texts).toContain("🚚 shop is publishing · rollback to a1b2c3d");
    expect(texts).toContain("by Alice  ·  acme/shop, main  ·  on command");
    expect(texts).toContain("✓ publish   ▸ *confirm*");
  });

  test("carry no links where there are no addresses, or none of the web", () => {
    const bare = wordDeployment({ ...news({}), siteUrl: null, logUrl: "javascript:alert(1)" });
    expect(JSON.stringify(bare.blocks)).not.toMatch(/javascript|Open the site/);
    const odd = wordDeployment({
      ...news({}),
      siteUrl: "https://a.example/x|y>z<!channel>",
      logUrl: null,
    });
    expect(textsOf(odd.blocks).at(-1)).toMatch(/^<https:\/\/a\.example\/x%7Cy%3Ez%3C!channel%3E\|Open the site> /);
  });
});

describe("A deployment that somebody has to agree to", () => {
  const failed = {
    state: "failed",
    stage: "publish",
    reason: "To have them replaced: slipway deploy shop --adopt",
  } as const;
  const paths = ["index.html", "css/site.css", "img/<!here>.png", "a", "b", "c", "d"];
  const adopt = { needs: "adopt", files: 12, paths, answer: null } as const;

  test("names the first files in the way, and has a button that asks once more, with their number", () => {
    const { blocks } = wordDeployment(news({ ...failed, consent: adopt }));
    expect(textsOf(blocks)).toContain(
      "12 files on the host are not Slipway's and are in the way of this release: " +
        "index.html, css/site.css, img/&lt;!here&gt;.png, a, b and 7 more. Nothing was changed.",
    );
    expect(blocks.filter(({ type }) => type === "actions")).toEqual([
      {
        type: "actions",
        elements: [
          {
            type: "button",
            action_id: "slipway.consent.adopt",
            value: "d-mf2k9x1c-4f7a",
            style: "danger",
            text: { type: "plain_text", text: "Replace these files and publish", emoji: false },
            confirm: {
              title: { type: "plain_text", text: "Replace 12 files?", emoji: false },
              text: {
                type: "plain_text",
                text: "12 files that others put on the host of shop will be overwritten. Slipway cannot bring them back.",
                emoji: false,
              },
              confirm: { type: "plain_text", text: "Replace and publish", emoji: false },
              deny: { type: "plain_text", text: "Cancel", emoji: false },
              style: "danger",
            },
          },
        ],
      },
    ]);
  });

  test("asks in other words where files would be removed", () => {
    const consent = { needs: "allowRemovals", files: 1, paths: ["a"], answer: null } as const;
    const texts = textsOf(wordDeployment(news({ ...failed, consent })).blocks);
    expect(texts).toContain("This release would remove 1 file, more than half of the site: a. Nothing was changed.");
    expect(texts).toEqual(expect.arrayContaining(["Remove them and publish", "Remove 1 file?", "Remove and publish"]));
  });

  test("has no button once it is answered, and says by whom", () => {
    const told = (by: string | null) => {
      const consent = { ...adopt, answer: { deployment: "d-2", by } };
      const { blocks } = wordDeployment(news({ ...failed, consent }));
      expect(blocks.some(({ type }) => type === "actions")).toBe(false);
      return textsOf(blocks);
    };
    expect(told("<@U1> (Slack U0ALICE)")).toContain("answered by &lt;@U1&gt; (Slack U0ALICE): d-2");
    expect(told(null)).toContain("followed by d-2");
  });

  test("has no button where clicks reach nobody, and names the command instead", () => {
    const { blocks } = wordDeployment({ ...news({ ...failed, consent: adopt }), hasButtons: false });
    expect(blocks.some(({ type }) => type === "actions")).toBe(false);
    expect(textsOf(blocks)).toContain(failed.reason);
  });

  test("says in the next one's message who agreed, and to what", () => {
    const one = { trigger: "command", author: "", askedBy: "alice (Slack U0ALICE)", allowRemovals: true } as const;
    expect(textsOf(wordDeployment(news({ ...one, adopt: true })).blocks)).toContain(
      "acme/shop, main  ·  on command of alice (Slack U0ALICE)  ·  may replace files of others  ·  may remove most files",
    );
  });
});

test("An answer to one person is their own words at most, and never a mention", () => {
  const message = wordAnswer("<!channel> *you*\nmay not");
  expect(message).toEqual({
    text: "&lt;!channel&gt; *you* may not",
    blocks: [{ type: "section", text: { type: "plain_text", text: "&lt;!channel&gt; *you* may not", emoji: false } }],
  });
  expectWithinLimits(wordAnswer("&".repeat(5000)));
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
    trigger: fc.constantFrom(...TRIGGERS),
    site: word,
    title: word,
    author: word,
    branch: word,
    commit: word,
    repoName: word,
    reason: fc.option(word),
    remarks: fc.array(word, { maxLength: 5 }),
    askedBy: fc.option(word),
    adopt: fc.boolean(),
    allowRemovals: fc.boolean(),
    consent: fc.option(
      fc.record({
        needs: fc.constantFrom(...CONSENTS),
        files: fc.nat(1e7),
        paths: fc.array(word, { maxLength: 10 }),
        answer: fc.option(fc.record({ deployment: word, by: fc.option(word) })),
      }),
    ),
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
      hasButtons: fc.boolean(),
    }),
  );

function many(name: string, n: number): string[] {
  return Array.from({ length: n }, (_, index) => (name.includes("/") ? `${name}${index}` : `acme/${name}${index}`));
}

type Text = { type: string; text: string };
type Element = Text | { type: string; text: Text; confirm?: Readonly<Record<string, Text | string>> };
type Block = { text?: Text; elements?: Element[] };

function textsOf(blocks: readonly unknown[]): string[] {
  return parts(blocks).map(({ text }) => text);
}

function mrkdwnOf(blocks: readonly unknown[]): string[] {
  return parts(blocks)
    .filter(({ type }) => type === "mrkdwn")
    .map(({ text }) => text);
}

/** Every text in the blocks, those of buttons and of their dialogs included. */
function parts(blocks: readonly unknown[]): Text[] {
  return (blocks as Block[]).flatMap(({ text, elements }) => elements?.flatMap(partsOf) ?? (text ? [text] : []));
}

function partsOf(element: Element): Text[] {
  if (typeof element.text === "string") return [element as Text];
  const dialog = "confirm" in element ? Object.values(element.confirm ?? {}) : [];
  return [element.text, ...dialog.filter((text) => typeof text === "object")];
}

/** docs.slack.dev/reference/block-kit/composition-objects/confirmation-dialog-object */
const DIALOG_LIMITS = { title: 100, text: 300, confirm: 30, deny: 30 };

function expectDialogsWithinLimits(blocks: readonly unknown[]): void {
  for (const { confirm } of (blocks as Array<{ elements?: Array<{ confirm?: object }> }>).flatMap(
    ({ elements }) => elements ?? [],
  )) {
    for (const [name, part] of Object.entries(confirm ?? {})) {
      if (name === "style") continue;
      const limit = DIALOG_LIMITS[name as keyof typeof DIALOG_LIMITS];
      expect((part as Text).text.length, name).toBeLessThanOrEqual(limit);
    }
  }
}

function expectWithinLimits({ text, blocks }: SlackMessage): void {
  expect(text.length).toBeGreaterThan(0);
  expect(text).not.toMatch(/\n/);
  expect(refusalOf("chat.update", { text, blocks })).toBeNull();
  expectDialogsWithinLimits(blocks);
  for (const part of parts(blocks)) expect(part.text.isWellFormed()).toBe(true);
}
