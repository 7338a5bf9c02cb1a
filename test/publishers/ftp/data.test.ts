/** Ports that servers name for data connections, however they write them. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readEpsvPort, readPasvPort } from "../../../src/publishers/ftp/data.ts";

const port = fc.integer({ min: 1, max: 65_535 });
const byte = fc.integer({ min: 0, max: 255 });

describe("the port for a data connection", () => {
  it("is read from every answer to EPSV, with any delimiter", () => {
    fc.assert(
      fc.property(port, fc.constantFrom("|", "!", "#", "/"), (number, mark) => {
        const reply = `229 Entering Extended Passive Mode (${mark}${mark}${mark}${number}${mark})`;
        expect(readEpsvPort(reply)).toBe(number);
      }),
    );
  });

  it("is read from every answer to PASV, whatever the address and with and without brackets", () => {
    fc.assert(
      fc.property(port, fc.tuple(byte, byte, byte, byte), fc.boolean(), (number, address, isBare) => {
        const numbers = [...address, number >> 8, number & 255].join(",");
        const reply = `227 Entering Passive Mode ${isBare ? numbers : `(${numbers}).`}`;
        expect(readPasvPort(reply)).toBe(number);
      }),
    );
  });

  it.each([
    "229 Entering Extended Passive Mode (|||0|)",
    "229 Entering Extended Passive Mode (|||65536|)",
    "229 Entering Extended Passive Mode (|||port|)",
    "229 Entering Extended Passive Mode",
    "227 Entering Passive Mode (1,2,3,4,256,1)",
    "227 Entering Passive Mode (1,2,3,4,0,0)",
    "227 Entering Passive Mode (1,2,3,4,5)",
    "",
  ])("is none in %j", (reply) => {
    expect(readEpsvPort(reply)).toBeUndefined();
    expect(readPasvPort(reply)).toBeUndefined();
  });

  it("is none, or a valid one, in any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."0123456789,|()! ") }), (text) => {
        for (const found of [readEpsvPort(text), readPasvPort(text)]) {
          if (found !== undefined) expect(found > 0 && found < 65_536).toBe(true);
        }
      }),
    );
  });
});
