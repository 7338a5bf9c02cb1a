/** A source: a sender that is trusted in one way. It knows how the sender signs and names its deliveries. */
import type { IncomingHttpHeaders } from "node:http";

export type Arrival = {
  /** The sender's own id of this delivery. */
  readonly key: string;
  /** What the sender calls the event. */
  readonly event: string;
};

/** The sender only asks whether we are there: it is answered with this, and nothing is recorded. */
export type Challenge = { readonly answer: string };

/** What the proof of a sender also tells. */
export type Proof = {
  /** The reference of the secret that fitted: "env:STRIPE_SECRET"; null where there is none. */
  readonly matched: string | null;
  /** How far the sender's clock is ahead of ours, in milliseconds; null where it says no time. */
  readonly skewMs: number | null;
};

export type Source = {
  readonly name: string;
  readonly path: string;
  /** The largest body this sender ever sends, in bytes. */
  readonly maxBytes: number;
  /** The body of the answer to whatever was taken; JSON, unless it is empty. */
  readonly answer: string;
  /**
   * Reads id and event from the headers; null where this sender names its deliveries in their bodies. Throws SenderError
   * 400 or 415.
   */
  readHeaders(headers: IncomingHttpHeaders): Arrival | null;
  /** Proves that the sender signed these bytes. Throws SenderError 401, which does not say which check failed. */
  verify(headers: IncomingHttpHeaders, body: Buffer): void;
  /** Reads id and event from verified bytes, where `readHeaders` answers null. Finds some for any bytes. */
  readBody?(body: Buffer): Arrival | Challenge;
};
