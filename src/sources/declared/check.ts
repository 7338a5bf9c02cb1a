/** What each way to verify is made into, once per source: a check that is run for every request. */
import type { Payload, Received } from "../../model/received.ts";
import type { SecretList } from "../../secrets/secret-list.ts";
import type { Proof } from "../source.ts";

export type Check = {
  /** Whether it looks into the payload; if not, the body need not be read before the sender is known. */
  readonly needsPayload: boolean;
  /** Headers that must not come twice: two readers could take one of them each. */
  readonly headers: readonly string[];
  /** What proves the sender; null: nothing does. Throws RetryLaterError where that cannot be known now. */
  run(received: Received, payload: Payload | null): Proof | null | Promise<Proof | null>;
};

export type CheckDeps = {
  readonly secrets: SecretList;
  /** Milliseconds since 1970. */
  readonly now: () => number;
};
