/** A source: a sender that is trusted in one way. It knows how the sender signs and names its deliveries. */
import type { IncomingHttpHeaders } from "node:http";

type Arrival = {
  /** The sender's own id of this delivery. */
  readonly key: string;
  /** What the sender calls the event. */
  readonly event: string;
};

export type Source = {
  readonly name: string;
  readonly path: string;
  /** The largest body this sender ever sends, in bytes. */
  readonly maxBytes: number;
  /** Reads id and event from the headers. Throws SenderError 400 or 415. */
  readHeaders(headers: IncomingHttpHeaders): Arrival;
  /** Proves that the sender signed these bytes. Throws SenderError 401, which does not say which check failed. */
  verify(headers: IncomingHttpHeaders, body: Buffer): void;
};
