/** Shopify: https://shopify.dev/docs/apps/build/webhooks and the topics at https://shopify.dev/docs/api/webhooks */
import { z } from "zod";
import { majorMoney } from "../../model/money.ts";
import { headerOf } from "../../model/received.ts";
import { type Preset, reading, type Verified } from "../preset.ts";
import { fact, personal } from "./note-fields.ts";

const text = z.string().nullish();
/** Numbers with many digits come as text (received.ts). */
const id = z.union([z.number(), z.string()]).nullish();

const order = z.object({
  id,
  name: z.string(),
  total_price: z.string(),
  currency: z.string(),
  financial_status: text,
  cancel_reason: text,
  test: z.boolean().nullish(),
  email: text,
  customer: z.object({ first_name: text, last_name: text }).nullish(),
  line_items: z.array(z.object({ title: text, quantity: z.number().nullish() })).nullish(),
});

const refund = z.object({
  order_id: id,
  transactions: z.array(z.object({ amount: z.string(), currency: z.string(), kind: text })),
});

const dispute = z.object({
  id,
  amount: z.string(),
  currency: z.string(),
  reason: text,
  status: text,
  evidence_due_by: text,
});

const ORDER_WORDS: Readonly<Record<string, readonly [icon: string, words: string, tone: "good" | "neutral"]>> = {
  "orders/create": ["🛍️", "placed", "good"],
  "orders/paid": ["💳", "paid", "good"],
  "orders/fulfilled": ["📦", "sent", "good"],
  "orders/cancelled": ["🚫", "cancelled", "neutral"],
};

const readOrder = reading(order, (it, delivery) => {
  const [icon, words, tone] = ORDER_WORDS[delivery.event] ?? ["🛍️", delivery.event.slice(0, 60), "neutral"];
  const total = majorMoney(it.total_price, it.currency);
  const { first_name, last_name } = it.customer ?? {};
  const items = (it.line_items ?? []).map(({ title, quantity }) => `${quantity ?? 1} × ${title ?? "?"}`);
  return {
    note: {
      title: `${icon} Order ${it.name}${total === null ? "" : ` of ${total}`} ${words}${it.test === true ? " (test)" : ""}`,
      fields: [
        ...personal("Customer", [first_name, last_name].filter(Boolean).join(" ")),
        ...personal("E-mail", it.email),
        ...fact("Items", items.slice(0, 5).join(", ") + (items.length > 5 ? ` and ${items.length - 5} more` : "")),
        ...fact("Payment", it.financial_status),
        ...fact("Reason", it.cancel_reason),
      ],
      url: admin(delivery, "orders", it.id),
      tone,
    },
  };
});

const readRefund = reading(refund, (it, delivery) => {
  const paid = it.transactions.filter(({ kind }) => kind === "refund");
  const amounts = paid.map(({ amount, currency }) => majorMoney(amount, currency) ?? "").filter(Boolean);
  return {
    note: {
      title: `↩️ Refund${amounts.length > 0 ? ` of ${amounts.slice(0, 3).join(" and ")}` : ""} made`,
      fields: [],
      url: admin(delivery, "orders", it.order_id),
      tone: "neutral",
    },
  };
});

const readDispute = reading(dispute, (it, delivery) => {
  const amount = majorMoney(it.amount, it.currency);
  return {
    note: {
      title: `⚠️ Dispute${amount === null ? "" : ` of ${amount}`} ${delivery.event === "disputes/create" ? "opened" : "changed"}`,
      fields: [
        ...fact("Reason", it.reason),
        ...fact("Status", it.status),
        ...fact("Evidence due", it.evidence_due_by?.slice(0, 10)),
      ],
      url: null,
      tone: it.status === "won" ? "good" : "bad",
    },
  };
});

export const shopify: Preset = {
  kind: "shopify",
  label: "Shopify",
  purpose: "notes",
  docs: "https://shopify.dev/docs/apps/build/webhooks",
  provenBy: "openssl dgst, as Shopify documents it, over orders from its own documentation",
  headers: ["x-shopify-shop-domain"],
  keys: [],
  secret: "needed",
  events: [...Object.keys(ORDER_WORDS), "refunds/create", "disputes/create"],
  definition: () => ({
    verify: [{ hmac: { header: "x-shopify-hmac-sha256", encoding: "base64" } }],
    id: "header:x-shopify-webhook-id",
    event: ["header:x-shopify-topic"],
  }),
  read(delivery) {
    const { event } = delivery;
    if (event.startsWith("orders/")) return readOrder(delivery);
    if (event === "refunds/create") return readRefund(delivery);
    if (event.startsWith("disputes/")) return readDispute(delivery);
    // There are no words for it; a route may have some, or rebuild a site.
    return {};
  },
};

/** A page of the shop's own administration. The shop's name is not signed, so it may only be one of Shopify's. */
function admin({ received }: Verified, kind: string, number: string | number | null | undefined): string | null {
  const shop = headerOf(received, "x-shopify-shop-domain") ?? "";
  const isShop = /^[a-z0-9][a-z0-9-]{0,60}\.myshopify\.com$/.test(shop);
  return isShop && /^\d{1,20}$/.test(String(number ?? "")) ? `https://${shop}/admin/${kind}/${number}` : null;
}
