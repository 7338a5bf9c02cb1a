import fc from "fast-check";
import { expect, it } from "vitest";
import { parseJson } from "../../src/model/received.ts";

const parse = (text: string) => parseJson(Buffer.from(text));
const nested = (levels: number) => `${"[".repeat(levels)}${"]".repeat(levels)}`;

it("reads what JSON.parse reads, and says undefined for all else", () => {
  fc.assert(
    fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
      fc.pre(!/\d{16}/.test(text));
      let wanted: unknown;
      try {
        wanted = JSON.parse(text);
      } catch {
        wanted = undefined;
      }
      expect(parse(text)).toEqual(wanted);
    }),
  );
});

it.each([
  ["12345678901234567890", "12345678901234567890"],
  ['{"id":-12345678901234567}', { id: "-12345678901234567" }],
  ["[1, 12345678901234567]", [1, "12345678901234567"]],
  ['{\n"a":\n12345678901234567}', { a: "12345678901234567" }],
  ['{"a":1234567890123456}', { a: 1234567890123456 }],
  [
    '{"a":"x12345678901234567","b":1e300,"c":0.1234567890123456}',
    { a: "x12345678901234567", b: 1e300, c: 0.1234567890123456 },
  ],
])("keeps all digits of the whole numbers in %s", (text, value) => {
  expect(parse(text)).toEqual(value);
});

it.each([64, 65, 100_000])("takes 64 levels and no more: %i", (levels) => {
  const isTaken = levels <= 64;
  expect(parse(nested(levels)) !== undefined).toBe(isTaken);
  expect(parse(`{"a":1,"b":${nested(levels - 1)}}`) !== undefined).toBe(isTaken);
  expect(parse(`{"n":12345678901234567,"b":${nested(levels - 1)}}`) !== undefined).toBe(isTaken);
});
