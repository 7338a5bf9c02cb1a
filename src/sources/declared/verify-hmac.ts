/** Checks signatures over the raw bytes: an HMAC (RFC 2104) with a shared secret, or Ed25519 (RFC 8032) with a public key. */
import { createHmac, type KeyObject, timingSafeEqual, verify } from "node:crypto";
import type { HmacVerification } from "../../config/source-definition.ts";
import { headerOf, type Payload, type Received } from "../../model/received.ts";
import { isAccepted } from "../../secrets/secret-list.ts";
import type { Check, CheckDeps } from "./check.ts";
import { parseMessageTemplate } from "./message-template.ts";
import { parseTime } from "./sender-time.ts";
import { decodeSignature, readSignatureHeader, SIGNATURE_BYTES } from "./signature-header.ts";
import { createKeyring } from "./verification-key.ts";

/** What an id of a delivery may look like that is signed: what a header may hold, and as much as any sender needs. */
const ID = /^[\x21-\x7e]{1,256}$/;

/** `field` is the field of a form that holds the JSON: what `{form.payload}` stands for. */
export function createHmacCheck(hmac: HmacVerification, { secrets, now }: CheckDeps, field: string): Check {
  const template = parseMessageTemplate(hmac.message);
  const keyOf = createKeyring(hmac);
  const readTime = timeReader(hmac);
  const [usesId, usesPayload] = [template.uses("{id}"), template.uses("{form.payload}")];
  const timeHeader = hmac.timestamp?.startsWith("header:") ? nameIn(hmac.timestamp) : null;

  function messageOf(
    received: Received,
    payload: Payload | null,
    time: SaidTime,
  ): ReadonlyArray<string | Buffer> | null {
    const { body } = received;
    if (time === "missing") return template.couldHoldTime(body) ? null : [body];
    const id = usesId ? headerOf(received, hmac.id ?? "") : "";
    // Who lets people choose between a form and JSON signs the same JSON either way.
    const text = usesPayload ? (payload?.form ? payload.form.get(field) : body) : "";
    if (text === undefined || id === null || (usesId && !ID.test(id))) return null;
    return template.render({ body, ts: time.text, id, payload: text });
  }

  return {
    needsPayload: usesPayload,
    headers: [hmac.header, ...(hmac.id ? [hmac.id] : []), ...(timeHeader ? [timeHeader] : [])],
    run(received, payload) {
      const nowMs = now();
      const header = readSignatureHeader(hmac, headerOf(received, hmac.header) ?? "");
      const signatures = header && decodeAll(hmac, header.signatures);
      const time = header && readTime(received, header.pairs);
      if (!signatures || !time) return null;
      const skewMs = time === "missing" || time.ms === null ? null : time.ms - nowMs;
      if (skewMs !== null && Math.abs(skewMs) > hmac.tolerance) return null;
      const message = messageOf(received, payload, time);
      if (!message) return null;
      let matched: string | null = null;
      // Every secret and signature is tried, whatever the ones before said, so that the time taken does not tell which fitted.
      for (const active of secrets()) {
        const key = isAccepted(active, nowMs) ? keyOf(active.secret) : null;
        if (key && fits(hmac.algorithm, key, message, signatures)) matched ??= active.name;
      }
      return matched === null ? null : { matched, skewMs };
    },
  };
}

/** What the sender says of the time; "missing" where it may be, and is. `ms` is null where no time is expected. */
type SaidTime = { readonly text: string; readonly ms: number | null } | "missing";

const NO_TIME: SaidTime = { text: "", ms: null };

/** Reads the time from where it is to stand; null where it is not there, came twice or is no whole number. */
function timeReader({ timestamp, unit, optionalTimestamp }: HmacVerification) {
  if (!timestamp) return () => NO_TIME;
  const name = nameIn(timestamp);
  const isPair = timestamp.startsWith("pair:");
  return (received: Received, pairs: ReadonlyMap<string, { value: string; count: number }>): SaidTime | null => {
    if (!isPair && optionalTimestamp && received.headers[name] === undefined) return "missing";
    const pair = isPair ? pairs.get(name) : undefined;
    const text = isPair ? (pair?.count === 1 ? pair.value : null) : headerOf(received, name);
    const ms = text === null ? null : parseTime(text, unit);
    return text === null || ms === null ? null : { text, ms };
  };
}

function nameIn(timestamp: string): string {
  const name = timestamp.slice(timestamp.indexOf(":") + 1);
  return timestamp.startsWith("header:") ? name.toLowerCase() : name;
}

/**
 * The signatures as bytes; null where there are none. One that stands alone has to be one; among versions of signatures,
 * those that are none are skipped.
 */
function decodeAll({ encoding, algorithm, layout }: HmacVerification, texts: readonly string[]): Buffer[] | null {
  const size = SIGNATURE_BYTES[algorithm];
  const decoded = texts.map((text) => decodeSignature(text, encoding, size)).filter((it) => it !== null);
  return decoded.length === 0 || (layout === "raw" && decoded.length < texts.length) ? null : decoded;
}

/** Whether any of the signatures is one of this message with this key. */
export function fits(
  algorithm: HmacVerification["algorithm"],
  key: KeyObject,
  message: ReadonlyArray<string | Buffer>,
  signatures: readonly Buffer[],
): boolean {
  let isFitting = false;
  if (algorithm === "ed25519") {
    const bytes = Buffer.concat(message.map((part) => (typeof part === "string" ? Buffer.from(part) : part)));
    for (const signature of signatures) if (verify(null, bytes, key, signature)) isFitting = true;
    return isFitting;
  }
  const hmac = createHmac(algorithm, key);
  for (const part of message) hmac.update(part);
  const expected = hmac.digest();
  for (const signature of signatures) {
    if (signature.length === expected.length && timingSafeEqual(signature, expected)) isFitting = true;
  }
  return isFitting;
}
