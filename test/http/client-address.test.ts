import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { clientAddress } from "../../src/http/client-address.ts";
import { readRanges } from "../../src/model/address.ts";

const PROXIES = readRanges(["10.0.0.0/8", "fd00::/8", "unix"]);
const NOBODY = readRanges([]);
const of = (peer: string, ...forwardedFor: string[]) => clientAddress({ peer, forwardedFor }, PROXIES);

describe("the address of a client", () => {
  it("is the peer's where that is no trusted proxy, whatever the headers say", () => {
    expect(of("203.0.113.5", "198.51.100.1")).toBe("203.0.113.5");
    expect(of("::ffff:203.0.113.5", "198.51.100.1")).toBe("203.0.113.5");
    expect(clientAddress({ peer: "10.0.0.1", forwardedFor: ["198.51.100.1"] }, NOBODY)).toBe("10.0.0.1");
  });

  it("is what a trusted proxy appended, past all trusted hops, from the right", () => {
    expect(of("10.0.0.1", "198.51.100.1")).toBe("198.51.100.1");
    expect(of("::ffff:10.0.0.1", "1.1.1.1, 198.51.100.1, 10.0.0.2")).toBe("198.51.100.1");
    expect(of("10.0.0.1", "1.1.1.1", "198.51.100.1", "10.0.0.2, fd00::2")).toBe("198.51.100.1");
    expect(of("10.0.0.1")).toBe("10.0.0.1");
    expect(of("10.0.0.1", "10.0.0.9, 10.0.0.2")).toBe("10.0.0.9");
  });

  it("is read without ports and brackets", () => {
    expect(of("10.0.0.1", "198.51.100.1:4711")).toBe("198.51.100.1");
    expect(of("10.0.0.1", "[2001:db8::1]:4711")).toBe("2001:db8::1");
    expect(of("10.0.0.1", "[2001:DB8::1]")).toBe("2001:db8::1");
    expect(of("10.0.0.1", "::ffff:198.51.100.1")).toBe("198.51.100.1");
  });

  it("is the proxy's where what it passed on is no address", () => {
    for (const hop of ["unknown", "", "1.2.3", "198.51.100.1, _hidden", "<script>"])
      expect([hop, of("10.0.0.1", hop)]).toEqual([hop, "10.0.0.1"]);
  });

  it("is believed of a proxy on a socket only where the list says so in a word", () => {
    expect(of("", "198.51.100.1")).toBe("198.51.100.1");
    const trusted = readRanges(["0.0.0.0/0", "::/0"]);
    expect(clientAddress({ peer: "", forwardedFor: ["198.51.100.1"] }, trusted)).toBe("");
  });

  it("is never chosen by a peer that nobody trusts", () => {
    const anything = fc.array(fc.oneof(fc.string(), fc.ipV4(), fc.ipV6()), { maxLength: 5 });
    fc.assert(
      fc.property(fc.ipV4(), anything, (peer, forwardedFor) => {
        fc.pre(!PROXIES.contains(peer));
        expect(clientAddress({ peer, forwardedFor }, PROXIES)).toBe(peer);
      }),
    );
  });

  it("is never chosen by what a client wrote before a trusted proxy appended who the client is", () => {
    const anything = fc.array(fc.oneof(fc.string(), fc.ipV4(), fc.ipV6(), fc.constant("10.9.9.9")), { maxLength: 30 });
    const hops = fc.array(fc.constantFrom("10.0.0.2", "fd00::7", "10.0.0.3:80"), { maxLength: 5 });
    fc.assert(
      fc.property(anything, fc.ipV4(), hops, fc.boolean(), (written, client, proxies, isOneLine) => {
        fc.pre(!PROXIES.contains(client));
        const values = isOneLine ? [[...written, client, ...proxies].join(", ")] : [...written, client, ...proxies];
        expect(clientAddress({ peer: "10.0.0.1", forwardedFor: values }, PROXIES)).toBe(client);
      }),
    );
  });
});
