import fc from "fast-check";
import { expect, test } from "vitest";
import { createLineReader } from "../../src/process/lines.ts";

function read(...chunks: readonly string[]): string[] {
  const lines: string[] = [];
  const reader = createLineReader((line) => lines.push(line));
  for (const chunk of chunks) reader.write(chunk);
  reader.end();
  return lines;
}

test("Lines come whole, whatever the chunks and the line ends", () => {
  expect(read("on", "e\ntw", "o\r", "\nthree\r\n\nlast")).toEqual(["one", "two", "three", "", "last"]);
});

test("Of a progress bar only the last state is kept", () => {
  expect(read("10%\r50%\r", "100%\nnext\n")).toEqual(["100%", "next"]);
  expect(read("10%\r50%")).toEqual(["50%"]);
});

test("Colours and control characters are taken out, tabs stay", () => {
  expect(read("\u001b[32mgreen\u001b[0m\ta\u0000b\u0007\u001b]8;;http://x\u0007link\u001b]8;;\u0007\n")).toEqual([
    "green\tablink",
  ]);
});

test("A very long line is cut once, and the next line is whole", () => {
  const chunks = Array.from({ length: 50 }, () => "x".repeat(1000));
  const lines = read(...chunks, "\nnext\n");
  expect(lines).toHaveLength(2);
  expect(lines[0]).toMatch(/^x{2000} … \(line cut\)$/);
  expect(lines[1]).toBe("next");
});

test("Nothing that is emitted has a control character or half a character, and no line is lost", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "\n", "\r", "\u0000", "\u001b", "[", "m", "\ud83d", "ü") });
  fc.assert(
    fc.property(fc.array(text), (chunks) => {
      const lines = read(...chunks);
      const whole = chunks.join("");
      expect(lines.length).toBeGreaterThanOrEqual(whole.split("\n").length - 1);
      for (const line of lines) expect(line.isWellFormed() && !/[^\P{Cc}\t]/u.test(line)).toBe(true);
    }),
  );
});
