import { join, resolve, sep } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PageError } from "../../src/prerender/prerender-error.ts";
import { fileOf, placeOf, readRoute, routeOf, type SitePlace, servedUrlOf, urlOf } from "../../src/prerender/route.ts";

const PLACES: readonly SitePlace[] = [
  { origin: "https://shop.example", root: "/" },
  { origin: "https://shop.example", root: "/shop/en/" },
];

/** Parts of which addresses that mean harm are made, among ordinary ones. */
const part = fc.oneof(
  fc.constantFrom(
    "..",
    ".",
    "%2e%2e",
    "%2E.",
    "/",
    "//",
    "\\",
    "%2f",
    "%5c",
    "%00",
    "%0a",
    "%ff",
    "?",
    "#",
    ":",
    "a",
    "ä",
  ),
  fc.constantFrom(
    "index.html",
    ".html",
    "shop",
    "en",
    "https://shop.example",
    "javascript:",
    "file:///",
    "@",
    " ",
    "~",
  ),
  fc.string({ unit: "binary", maxLength: 6 }),
);
const address = fc.array(part, { maxLength: 12 }).map((parts) => parts.join(""));

function fileOrNull(route: string): string | null {
  try {
    return fileOf(route);
  } catch (error) {
    expect(error).toBeInstanceOf(PageError);
    return null;
  }
}

function expectInside(file: string): void {
  const root = resolve("/output");
  expect(join(root, file).startsWith(root + sep)).toBe(true);
  // A path that is normal already means the same to every system that reads it.
  expect(join(root, file)).toBe(`${root}/${file}`);
  expect(file).not.toMatch(/[\\\p{Cc}]/u);
  expect(file).toMatch(/\.html?$/i);
}

describe("Whatever a link says", () => {
  test("its page is written inside the output, or nowhere", () => {
    fc.assert(
      fc.property(
        address,
        fc.constantFrom(...PLACES),
        fc.constantFrom("/", "", "https://shop.example/"),
        (text, place, before) => {
          const base = urlOf("/about", place);
          if (!URL.canParse(before + text, base)) return;
          const route = routeOf(new URL(before + text, base).href, place);
          const file = route === null ? null : fileOrNull(route);
          if (file !== null) expectInside(file);
        },
      ),
      { numRuns: 1000 },
    );
  });

  test("its route is found again at the address where it is opened, and where it is served", () => {
    fc.assert(
      fc.property(address, fc.constantFrom(...PLACES), (text, place) => {
        if (!URL.canParse(text, urlOf("/", place))) return;
        const route = routeOf(new URL(text, urlOf("/", place)).href, place);
        if (route === null || fileOrNull(route) === null) return;
        expect(routeOf(urlOf(route, place), place)).toBe(route);
        expect(routeOf(servedUrlOf(route, place), place)).toBe(route);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("Whatever an operator lists", () => {
  test("is a page inside the output, or a failure of that page", () => {
    fc.assert(
      fc.property(address, fc.constantFrom(...PLACES), (text, place) => {
        let route: string;
        try {
          route = readRoute(`/${text}`, place);
        } catch (error) {
          expect(error).toBeInstanceOf(PageError);
          return;
        }
        expectInside(fileOf(route));
      }),
      { numRuns: 1000 },
    );
  });
});

describe("A route", () => {
  const [place = { origin: "", root: "" }, below = place] = PLACES;

  test("is one whatever spelling its address has", () => {
    for (const path of ["/a", "/a/", "/a/index.html", "/a?x=1", "/a#b", "//a", "/b/../a"]) {
      expect(routeOf(`https://shop.example${path}`, place)).toBe("/a");
    }
  });

  test("is one of the site's folder alone where the site is a folder", () => {
    expect(routeOf("https://shop.example/shop/en/a", below)).toBe("/a");
    expect(routeOf("https://shop.example/shop/en", below)).toBe("/");
    expect(routeOf("https://shop.example/shop/english", below)).toBeNull();
    expect(routeOf("https://shop.example.org/shop/en/a", below)).toBeNull();
    expect(() => readRoute("/../../secret", below)).toThrow(PageError);
  });

  test("has its root from the page's base, which knows the folder better than the operator", () => {
    expect(placeOf("https://shop.example/", "/shop/en/")).toEqual(below);
    expect(placeOf("https://shop.example/shop/en/", null)).toEqual(below);
    expect(placeOf(null, "./")).toEqual({ origin: "https://prerender.invalid", root: "/" });
  });

  test("cannot be longer than systems bear", () => {
    expect(() => fileOf(`/${"a".repeat(256)}`)).toThrow("cannot be the name of a file");
    expect(() => fileOf("/aaaaaaaaa".repeat(200))).toThrow("is too long for the path of a file");
  });
});
