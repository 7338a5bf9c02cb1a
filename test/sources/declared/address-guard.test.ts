import { describe, expect, it } from "vitest";
import { readRanges } from "../../../src/model/address.ts";
import { createAddressGuard } from "../../../src/sources/declared/address-guard.ts";

const GITHUBS = readRanges(["140.82.112.0/20"]);
const guard = (
  allow: string[],
  githubRanges: () => ReturnType<typeof readRanges> | null = () => GITHUBS,
  isSigned = true,
) => createAddressGuard({ allow, githubRanges, isSigned });

describe("the allow-list of a source", () => {
  it("lets everybody in where there is none", () => {
    expect(guard([]).isAllowed("203.0.113.1")).toBe(true);
  });

  it("lets in who lies in its ranges, and nobody on a socket unless it says so", () => {
    const { isAllowed } = guard(["192.0.2.0/24", "2001:db8::/32"]);
    expect(["192.0.2.9", "2001:db8::7", "192.0.3.1", ""].map(isAllowed)).toEqual([true, true, false, false]);
    expect(guard(["unix"]).isAllowed("")).toBe(true);
    expect(guard(["unix"]).isAllowed("192.0.2.9")).toBe(false);
  });

  it("lets GitHub in by the ranges that are known at that moment", () => {
    let ranges = GITHUBS;
    const { isAllowed } = guard(["github", "192.0.2.1"], () => ranges);
    expect(["140.82.115.1", "192.0.2.1", "203.0.113.1", ""].map(isAllowed)).toEqual([true, true, false, false]);
    ranges = readRanges(["203.0.113.0/24"]);
    expect(["140.82.115.1", "203.0.113.1"].map(isAllowed)).toEqual([false, true]);
  });

  it("refuses nobody before GitHub's ranges are known, if a signature decides; else it refuses all", () => {
    expect(guard(["github"], () => null, true).isAllowed("203.0.113.1")).toBe(true);
    expect(guard(["github"], () => null, false).isAllowed("140.82.115.1")).toBe(false);
  });
});
