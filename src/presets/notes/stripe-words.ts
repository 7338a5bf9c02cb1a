/** What events of Stripe are called by people. https://docs.stripe.com/api/events/types */
import type { Note } from "../../model/note.ts";

type Wording = {
  readonly icon: string;
  /** With `%` where the amount stands, as " of €49.00"; nothing where it is not known. */
  readonly words: string;
  readonly tone: Note["tone"];
};

const good = (icon: string, words: string): Wording => ({ icon, words, tone: "good" });
const bad = (icon: string, words: string): Wording => ({ icon, words, tone: "bad" });
const neutral = (icon: string, words: string): Wording => ({ icon, words, tone: "neutral" });

/** The ones that people want to hear of; a purchase is several events, and Stripe sends those that its endpoint is set to. */
const WORDS: Readonly<Record<string, Wording>> = {
  "payment_intent.succeeded": good("💳", "Payment% succeeded"),
  "payment_intent.payment_failed": bad("❌", "Payment% failed"),
  "checkout.session.completed": good("🛒", "Checkout% completed"),
  "checkout.session.async_payment_succeeded": good("🛒", "Payment% of a checkout arrived"),
  "checkout.session.async_payment_failed": bad("❌", "Payment% of a checkout failed"),
  "invoice.paid": good("🧾", "Invoice% paid"),
  "invoice.payment_failed": bad("❌", "Invoice% could not be paid"),
  "invoice.payment_action_required": neutral("✋", "Invoice% waits for the customer"),
  "charge.refunded": neutral("↩️", "Refund% made"),
  "charge.dispute.created": bad("⚠️", "Dispute% opened"),
  "charge.dispute.closed": neutral("⚖️", "Dispute% closed"),
  "radar.early_fraud_warning.created": bad("⚠️", "Warning of fraud"),
  "customer.subscription.created": good("⭐", "Subscription started"),
  "customer.subscription.deleted": neutral("👋", "Subscription ended"),
  "customer.subscription.trial_will_end": neutral("⏳", "Trial ends soon"),
  "payout.paid": good("🏦", "Payout% sent"),
  "payout.failed": bad("❌", "Payout% failed"),
};

/** The events of snapshots that have words. */
export const WORDED_EVENTS = Object.keys(WORDS);

/** The headline of an event; `amount` is worded already, "" where there is none. */
export function stripeTitle(type: string, amount: string, isTest: boolean): Pick<Note, "title" | "tone"> {
  const { icon, words, tone } = WORDS[type.replace(/^v\d+\./, "")] ?? neutral("💠", type.slice(0, 100));
  const told = words.replace("%", () => (amount === "" ? "" : ` of ${amount}`));
  return { title: `${icon} ${told}${isTest ? " (test mode)" : ""}`, tone };
}
