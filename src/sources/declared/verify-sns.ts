/**
 * Checks messages of Amazon SNS by the certificate that they name, RSA with SHA-1 (version 1) or SHA-256 (version 2).
 * https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
 */
import { verify } from "node:crypto";
import type { Check } from "./check.ts";
import type { SnsCertificates } from "./sns-certificates.ts";
import { contradictingHeaders, readSnsMessage, SNS_HEADERS, type SnsMessage } from "./sns-message.ts";

/**
 * `topics` are what really decides: anybody with an account at Amazon can have messages of other topics signed. Its check
 * throws RetryLaterError where the certificate cannot be had now: SNS repeats after a 5xx alone, and drops after a 401.
 */
export function createSnsCheck(
  { topics }: { readonly topics: readonly string[] },
  certificates: SnsCertificates,
): Check {
  return {
    needsPayload: true,
    headers: SNS_HEADERS,
    async run(received, payload) {
      const message = readSnsMessage(payload?.json);
      // Only for a topic of ours anything is fetched.
      if (!message || !topics.includes(message.topic) || contradictingHeaders(received, message).length > 0)
        return null;
      const key = await certificates.keyAt(message.certificateUrl);
      return key && isSnsSignature(message, key) ? { matched: null, skewMs: null } : null;
    },
  };
}

/** Whether the message is signed with that key. */
export function isSnsSignature(message: SnsMessage, key: Parameters<typeof verify>[2]): boolean {
  const algorithm = message.version === "1" ? "sha1" : "sha256";
  return verify(algorithm, Buffer.from(message.signed, "utf8"), key, message.signature);
}
