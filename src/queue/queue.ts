/**
 * The queue carries nudges, nothing else: "there is something new, look". The store is the truth, so a nudge that is
 * lost costs a delay until the next look, never work; one that comes twice costs a look.
 */

/** What there may be something new of. */
export type Topic = "deliveries" | "deployments" | "outbox" | "transcripts";

export type Queue = {
  /** Tells everybody who listens. Never throws: whoever nudges has done its work already. */
  nudge(topic: Topic): void;
  /** Calls `listener` some time after each nudge; several nudges may become one call. Answers with the way to stop. */
  listen(topic: Topic, listener: () => void): () => void;
  close(): Promise<void>;
};
