/** Templates of notes: what they say, what is refused, and that nothing personal gets through. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseExtractor, printExtractor } from "../../src/model/extractor.ts";
import type { Note } from "../../src/model/note.ts";
import { hidePersonal, shapeNote } from "../../src/model/note.ts";
import { parseNoteTemplate, placesOf, renderNoteTemplate, shownBy } from "../../src/model/note-template.ts";
import type { Payload, Received } from "../../src/model/received.ts";
import { holds, personalValue } from "./personal-values.ts";

const received: Received = {
  ...{ method: "POST", target: "/hooks/shop?from=web", headers: { "x-topic": ["orders/paid"] }, token: "t0p-secret" },
  ...{ query: new URLSearchParams("from=web"), body: Buffer.from("{}") },
};
const payloadOf = (json: unknown): Payload => ({ json, form: new Map([["plan", "pro"]]) });

const ORDER = {
  data: {
    object: {
      ...{ amount_total: 4900, currency: "eur", created: 1_769_868_120, status: "paid", number: 7 },
      customer_details: { name: "Jan Dietrich", email: "jan@example.com", phone: "+49 30 90182012" },
      lines: [{ name: "Blue mug" }],
    },
  },
};

function render(text: string, json: unknown = ORDER, show: string[] = []): string {
  const template = parseNoteTemplate(text);
  if ("problem" in template) throw new Error(template.problem);
  return renderNoteTemplate(template, received, payloadOf(json), shownBy(show)).text;
}

const problemOf = (text: string) => {
  const template = parseNoteTemplate(text);
  return "problem" in template ? template.problem : null;
};

describe("A template", () => {
  it("picks values and passes them through filters", () => {
    expect(
      render(
        "{json:/data/object/customer_details/name} paid {json:/data/object/amount_total|money:json:/data/object/currency} for {json:/data/object/lines/0/name}",
      ),
    ).toBe("J… D… paid €49.00 for Blue mug");
    expect(render("{json:/data/object/status|upper}, {header:x-topic|short:8}, {query:from}, {form:plan|mask}")).toBe(
      "PAID, orders/…, web, p…",
    );
    expect(render("{json:/data/object/created|date}")).toBe("2026-01-31 14:02 UTC");
    expect(render("{json:/at|date}", { at: "2026-01-31" })).toBe("2026-01-31");
  });

  it("counts money as its currency does", () => {
    const paid = (amount: unknown, currency: string) => render(`{json:/a|money:json:/c}`, { a: amount, c: currency });
    expect(paid(5000, "jpy")).toBe("¥5,000");
    expect(paid(5000, "KWD")).toBe("KWD 5.000");
    expect(paid(5, "usd")).toBe("$0.05");
    expect(paid(-123_456_789, "chf")).toBe("-CHF 1,234,567.89");
    expect(paid("49.00", "eur")).toBe("–");
    expect(paid(100, "e<!")).toBe("–");
    expect(render("{json:/a|price:EUR}", { a: "1249.5" })).toBe("€1,249.5");
    expect(render("{json:/a|money:EUR}", { a: "0" })).toBe("€0.00");
  });

  it("shows braces that are written twice, and a dash for what is missing", () => {
    expect(render("{{{json:/data/object/number}}} {json:/no/such|upper} }}{{")).toBe("{7} – }{");
  });

  it("does not read what values hold", () => {
    expect(render("{json:/a}", { a: "{json:/b} {{" })).toBe("{json:/b} {{");
  });

  it("shows what `show` names, by label or by place", () => {
    const text = "{json:/data/object/customer_details/email} {json:/data/object/customer_details/phone}";
    expect(render(text, ORDER, ["Email"])).toBe("jan@example.com +49…12");
    expect(render(text, ORDER, ["json:/data/object/customer_details/phone"])).toBe("j…@e….com +49 30 90182012");
  });

  it("masks addresses and numbers that only several values make together", () => {
    expect(render("{json:/a}@{json:/b}", { a: "jan", b: "example.com" })).toBe("j…@e….com");
    expect(render("+{json:/a} {json:/b}", { a: "4930", b: "901820" })).toBe("+49…20");
    expect(render("ask sales@acme.example about {json:/a}", { a: "it" })).toBe("ask sales@acme.example about it");
  });

  it("is looked through for personal values before it is cut", () => {
    expect(render("{json:/a|short:5}", { a: "jan@example.com" })).toBe("j…@e…");
    expect(render("{json:/a|short:12}", { a: "+49 30 90182012" })).toBe("+49…12");
    expect([...render("{json:/a}{json:/a}{json:/a}", { a: "é ".repeat(2000) })].length).toBeLessThanOrEqual(500);
  });

  it.each([
    ["{json:/a", "has a { at character 1 that no } ends"],
    ["a } b", "has a } at character 3 that ends nothing"],
    ["{name}", "has {name}, which names no place in a request; write header:NAME"],
    ["{}", "which names no place"],
    ["{json:/a|eval}", "has the filter eval, which there is not; there are money:CURRENCY"],
    ["{json:/a|short:0}", "has the filter short:0"],
    ["{json:/a|money}", "has the filter money,"],
    ["{json:/a|money:nowhere}", "names no place"],
    ["{path}", "never shown"],
    ["{header:Authorization}", "never shown"],
    ["{header:x-gitlab-token}", "never shown"],
    ["{join(json:/a, json:/b)}", "pick its parts one by one"],
    ["{json:/a}".repeat(21), "picks more than 20 values"],
  ])("%s is refused with a sentence", (text, problem) => {
    expect(problemOf(text)).toContain(problem);
  });

  it("never fails, whatever it is and whatever it is given", () => {
    const piece = fc.constantFrom("{", "}", "|", "json:/a", "money:", "short", ":", "header:x", "{{", " ", "json:");
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), fc.jsonValue(), (pieces, json) => {
        const template = parseNoteTemplate(pieces.join(""));
        if (!("problem" in template))
          expect(typeof renderNoteTemplate(template, received, payloadOf(json)).text).toBe("string");
      }),
    );
  });

  it("tells which places it reads", () => {
    const template = parseNoteTemplate("{json:/a|money:json:/b} {header:X}");
    expect("parts" in template && placesOf(template).map(printExtractor)).toEqual(["json:/a", "json:/b", "header:x"]);
  });
});

describe("A note", () => {
  const note: Note = {
    title: "Order of jan@example.com",
    fields: [
      { label: "Customer", value: "Jan Dietrich", isPersonal: true },
      { label: "Remark", value: "call 030 901820", isPersonal: false },
      { label: "Plan", value: "Pro", isPersonal: false },
    ],
    url: "https://shop.example.com/1",
    tone: "good",
  };
  const delivery = { received, payload: payloadOf(ORDER), title: "custom" };

  it("has the preset's words with what is personal masked", () => {
    expect(shapeNote(note, {}, delivery)).toEqual({
      title: "Order of j…@e….com",
      fields: [
        { label: "Customer", value: "J… D…", isPersonal: false },
        { label: "Remark", value: "call …20", isPersonal: false },
        { label: "Plan", value: "Pro", isPersonal: false },
      ],
      url: "https://shop.example.com/1",
      tone: "good",
    });
    expect(shapeNote(note, { show: ["customer"] }, delivery).fields[0]?.value).toBe("Jan Dietrich");
  });

  it("has the source's own words and fields where it has some", () => {
    const at = (text: string) => {
      const place = parseExtractor(text);
      if (!place) throw new Error(text);
      return place;
    };
    const fields = {
      Status: at("json:/data/object/status"),
      Who: at("json:/data/object/customer_details/name"),
      Gone: at("json:/no"),
      Token: at("path"),
    };
    const shaped = shapeNote(
      null,
      { text: "{json:/data/object/status} by {json:/data/object/customer_details/email}", fields },
      delivery,
    );
    expect(shaped.title).toBe("paid by j…@e….com");
    expect(shaped.fields.map(({ label, value }) => [label, value])).toEqual([
      ["Status", "paid"],
      ["Who", "J… D…"],
      ["Gone", "–"],
      ["Token", "–"],
    ]);
    expect(shapeNote(null, {}, delivery)).toMatchObject({ title: "custom", tone: "neutral", url: null });
  });

  it("shows no address and no number of anybody unless it is told to", () => {
    const label = fc.constantFrom("Order", "Who", "email", "Remark", "f");
    const word = fc.constantFrom("", "order ", "please call ", "x: ");
    const templates = [
      "{json:/a} {json:/b}",
      "{json:/a|upper}",
      "{json:/a|short:30}",
      "Of {json:/a|lower}: {form:plan}",
    ];
    fc.assert(
      fc.property(
        personalValue,
        label,
        word,
        fc.constantFrom(...templates),
        fc.boolean(),
        (one, name, before, text, isPersonal) => {
          const value = `${before}${one.value}`;
          const field = { label: name, value, isPersonal };
          const place = { from: "json", pointer: ["a"] } as const;
          const payload = payloadOf({ a: value, b: "x" });
          const preset: Note = { title: value, fields: [field], url: null, tone: "good" };
          const told = [
            shapeNote(preset, {}, { ...delivery, payload }),
            shapeNote(preset, { text, fields: { [name]: place } }, { ...delivery, payload }),
            shapeNote(null, {}, { ...delivery, payload, title: value }),
          ];
          for (const it of told.flatMap(({ title, fields }) => [title, ...fields.flatMap((f) => [f.label, f.value])]))
            expect(holds(it, one), it).toBe(false);
          const shown = shapeNote(preset, { show: [name] }, { ...delivery, payload });
          expect(holds(shown.fields[0]?.value ?? "", one)).toBe(true);
        },
      ),
      { numRuns: 200 },
    );
  });

  it("that nobody shaped has its personal fields masked, and one that was stays as it is", () => {
    expect(hidePersonal(note).fields.map(({ value }) => value)).toEqual(["J… D…", "call 030 901820", "Pro"]);
    const shaped = shapeNote(note, { show: ["Customer"] }, delivery);
    expect(hidePersonal(shaped)).toEqual(shaped);
  });
});
