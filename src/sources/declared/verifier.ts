/** Proves who sent a request to a declared source: everything that its definition lists under `verify` has to hold. */
import type { SourceDefinition, Verification } from "../../config/source-definition.ts";
import { OperatorError, SenderError } from "../../errors.ts";
import type { Payload, Received } from "../../model/received.ts";
import type { Proof } from "../source.ts";
import type { Check, CheckDeps } from "./check.ts";
import { createSnsCertificates, type SnsCertificates } from "./sns-certificates.ts";
import { createContentfulCheck } from "./verify-contentful.ts";
import { createHmacCheck } from "./verify-hmac.ts";
import { createNetlifyCheck } from "./verify-netlify.ts";
import { createSnsCheck } from "./verify-sns.ts";
import { createTokenCheck, headersIn, readsPath } from "./verify-token.ts";

export type Verifier = {
  /** Whether `verify` looks into the payload. If not, it may be given null, and the body is read once the sender is known. */
  readonly needsPayload: boolean;
  /** Whether the secrets in the path are right; true where none stands there. Looks at nothing of the body. */
  knowsPath(head: Omit<Received, "body">): boolean;
  /**
   * Proves who sent it. Throws SenderError 401 (404 where the secret stands in the path), which does not say which check
   * failed, and RetryLaterError where a certificate that is needed cannot be had now. Addresses are looked at elsewhere,
   * before the body is read.
   */
  verify(received: Received, payload: Payload | null): Promise<Proof>;
};

const NOTHING = Buffer.alloc(0);

export type VerifierDeps = CheckDeps & {
  readonly definition: SourceDefinition;
  /** Default: those of Amazon, fetched when they are needed. */
  readonly snsCertificates?: SnsCertificates;
};

/** Throws OperatorError for a definition by which nothing could be proven, or that names a way to verify which is unknown. */
export function createVerifier(deps: VerifierDeps): Verifier {
  const { definition } = deps;
  if (definition.verify.length === 0) throw new OperatorError("verify", "is empty, so nobody could be believed");
  const checks = definition.verify.map((entry) => createCheck(entry, deps)).filter((check) => check !== null);
  const { from } = definition.id;
  const once = new Set([
    ...checks.flatMap((check) => check.headers),
    ...(typeof from === "string" ? [] : headersIn(from)),
  ]);
  const inPath = definition.verify.filter((entry) => "token" in entry && readsPath(entry.token.in));

  // An address with a wrong token looks like one that does not exist.
  const refusal = () => (inPath.length > 0 ? new SenderError(404, "not found") : new SenderError(401, "unauthorized"));

  const pathChecks = inPath.map((entry) => createCheck(entry, deps)).filter((check) => check?.needsPayload === false);

  return {
    knowsPath: (head) => pathChecks.every((check) => check?.run({ ...head, body: NOTHING }, null)),
    needsPayload: checks.some((check) => check.needsPayload),
    async verify(received, payload) {
      for (const name of once) if ((received.headers[name]?.length ?? 0) > 1) throw refusal();
      let proof: Proof | null = null;
      for (const check of checks) {
        const result = check.run(received, payload);
        const next: Proof | null = result instanceof Promise ? await result : result;
        if (!next) throw refusal();
        proof = proof ? { matched: proof.matched ?? next.matched, skewMs: proof.skewMs ?? next.skewMs } : next;
      }
      return proof ?? { matched: null, skewMs: null };
    },
  };
}

/** The check of one entry; null for those that are not looked at here. Throws OperatorError for what is unknown. */
function createCheck(entry: Verification, deps: VerifierDeps): Check | null {
  const kinds = Object.keys(entry);
  if (kinds.length !== 1) throw new OperatorError("verify", `has an entry with ${kinds.length} kinds; one each`);
  if ("hmac" in entry) return createHmacCheck(entry.hmac, deps, deps.definition.accept.field);
  if ("token" in entry) return createTokenCheck(entry.token, deps);
  if ("contentful" in entry) return createContentfulCheck(entry.contentful, deps);
  if ("netlify" in entry) return createNetlifyCheck(deps);
  if ("sns" in entry) return createSnsCheck(entry.sns, deps.snsCertificates ?? createSnsCertificates(deps));
  if ("ip" in entry || "none" in entry) return null;
  throw new OperatorError("verify", `knows no way to verify that is called ${kinds[0]?.slice(0, 40)}`);
}
