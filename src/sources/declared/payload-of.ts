/** What a request to a declared source says. */
import type { SourceDefinition } from "../../config/source-definition.ts";
import { type Payload, type Received, readPayload } from "../../model/received.ts";

/**
 * Reads it. The query says what a request without a body says, but not where bodies are signed: the signature of an empty
 * one is always the same, and whoever saw it once could write anything into the query.
 */
export async function payloadOf({ verify, accept }: SourceDefinition, received: Received): Promise<Payload> {
  const isSigned = verify.some((it) => "hmac" in it || "netlify" in it || "sns" in it);
  if (received.body.length === 0 && isSigned) return { json: undefined, form: null };
  return readPayload(received, accept.field);
}
