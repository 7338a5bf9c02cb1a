/** Reads the header with the signatures: alone after a prefix, as `t=1,v1=abc`, or as `v1,abc v1,def`. */
import type { HmacVerification } from "../../config/source-definition.ts";

type Layout = Pick<HmacVerification, "layout" | "prefix" | "pick">;
type Encoding = HmacVerification["encoding"];

/** While a secret is rotated senders sign with two or three; more only costs time. */
const MAX_SIGNATURES = 5;
/** Senders have a handful of pairs: a time and signatures of some versions. */
const MAX_PARTS = 16;

export type SignatureHeader = {
  /** As they stand in the header, not decoded yet. */
  readonly signatures: readonly string[];
  /** The first value of each pair, and how often its name came. Empty with other layouts. */
  readonly pairs: ReadonlyMap<string, { readonly value: string; readonly count: number }>;
};

const NO_PAIRS: SignatureHeader["pairs"] = new Map();

/** The parts of the header; null where it does not have its form, names no signature or too many. */
export function readSignatureHeader({ layout, prefix, pick }: Layout, header: string): SignatureHeader | null {
  if (layout === "raw") return readRaw(prefix, header);
  const isPairs = layout === "pairs";
  const parts = header.split(isPairs ? "," : " ", MAX_PARTS + 1);
  if (parts.length > MAX_PARTS) return null;
  const pairs = isPairs ? new Map<string, { value: string; count: number }>() : null;
  const signatures: string[] = [];
  for (const part of parts) {
    const text = part.trim();
    const at = text.indexOf(isPairs ? "=" : ",");
    if (at < 1) continue;
    const [name, value] = [text.slice(0, at), text.slice(at + 1)];
    if (name === pick) signatures.push(value);
    const known = pairs?.get(name);
    pairs?.set(name, { value: known?.value ?? value, count: (known?.count ?? 0) + 1 });
  }
  return isBounded(signatures) ? { signatures, pairs: pairs ?? NO_PAIRS } : null;
}

/** One signature, or one for each secret with commas between them, as django-webhook sends them. */
function readRaw(prefix: string, header: string): SignatureHeader | null {
  const parts = header.includes(",") ? header.split(",", MAX_SIGNATURES + 1) : [header];
  if (!parts.every((part) => part.startsWith(prefix))) return null;
  const signatures = parts.map((part) => part.slice(prefix.length));
  return isBounded(signatures) ? { signatures, pairs: NO_PAIRS } : null;
}

const isBounded = ({ length }: readonly string[]) => length > 0 && length <= MAX_SIGNATURES;

/** Lengths in bytes. RFC 8032 for Ed25519. */
export const SIGNATURE_BYTES = { sha1: 20, sha256: 32, sha512: 64, ed25519: 64 } as const;

/**
 * The bytes of a signature; null unless it is exactly `bytes` of them in this encoding, written in the one way there is.
 * (Buffer.from alone takes anything, and ends silently where it stops to understand.)
 */
export function decodeSignature(text: string, encoding: Encoding, bytes: number): Buffer | null {
  if (encoding === "hex") return text.length === bytes * 2 && HEX.test(text) ? Buffer.from(text, "hex") : null;
  const padded = Math.ceil(bytes / 3) * 4;
  if (text.length > padded) return null;
  const bare = encoding === "base64url" && text.length === padded ? text.replace(/={1,2}$/, "") : text;
  const decoded = Buffer.from(bare, encoding);
  // Other letters, other padding, or other bits in the last digit that stand for nothing: all of these read as the same bytes.
  return decoded.length === bytes && decoded.toString(encoding) === bare ? decoded : null;
}

const HEX = /^[0-9a-f]+$/i;
