import fc from "fast-check";
import { expect, test } from "vitest";
import { createMask, maskSecrets } from "../../src/process/mask.ts";

/** Cuts a text into chunks at the given places. */
function split(text: string, cuts: readonly number[]): string[] {
  const places = [...new Set(cuts.map((cut) => cut % (text.length + 1)))].sort((a, b) => a - b);
  return [...places, text.length].map((end, index) => text.slice(index === 0 ? 0 : places[index - 1], end));
}

// Few letters, so that secrets overlap, contain each other and nearly begin.
const secret = fc.string({ unit: fc.constantFrom("a", "b", "$", "\n"), minLength: 1, maxLength: 14 });
const piece = fc.oneof(secret, fc.string({ unit: fc.constantFrom("a", "b", "$", "x"), maxLength: 20 }));

test("However a text is cut into chunks, it is masked the same", () => {
  fc.assert(
    fc.property(
      fc.array(secret, { maxLength: 4 }),
      fc.array(piece, { maxLength: 8 }),
      fc.array(fc.nat(), { maxLength: 12 }),
      (secrets, pieces, cuts) => {
        const text = [...pieces, ...secrets].join("");
        const mask = createMask(secrets);
        const streamed =
          split(text, cuts)
            .map((chunk) => mask.write(chunk))
            .join("") + mask.end();
        expect(streamed).toBe(maskSecrets(text, secrets));
        for (const value of secrets.filter((it) => it.trim().length >= 8)) expect(streamed).not.toContain(value.trim());
      },
    ),
    { numRuns: 2000 },
  );
});

test("Values that are shorter than 8 characters are left alone", () => {
  expect(maskSecrets("a short password", ["short", ""])).toBe("a short password");
});

test("A secret is also found in a URL, in JSON, in base64 and line by line", () => {
  const value = 'p@ss "word" 1\nsecond line of it';
  const shown = [
    encodeURIComponent(value),
    JSON.stringify({ value }),
    Buffer.from(value).toString("base64"),
    "…\nsecond line of it\n…",
  ].join("\n");
  expect(maskSecrets(shown, [value])).toBe('[secret]\n{"value":"[secret]"}\n[secret]\n…\n[secret]\n…');
});

const SHOWN = "[secret]";

test("A secret is found in base64 wherever it stands in a longer text, also in the alphabet of URLs and in lines", () => {
  const value = fc
    .string({ unit: "binary", minLength: 8, maxLength: 40 })
    .filter((it) => it.trim() === it && it.isWellFormed());
  fc.assert(
    fc.property(value, fc.string({ maxLength: 5 }), fc.string({ maxLength: 5 }), (secret, before, after) => {
      for (const encoding of ["base64", "base64url"] as const) {
        const text = Buffer.from(`${before}${secret}${after}`).toString(encoding);
        const masked = maskSecrets(text, [secret]);
        // At most the characters that a neighbour has a part in are left, three at each end.
        const rest = Math.ceil((Buffer.byteLength(before) * 4) / 3) + Math.ceil((Buffer.byteLength(after) * 4) / 3) + 8;
        expect(masked.replaceAll(SHOWN, "").length).toBeLessThanOrEqual(rest);
        expect(masked).toContain(SHOWN);
      }
    }),
    { numRuns: 500 },
  );
  const long = "0123456789".repeat(20);
  const lines = Buffer.from(long).toString("base64").replace(/.{76}/g, "$&\n");
  expect(maskSecrets(lines, [long])).toBe([SHOWN, SHOWN, SHOWN, SHOWN].join("\n"));
});

test("A secret is found in URLs and in JSON, however their writers spell it", () => {
  const value = "p/ä ß!'(\"x\\) ~*+&=é\u{1f511}\ttab";
  const lower = (text: string) => text.replace(/%[0-9A-F]{2}/g, (it) => it.toLowerCase());
  const ascii = JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (it) => `\\u${it.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  const spellings = [
    encodeURIComponent(value),
    lower(encodeURIComponent(value)),
    encodeURI(value),
    new URLSearchParams({ a: value }).toString().slice(2),
    lower(new URLSearchParams({ a: value }).toString().slice(2)),
    encodeURIComponent(value).replaceAll("%20", "+"),
    JSON.stringify(value).slice(1, -1),
    JSON.stringify(value).slice(1, -1).replaceAll("/", "\\/"),
    ascii.slice(1, -1),
  ];
  for (const text of spellings) expect(maskSecrets(`<${text}>`, [value])).toBe(`<${SHOWN}>`);
});

test("A chunk that is full of secrets is masked in no time", () => {
  const secret = "top-secret-value";
  const others = Array.from({ length: 50 }, (_, index) => `${index}`.repeat(400));
  const mask = createMask([secret, ...others]);
  const beganMs = performance.now();
  expect(mask.write(`${secret} `.repeat(5000)) + mask.end()).toBe(`${SHOWN} `.repeat(5000));
  expect(performance.now() - beganMs).toBeLessThan(2000);
});
