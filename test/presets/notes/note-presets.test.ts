/** What payments, shops and forms say, by the payloads of their senders' documentation. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sourceDefinition } from "../../../src/config/source-definition.ts";
import { type SourceSettings, sourceSettings } from "../../../src/config/source-settings.ts";
import { UnparseableError } from "../../../src/errors.ts";
import { extract } from "../../../src/model/extractor.ts";
import { shapeNote } from "../../../src/model/note.ts";
import { type Received, readPayload } from "../../../src/model/received.ts";
import { notePresets } from "../../../src/presets/notes/note-presets.ts";
import type { Reading, Verified } from "../../../src/presets/preset.ts";
import { resolveSource } from "../../../src/presets/resolve-source.ts";
import { holds, personalValue } from "../../model/personal-values.ts";
import type { SentRequest } from "../preset-case.ts";
import * as bodies from "./bodies.ts";
import { noteCases } from "./note-cases.ts";

const NOW_MS = 1_769_868_120_000;

function presetOf(kind: string) {
  const preset = notePresets.find((it) => it.kind === kind);
  if (!preset) throw new Error(kind);
  return preset;
}

async function deliveryOf(kind: string, sent: SentRequest, settings: SourceSettings = { kind }): Promise<Verified> {
  const definition = sourceDefinition.parse(presetOf(kind).definition(settings));
  const received: Received = {
    ...{ method: "POST", target: "/hooks/x", token: "", query: new URLSearchParams(), body: Buffer.from(sent.body) },
    headers: Object.fromEntries(Object.entries(sent.headers).map(([name, value]) => [name, [value]])),
  };
  const payload = await readPayload(received, definition.accept.field);
  const event = definition.event.map((it) => extract(it, received, payload) ?? "").join(".");
  return { received, payload, event, receivedAtMs: NOW_MS, settings };
}

async function read(kind: string, json: unknown, headers: Record<string, string> = {}): Promise<Reading> {
  const sent = { headers: { "content-type": "application/json", ...headers }, body: bodies.bigJson(json) };
  return presetOf(kind).read(await deliveryOf(kind, sent));
}

const stripe = async (type: string, object: object, part: object = {}) =>
  (await read("stripe", bodies.stripeEvent(type, object, part))).note;

describe("A case", () => {
  it.each(noteCases.map((one) => [`${one.kind}: ${one.name}`, one] as const))("%s is read", async (_, one) => {
    const delivery = await deliveryOf(one.kind, await one.request(one.secret, NOW_MS));
    expect(presetOf(one.kind).read(delivery)).toEqual(one.reading);
  });

  it.each(noteCases.map((one) => [`${one.kind}: ${one.name}`, one] as const))(
    "%s names its delivery, the same when it is sent again",
    async (_, one) => {
      const definition = sourceDefinition.parse(presetOf(one.kind).definition({ kind: one.kind }));
      const { from } = definition.id;
      if (typeof from === "string") throw new Error("names none");
      const keys: Array<string | null> = [];
      for (const attempt of [1, 2]) {
        const sent = await one.request(one.secret, NOW_MS + attempt * 60_000, { attempt });
        const { received, payload } = await deliveryOf(one.kind, sent);
        keys.push(extract(from, received, payload));
      }
      expect(keys[0]).toMatch(/^[\x20-\x7e]{1,300}$/);
      expect(keys[1]).toBe(keys[0]);
    },
  );

  it("is there for each preset that can be signed, and events that are acted on are those that it has", () => {
    const kinds = new Set(noteCases.map(({ kind }) => kind));
    expect(
      notePresets
        .filter(({ secret }) => secret === "needed")
        .map(({ kind }) => kind)
        .sort(),
    ).toEqual([...kinds].sort());
    for (const { kind, secret } of notePresets) {
      const form = secret === "none" ? { form: { origins: ["https://x.example"] } } : { secret: "env:X" };
      expect(resolveSource("x", sourceSettings.parse({ kind, channel: "C0X", ...form })), kind).toMatchObject({
        routes: [{ notice: { channel: "C0X" } }],
      });
    }
  });

  it("with another body than its sender documents is unparseable, and the error holds none of its values", async () => {
    for (const one of noteCases) {
      for (const body of [
        "{}",
        "[]",
        '"jan@example.com"',
        '{"id":{"a":"jan@example.com"},"object":"event","name":7}',
      ]) {
        const delivery = await deliveryOf(one.kind, await one.request(one.secret, NOW_MS, { body }));
        try {
          presetOf(one.kind).read(delivery);
          expect.unreachable(`${one.kind} took ${body}`);
        } catch (error) {
          expect(error).toBeInstanceOf(UnparseableError);
          expect(String(error)).not.toContain("jan@");
        }
      }
    }
  });

  it("shows no address and no number of anybody, whichever of its values holds one", async () => {
    const given = await Promise.all(
      noteCases.map(async (one) => ({ one, sent: await one.request(one.secret, NOW_MS) })),
    );
    await fc.assert(
      fc.asyncProperty(personalValue, fc.constantFrom(...given), fc.nat(), async (value, { one, sent }, nth) => {
        const json = JSON.parse(sent.body.toString(), (_, it) => (it === null ? undefined : it));
        const places = textsIn(json);
        const place = places[nth % places.length] ?? [];
        const body = JSON.stringify(withValue(json, place, value.value));
        const delivery = await deliveryOf(one.kind, { ...sent, body });
        let reading: Reading;
        try {
          reading = presetOf(one.kind).read(delivery);
        } catch {
          return;
        }
        const note = shapeNote(reading.note ?? null, {}, { ...delivery, title: "x" });
        for (const told of [note.title, ...note.fields.flatMap((it) => [it.label, it.value])])
          expect(holds(told, value), `${place.join("/")}: ${told}`).toBe(false);
      }),
      { numRuns: 200 },
    );
  });
});

/** The places of all texts in a payload, but the few that say what it is. */
function textsIn(value: unknown, at: readonly string[] = []): string[][] {
  if (typeof value === "string") return /^(object|type|event_name|state)$/.test(at.at(-1) ?? "") ? [] : [[...at]];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, it]) => textsIn(it, [...at, name]));
}

