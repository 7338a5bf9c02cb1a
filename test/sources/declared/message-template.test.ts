import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseMessageTemplate } from "../../../src/sources/declared/message-template.ts";

const literal = fc.string({ unit: fc.constantFrom(..."v0:.|\n{}é€ts body") });
const part = fc.constantFrom("{body}", "{ts}", "{id}", "{form.payload}");
const template = fc.array(fc.oneof(part, literal), { minLength: 1, maxLength: 8 }).map((pieces) => pieces.join(""));
const bytes = fc.uint8Array().map((it) => Buffer.from(it));
const text = fc.string({ unit: "binary" });

describe("The template of what is signed", () => {
  it("means the same as putting the bytes in the place of each name", () => {
    const property = fc.property(template, bytes, text, text, text, (message, body, ts, id, payload) => {
      const rendered = parseMessageTemplate(message).render({ body, ts, id, payload });
      const joined = Buffer.concat(rendered.map((it) => Buffer.from(it as Buffer)));
      // A latin1 text is its bytes: so texts can be replaced in it.
      const asBytes = (value: string) => Buffer.from(value).toString("latin1");
      const values: Record<string, string> = {
        "{body}": body.toString("latin1"),
        "{ts}": asBytes(ts),
        "{id}": asBytes(id),
        "{form.payload}": asBytes(payload),
      };
      const naive = asBytes(message).replace(/\{(body|ts|id|form\.payload)\}/g, (name) => values[name] ?? "");
      expect(joined.toString("latin1")).toBe(naive);
    });
    fc.assert(property);
  });

  it("hands the body on without copying it", () => {
    const body = Buffer.from("body");
    expect(parseMessageTemplate("{body}").render({ body, ts: "", id: "", payload: "" })[0]).toBe(body);
    expect(parseMessageTemplate("v0:{ts}:{body}").render({ body, ts: "1", id: "", payload: "" })).toEqual([
      "v0:1:",
      body,
    ]);
  });

  it("knows bodies that look like a whole message with its time", () => {
    const could = (message: string, body: string) => parseMessageTemplate(message).couldHoldTime(Buffer.from(body));
    expect(could("{ts}:{body}", '1700000000:{"a":1}')).toBe(true);
    expect(could("{ts}:{body}", '{"a":1}')).toBe(false);
    expect(could("{id}.{ts}.{body}", "msg.1.x.1700000000.{}")).toBe(true);
    expect(could("v0[{ts}]{body}", "v0[17]{}")).toBe(true);
    expect(could("v0[{ts}]{body}", "v0017{}")).toBe(false);
    expect(could("{body}{ts}", "{}1700000000")).toBe(false);
    expect(could("{body}", "1700000000")).toBe(false);
  });
});
