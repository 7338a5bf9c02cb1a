/** Pictures of payments, orders and forms. */
import type { Note } from "../../src/model/note.ts";
import { shapeNote } from "../../src/model/note.ts";
import { wordNotice } from "../../src/notify/wording/slack/notice-wording.ts";
import { message, type Sample } from "./data.ts";

const DELIVERY = {
  received: {
    method: "POST",
    target: "/",
    headers: {},
    query: new URLSearchParams(),
    token: "",
    body: Buffer.alloc(0),
  },
  payload: { json: {}, form: null },
  title: "",
};

/** Shaped as the inbox does it, so that masks are seen. */
function told(label: string, note: Note) {
  const shaped = shapeNote(note, {}, DELIVERY);
  return message(wordNotice({ about: "note", setting: "channel", label, note: shaped }));
}

const said = (label: string, value: string, isPersonal = false) => ({ label, value, isPersonal });

/** The pictures. */
export function noteSamples(): Sample[] {
  return [
    {
      name: "notes",
      messages: [
        told("Stripe", {
          title: "💳 Payment of €49.00 succeeded",
          fields: [said("E-mail", "jan.dietrich@example.com", true)],
          url: "https://dashboard.stripe.com/payments/pi_3TWIvx0qWkNaM1fM0H4e0MIb",
          tone: "good",
        }),
        told("Stripe", {
          title: "❌ Payment of €1,249.00 failed (test mode)",
          fields: [said("Customer", "Jan Dietrich", true), said("Reason", "insufficient_funds")],
          url: "https://dashboard.stripe.com/test/payments/pi_3TWIvx0qWkNaM1fM0H4e0MIb",
          tone: "bad",
        }),
        told("Shopify", {
          title: "🛍️ Order #1001 of $388.00 placed",
          fields: [
            said("Customer", "John Smith", true),
            said("Items", "1 × Aviator sunglasses, 2 × Mid-century lounger"),
            said("Payment", "paid"),
          ],
          url: "https://acme.myshopify.com/admin/orders/820982911946154508",
          tone: "good",
        }),
        told("A form", {
          title: "📝 A form was filled in",
          fields: [
            said("name", "Jan Dietrich", true),
            said("email", "jan.dietrich@example.com", true),
            said("phone", "+49 30 90182012", true),
            said("plan", "pro"),
            said("message", "Hello, I would like to order twelve of the blue ones & one <red>.", true),
          ],
          url: "https://shop.example.com",
          tone: "neutral",
        }),
      ],
    },
  ];
}
