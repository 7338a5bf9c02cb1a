/** Words from outside: one line, cut, escaped, and without any power. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  ageText,
  codeSpan,
  mention,
  oneLine,
  outside,
  slackCode,
  slackDate,
  slackFence,
  slackLink,
  slackWords,
  unformatted,
  webAddress,
} from "../../../src/notify/wording/plain.ts";
import { hostileWord } from "./hostile-words.ts";

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

describe("Words for Slack", () => {
  const places = { outside, unformatted, slackCode, slackWords };
  test.each(Object.entries(places))(
    "by %s have no control sequence, and are no longer than they may be",
    (_, place) => {
      fc.assert(
        fc.property(hostileWord, fc.integer({ min: 5, max: 300 }), (word, maxChars) => {
          const told = place(word, maxChars);
          expect(told).not.toMatch(/[<>\n]|&(?!(amp|lt|gt);)/);
          expect(told.length).toBeLessThanOrEqual(maxChars + 2);
          expect(told.isWellFormed()).toBe(true);
        }),
      );
    },
  );

  test("are cut before an escape, never in it", () => {
    expect(outside("a&&&&", 12)).toBe("a&amp;&amp;…");
    expect(outside("a&b", 7)).toBe("a&amp;b");
  });

  test("format nothing where formatting works, and stay as they are inside words", () => {
    expect(unformatted("*bold* _it_ ~no~ `code` snake_case_name 2*3", 100)).toBe(
      "∗bold∗ ˍitˍ ∼no∼ ˋcodeˋ snake_case_name 2∗3",
    );
  });

  test("of ours show commands as code, and a single backtick as nothing of the kind", () => {
    expect(slackWords("held; `slipway resume shop` ends *that*", 100)).toBe("held; `slipway resume shop` ends ∗that∗");
    expect(slackWords("`a``b` it`s", 100)).toBe("`a``b` itˋs");
    expect(slackWords("x `<!here>`", 100)).toBe("x `&lt;!here&gt;`");
  });

  test("in a code block are the last whole lines, with their indents, and never end it", () => {
    expect(slackFence("one\n  two   x\r\n\n```<!channel>\n", 100)).toBe(
      "```\none\n  two   x\n\n'''&lt;!channel&gt;\n```",
    );
    const cut = slackFence(Array.from({ length: 300 }, (_, n) => `line ${n}`).join("\n"), 2900);
    expect(cut.split("\n").slice(0, 3)).toEqual(["```", "…", "line 260"]);
    expect(cut.split("\n").at(-2)).toBe("line 299");
    fc.assert(
      fc.property(fc.array(hostileWord, { maxLength: 60 }), (lines) => {
        const told = slackFence(lines.join("\n"), 2900);
        expect(told.length).toBeLessThanOrEqual(2900);
        expect(told.slice(3, -3)).not.toMatch(/```|[<>]/);
        expect(told.isWellFormed()).toBe(true);
      }),
    );
  });

  test("mention users only, by their ids", () => {
    expect(["U0ALICE", "W012A3CDE", "S0OPS", "u0alice", "U0<!here>", "", null].map(mention)).toEqual([
      "<@U0ALICE>",
      "<@W012A3CDE>",
      ...["", "", "", "", ""],
    ]);
  });

  test("link to the web only", () => {
    expect(slackLink("https://a.example/x|y", "Log")).toBe("<https://a.example/x%7Cy|Log>");
    expect(
      ["javascript:alert(1)", null, `https://a.example/${"x".repeat(1000)}`].map((url) => slackLink(url, "Log")),
    ).toEqual(["", "", ""]);
  });

  test("of a moment are the reader's, with a text for where Slack shows none", () => {
    expect(slackDate(Date.UTC(2026, 0, 31, 14, 2, 59))).toBe(
      "<!date^1769868179^{date_short_pretty}, {time}|2026-01-31 14:02 UTC>",
    );
    expect(slackDate(Number.NaN)).toContain("1970-01-01 00:00 UTC");
    expect([0, 61_000, 7.9 * 3_600_000, 50 * 3_600_000].map(ageText)).toEqual([
      ...["less than a minute", "1 min", "7 h", "2 days"],
    ]);
  });
});
