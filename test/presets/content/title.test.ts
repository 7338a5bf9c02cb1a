import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nameIn, titleOf } from "../../../src/presets/content/title.ts";

describe("the title of a changed thing", () => {
  it.each([
    [{ type: "blogPost", name: "About us", locale: "de" }, "Blog post: About us (de)"],
    [{ type: "api::article.article", name: "About us" }, "Article: About us"],
    [{ type: "craft\\elements\\Entry", name: "About us" }, "Entry: About us"],
    [{ type: "shop.ProductPage" }, "Product page"],
    [{ type: "hfM9RCJIk0wIm06WkEOQY", name: "About us" }, "About us"],
    [{ name: "About us" }, "About us"],
    [{ locale: "de" }, null],
    [{}, null],
  ])("of %j is %j", (thing, title) => {
    expect(titleOf(thing)).toBe(title);
  });

  it.each([
    [
      { slug: "about", title: "About us" },
      { name: "About us", locale: null },
    ],
    [
      { title: " ", name: "About us" },
      { name: "About us", locale: null },
    ],
    [{ slug: { current: "about" } }, { name: "about", locale: null }],
    [{ title: { de: "Über uns" } }, { name: "Über uns", locale: "de" }],
    [{ title: { "en-US": "About", de: "Über uns" } }, { name: "About", locale: null }],
    [{ title: ["About us"], name: 5 }, null],
    [JSON.parse('{"__proto__":{"title":"About us"}}'), null],
    [null, null],
  ])("takes its name from %j", (fields, name) => {
    expect(nameIn(fields)).toEqual(name);
  });

  it("never throws, whatever the fields are", () => {
    fc.assert(
      fc.property(
        fc.object({ key: fc.constantFrom("title", "name", "slug", "current", "en", "__proto__") }),
        (fields) => {
          const named = nameIn(fields);
          expect(named === null || named.name.trim() !== "").toBe(true);
        },
      ),
    );
  });
});
