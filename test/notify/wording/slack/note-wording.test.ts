/** How notes of payments, orders and forms look in Slack. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Note } from "../../../../src/model/note.ts";
import { wordNote } from "../../../../src/notify/wording/slack/note-wording.ts";
import { hostileWord } from "../hostile-words.ts";
import { controlsIn, expectMessageWithinLimits, textsOf } from "./slack-limits.ts";

const note = (part: Partial<Note> = {}): Note => ({
  title: "💳 Payment of €49.00 succeeded",
  fields: [
    { label: "E-mail", value: "j…@e….com", isPersonal: false },
    { label: "Plan", value: "Pro & more", isPersonal: false },
  ],
  url: "https://dashboard.stripe.com/payments/pi_1",
  tone: "good",
  ...part,
});

describe("A note", () => {
  it("is one message: a headline, its fields, and where it comes from", () => {
    const message = wordNote(note(), "Stripe");
    expectMessageWithinLimits(message);
    expect(message.text).toBe("Stripe: 💳 Payment of €49.00 succeeded");
    expect(textsOf(message.blocks)).toEqual([
      "💳 Payment of €49.00 succeeded",
      "*E-mail*  j…@e….com\n*Plan*  Pro &amp; more",
      "from Stripe  ·  <https://dashboard.stripe.com/payments/pi_1|Open>",
    ]);
  });

  it("has a sign of its tone where its words begin with none", () => {
    const headline = (tone: Note["tone"]) => textsOf(wordNote(note({ title: "Order 7 paid", tone }), "x").blocks)[0];
    expect([headline("good"), headline("bad"), headline("neutral")]).toEqual([
      "✅ Order 7 paid",
      "🔴 Order 7 paid",
      "📝 Order 7 paid",
    ]);
  });

  it("with long words of one's own says them whole below the headline", () => {
    const title = `Order ${"word ".repeat(60)}end`;
    const texts = textsOf(wordNote(note({ title, fields: [], url: null }), "Shop").blocks);
    expect(texts[0]).toMatch(/^✅ Order word.*…$/);
    expect(texts.slice(1)).toEqual([title, "from Shop"]);
  });

  it("says how many fields it leaves out, and has no link to what is no address of the web", () => {
    const fields = Array.from({ length: 30 }, (_, n) => ({
      label: `f${n}`,
      value: "v".repeat(300),
      isPersonal: false,
    }));
    const message = wordNote(note({ fields, url: "javascript:alert(1)" }), "Shop");
    expectMessageWithinLimits(message);
    expect(textsOf(message.blocks).at(-1)).toMatch(/^from Shop {2}· {2}\d+ more not shown$/);
  });

  it("mentions nobody, formats nothing and keeps within Slack's limits, whatever is in it", () => {
    const field = fc.record({ label: hostileWord, value: hostileWord, isPersonal: fc.boolean() });
    const any = fc.record({
      title: hostileWord,
      fields: fc.array(field, { maxLength: 30 }),
      url: fc.oneof(fc.constant(null), fc.webUrl(), hostileWord),
      tone: fc.constantFrom("good" as const, "bad" as const, "neutral" as const),
    });
    fc.assert(
      fc.property(any, hostileWord, (one, label) => {
        const message = wordNote(one, label);
        expectMessageWithinLimits(message);
        const controls = [message.text, ...textsOf(message.blocks)].flatMap(controlsIn);
        expect(controls.filter((it) => !/^https?:\/\/[^|]*\|Open$/.test(it))).toEqual([]);
      }),
    );
  });
});
