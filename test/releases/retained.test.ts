/** How long assets of earlier releases stay. */
import { describe, expect, it } from "vitest";
import type { FileEntry } from "../../src/model/release.ts";
import { looksHashed, type Retained, retain } from "../../src/releases/retained.ts";

const DAY = 86_400_000;
const entry = (digit: string): FileEntry => ({ sha256: digit.repeat(64), size: 1 });

describe("looksHashed", () => {
  it.each([
    ["main-5XQ7W2AB.js", true],
    ["assets/app.3f2a91c0.css", true],
    ["assets/app.3f2a91c0.css.map", true],
    ["_app/immutable/chunks/entry.DkX0Yf3z.js", true],
    ["index.html", false],
    ["fonts/open-sans.woff2", false],
    ["jquery-migrate.js", false],
    ["about/index.html", false],
  ])("says of %j: %j", (path, hashed) => expect(looksHashed(path)).toBe(hashed));
});

describe("retain", () => {
  const rule = { releases: 3, forMs: 7 * DAY };
  const names = ["app-AAAAAAA1.js", "app-BBBBBBB2.js", "app-CCCCCCC3.js", "app-DDDDDDD4.js", "app-EEEEEEE5.js"];

  /** Publishes one release after another, each `everyMs` later, and tells what stays after each. */
  function publishAll(everyMs: number, with_ = rule): string[][] {
    let retained: Retained = new Map();
    let onHost = new Map<string, FileEntry>();
    return names.map((name, index) => {
      const release = new Map([
        [name, entry(String(index))],
        ["index.html", entry("f")],
      ]);
      retained = retain({ onHost, retained, release, rule: with_, nowMs: index * everyMs });
      onHost = new Map([...retained, ...release]);
      return [...retained.keys()];
    });
  }

  it("keeps an asset for three releases where these are rare", () => {
    const [a, b, c] = names;
    expect(publishAll(30 * DAY)).toEqual([[], [a], [a, b], [a, b, c], names.slice(1, 4)]);
  });

  it("keeps it for seven days where releases are many", () => {
    expect(publishAll(DAY).at(-1)).toEqual(names.slice(0, 4));
  });

  it("keeps none when it is switched off, and no file without a hash ever", () => {
    expect(publishAll(DAY, { releases: 0, forMs: 7 * DAY }).flat()).toEqual([]);
    expect(publishAll(DAY).flat()).not.toContain("index.html");
  });

  it("forgets that an asset was dropped when a release has it again", () => {
    const onHost = new Map([["app-AAAAAAA1.js", entry("a")]]);
    const retained = new Map([["app-AAAAAAA1.js", { ...entry("a"), sinceMs: 0, releases: 2 }]]);
    expect(retain({ onHost, retained, release: onHost, rule, nowMs: DAY }).size).toBe(0);
  });
});
