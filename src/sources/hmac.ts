/** HMAC-SHA256 signatures over raw bytes (RFC 2104), compared in constant time. */
import { createHmac, type KeyObject, timingSafeEqual } from "node:crypto";

/**
 * Which of `keys` signed `body`; null where none did. Every key is tried, whatever the earlier ones said, so the time
 * taken does not tell which one matched.
 */
export function signerOf(keys: readonly KeyObject[], body: Buffer, signatureHex: string): number | null {
  // Anything that is no SHA-256 in hex becomes a value that equals no digest but costs the same.
  const isHex = /^[0-9a-f]{64}$/i.test(signatureHex);
  const given = Buffer.from(isHex ? signatureHex : "0".repeat(64), "hex");
  let signer: number | null = null;
  for (const [index, key] of keys.entries()) {
    const expected = createHmac("sha256", key).update(body).digest();
    if (timingSafeEqual(expected, given)) signer = index;
  }
  return isHex ? signer : null;
}
