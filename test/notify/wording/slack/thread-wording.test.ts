/** What is said in threads: who has to look, and at what. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ThreadReply } from "../../../../src/notify/announce.ts";
import { wordThreadReply } from "../../../../src/notify/wording/slack/thread-wording.ts";
import { aDeployment } from "../../deployment.ts";
import { hostileWord, LONGEST } from "../hostile-words.ts";
import { controlsIn, expectMessageWithinLimits, mrkdwnOf, textsOf } from "./slack-limits.ts";

const failed = aDeployment({ state: "failed", stage: "build", reason: "`npm run build` ended with 1" });
const failure = (part: Partial<Extract<ThreadReply, { kind: "failure" }>> = {}): ThreadReply => ({
  ...{
    kind: "failure",
    deployment: failed,
    lines: "one\n  two",
    logUrl: "https://deploy.example.com/log",
    mention: "U0ALICE",
  },
  ...part,
});

describe("A failure", () => {
  test("mentions who is to look after it, says what failed, and shows the end of the log", () => {
    const { text, blocks } = wordThreadReply(failure());
    expect(text).toBe("<@U0ALICE> shop failed in build: a1b2c3d Fix footer (`npm run build` ended with 1)");
    expect(textsOf(blocks)).toEqual([
      "<@U0ALICE> *shop* failed in build: `a1b2c3d` Fix footer",
      "`npm run build` ended with 1",
      "```\none\n  two\n```",
      "<https://deploy.example.com/log|The whole log>  ·  `d-mf2k9x1c-4f7a`",
    ]);
  });

  test.each(["alice", "S0OPS", "U0<!here>", "!channel", ""])(
    "mentions nobody by %o, which is no user's id",
    (mention) => {
      const { text, blocks } = wordThreadReply(failure({ mention }));
      expect([text, ...textsOf(blocks)].join("\n")).not.toMatch(/<[@!]/);
    },
  );

  test("shows the last lines of a long log only, within 2,900 characters", () => {
    const texts = textsOf(wordThreadReply(failure({ lines: LONGEST.log })).blocks);
    const block = texts.find((text) => text.startsWith("```")) ?? "";
    expect(block.length).toBeLessThanOrEqual(2900);
    expect(block).toContain("\n9999 &lt;!channel&gt; &amp; ''' *x*");
    expect(block).toMatch(/^```\n…\n\d+ /);
  });

  test("has no log where nothing was printed, and no link where there is no address", () => {
    const blocks = wordThreadReply(failure({ lines: " \n", logUrl: null })).blocks;
    expect(textsOf(blocks).join("\n")).not.toMatch(/```|log/);
  });
});

test("A mending says by what and after how long", () => {
  const fixed: ThreadReply = {
    kind: "fixed",
    site: "shop",
    deployment: "d-2",
    commit: "a1b2c3d4e5",
    afterMs: 14 * 60_000,
  };
  const { text, blocks } = wordThreadReply(fixed);
  expect(text).toBe("shop works again: fixed by a1b2c3d after 14 min");
  expect(textsOf(blocks)).toEqual(["✅ *shop* works again: fixed by `a1b2c3d` after 14 min  ·  `d-2`"]);
  expect(wordThreadReply({ ...fixed, commit: "" }).text).toBe("shop works again: fixed by d-2 after 14 min");
});

test("The worst of a digest is named and linked to", () => {
  const { text, blocks } = wordThreadReply({ kind: "worst", title: "shop failed", url: "https://a.example/x" });
  expect(text).toBe("The worst of these: shop failed");
  expect(textsOf(blocks)).toEqual(["🔴 *The worst of these:* shop failed", "<https://a.example/x|Look at it>"]);
});

test("No reply obeys a word from outside, and each keeps within Slack's limits", () => {
  const check = (a: string, b: string, url: string | null) => {
    const deployment = aDeployment({ state: "failed", site: a, title: b, reason: a, commit: b, id: a });
    const replies: ThreadReply[] = [
      failure({ deployment, lines: b, mention: "U0BOB", logUrl: url }),
      { kind: "fixed", site: b, deployment: a, commit: a, afterMs: 1e12 },
      { kind: "worst", title: a, url },
    ];
    for (const reply of replies) {
      const message = wordThreadReply(reply);
      expectMessageWithinLimits(message);
      const controls = [message.text, ...mrkdwnOf(message.blocks)].flatMap(controlsIn);
      for (const control of controls)
        expect(control).toMatch(/^(@U0BOB|https?:\/\/[^<>|\s]+\|(The whole log|Look at it))$/);
    }
  };
  fc.assert(fc.property(hostileWord, hostileWord, fc.option(hostileWord), check));
  check(LONGEST.title, LONGEST.log, LONGEST.url);
});
