/** A request that was refused, as far as it may be remembered: nothing of its body, and no value that could be secret. */

/** Why something was refused, or could have been: a word for programs and a sentence for people, neither with a secret. */
export type Finding = { readonly code: string; readonly sentence: string };

export type Rejection = {
  readonly atMs: number;
  readonly source: string;
  /** The network that it came from ("192.0.2.0/24"), since a whole address may name a person. */
  readonly client: string;
  /** What it was answered. */
  readonly status: number;
  /** The names of its headers. */
  readonly headers: readonly string[];
  readonly contentType: string;
  /** How much of its body was read. */
  readonly bytes: number;
  /** Null where nobody looked, or is still looking. */
  readonly findings: readonly Finding[] | null;
};

/** What was refused of one source since the service started. */
export type RejectionReport = {
  readonly sinceMs: number;
  /** By the status of the answer. */
  readonly counts: Readonly<Record<string, number>>;
  /** The newest first. Of a flood there are only some. */
  readonly last: readonly Rejection[];
};
