/** What is left of personal values, and that nothing else is touched. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { maskShapes, maskValue, plainValue } from "../../src/model/mask.ts";
import { isPersonalLabel } from "../../src/model/personal-label.ts";
import { holds, personalValue } from "./personal-values.ts";

describe("A text", () => {
  it.each([
    ["write to jan.dietrich@example.com.", "write to j…@e….com."],
    ["<jan@shop.example.co.uk>", "<j…@s….uk>"],
    ["mailto:jan%40example.com", "m…@e….com"],
    ['"jan d"@example.com', "j…@e….com"],
    ["call +49 30 901820-12 now", "call +49…12 now"],
    ["(030) 90 18 20", "…20"],
    ["030/901820", "…20"],
    ["4155552671", "…71"],
    ["DE44 5001 0517 5407 3249 31", "DE…31"],
    ["GB29NWBK60161331926819", "GB…19"],
    ["4242 4242 4242 4242", "…42"],
    ["from 203.0.113.9", "from …39"],
    ["2001:db8::8a2e:370:7334", "2001:…"],
  ])("%s becomes %s", (text, masked) => {
    expect(maskShapes(text)).toBe(masked);
  });

  it.each([
    "Order #1001 of 2026-01-31 14:02 UTC",
    "31.1.2026 and 1/31/2026",
    "€1,234,567.89, $12345.67, 1234567",
    "Invoice ABCD1234-0001 for INV-00012345",
    "@channel at 10:30, 2 x 3",
    "evt_1NG8Du2eZvKYlo2CUI79vXWy",
    "v1.2.3 (build 4711)",
  ])("%s stays as it is", (text) => {
    expect(maskShapes(text)).toBe(text);
  });

  it("shows no address and no number, wherever it stands, and masks the same a second time", () => {
    fc.assert(
      fc.property(personalValue, fc.constantFrom("", "Tel.: ", "(", "x, "), fc.string(), (one, before, after) => {
        const masked = maskShapes(`${before}${one.value} ${after}`);
        expect(holds(masked, one)).toBe(false);
        expect(maskShapes(masked)).toBe(masked);
      }),
      { numRuns: 200 },
    );
  });

  it("is masked in letters and digits of any width, and with what hides between them", () => {
    expect(maskShapes(plainValue("ｊａｎ＠ｅｘａｍｐｌｅ．ｃｏｍ"))).toBe("j…@e….com");
    expect(maskShapes(plainValue("+４９ 30 901820"))).toBe("+49…20");
    expect(maskShapes(plainValue("jan\u200b@\u2060example.com"))).toBe("j…@e….com");
  });

  it("of any kind is masked without an error and in reasonable time", () => {
    fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 100 }), (text) => void maskShapes(plainValue(text))));
    const startMs = performance.now();
    for (const text of ["1 ".repeat(4000), "a".repeat(4000), "1:".repeat(4000), "a@".repeat(4000), '"'.repeat(4000)])
      maskShapes(plainValue(text));
    expect(performance.now() - startMs).toBeLessThan(1000);
  });
});

describe("A personal value", () => {
  it.each([
    ["Jan Dietrich", "J… D…"],
    ["jan@example.com", "j…@e….com"],
    ["+49 30 90182012", "+49…12"],
    ["10115", "1…"],
    ["203.0.113.9", "…39"],
    ["Hello, I would like to buy 12 of them, please.", "H… (46 characters)"],
    ["👩‍👩‍👧 Ada", "👩… A…"],
  ])("%s becomes %s", (value, masked) => {
    expect(maskValue(value)).toBe(masked);
  });

  it("cannot be read any more", () => {
    fc.assert(fc.property(personalValue, (one) => !holds(maskValue(one.value), one)));
  });
});

describe("A label", () => {
  it.each([
    ...["email", "E-Mail", "customerEmail", "your-phone", "Vorname", "first_name", "Name", "Your name", "Straße"],
    ...["ip_address", "Message", "Nachricht", "billing address", "IBAN", "Prénom"],
  ])("%s is a person's", (label) => {
    expect(isPersonalLabel([label], "x")).toBe(true);
  });
  it.each(["product_name", "planName", "Company name", "amount", "Status", "Size", "subject", "username2"])(
    "%s is none",
    (label) => {
      expect(isPersonalLabel([label], "x")).toBe(false);
    },
  );
  it("called name is a person's or a thing's by what it stands in, and by its value", () => {
    expect(isPersonalLabel(["customer", "name"], "Jan")).toBe(true);
    expect(isPersonalLabel(["line_items", "0", "name"], "Mug")).toBe(false);
    expect(isPersonalLabel(["order", "customer", "name"], "Jan")).toBe(true);
    expect(isPersonalLabel(["name"], "#1001")).toBe(false);
  });
});
