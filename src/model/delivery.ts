/** A delivery: one verified arrival, raw, as it was recorded before it was answered. */

/**
 * received: recorded, not worked on yet. done: its events had their effects, or it was skipped for a reason.
 * unparseable: signed, but not of the shape its sender documents. dead: given up, kept, can be revived.
 */
export type DeliveryState = "received" | "done" | "unparseable" | "dead";

/** What keys and digests tell, once the delivery is worked off. */
export type DeliveryVerdict = "new" | "suspected_replay";

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
};

export type Delivery = NewDelivery & {
  readonly id: number;
  readonly state: DeliveryState;
  readonly verdict: DeliveryVerdict;
  readonly attempts: number;
  /** What became of it, in sentences: deployments queued, reasons for skips, the last error. */
  readonly outcome: readonly string[];
  readonly finishedAtMs: number | null;
};
