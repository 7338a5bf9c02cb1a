/** Which paths the patterns of `keep` protect. */
import { describe, expect, it } from "vitest";
import { createKeep } from "../../src/releases/keep.ts";

describe("createKeep", () => {
  it.each([
    ["uploads/**", "uploads/2024/a.jpg", true],
    ["uploads/**", "uploads/.thumbs/a.jpg", true],
    ["uploads", "uploads/a.jpg", true],
    ["/uploads/", "uploads/a.jpg", true],
    ["uploads/*", "uploads/2024/a.jpg", true],
    ["uploads/**", "uploads-2/a.jpg", false],
    [".well-known/**", ".well-known/acme-challenge/token", true],
    ["*.php", "mail.php", true],
    ["*.php", "blog/mail.php", false],
    ["**/*.php", "blog/mail.php", true],
    ["**/*.php", "mail.php", true],
    ["{cgi-bin,stats}/**", "cgi-bin/mail.pl", true],
    [".htaccess", ".htaccess", true],
    [".htaccess", "blog/.htaccess", false],
    ["a [1]/*", "a [1]/x", true],
  ])("with the pattern %j says of %j: %j", (pattern, path, kept) => {
    expect(createKeep([pattern])(path)).toBe(kept);
  });

  it("keeps what any of several patterns names, and nothing without a pattern", () => {
    const keep = createKeep(["uploads/**", "robots.txt"]);
    expect(["uploads/a", "robots.txt", "index.html"].map(keep)).toEqual([true, true, false]);
    expect(createKeep([])("uploads/a")).toBe(false);
  });
});
