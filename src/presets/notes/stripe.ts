/** Stripe: https://docs.stripe.com/webhooks. Snapshots tell all that happened, thin events only which object it happened to. */
import { z } from "zod";
import { minorMoney } from "../../model/money.ts";
import type { NoteField } from "../../model/note.ts";
import { dateText } from "../../model/note-template.ts";
import { type Preset, type Reading, reading } from "../preset.ts";
import { fact, personal } from "./note-fields.ts";
import { stripeTitle, WORDED_EVENTS } from "./stripe-words.ts";

const text = z.string().nullish();
const amount = z.number().nullish();
const person = z.object({ email: text, name: text }).nullish();

/** Of whatever object an event is about; https://docs.stripe.com/api has one page for each. */
const subject = z.object({
  id: text,
  object: z.string(),
  ...{ amount, amount_received: amount, amount_refunded: amount, amount_total: amount },
  ...{ amount_paid: amount, amount_due: amount, attempt_count: amount },
  ...{ currency: text, status: text, reason: text, number: text, mode: text, description: text },
  ...{ payment_intent: text, charge: text, receipt_email: text, customer_email: text, customer_name: text },
  ...{ customer_details: person, billing_details: person, failure_message: text },
  last_payment_error: z.object({ message: text, decline_code: text, code: text }).nullish(),
  evidence_details: z.object({ due_by: amount }).nullish(),
});
type Subject = z.output<typeof subject>;

const snapshot = z.object({
  id: z.string(),
  object: z.literal("event"),
  type: z.string(),
  livemode: z.boolean().nullish(),
  account: text,
  data: z.object({ object: subject }),
});

/** https://docs.stripe.com/api/v2/core/events/object */
const thin = z.object({
  id: z.string(),
  object: z.literal("v2.core.event"),
  type: z.string(),
  livemode: z.boolean().nullish(),
  context: text,
  related_object: z.object({ id: z.string(), type: z.string() }).nullish(),
});

const PING = "v2.core.event_destination.ping";

export const stripe: Preset = {
  kind: "stripe",
  label: "Stripe",
  purpose: "notes",
  docs: "https://docs.stripe.com/webhooks",
  provenBy: "the package stripe, which signs as Stripe does",
  keys: [],
  secret: "needed",
  events: [...WORDED_EVENTS, "v1.*", "v2.*"],
  definition: () => ({
    verify: [
      {
        hmac: {
          header: "stripe-signature",
          layout: "pairs",
          pick: "v1",
          message: "{ts}.{body}",
          timestamp: "pair:t",
          tolerance: "300s",
        },
      },
    ],
    // What is sent again has another number of pending webhooks.
    id: { from: "json:/id", bodyMayChange: true },
    event: ["json:/type"],
  }),
  read: reading(z.discriminatedUnion("object", [snapshot, thin]), (event) =>
    event.object === "event" ? readSnapshot(event) : readThin(event),
  ),
};

function readSnapshot({ id, type, livemode, account, data }: z.output<typeof snapshot>): Reading {
  const { object } = data;
  const isTest = livemode === false;
  const headline = stripeTitle(type, amountOf(type, object), isTest);
  const isLost = type === "charge.dispute.closed" && object.status === "lost";
  return {
    note: {
      title: headline.title,
      tone: isLost ? "bad" : headline.tone,
      fields: [...fieldsOf(object), ...fact("Account", account)],
      url: dashboard(pageOf(object) ?? page("events", id), account, isTest),
    },
  };
}

function readThin({ id, type, livemode, context, related_object }: z.output<typeof thin>): Reading {
  if (type === PING) return { ping: "ping: Stripe reaches this address" };
  const isTest = livemode === false;
  return {
    note: {
      ...stripeTitle(type, "", isTest),
      fields: [
        ...fact("Event", type),
        ...fact("Object", related_object?.id),
        ...fact("Id", id),
        ...fact("Account", context),
      ],
      url: dashboard(page("events", id), context, isTest),
    },
  };
}

/** The amount that an event is about: of a payment what was received, of a refund what went back. */
function amountOf(type: string, object: Subject): string {
  const { amount_refunded, amount_received, amount_total, amount_paid, amount_due, currency } = object;
  const counted =
    type === "charge.refunded"
      ? amount_refunded
      : ((amount_received || object.amount) ?? amount_total ?? (amount_paid || amount_due));
  return counted === null || counted === undefined ? "" : (minorMoney(String(counted), currency ?? "") ?? "");
}

function fieldsOf(object: Subject): NoteField[] {
  const { last_payment_error: error, evidence_details, attempt_count, customer_details, billing_details } = object;
  const dueBy = evidence_details?.due_by;
  const email =
    object.receipt_email ?? object.customer_email ?? customer_details?.email ?? billing_details?.email ?? null;
  return [
    ...personal("Customer", object.customer_name ?? customer_details?.name ?? billing_details?.name),
    ...personal("E-mail", email),
    ...fact("Invoice", object.object === "invoice" ? object.number : null),
    // Whoever integrates Stripe writes it; it may be anything.
    ...personal("Description", object.description),
    ...fact("Reason", error?.decline_code ?? error?.code ?? error?.message ?? object.reason ?? object.failure_message),
    ...fact("Status", object.object === "dispute" || object.object === "subscription" ? object.status : null),
    ...fact("Attempts", object.object === "invoice" && (attempt_count ?? 0) > 1 ? attempt_count : null),
    ...fact("Evidence due", typeof dueBy === "number" ? dateText(String(dueBy)) : null),
  ];
}

/** Where the dashboard shows an object; null where that is not known. */
function pageOf({ object, id, payment_intent, charge }: Subject): string | null {
  switch (object) {
    case "payment_intent":
    case "charge":
      return page("payments", id);
    case "checkout.session":
      return page("payments", payment_intent);
    case "dispute":
    case "radar.early_fraud_warning":
      return page("payments", payment_intent ?? charge);
    case "invoice":
      return page("invoices", id);
    case "subscription":
      return page("subscriptions", id);
    case "payout":
      return page("payouts", id);
    default:
      return null;
  }
}

/** Ids of Stripe are letters and digits; whatever else stands there becomes no part of an address. */
function page(kind: string, id: string | null | undefined): string | null {
  return typeof id === "string" && /^[a-z]{2,12}_\w{3,120}$/.test(id) ? `${kind}/${id}` : null;
}

function dashboard(path: string | null, account: string | null | undefined, isTest: boolean): string | null {
  if (path === null) return null;
  const place = typeof account === "string" && /^acct_\w{3,60}$/.test(account) ? `${account}/` : "";
  return `https://dashboard.stripe.com/${place}${isTest ? "test/" : ""}${path}`;
}
