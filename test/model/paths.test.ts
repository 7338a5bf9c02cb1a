/** Which changed paths make a deployment due. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decidePaths, pathsOf } from "../../src/model/paths.ts";

const deploys = (patterns: readonly string[], changed: readonly string[] | null) =>
  decidePaths(patterns, changed).deploys;

describe("Path filters", () => {
  const cases: Array<[patterns: string[], changed: string[], deploys: boolean]> = [
    [["src/**"], ["src/a.ts"], true],
    [["src/**"], ["docs/a.md"], false],
    [["src/**"], ["docs/a.md", "src/deep/er/.hidden"], true],
    [["src"], ["src/a/b.ts"], true],
    [["/src/", "./public/"], ["public/x.png"], true],
    [["src"], ["srcs/a.ts"], false],
    [["*.html"], ["index.html"], true],
    [["*.html"], ["sub/index.html"], false],
    [["**/*.html"], ["index.html"], true],
    // With nothing but exceptions, everything else counts.
    [["!docs/**"], ["docs/a.md"], false],
    [["!docs/**"], ["docs/a.md", "README.md"], true],
    [["!docs/**", "!**/*.md"], ["README.md", "docs/x.png"], false],
    // The last pattern that matches decides.
    [["**", "!docs/**", "docs/index.md"], ["docs/index.md"], true],
    [["**", "!docs/**", "docs/index.md"], ["docs/other.md"], false],
    [["docs/index.md", "!docs/**"], ["docs/index.md"], false],
    [["src/**", "!**/*.test.ts"], ["src/a.test.ts"], false],
    [["src/**", "!**/*.test.ts"], ["src/a.test.ts", "src/a.ts"], true],
    // Names from JavaScript's own objects, and names that look like patterns.
    [["constructor"], ["__proto__"], false],
    [["src/**"], ["src/[a]*(b)!"], true],
    [["src/\\[id\\].ts"], ["src/[id].ts"], true],
  ];
  test.each(cases)("%j with changes in %j: %s", (patterns, changed, expected) => {
    expect(deploys(patterns, changed)).toBe(expected);
  });

  test("let everything count where there are none, also a commit without changes", () => {
    expect(decidePaths([], [])).toEqual({ deploys: true, reason: "every change counts" });
    expect(deploys([], ["anything"])).toBe(true);
  });

  test("let a deployment go ahead where nobody knows what changed", () => {
    expect(decidePaths(["src/**"], null).deploys).toBe(true);
  });

  test("say which change counts, or which did not", () => {
    expect(decidePaths(["src/**"], ["README.md", "src/a.ts"]).reason).toBe("src/a.ts changed");
    expect(decidePaths(["src/**"], ["README.md"]).reason).toBe(
      "only paths that do not count changed since the last deployment: README.md",
    );
    expect(decidePaths(["src/**"], ["README.md", "b", "c"]).reason).toMatch(/: README\.md and 2 more$/);
    expect(decidePaths(["src/**"], [])).toEqual({
      deploys: false,
      reason: "no file changed since the last deployment",
    });
  });
});

describe("A site without path filters", () => {
  test.each([".", "./", ""])("whose folder is %j is concerned by every change", (folder) => {
    expect(pathsOf({ folder, paths: [] })).toEqual([]);
  });

  test.each([
    ["apps/shop/index.html", true],
    ["apps/shop/.env.example", true],
    ["apps/shop/deep/er/x", true],
    ["package-lock.json", true],
    ["pnpm-workspace.yaml", true],
    ["apps/package.json", true],
    [".github/slipway.yml", true],
    ["apps/blog/package.json", false],
    ["apps/shop2/index.html", false],
    ["packages/ui/button.ts", false],
    ["README.md", false],
    ["packageXjson", false],
  ])("in a sub-folder is concerned by its folder and by what decides about dependencies above: %s: %s", (path, due) => {
    for (const folder of ["apps/shop", "./apps/shop/", "apps/x/../shop"]) {
      expect(deploys(pathsOf({ folder, paths: [] }), [path])).toBe(due);
    }
  });

  test("is concerned by every path in its folder, whatever that is called, and by none beside it", () => {
    const segment = fc
      .string({ minLength: 1, maxLength: 8 })
      .filter((it) => !/[/\0\r\n]/.test(it) && !/^\.*$/.test(it));
    fc.assert(
      fc.property(segment, segment, fc.array(segment, { minLength: 1, maxLength: 3 }), (folder, other, rest) => {
        const patterns = pathsOf({ folder, paths: [] });
        expect(deploys(patterns, [[folder, ...rest].join("/")])).toBe(true);
        if (other !== folder && other !== ".github") {
          expect(deploys(patterns, [[other, ...rest, "x.html"].join("/")])).toBe(false);
        }
      }),
      { examples: [["\\\\", "a", ["b"]]] },
    );
  });
});

test("A site's own path filters replace the usual ones", () => {
  expect(pathsOf({ folder: "apps/shop", paths: ["packages/**"] })).toEqual(["packages/**"]);
});
