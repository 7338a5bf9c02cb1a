/** The doctor for signatures: why a request was not believed. Not for the road of a delivery: it takes its time. */
import type { Verification } from "../../config/source-definition.ts";
import { SenderError } from "../../errors.ts";
import type { Payload, Received } from "../../model/received.ts";
import { type ExplainInput, explainHmac } from "./explain-hmac.ts";
import { explainContentful, explainNetlify, explainSns } from "./explain-named.ts";
import { explainToken } from "./explain-token.ts";
import { finding, type SignatureFinding } from "./finding.ts";
import { createSnsCertificates } from "./sns-certificates.ts";
import { createVerifier, type VerifierDeps } from "./verifier.ts";

export type { SignatureFinding } from "./finding.ts";

/**
 * What happened, and what to do, in sentences that hold no secret, no signature and nothing of the body; "fits" where
 * nothing is wrong. `deps.secrets` may hold secrets that are accepted no more, which are then recognised. `deps.now` is the
 * moment when the request came. The work is bounded, and makes way for requests.
 */
export async function explainSignature(
  received: Received,
  payload: Payload,
  deps: VerifierDeps,
): Promise<SignatureFinding[]> {
  const { definition, secrets, now } = deps;
  const input: ExplainInput = { received, payload, secrets: secrets(), nowMs: now(), field: definition.accept.field };
  const findings: SignatureFinding[] = [];
  for (const entry of definition.verify) findings.push(...(await explainEntry(entry, input, deps)));
  return findings.length > 0 ? findings : [await explainWhole(received, payload, deps)];
}

/** Where each part fits, the verifier itself has the last word. */
async function explainWhole(received: Received, payload: Payload, deps: VerifierDeps): Promise<SignatureFinding> {
  try {
    await createVerifier(deps).verify(received, payload);
    return finding("fits", "Everything that this source asks for holds now.");
  } catch (error) {
    if (!(error instanceof SenderError)) throw error;
    return finding(
      "form",
      "Each part fits, and the request is refused as a whole: a header with an id came twice, an id has spaces or is too long, there are too many signatures, or a time stands in the body. Compare with what the sender documents.",
    );
  }
}

function explainEntry(
  entry: Verification,
  input: ExplainInput,
  deps: VerifierDeps,
): SignatureFinding[] | Promise<SignatureFinding[]> {
  if ("hmac" in entry) return explainHmac(entry.hmac, input);
  if ("token" in entry) return explainToken(entry.token, input);
  if ("contentful" in entry) return explainContentful(entry.contentful, input);
  if ("netlify" in entry) return explainNetlify(input);
  if ("sns" in entry) return explainSns(entry.sns, input, deps.snsCertificates ?? createSnsCertificates(deps));
  return [];
}
