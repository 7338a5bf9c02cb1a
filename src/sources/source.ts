/** A source: a sender that is trusted in one way. It knows how the sender signs and names its deliveries. */
import type { IncomingHttpHeaders } from "node:http";
import type { DeliveryRequest } from "../model/delivery.ts";
import type { Finding } from "../model/rejection.ts";

/** A request as far as it is known before its body is read. */
export type Head = {
  readonly method: string;
  /** As it was sent, with its query. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  /** Each header with all its values, which `headers` joins or drops. */
  readonly distinctHeaders: Readonly<Record<string, readonly string[] | undefined>>;
  readonly query: URLSearchParams;
  /** What stood in place of each `:name` in the source's path. */
  readonly params: Readonly<Record<string, string>>;
};

export type Arrival = {
  /** The sender's own id of this delivery. */
  readonly key: string;
  /** What the sender calls the event. */
  readonly event: string;
  /** What is kept of the request beside its bytes. */
  readonly request?: DeliveryRequest;
  /** What is kept instead of the bytes, where these hold a secret. */
  readonly keptBody?: Buffer | undefined;
  /** Whether the sender may come again with other bytes. */
  readonly bodyMayChange?: boolean;
  /** For how long, in milliseconds, the key names one delivery; absent: for ever. */
  readonly windowMs?: number;
};

/** It is answered with this, and nothing is recorded: the sender only asks whether we are there, or is not believed. */
export type Challenge = { readonly answer: string | SourceAnswer };

/** What the proof of a sender also tells. */
export type Proof = {
  /** The reference of the secret that fitted: "env:STRIPE_SECRET"; null where there is none. */
  readonly matched: string | null;
  /** How far the sender's clock is ahead of ours, in milliseconds; null where it says no time. */
  readonly skewMs: number | null;
};

/** How a sender wants to be answered. */
export type SourceAnswer = {
  readonly status: number;
  readonly type: "application/json" | "text/plain; charset=utf-8" | "text/html; charset=utf-8";
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
};

export type Source = {
  readonly name: string;
  /** As in `Route`: "/slack/events", "/hooks/stripe", "/hooks/monitor/:token". */
  readonly path: string;
  /** Default: POST alone. */
  readonly methods?: ReadonlyArray<"GET" | "POST" | "PUT">;
  /** Whether nothing proves who sends, so that each request counts against the limits of its address. */
  readonly isOpen?: boolean;
  /** The largest body this sender ever sends, in bytes. */
  readonly maxBytes: number;
  /** The answer to whatever was taken; `id` is the delivery's number. */
  answer(id: number, head: Head): SourceAnswer;
  /**
   * Whether the secret in the path is right, where one stands there: asked before all else, since an address with a wrong
   * one has to look like an address that there is not.
   */
  knowsPath?(head: Head): boolean;
  /** Whether the head could belong to what is verified; asked where so much failed that the rest is not read. */
  couldBeVerified?(head: Head): boolean;
  /** Why what came was not believed; asked off the road of the answer. */
  explain?(head: Head, body: Buffer): Promise<readonly Finding[]>;
  /** The answer to a browser that asks what it may send (Fetch, section 3.3.1). */
  preflight?(head: Head): SourceAnswer;
  /** How a browser is told that it sends too much, or that nothing can be recorded now. */
  refuse?(head: Head, code: "too_many" | "unavailable"): SourceAnswer;
  /**
   * Reads id and event from the headers; null where this sender names its deliveries in their bodies. Throws SenderError
   * 400, 403 or 415.
   */
  readHeaders(head: Head): Arrival | null;
  /** Proves that the sender sent these bytes. Throws SenderError 401, which does not say which check failed. */
  verify(head: Head, body: Buffer): Proof | Promise<Proof>;
  /** Reads id and event from verified bytes, where `readHeaders` answers null. Throws SenderError 400. */
  readBody?(head: Head, body: Buffer): Arrival | Challenge | Promise<Arrival | Challenge>;
};

/** The same answer to all that was taken. */
export function constantAnswer(body: string): () => SourceAnswer {
  const answer: SourceAnswer = {
    status: 200,
    type: body ? "application/json" : "text/plain; charset=utf-8",
    body,
  };
  return () => answer;
}
