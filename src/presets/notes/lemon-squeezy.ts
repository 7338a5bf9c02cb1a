/** Lemon Squeezy: https://docs.lemonsqueezy.com/help/webhooks/webhook-requests */
import { z } from "zod";
import { minorMoney } from "../../model/money.ts";
import type { Note } from "../../model/note.ts";
import { type Preset, reading } from "../preset.ts";
import { fact, personal } from "./note-fields.ts";

const text = z.string().nullish();

const payload = z.object({
  meta: z.object({ event_name: z.string() }),
  data: z.object({
    type: z.string(),
    attributes: z.object({
      ...{ user_name: text, user_email: text, currency: text, status: text, product_name: text },
      ...{ total: z.number().nullish(), order_number: z.number().nullish(), test_mode: z.boolean().nullish() },
      first_order_item: z.object({ product_name: text }).nullish(),
    }),
  }),
});

const WORDS: Readonly<Record<string, readonly [icon: string, words: string, tone: Note["tone"]]>> = {
  order_created: ["🛍️", "Order% placed", "good"],
  order_refunded: ["↩️", "Order% refunded", "neutral"],
  subscription_created: ["⭐", "Subscription started", "good"],
  subscription_cancelled: ["👋", "Subscription cancelled", "neutral"],
  subscription_expired: ["👋", "Subscription ended", "neutral"],
  subscription_payment_success: ["💳", "Payment% of a subscription succeeded", "good"],
  subscription_payment_failed: ["❌", "Payment% of a subscription failed", "bad"],
  subscription_payment_recovered: ["💳", "Payment% of a subscription recovered", "good"],
};

export const lemonSqueezy: Preset = {
  kind: "lemon-squeezy",
  label: "Lemon Squeezy",
  purpose: "notes",
  docs: "https://docs.lemonsqueezy.com/help/webhooks",
  provenBy: "openssl dgst, as Lemon Squeezy documents it, over an order of the shape in its documentation",
  keys: [],
  secret: "needed",
  events: Object.keys(WORDS),
  definition: () => ({
    verify: [{ hmac: { header: "x-signature" } }],
    // There is no id of a delivery; what is sent again is what was sent before.
    id: "join(json:/meta/event_name, json:/data/type, json:/data/id, json:/data/attributes/updated_at)",
    event: ["json:/meta/event_name"],
  }),
  read: reading(payload, ({ meta: { event_name }, data: { attributes: it } }) => {
    const [icon, words, tone] = WORDS[event_name] ?? ["💠", event_name.slice(0, 60), "neutral" as const];
    const amount = typeof it.total === "number" ? minorMoney(String(it.total), it.currency ?? "") : null;
    const told = words.replace("%", () => (amount === null ? "" : ` of ${amount}`));
    return {
      note: {
        title: `${icon} ${told}${it.test_mode === true ? " (test mode)" : ""}`,
        fields: [
          ...fact("Product", it.product_name ?? it.first_order_item?.product_name),
          ...personal("Customer", it.user_name),
          ...personal("E-mail", it.user_email),
          ...fact("Order", it.order_number),
          ...fact("Status", it.status),
        ],
        url: null,
        tone,
      },
    };
  }),
};