function withValue(json: unknown, [name, ...rest]: readonly string[], value: string): unknown {
  if (name === undefined) return value;
  if (Array.isArray(json)) return json.map((it, n) => (String(n) === name ? withValue(it, rest, value) : it));
  const fields = json as Record<string, unknown>;
  return { ...fields, [name]: withValue(fields[name], rest, value) };
}

describe("Stripe", () => {
  it("tells a payment that failed, with why", async () => {
    const failed = {
      ...bodies.paymentIntent,
      ...{ amount_received: 0, status: "requires_payment_method" },
      last_payment_error: {
        code: "card_declined",
        decline_code: "insufficient_funds",
        message: "Your card has insufficient funds.",
      },
    };
    expect(await stripe("payment_intent.payment_failed", failed)).toMatchObject({
      ...{ title: "❌ Payment of €49.00 failed", tone: "bad" },
      fields: expect.arrayContaining([{ label: "Reason", value: "insufficient_funds", isPersonal: false }]),
    });
  });

  it.each<[string, object, string, string, string | null]>([
    [
      "checkout.session.completed",
      bodies.checkoutSession,
      "🛒 Checkout of $4.00 completed",
      "good",
      "payments/pi_3RgRPqEEXQJo9EEO1a43uB5g",
    ],
    [
      "invoice.paid",
      { object: "invoice", id: "in_1AB", amount_paid: 5000, currency: "jpy", number: "ABCD1234-0001" },
      "🧾 Invoice of ¥5,000 paid",
      "good",
      "invoices/in_1AB",
    ],
    [
      "invoice.payment_failed",
      { object: "invoice", id: "in_1AB", amount_paid: 0, amount_due: 900, currency: "usd", attempt_count: 2 },
      "❌ Invoice of $9.00 could not be paid",
      "bad",
      "invoices/in_1AB",
    ],
    [
      "charge.refunded",
      { object: "charge", id: "ch_1A2", amount: 4900, amount_refunded: 900, currency: "eur" },
      "↩️ Refund of €9.00 made",
      "neutral",
      "payments/ch_1A2",
    ],
    [
      "charge.dispute.created",
      {
        object: "dispute",
        id: "du_1",
        amount: 4900,
        currency: "eur",
        charge: "ch_1A2",
        reason: "fraudulent",
        evidence_details: { due_by: 1_770_000_000 },
      },
      "⚠️ Dispute of €49.00 opened",
      "bad",
      "payments/ch_1A2",
    ],
    [
      "charge.dispute.closed",
      { object: "dispute", id: "du_1", amount: 4900, currency: "eur", charge: "ch_1A2", status: "lost" },
      "⚖️ Dispute of €49.00 closed",
      "bad",
      "payments/ch_1A2",
    ],
    [
      "customer.subscription.deleted",
      { object: "subscription", id: "sub_1Po", status: "canceled" },
      "👋 Subscription ended",
      "neutral",
      "subscriptions/sub_1Po",
    ],
    [
      "payout.failed",
      { object: "payout", id: "po_1Ab", amount: 123_456, currency: "gbp" },
      "❌ Payout of £1,234.56 failed",
      "bad",
      "payouts/po_1Ab",
    ],
    [
      "customer.created",
      { object: "customer", id: "cus_1" },
      "💠 customer.created",
      "neutral",
      "events/evt_1NG8Du2eZvKYlo2CUI79vXWy",
    ],
  ])("words %s", async (type, object, title, tone, page) => {
    expect(await stripe(type, object)).toMatchObject({ title, tone, url: `https://dashboard.stripe.com/${page}` });
  });

  it("marks test mode, and whose account it is where a platform has several", async () => {
    const note = await stripe("payment_intent.succeeded", bodies.paymentIntent, {
      livemode: false,
      account: "acct_1Abc",
    });
    expect(note).toMatchObject({
      title: "💳 Payment of €49.00 succeeded (test mode)",
      fields: expect.arrayContaining([{ label: "Account", value: "acct_1Abc", isPersonal: false }]),
      url: "https://dashboard.stripe.com/acct_1Abc/test/payments/pi_3TWIvx0qWkNaM1fM0H4e0MIb",
    });
  });

  it("makes no address of ids that are none", async () => {
    const evil = { ...bodies.paymentIntent, id: "pi_1/../../evil?x=<!here>" };
    const note = await stripe("payment_intent.succeeded", evil, { account: "acct_1/evil", id: "../x" });
    expect(note?.url).toBeNull();
  });
});

