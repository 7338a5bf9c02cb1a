/**
 * WooCommerce: https://developer.woocommerce.com/docs/apis/rest-api/v3/webhooks/. When a webhook is saved for the first
 * time it sends `webhook_id=N` as a form without a signature; that is refused, WooCommerce says so once, and the webhook
 * works all the same.
 */
import { z } from "zod";
import { majorMoney } from "../../model/money.ts";
import { type Preset, reading } from "../preset.ts";
import { fact, personal } from "./note-fields.ts";

const text = z.string().nullish();

/** https://woocommerce.github.io/woocommerce-rest-api-docs/#order-properties */
const order = z.object({
  id: z.number(),
  number: text,
  status: text,
  currency: text,
  total: text,
  payment_method_title: text,
  billing: z.object({ first_name: text, last_name: text, email: text }).nullish(),
  line_items: z.array(z.object({ name: text, quantity: z.number().nullish() })).nullish(),
  _links: z.object({ self: z.array(z.object({ href: z.string() })).nullish() }).nullish(),
});

const WORDS: Readonly<Record<string, readonly [icon: string, words: string, tone: "good" | "neutral"]>> = {
  "order.created": ["🛍️", "placed", "good"],
  "order.updated": ["📝", "changed", "neutral"],
  "order.deleted": ["🗑️", "deleted", "neutral"],
  "order.restored": ["♻️", "restored", "neutral"],
};

const readOrder = reading(order, (it, { event }) => {
  const [icon, words, tone] = WORDS[event] ?? ["🛍️", event.slice(0, 60), "neutral"];
  const total = majorMoney(it.total ?? "", it.currency ?? "");
  const { first_name, last_name, email } = it.billing ?? {};
  const items = (it.line_items ?? []).map(({ name, quantity }) => `${quantity ?? 1} × ${name ?? "?"}`);
  const isFailed = it.status === "failed";
  return {
    note: {
      title: `${icon} Order ${it.number ?? it.id}${total === null ? "" : ` of ${total}`} ${words}`,
      fields: [
        ...personal("Customer", [first_name, last_name].filter(Boolean).join(" ")),
        ...personal("E-mail", email),
        ...fact("Items", items.slice(0, 5).join(", ") + (items.length > 5 ? ` and ${items.length - 5} more` : "")),
        ...fact("Status", it.status),
        ...fact("Payment", it.payment_method_title),
      ],
      url: admin(it._links?.self?.[0]?.href, it.id),
      tone: isFailed ? "bad" : tone,
    },
  };
});

export const woocommerce: Preset = {
  kind: "woocommerce",
  label: "WooCommerce",
  purpose: "notes",
  docs: "https://developer.woocommerce.com/docs/apis/rest-api/v3/webhooks/",
  provenBy: "openssl dgst, as WooCommerce signs it, over an order from its documentation",
  keys: [],
  secret: "needed",
  events: ["order.created"],
  definition: () => ({
    verify: [{ hmac: { header: "x-wc-webhook-signature", encoding: "base64" } }],
    id: "header:x-wc-webhook-delivery-id",
    event: ["header:x-wc-webhook-topic"],
  }),
  read(delivery) {
    if (delivery.event.startsWith("order.") && delivery.event !== "order.deleted") return readOrder(delivery);
    if (delivery.event === "order.deleted") return readDeleted(delivery);
    // There are no words for it; a route may have some, or rebuild a site.
    return {};
  },
};

/** Of what is deleted only the number is sent. */
const readDeleted = reading(z.object({ id: z.number() }), (it) => ({
  note: { title: `🗑️ Order ${it.id} deleted`, fields: [], url: null, tone: "neutral" },
}));

/** The order's page in WordPress, from the address that the signed body has for it. */
function admin(href: string | undefined, number: number): string | null {
  if (href === undefined || !URL.canParse(href)) return null;
  const { protocol, origin, pathname } = new URL(href);
  const folder = /^(.*)\/wp-json\//.exec(pathname)?.[1];
  if (!/^https?:$/.test(protocol) || folder === undefined || !Number.isSafeInteger(number)) return null;
  return `${origin}${folder}/wp-admin/post.php?post=${number}&action=edit`;
}
