/** Payments, shops and forms, as the contract of presets wants them. */
import { randomBytes } from "node:crypto";
import { opensslHmac } from "../openssl.ts";
import type { PresetCase, SentRequest } from "../preset-case.ts";
import * as bodies from "./bodies.ts";
import { netlifySignature, stripeSignature } from "./signers.ts";

const secretOf = (prefix: string) => `${prefix}${randomBytes(16).toString("hex")}`;
const json = { "content-type": "application/json" };

type Sent = { readonly body: string; readonly secret: string; readonly nowMs: number };
type Part = Pick<PresetCase, "kind" | "name" | "signedBy" | "signatureHeader" | "reading"> & {
  readonly prefix?: string;
  readonly toleranceMs?: number;
  readonly settings?: PresetCase["settings"];
  /** The usual body; a retry may have another one. */
  readonly body: (attempt: number) => string;
  readonly headers: (sent: Sent) => Record<string, string> | Promise<Record<string, string>>;
};

function noteCase({ prefix = "", toleranceMs, settings = {}, body, headers, ...part }: Part): PresetCase {
  return {
    ...part,
    settings,
    secret: secretOf(prefix),
    other: secretOf(prefix),
    isBodySigned: true,
    toleranceMs: toleranceMs ?? null,
    isDeduped: true,
    async request(secret, nowMs, options = {}): Promise<SentRequest> {
      const text = options.body ?? body(options.attempt ?? 1);
      return { headers: { ...json, ...(await headers({ body: text, secret, nowMs })) }, body: text };
    },
  };
}

const stripe = (name: string, event: object, reading: PresetCase["reading"]) =>
  noteCase({
    ...{ kind: "stripe", name, reading, prefix: "whsec_", toleranceMs: 300_000, signedBy: "the package stripe" },
    signatureHeader: "stripe-signature",
    // https://docs.stripe.com/api/events/object#event_object-pending_webhooks
    body: (attempt) => JSON.stringify({ ...event, ...("pending_webhooks" in event && { pending_webhooks: attempt }) }),
    headers: ({ body, secret, nowMs }) => ({ "stripe-signature": stripeSignature(secret, body, nowMs) }),
  });

/** Signed over the body alone, by openssl. */
const signedBody = (
  part: Omit<Part, "signedBy" | "headers" | "body" | "signatureHeader"> & {
    readonly header: string;
    readonly encoding: "hex" | "base64";
    readonly algorithm?: "sha256" | "sha1";
    readonly before?: string;
    readonly also?: Record<string, string>;
    readonly payload: unknown;
  },
) => {
  const { header, encoding, algorithm = "sha256", before = "", also = {}, payload, ...rest } = part;
  return noteCase({
    ...rest,
    signedBy: "openssl dgst",
    signatureHeader: header,
    body: () => bodies.bigJson(payload),
    headers: ({ body, secret }) => ({
      ...also,
      [header]: `${before}${opensslHmac(secret, body, { encoding, algorithm })}`,
    }),
  });
};

const shopify = (name: string, topic: string, payload: unknown, reading: PresetCase["reading"]) =>
  signedBody({
    ...{ kind: "shopify", name, header: "x-shopify-hmac-sha256", encoding: "base64", payload, reading },
    also: {
      "x-shopify-topic": topic,
      "x-shopify-shop-domain": "johns-apparel.myshopify.com",
      "x-shopify-webhook-id": "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043",
    },
  });

const netlify = (kind: string, name: string, payload: object, reading: PresetCase["reading"]) =>
  noteCase({
    ...{ kind, name, reading, signedBy: "the package jose", signatureHeader: "x-webhook-signature" },
    body: () => JSON.stringify(payload),
    headers: async ({ body, secret }) => ({ "x-webhook-signature": await netlifySignature(secret, body) }),
  });

const said = (label: string, value: string, isPersonal = false) => ({ label, value, isPersonal });

