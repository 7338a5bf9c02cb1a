/**
 * Whether a request could be verified at all, by what stands before its body: asked only where so much failed that what
 * could not is answered without being read. It may say yes too often, and never no to what would be verified.
 */
import type {
  HmacVerification,
  SourceDefinition,
  TokenVerification,
  Verification,
} from "../../config/source-definition.ts";
import { extract } from "../../model/extractor.ts";
import { headerOf, type Received } from "../../model/received.ts";
import { SIGNATURE_BYTES } from "./signature-header.ts";
import { CONTENTFUL_HEADERS } from "./verify-contentful.ts";
import { NETLIFY_HEADER } from "./verify-netlify.ts";

/** What there is of a request before its body is read. */
export type Head = Omit<Received, "body">;

/** `nowMs`: milliseconds since 1970. */
export function couldBeVerified({ verify }: Pick<SourceDefinition, "verify">, head: Head, nowMs: number): boolean {
  return verify.every((verification) => couldPass(verification, head, nowMs));
}

function couldPass(verification: Verification, head: Head, nowMs: number): boolean {
  if ("hmac" in verification) return couldBeSigned(verification.hmac, head, nowMs);
  if ("token" in verification) return couldBearToken(verification.token, head);
  if ("contentful" in verification) return /^[0-9a-f]{64}$/i.test(headerOf(head, CONTENTFUL_HEADERS[0]) ?? "");
  // JWS in its compact form, RFC 7515, section 3.1.
  if ("netlify" in verification) return /^[\w-]+\.[\w-]+\.[\w-]+$/.test(headerOf(head, NETLIFY_HEADER) ?? "");
  // docs.aws.amazon.com/sns/latest/dg/http-header.html
  if ("sns" in verification) return headerOf(head, "x-amz-sns-message-type") !== null;
  return true;
}

function couldBeSigned(hmac: HmacVerification, head: Head, nowMs: number): boolean {
  const given = headerOf(head, hmac.header);
  if (given === null || !given.includes(hmac.prefix)) return false;
  const length = SIGNATURE_BYTES[hmac.algorithm];
  const isThere =
    hmac.encoding === "hex"
      ? new RegExp(`[0-9a-f]{${length * 2}}`, "i").test(given)
      : new RegExp(`[\\w+/-]{${Math.ceil((length * 4) / 3)}}`).test(given);
  if (!isThere) return false;
  if (hmac.id !== undefined && headerOf(head, hmac.id) === null) return false;
  if (!hmac.timestamp?.startsWith("header:")) return true;
  const said = headerOf(head, hmac.timestamp.slice("header:".length).toLowerCase());
  if (said === null) return hmac.optionalTimestamp;
  const ms = Number(said) * (hmac.unit === "s" ? 1000 : 1);
  return Math.abs(ms - nowMs) <= hmac.tolerance;
}

const NO_PAYLOAD = { json: undefined, form: null };

function couldBearToken({ in: place, scheme }: TokenVerification, head: Head): boolean {
  if (place.from !== "header" && place.from !== "query" && place.from !== "path") return true;
  const given = extract(place, { ...head, body: Buffer.alloc(0) }, NO_PAYLOAD);
  if (given === null) return false;
  return scheme === undefined || given.toLowerCase().startsWith(`${scheme} `);
}
