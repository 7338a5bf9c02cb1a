/** A delivery: one verified arrival, raw, as it was recorded before it was answered. */

/**
 * received: recorded, not worked on yet. done: its events had their effects, or it was skipped for a reason.
 * unparseable: signed, but not of the shape its sender documents. dead: given up, kept, can be revived.
 * held: it may be a replay and would do what must not be done twice; somebody has to say that it shall run.
 */
export type DeliveryState = "received" | "done" | "unparseable" | "dead" | "held";

/**
 * What keys and digests tell. suspected_replay: its bytes were seen before under another id; known once it is worked
 * off. conflict: its id was seen before with other bytes. Duplicates have no row of their own: `seen` counts them.
 */
export type DeliveryVerdict = "new" | "suspected_replay" | "conflict";

/** What is kept of a request beside its body: what readers need and nothing secret. */
export type DeliveryRequest = {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  /** "a=b&c=d" */
  readonly query: string;
};

export type NewDelivery = {
  readonly source: string;
  /** The sender's own id of the delivery, unique within the source. */
  readonly key: string;
  /** What the sender calls the event: "push", "workflow_run". */
  readonly event: string;
  /** SHA-256 of the signed bytes, hex. Not unique: bytes seen before under another key look like a replay. */
  readonly digest: string;
  readonly body: Uint8Array;
  readonly receivedAtMs: number;
  /** Absent for senders that are read from their bytes alone. */
  readonly request?: DeliveryRequest | null;
  /** The reference of the secret that it was signed with: "env:STRIPE_SECRET". */
  readonly matched?: string | null;
};

export type Delivery = NewDelivery & {
  readonly id: number;
  readonly state: DeliveryState;
  readonly verdict: DeliveryVerdict;
  readonly attempts: number;
  /** How often it arrived. */
  readonly seen: number;
  /** Who said that it shall run although it looks like a replay. */
  readonly releasedBy: string | null;
  /** What became of it, in sentences: deployments queued, reasons for skips, the last error. */
  readonly outcome: readonly string[];
  readonly finishedAtMs: number | null;
};