/** The form of a page is not among them: nothing proves who sends it. */
export const noteCases: readonly PresetCase[] = [
  stripe("a payment", bodies.stripeEvent("payment_intent.succeeded", bodies.paymentIntent), {
    note: {
      title: "💳 Payment of €49.00 succeeded",
      tone: "good",
      fields: [said("E-mail", "jan@example.com", true), said("Description", "Order 7 of Jan Dietrich", true)],
      url: "https://dashboard.stripe.com/payments/pi_3TWIvx0qWkNaM1fM0H4e0MIb",
    },
  }),
  stripe("a thin event", bodies.thinEvent, {
    note: {
      title: "💠 v1.billing.meter.error_report_triggered (test mode)",
      tone: "neutral",
      fields: [
        said("Event", "v1.billing.meter.error_report_triggered"),
        said("Object", "mtr_test_123"),
        said("Id", "evt_test_65R2GpwDsnmpzihMjdT16R2GDhI4SQdXJGRbvn7JA8mPEm"),
      ],
      url: "https://dashboard.stripe.com/test/events/evt_test_65R2GpwDsnmpzihMjdT16R2GDhI4SQdXJGRbvn7JA8mPEm",
    },
  }),
  stripe("a ping of a destination", bodies.thinPing, { ping: "ping: Stripe reaches this address" }),
  shopify("an order", "orders/create", bodies.shopifyOrder, {
    note: {
      title: "🛍️ Order #9999 of $388.00 placed (test)",
      tone: "good",
      fields: [
        said("Customer", "John Smith", true),
        said("E-mail", "jon@example.com", true),
        said("Items", "1 × Aviator sunglasses, 2 × Mid-century lounger"),
        said("Payment", "voided"),
        said("Reason", "customer"),
      ],
      url: "https://johns-apparel.myshopify.com/admin/orders/820982911946154508",
    },
  }),
  shopify("a refund", "refunds/create", bodies.shopifyRefund, {
    note: {
      ...{ title: "↩️ Refund of $10.00 made", tone: "neutral", fields: [] },
      url: "https://johns-apparel.myshopify.com/admin/orders/820982911946154508",
    },
  }),
  signedBody({
    ...{ kind: "woocommerce", name: "an order", header: "x-wc-webhook-signature", encoding: "base64" },
    also: {
      "x-wc-webhook-topic": "order.created",
      "x-wc-webhook-delivery-id": "36e520ebabc2fa725092ff4a47acedf2",
      "x-wc-webhook-source": "https://example.com/shop/",
    },
    payload: bodies.wooOrder,
    reading: {
      note: {
        title: "🛍️ Order 727 of $29.35 placed",
        tone: "good",
        fields: [
          said("Customer", "John Doe", true),
          said("E-mail", "john.doe@example.com", true),
          said("Items", "2 × Woo Single #1"),
          said("Status", "processing"),
          said("Payment", "Direct Bank Transfer"),
        ],
        url: "https://example.com/shop/wp-admin/post.php?post=727&action=edit",
      },
    },
  }),
  signedBody({
    ...{ kind: "lemon-squeezy", name: "an order", header: "x-signature", encoding: "hex" },
    also: { "x-event-name": "order_created" },
    payload: bodies.lemonOrder,
    reading: {
      note: {
        ...{ title: "🛍️ Order of $11.99 placed", tone: "good", url: null },
        fields: [
          said("Product", "Example Product"),
          said("Customer", "John Doe", true),
          said("E-mail", "johndoe@example.com", true),
          said("Order", "1"),
          said("Status", "paid"),
        ],
      },
    },
  }),
  signedBody({
    ...{ kind: "typeform", name: "a response", header: "typeform-signature", encoding: "base64", before: "sha256=" },
    payload: bodies.typeformResponse,
    reading: {
      note: {
        ...{ title: "📝 Webhooks example was filled in", tone: "neutral" },
        fields: [
          said("Thanks! Where do you live?", "It's cold right now! I live in an older house.", true),
          said("If you're OK with our city management, leave your email", "laura@example.com", true),
          said("What are your favourite colours?", "Blue, Red"),
          said("Yes or no?", "no"),
          said("How often?", "5"),
        ],
        url: "https://admin.typeform.com/form/lT4Z3j/results#responses",
      },
    },
  }),
  signedBody({
    ...{ kind: "tally", name: "a response", header: "tally-signature", encoding: "base64" },
    payload: bodies.tallyResponse,
    reading: {
      note: {
        ...{ title: "📝 Contact was filled in", tone: "neutral" },
        fields: [
          said("Your name", "Jan Dietrich", true),
          said("Phone", "+32123456789", true),
          said("Plan", "Business"),
          said("Guests", "12"),
        ],
        url: "https://tally.so/forms/VwbNEw/submissions",
      },
    },
  }),
  noteCase({
    ...{ kind: "formspree", name: "a submission", signedBy: "openssl dgst", toleranceMs: 300_000 },
    signatureHeader: "formspree-signature",
    body: () => JSON.stringify(bodies.formspreeSubmission),
    headers: ({ body, secret, nowMs }) => {
      const t = Math.floor(nowMs / 1000);
      return { "formspree-signature": `t=${t},v1=${opensslHmac(secret, `${t}.${body}`)}` };
    },
    reading: {
      note: {
        ...{ title: "📝 A form was filled in", tone: "neutral" },
        fields: [
          said("name", "Jan Dietrich", true),
          said("email", "jan@example.com", true),
          said("plan", "pro"),
          said("message", "I would like to order twelve of them.", true),
        ],
        url: "https://formspree.io/forms/xayzabcd/submissions",
      },
    },
  }),
  netlify("netlify-forms", "a submission", bodies.netlifySubmission, {
    note: {
      ...{ title: "📝 contact was filled in", tone: "neutral", url: "https://www.example.com" },
      fields: [
        said("Name", "Jan", true),
        said("Email", "jan@example.com", true),
        said("Message", "Hey there, nice site!", true),
      ],
    },
  }),
  netlify("netlify-deploys", "a deploy", bodies.netlifyDeploy, {
    note: {
      ...{ title: "🚀 Deploy of www-example is live", tone: "good", url: "https://5ebc34bf--www-example.netlify.app" },
      fields: [said("Branch", "master"), said("Context", "production")],
    },
  }),
  signedBody({
    ...{ kind: "vercel", name: "a deployment", header: "x-vercel-signature", encoding: "hex", algorithm: "sha1" },
    payload: bodies.vercelDeployment,
    reading: {
      note: {
        ...{ title: "🚀 Deployment of next-blog is ready", tone: "good", url: "https://next-blog-go7.vercel.app" },
        fields: [said("Target", "production"), said("Branch", "main"), said("Commit", "Update the front page")],
      },
    },
  }),
];
