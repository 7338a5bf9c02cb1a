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
