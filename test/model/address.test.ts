import { isIP } from "node:net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cleanAddress, isRange, limitedAddress, readRanges, shownAddress } from "../../src/model/address.ts";

describe("an address", () => {
  it("has one spelling, in which mapped IPv4 is IPv4 and a zone is left out", () => {
    expect(
      ["192.0.2.1", "::ffff:192.0.2.1", "::FFFF:c000:201", "2001:DB8:0:0::1", "fe80::1%eth0"].map(cleanAddress),
    ).toEqual(["192.0.2.1", "192.0.2.1", "192.0.2.1", "2001:db8::1", "fe80::1"]);
  });

  it("is none in the forms that programs read differently, nor is anything else", () => {
    for (const text of [
      "010.0.0.1",
      "10.1",
      "167772161",
      "0x7f.1",
      "1.2.3.4.5",
      "[::1]",
      "::g",
      "",
      "unix",
      ":".repeat(1000),
    ])
      expect([text, cleanAddress(text)]).toEqual([text, null]);
  });

  it("is limited by itself, and by its network where it is IPv6", () => {
    expect(["192.0.2.7", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::1", ""].map(limitedAddress)).toEqual([
      "192.0.2.7",
      "2001:db8:1:2::/64",
      "2001:db8:1:2::/64",
      "",
    ]);
  });

  it("is shown in part only", () => {
    expect(["192.0.2.7", "2001:db8:1:2:3:4:5:6", "", "<script>"].map(shownAddress)).toEqual([
      "192.0.2.0/24",
      "2001:db8:1::/48",
      "a local socket",
      "an address that is none",
    ]);
  });

  it("agrees with Node on what an address is, and never throws, whatever the text", () => {
    const text = fc.oneof(fc.string({ maxLength: 60 }), fc.ipV4(), fc.ipV6(), fc.ipV4Extended());
    fc.assert(
      fc.property(text, (it) => {
        expect(cleanAddress(it) !== null).toBe(isIP(it) !== 0);
        expect(cleanAddress(cleanAddress(it) ?? "::1")).toBe(cleanAddress(it) ?? "::1");
        readRanges([it, `${it}/3`]).contains(it);
        shownAddress(it);
        limitedAddress(it);
      }),
    );
  });
});

describe("ranges", () => {
  it("hold addresses in every spelling, and no others", () => {
    const ranges = readRanges(["192.0.2.0/24", "2001:db8::/32", "198.51.100.9", "::ffff:203.0.113.0/120"]);
    const inside = ["192.0.2.255", "::ffff:192.0.2.1", "2001:db8:ffff::1", "198.51.100.9", "203.0.113.77"];
    const outside = ["192.0.3.0", "2001:db9::1", "198.51.100.8", "203.0.114.0", "::1", "", "nonsense"];
    expect(inside.map(ranges.contains)).toEqual(inside.map(() => true));
    expect(outside.map(ranges.contains)).toEqual(outside.map(() => false));
    expect(readRanges(["0.0.0.0/0"]).contains("::1")).toBe(false);
  });

  it("are told from what is none, and only the word unix names a socket", () => {
    expect(["10.0.0.0/8", "10.0.0.1", "::/0", "unix"].map(isRange)).toEqual([true, true, true, true]);
    expect(["10.0.0.0/33", "::/129", "10.0.0/8", "github", "10.0.0.0/-1", "/8", ""].map(isRange)).not.toContain(true);
    expect([readRanges(["unix"]).unix, readRanges(["0.0.0.0/0", "::/0"]).unix]).toEqual([true, false]);
  });
});
