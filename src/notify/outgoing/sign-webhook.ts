/**
 * Signs a request as Standard Webhooks has it:
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#signature-scheme
 */
import { createHmac } from "node:crypto";
import { OperatorError } from "../../errors.ts";
import type { Secret } from "../../secrets/secret.ts";

/** The specification: "Random. At least 24 bytes (192 bits, 512 maximum)". */
const [MIN_BYTES, MAX_BYTES] = [24, 64];
const PREFIX = "whsec_";

/**
 * The key that a secret holds; `setting` is its key in slipway.yaml. Base64 after "whsec_", since that is what those who
 * verify make of it. Throws OperatorError.
 */
export function signingKey(secret: Secret, setting: string): Buffer {
  const text = secret.reveal();
  const encoded = text.startsWith(PREFIX) ? text.slice(PREFIX.length) : "";
  const key = /^[A-Za-z0-9+/]+={0,2}$/.test(encoded) ? Buffer.from(encoded, "base64") : Buffer.alloc(0);
  if (key.length >= MIN_BYTES && key.length <= MAX_BYTES) return key;
  throw new OperatorError(
    setting,
    `is no signing secret of Standard Webhooks, which is ${PREFIX} and ${MIN_BYTES} to ${MAX_BYTES} bytes in base64; \`echo ${PREFIX}$(openssl rand -base64 32)\` makes one`,
  );
}

/** The headers of one attempt at `nowMs`, signed with every key. */
export function signedHeaders(
  { messageId, body, nowMs }: { readonly messageId: string; readonly body: string; readonly nowMs: number },
  keys: readonly Buffer[],
): Record<string, string> {
  const timestamp = String(Math.floor(nowMs / 1000));
  const signatures = keys.map(
    (key) => `v1,${createHmac("sha256", key).update(`${messageId}.${timestamp}.${body}`).digest("base64")}`,
  );
  return {
    "webhook-id": messageId,
    "webhook-timestamp": timestamp,
    "webhook-signature": signatures.join(" "),
  };
}
