/** A sender that slipway.yaml declares, as a source: verified, named and admitted by its definition. */
import type { SourceDefinition } from "../../config/source-definition.ts";
import type { Payload, Received } from "../../model/received.ts";
import type { SecretList } from "../../secrets/secret-list.ts";
import type { Proof } from "../source.ts";

export type Verifier = {
  /**
   * Proves who sent it. Throws SenderError 401 (404 where the secret stands in the path), which does not say which
   * check failed, or 403 where the address is not allowed.
   */
  verify(received: Received, payload: Payload | null): Promise<Proof>;
};

export type VerifierDeps = {
  readonly definition: SourceDefinition;
  readonly secrets: SecretList;
  /** Milliseconds since 1970. */
  readonly now: () => number;
};
