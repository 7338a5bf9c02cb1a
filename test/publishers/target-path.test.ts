import { posix } from "node:path";
import fc from "fast-check";
import { expect, it } from "vitest";
import { PermanentError } from "../../src/errors.ts";
import { pathOf, wholePath } from "../../src/publishers/target-path.ts";

const segment = fc.constantFrom("a", "b.html", "..", ".", "", "...", " ", "ü", "a\n", "-rf");
const path = fc.array(segment, { maxLength: 5 }).map((segments) => segments.join("/"));
const base = fc.constantFrom("/", "/site", "/var/www/site");

it("never leaves the target, or the folder above it where that may be entered", () => {
  fc.assert(
    fc.property(base, fc.boolean(), path, (folder, hasFolderAbove, asked) => {
      const place = { base: folder, hasFolderAbove: hasFolderAbove && folder !== "/" };
      let whole: string;
      try {
        whole = wholePath(place, asked);
      } catch (error) {
        expect(error).toBeInstanceOf(PermanentError);
        return;
      }
      const limit = asked.startsWith("../") ? posix.dirname(folder) : folder;
      expect(whole).toBe(posix.resolve(limit, asked.replace(/^\.\.\//, "")));
      expect(whole.startsWith(limit === "/" ? "/" : `${limit}/`)).toBe(true);
      expect(wholePath(place, pathOf(place, whole) ?? "")).toBe(whole);
    }),
    { numRuns: 1000 },
  );
});

it("knows no path for what lies elsewhere", () => {
  const place = { base: "/var/www/site", hasFolderAbove: true };
  expect(pathOf(place, "/var/www/site/a")).toBe("a");
  expect(pathOf(place, "/var/www/site.new/a")).toBe("../site.new/a");
  expect(pathOf(place, "/var/www/site")).toBe("../site");
  expect(pathOf(place, "/var/www")).toBeUndefined();
  expect(pathOf(place, "/etc")).toBeUndefined();
  expect(pathOf({ ...place, hasFolderAbove: false }, "/var/www/other")).toBeUndefined();
});
