import fc from "fast-check";
import { expect, it } from "vitest";
import { createPeek } from "../../src/model/peek-json.ts";

const peek = (keys: string[], text: string) => createPeek(keys)(Buffer.from(text));

it.each([
  ['{"type":"push"}', { type: "push" }],
  [
    ' {\n "id" : "msg_1", "count": -1.5e3, "live":true,\n"type" : "invoice.paid", "data": {"type": "no"}}',
    { type: "invoice.paid" },
  ],
  ['{"type":"push","broken', { type: "push" }],
])("finds the name of an event where %s begins", (text, found) => {
  expect(peek(["type"], text)).toEqual(found);
});

it.each([
  ["another value stands before it that is nested", '{"data":{"type":"no"},"type":"push"}'],
  ["the key stands inside of another value only", '{"data":{"type":"no"}}'],
  ["its text has escapes", '{"type":"pu\\u0073h"}'],
  ["a text before it has escapes", '{"note":"\\",\\"type\\":\\"no\\",\\"","type":"push"}'],
  ["it is no text", '{"type":5}'],
  ["it is empty", '{"type":""}'],
  ["a list comes", '[{"type":"push"}]'],
  ["nothing comes", ""],
  ["it stands too far behind", `{"text":"${"x".repeat(600)}","type":"push"}`],
])("finds nothing where %s", (_why, text) => {
  expect(peek(["type"], text)).toBeNull();
});

it("finds all keys or none", () => {
  expect(peek(["event", "model"], '{"event":"entry.publish","model":"page"}')).toEqual({
    event: "entry.publish",
    model: "page",
  });
  expect(peek(["event", "model"], '{"event":"entry.publish"}')).toBeNull();
  expect(peek(["event", "a.*"], '{"event":"x","a.*":"y"}')).toBeNull();
});

it("never says anything but what JSON.parse says, where no key comes twice", () => {
  const names = fc.constantFrom("type", "id", "event", "t ype", "data", "__proto__");
  const object = fc.dictionary(names, fc.oneof(fc.string(), fc.integer(), fc.jsonValue()));
  fc.assert(
    fc.property(object, fc.constantFrom(0, 1, "\n\t"), (value, space) => {
      const found = peek(["type"], JSON.stringify(value, null, space));
      if (found !== null) expect(found).toEqual({ type: value.type });
    }),
    { numRuns: 1000 },
  );
});