describe("Shopify", () => {
  const headers = { "x-shopify-topic": "orders/cancelled", "x-shopify-shop-domain": "evil.example" };

  it("links to no shop that is not Shopify's, since its name is not signed", async () => {
    const { note } = await read("shopify", bodies.shopifyOrder, headers);
    expect(note).toMatchObject({ title: "🚫 Order #9999 of $388.00 cancelled (test)", url: null });
  });

  it("has words for disputes, and none for what it does not know", async () => {
    const dispute = { id: 1, amount: "11.50", currency: "EUR", reason: "fraudulent", status: "needs_response" };
    const topic = (it: string) => ({ ...headers, "x-shopify-topic": it });
    expect((await read("shopify", dispute, topic("disputes/create"))).note?.title).toBe("⚠️ Dispute of €11.50 opened");
    expect(await read("shopify", { id: 1 }, topic("customers/redact"))).toEqual({});
  });
});

describe("WooCommerce", () => {
  it("tells an order that failed, and of one that was deleted its number", async () => {
    const failed = {
      ...bodies.wooOrder,
      status: "failed",
      _links: { self: [{ href: "javascript:alert(1)//wp-json/" }] },
    };
    const topic = (it: string) => ({ "x-wc-webhook-topic": it });
    expect((await read("woocommerce", failed, topic("order.updated"))).note).toMatchObject({
      ...{ title: "📝 Order 727 of $29.35 changed", tone: "bad", url: null },
    });
    expect((await read("woocommerce", { id: 727 }, topic("order.deleted"))).note?.title).toBe("🗑️ Order 727 deleted");
  });

  it("takes the unsigned form that it sends first for nothing", () => {
    const { accept } = sourceDefinition.parse(presetOf("woocommerce").definition({ kind: "woocommerce" }));
    expect(accept.types).not.toContain("application/x-www-form-urlencoded");
  });
});

describe("A plain form", () => {
  const settings = sourceSettings.parse({ kind: "form", form: { origins: ["https://shop.example.com"] } });
  const sent = async (fields: URLSearchParams | FormData) => {
    const request = new Request("http://127.0.0.1/", { method: "POST", body: fields });
    const headers = { origin: "https://shop.example.com", "content-type": request.headers.get("content-type") ?? "" };
    const body = Buffer.from(await request.arrayBuffer());
    return presetOf("form").read(await deliveryOf("form", { headers, body }, settings));
  };

  it("becomes a note of its fields without those that people do not see", async () => {
    const fields = new URLSearchParams({
      name: "Jan Dietrich",
      plan: "pro",
      website: "",
      _t: "1",
      "g-recaptcha-response": "x",
    });
    fields.append("payload", '{"a":1}');
    expect((await sent(fields)).note).toEqual({
      title: "📝 A form was filled in",
      fields: [
        { label: "name", value: "Jan Dietrich", isPersonal: true },
        { label: "plan", value: "pro", isPersonal: false },
        { label: "payload", value: '{"a":1}', isPersonal: true },
      ],
      url: "https://shop.example.com",
      tone: "neutral",
    });
  });

  it("may have files with it, which are left out", async () => {
    const data = new FormData();
    data.append("message", "Hello");
    data.append("picture", new File(["x"], "me.png"));
    expect((await sent(data)).note?.fields.map(({ label }) => label)).toEqual(["message"]);
  });

  it("is told nobody where a robot filled it in, or nobody did", async () => {
    expect(await sent(new URLSearchParams({ name: "x", website: "https://spam.example" }))).toEqual({
      ignored: "a robot filled in the form (honeypot)",
    });
    expect(await sent(new URLSearchParams({ _t: "1" }))).toEqual({ ignored: "nothing was filled in" });
  });
});

describe("Vercel", () => {
  const told = (type: string, part: object = {}) => {
    const { payload } = bodies.vercelDeployment;
    return read("vercel", { ...bodies.vercelDeployment, type, payload: { ...payload, ...part } });
  };

  it("leads to its dashboard where nothing went online, and says what a preview is", async () => {
    expect((await told("deployment.error", { target: null })).note).toMatchObject({
      ...{ title: "❌ Deployment of next-blog failed", tone: "bad" },
      url: "https://vercel.com/acme/next-blog/2p92SueS",
      fields: expect.arrayContaining([{ label: "Target", value: "preview", isPersonal: false }]),
    });
    expect((await told("deployment.promoted")).note).toMatchObject({ title: "💠 Deployment of next-blog promoted" });
    expect(await told("project.created")).toEqual({});
  });
});
