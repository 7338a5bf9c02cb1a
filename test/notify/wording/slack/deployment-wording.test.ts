/** What the message about a deployment says, and that nothing from outside can say more than its words. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { refusalOf } from "../../../../src/demo/slack/limits.ts";
import { CONSENTS, DEPLOYMENT_STATES, type Deployment, STAGES, TRIGGERS } from "../../../../src/model/deployment.ts";
import type { DeploymentNews } from "../../../../src/notify/announce.ts";
import { STATE_ICONS, STATE_VERBS } from "../../../../src/notify/wording/slack/deployment-state.ts";
import { wordDeployment } from "../../../../src/notify/wording/slack/deployment-wording.ts";
import { aDeployment, news } from "../../deployment.ts";
import { LONGEST, hostileWord as word } from "../hostile-words.ts";
import { controlsIn, expectMessageWithinLimits, mrkdwnOf, textsOf } from "./slack-limits.ts";

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
    [
      { state: "queued", isInterrupted: true, reason: "Slipway was restarted" },
      "shop was interrupted and is queued again: a1b2c3d Fix footer by Alice (Slipway was restarted)",
    ],
    [{ state: "failed", isInterrupted: true }, "shop was interrupted and failed: a1b2c3d Fix footer by Alice"],
    [{ trigger: "redeploy", state: "publishing" }, "shop is publishing: redeploy of a1b2c3d Fix footer by Alice"],
    [{ trigger: "redeploy", state: "live" }, "shop is live: redeployed a1b2c3d Fix footer by Alice"],
  ];
  test.each(cases)("for %o", (part, text) => {
    expect(wordDeployment(news(part)).text).toBe(text);
  });
});

describe("Each state", () => {
  test("has an icon and words of its own", () => {
    const icons = Object.values(STATE_ICONS);
    expect(new Set(icons).size).toBe(icons.length);
    const verbs = Object.values(STATE_VERBS);
    expect(new Set(verbs).size).toBe(verbs.length);
  });

  const headers: Array<[Partial<Deployment>, string]> = [
    [{ state: "queued" }, "🕓 shop is queued · a1b2c3d"],
    [{ state: "held" }, "⏸️ shop is held · a1b2c3d"],
    [{ state: "building" }, "🔨 shop is building · a1b2c3d"],
    [{ state: "publishing", trigger: "rollback" }, "🚚 shop is publishing · rollback to a1b2c3d"],
    [{ state: "live" }, "✅ shop is live · a1b2c3d"],
    [{ state: "live", trigger: "redeploy" }, "✅ shop is live · redeployed a1b2c3d"],
    [{ state: "live", trigger: "rollback" }, "↩️ shop was rolled back to a1b2c3d"],
    [{ state: "failed" }, "❌ shop failed · a1b2c3d"],
    [{ state: "cancelled" }, "⛔ shop was cancelled · a1b2c3d"],
    [{ state: "superseded" }, "⏭️ shop was superseded · a1b2c3d"],
    [{ state: "skipped" }, "➖ shop was skipped · a1b2c3d"],
    [{ state: "queued", isInterrupted: true }, "🔄 shop was interrupted, goes on · a1b2c3d"],
    [{ state: "failed", isInterrupted: true }, "🔌 shop was interrupted · a1b2c3d"],
    [{ state: "queued", commit: "" }, "🕓 shop is queued"],
  ];
  test.each(headers)("is the headline of %o", (part, headline) => {
    expect(textsOf(wordDeployment(news(part)).blocks)[0]).toBe(headline);
  });

  const id = "d-mf2k9x1c-4f7a";
  const buttons: Array<[Partial<Deployment>, Array<[string, string]>]> = [
    [{ state: "queued" }, [["Cancel", id]]],
    [{ state: "queued", isInterrupted: true }, [["Cancel", id]]],
    [
      { state: "building" },
      [
        ["Cancel", id],
        ["Log", "url"],
      ],
    ],
    [
      { state: "publishing" },
      [
        ["Cancel", id],
        ["Log", "url"],
      ],
    ],
    [
      { state: "held" },
      [
        ["Deploy anyway", id],
        ["Resume", "shop"],
      ],
    ],
    [
      { state: "live" },
      [
        ["Open the site", "url"],
        ["Redeploy", id],
        ["Roll back…", id],
        ["Log", "url"],
      ],
    ],
    [
      { state: "live", trigger: "rollback" },
      [
        ["Open the site", "url"],
        ["Resume automatic deployment", "shop"],
        ["Log", "url"],
      ],
    ],
    [
      { state: "failed" },
      [
        ["Retry", id],
        ["Rebuild", id],
        ["Roll back…", id],
        ["Log", "url"],
      ],
    ],
    [
      { state: "failed", isInterrupted: true },
      [
        ["Retry", id],
        ["Rebuild", id],
        ["Roll back…", id],
        ["Log", "url"],
      ],
    ],
    [
      { state: "skipped" },
      [
        ["Deploy anyway", id],
        ["Log", "url"],
      ],
    ],
    [{ state: "superseded" }, [["Log", "url"]]],
    [
      { state: "cancelled" },
      [
        ["Retry", id],
        ["Log", "url"],
      ],
    ],
  ];
  test.each(buttons)("has the buttons of %o", (part, expected) => {
    expect(buttonsOf(wordDeployment(news(part)).blocks)).toEqual(expected);
  });

  test("asks once more before it cancels", () => {
    const texts = textsOf(wordDeployment(news({ state: "publishing" })).blocks);
    expect(texts).toEqual(expect.arrayContaining(["Cancel this deployment?", "Cancel it", "Let it go on"]));
  });

  test("has no buttons where clicks reach nobody, and the links all the same", () => {
    for (const state of DEPLOYMENT_STATES) {
      const { blocks } = wordDeployment({ ...news({ state }), hasButtons: false });
      expect(buttonsOf(blocks)).toEqual([]);
      expect(textsOf(blocks).at(-1)).toBe(
        "<https://shop.example.com/|Open the site>  ·  <https://deploy.example.com/deployments/d-1/log?key=a&amp;b=c|Log>",
      );
    }
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
        releaseId: "9f8e7d6c5b4a3928",
        remarks: ["GitHub was not told"],
      }),
    );
    expect(textsOf(blocks)).toEqual([
      "✅ shop is live · a1b2c3d",
      "Fix footer",
      "by Alice  ·  acme/shop, main",
      "`d-mf2k9x1c-4f7a`",
      "3 files: 1 added, 2 changed  ·  3.1 KB sent  ·  40 files, 1.2 MB in all  ·  release 9f8e7d6c5b4a  ·  took 12 s  ·  waited 40 s before",
      "GitHub was not told",
      ...["Open the site", "Redeploy", "Roll back…", "Log"],
    ]);
  });

  test("show as a plan how far one that runs, or failed, has come", () => {
    const plan = (part: Partial<Deployment>) => {
      const { blocks } = wordDeployment(news(part));
      const found = blocks.find(({ type }) => type === "plan") as
        | { title: string; tasks: Array<{ title: string; status: string }> }
        | undefined;
      return found && [found.title, ...found.tasks.map(({ title, status }) => `${title}: ${status}`)];
    };
    expect(plan({ state: "building", stage: "build" })).toEqual([
      "Step 3 of 6: build",
      "Check out the commit: complete",
      "Install packages: complete",
      "Build: in_progress",
      "Package the release: pending",
      "Publish to the host: pending",
      "Confirm the live site: pending",
    ]);
    expect(plan({ state: "building", stage: "prerender" })).toContain("Render the pages: in_progress");
    expect(plan({ state: "failed", stage: "publish" })).toEqual(
      expect.arrayContaining(["Failed in step 5 of 6: publish", "Publish to the host: error"]),
    );
    expect(plan({ state: "publishing", stage: "confirm", trigger: "rollback" })).toEqual([
      "Step 2 of 2: confirm",
      "Publish to the host: complete",
      "Confirm the live site: in_progress",
    ]);
    for (const state of ["queued", "held", "live", "cancelled"] as const)
      expect(plan({ state, stage: "build" })).toBeUndefined();
  });

  test("show the same in one line where Slack takes no plans", () => {
    const classic = (part: Partial<Deployment>) => wordDeployment(news(part), { hasPlans: false }).blocks;
    const running = classic({ state: "building", stage: "build" });
    expect(textsOf(running)).toContain("✓ checkout   ✓ install   ▸ *build*   ○ package   ○ publish   ○ confirm");
    expect(running.some(({ type }) => type === "plan")).toBe(false);
    const failed = classic({ state: "failed", stage: "publish", reason: "530 Login incorrect" });
    expect(textsOf(failed)).toContain("✓ checkout   ✓ install   ✓ build   ✓ package   ✗ *publish*   ○ confirm");
    expect(textsOf(failed)).toContain("530 Login incorrect");
    expect(textsOf(classic({ trigger: "rollback", state: "publishing", stage: "confirm" }))).toContain(
      "✓ publish   ▸ *confirm*",
    );
  });

  test("say who asked, and show commands in a reason as code", () => {
    const texts = textsOf(
      wordDeployment(news({ trigger: "command", reason: "held; `slipway resume shop` ends that" })).blocks,
    );
    expect(texts).toContain("by Alice  ·  acme/shop, main  ·  on command");
    expect(texts).toContain("held; `/deploy resume shop` ends that");
  });

  test("carry no links where there are no addresses, or none of the web", () => {
    for (const hasButtons of [true, false]) {
      const bare = wordDeployment({
        ...news({ state: "live" }),
        siteUrl: null,
        logUrl: "javascript:alert(1)",
        hasButtons,
      });
      expect(JSON.stringify(bare.blocks)).not.toMatch(/javascript|Open the site/);
    }
    const odd = wordDeployment({
      ...news({}),
      siteUrl: "https://a.example/x|y>z<!channel>",
      logUrl: null,
      hasButtons: false,
    });
    expect(textsOf(odd.blocks).at(-1)).toBe("<https://a.example/x%7Cy%3Ez%3C!channel%3E|Open the site>");
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
            action_id: "slipway.adopt",
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
          expect.objectContaining({
            action_id: "slipway.open.2",
            text: { type: "plain_text", text: "Log", emoji: false },
          }),
        ],
      },
    ]);
  });

  test("is headed as a question until somebody answers, and failed all the same", () => {
    const asks = wordDeployment(news({ ...failed, consent: adopt }));
    expect(textsOf(asks.blocks)[0]).toMatch(/^❓ shop needs a decision/);
    expect(asks.text).toMatch(/^shop failed and needs a decision/);
    const answered = { ...adopt, answer: { deployment: "d-2", by: null } };
    expect(textsOf(wordDeployment(news({ ...failed, consent: answered })).blocks)[0]).toMatch(/^❌ shop failed/);
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
      expect(buttonsOf(blocks).map(([label]) => label)).toEqual(["Log"]);
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
      "acme/shop, main  ·  asked for by alice (Slack U0ALICE)  ·  may replace files of others  ·  may remove most files",
    );
  });
});

describe("Words from outside", () => {
  test("are shown and not obeyed", () => {
    const title = "<!channel> *bold* `code` <https://evil.example|click> @here & \u202etxt.exe";
    const { text, blocks } = wordDeployment(news({ title, reason: title }));
    expect(text).toContain("&lt;!channel&gt; *bold* `code` &lt;https://evil.example|click&gt; @here &amp; txt.exe");
    const [plain, formatted] = blocks.filter((one) => one.type === "section");
    expect(plain).toEqual({
      type: "section",
      text: {
        type: "plain_text",
        text: "&lt;!channel&gt; *bold* `code` &lt;https://evil.example|click&gt; @here &amp; txt.exe",
        emoji: false,
      },
    });
    expect(formatted).toEqual({
      type: "section",
      text: {
        type: "mrkdwn",
        text: "&lt;!channel&gt; ∗bold∗ `code` &lt;https://evil.example|click&gt; @here &amp; txt.exe",
        verbatim: true,
      },
    });
  });

  test("make no control sequence, and keep within Slack's limits", () => {
    fc.assert(
      fc.property(anyNews, fc.boolean(), (one, hasPlans) => {
        const message = wordDeployment(one, { hasPlans });
        expectMessageWithinLimits(message);
        expect(controlsIn(message.text)).toEqual([]);
        const formatted = mrkdwnOf(message.blocks);
        const plain = textsOf(message.blocks, ["plain_text"]);
        for (const text of plain) expect(text).not.toMatch(/[<>]|&(?!(amp|lt|gt);)/);
        const controls = formatted.flatMap(controlsIn);
        for (const control of controls) expect(control).toMatch(/^https?:\/\/[^<>|\s]+\|(Open the site|Log)$/);
        for (const text of formatted) expect(text).not.toMatch(/&(?!(amp|lt|gt);)/);
      }),
      { numRuns: 300 },
    );
  });

  test("name the state in one word, whatever else is in the sentence", () => {
    for (const state of DEPLOYMENT_STATES) {
      for (const isInterrupted of [true, false]) {
        const { text } = wordDeployment(news({ state, isInterrupted, title: "words" }));
        expect(DEPLOYMENT_STATES.filter((one) => new RegExp(`\\b${one}\\b`).test(text))).toEqual([state]);
      }
    }
  });

  test("fit with the longest names that there are", () => {
    const { site, repoName, branch, author, title, reason } = LONGEST;
    const longest = {
      ...{ site, repoName, branch, author, title, reason, askedBy: author },
      remarks: Array.from({ length: 50 }, () => "&".repeat(2000)),
      ...{ commit: "&".repeat(64), adopt: true, allowRemovals: true, cleanCaches: true, releaseId: LONGEST.release },
      ...{ stage: "confirm" as const, stats, startedAtMs: 9e6, finishedAtMs: 9e7 },
      content: { sources: [title, title], titles: Array(50).fill(title), more: 1e6, by: [author, author], sinceMs: 0 },
    } as const;
    for (const state of DEPLOYMENT_STATES) {
      for (const isInterrupted of [true, false]) {
        for (const trigger of ["push", "content", "rollback"] as const) {
          for (const hasButtons of [true, false]) {
            const one = { ...news({ ...longest, state, isInterrupted, trigger }), hasButtons };
            const urls = isInterrupted ? {} : { siteUrl: LONGEST.url, logUrl: LONGEST.url };
            expectMessageWithinLimits(wordDeployment({ ...one, ...urls }, { hasPlans: hasButtons }));
          }
        }
      }
    }
  });

  test("fit where the demo's Slack checks the limits too", () => {
    const { text, blocks } = wordDeployment(news({ ...LONGEST, state: "live" }));
    expect(refusalOf("chat.update", { text, blocks })).toBeNull();
  });
});

/** The label of each button, and its value; "url" where it opens one. */
function buttonsOf(blocks: readonly unknown[]): Array<[string, string]> {
  return (blocks as Array<{ type: string; elements?: Array<{ text: { text: string }; value?: string; url?: string }> }>)
    .filter(({ type }) => type === "actions")
    .flatMap(({ elements = [] }) =>
      elements.map(({ text, value, url }): [string, string] => [text.text, url ? "url" : (value ?? "")]),
    );
}

const anyNews: fc.Arbitrary<DeploymentNews> = fc
  .record({
    state: fc.constantFrom(...DEPLOYMENT_STATES),
    stage: fc.constantFrom(null, ...STAGES),
    trigger: fc.constantFrom(...TRIGGERS),
    // A configuration has no site without a name, or with half a character in it.
    site: word.filter((name) => name !== "" && name.isWellFormed()),
    title: word,
    author: word,
    branch: word,
    commit: word,
    repoName: word,
    reason: fc.option(word),
    remarks: fc.array(word, { maxLength: 5 }),
    askedBy: fc.option(word),
    isInterrupted: fc.boolean(),
    releaseId: fc.option(word),
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
