/** Makes a secret into the key that signatures are checked with: the bytes of an HMAC, or a public key of Ed25519. */
import { createPublicKey, createSecretKey, type KeyObject } from "node:crypto";
import type { HmacVerification } from "../../config/source-definition.ts";
import type { Secret } from "../../secrets/secret.ts";

type KeySettings = Pick<HmacVerification, "algorithm" | "key">;
export type KeyForm = HmacVerification["key"];

/** What stands before the 32 bytes of an Ed25519 key in SubjectPublicKeyInfo (RFC 8410, section 4). */
const ED25519_PREFIX = Buffer.from("302a300506032b6570032100", "hex");
/** Public keys are known to anybody, so whoever takes one for a shared secret accepts anybody. */
const PUBLIC_KEY = /^\s*(whpk_|-----BEGIN)/;

/** Keys by their secrets, each made once. Null for a secret that is no key of this form, which no signature fits. */
export function createKeyring(settings: KeySettings): (secret: Secret) => KeyObject | null {
  const keys = new WeakMap<Secret, KeyObject | null>();
  return (secret) => {
    let key = keys.get(secret);
    if (key === undefined) {
      key = readKey(secret.reveal(), settings);
      keys.set(secret, key);
    }
    return key;
  };
}

/** The key in this text; null where it is none. */
export function readKey(text: string, { algorithm, key: form }: KeySettings): KeyObject | null {
  if (algorithm === "ed25519") return readPublicKey(text, form);
  if (PUBLIC_KEY.test(text)) return null;
  const bytes = decodeKey(text, form);
  return bytes && bytes.length > 0 ? createSecretKey(bytes) : null;
}

/** The bytes that a secret stands for; null where it is not written in that form. */
export function decodeKey(text: string, form: KeyForm): Buffer | null {
  switch (form) {
    case "utf8":
      return Buffer.from(text, "utf8");
    case "hex":
      return /^([0-9a-f]{2})+$/i.test(text) ? Buffer.from(text, "hex") : null;
    case "base64":
      return decodeBase64(text);
    case "whsec":
      return decodeBase64(text.replace(/^whsec_/, ""));
  }
}

function decodeBase64(text: string): Buffer | null {
  const bare = text.replace(/={1,2}$/, "");
  // One digit alone at the end is no byte, and would be dropped silently.
  return /^([A-Za-z0-9+/]+|[A-Za-z0-9_-]+)$/.test(bare) && bare.length % 4 !== 1 ? Buffer.from(bare, "base64") : null;
}

/**
 * A public key as `whpk_` and base64 (Standard Webhooks), as PEM, or as 32 bytes or SubjectPublicKeyInfo in the form that
 * the settings name.
 */
function readPublicKey(text: string, form: KeyForm): KeyObject | null {
  try {
    const key = text.includes("-----BEGIN PUBLIC KEY-----")
      ? createPublicKey(text)
      : fromBytes(publicBytes(text, form));
    return key?.asymmetricKeyType === "ed25519" ? key : null;
  } catch {
    return null;
  }
}

function publicBytes(text: string, form: KeyForm): Buffer | null {
  if (text.startsWith("whpk_")) return decodeBase64(text.slice("whpk_".length));
  return decodeKey(text, form === "utf8" ? "base64" : form);
}

function fromBytes(bytes: Buffer | null): KeyObject | null {
  if (!bytes) return null;
  const der = bytes.length === 32 ? Buffer.concat([ED25519_PREFIX, bytes]) : bytes;
  return createPublicKey({ key: der, format: "der", type: "spki" });
}
