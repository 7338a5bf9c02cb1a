import fc from "fast-check";
import semver from "semver";
import { describe, expect, test } from "vitest";
import { chooseVersion, fits } from "../../src/toolchain/choose-version.ts";
import type { PublishedVersion } from "../../src/toolchain/npm-registry.ts";

const part = fc.integer({ min: 0, max: 4 });
const version = fc.tuple(part, part, part).map((parts) => parts.join("."));
const range = fc.oneof(
  version,
  version.map((one) => `^${one}`),
  version.map((one) => `~${one}`),
  version.map((one) => `>=${one}`),
  part.map((major) => `${major}.x`),
  fc.tuple(version, version).map(([a, b]) => `${a} || <${b}`),
  fc.constant("*"),
);
const engines = fc.option(fc.oneof(range, fc.constant("no range at all")));
const published: fc.Arbitrary<PublishedVersion[]> = fc.uniqueArray(fc.record({ version, engines }), {
  selector: (one) => one.version,
  maxLength: 30,
});

describe("The version that is chosen", () => {
  test("is in the range, runs on the Node, and no newer one does", () => {
    fc.assert(
      fc.property(published, range, version, (versions, wanted, node) => {
        const chosen = chooseVersion(versions, wanted, node);
        const possible = versions.filter(
          (one) => fits(one.version, wanted) && (one.engines === null || fits(node, one.engines)),
        );
        expect(possible.map((one) => one.version)).toEqual(chosen === null ? [] : expect.arrayContaining([chosen]));
        for (const one of possible) expect(semver.lte(one.version, chosen ?? "")).toBe(true);
      }),
    );
  });

  test("is the same in whatever order the registry lists them, whose list is left as it is", () => {
    fc.assert(
      fc.property(published, range, fc.option(version), (versions, wanted, node) => {
        const before = structuredClone(versions);
        const chosen = chooseVersion(versions, wanted, node);
        expect(chooseVersion([...versions].reverse(), wanted, node)).toBe(chosen);
        expect(versions).toEqual(before);
      }),
    );
  });

  test("is never a name that is no version", () => {
    expect(chooseVersion([{ version: "latest", engines: null }], "*", null)).toBeNull();
  });
});
