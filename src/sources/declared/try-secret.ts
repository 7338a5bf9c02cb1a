/** Finds out, with the secret at hand, what of an unknown request is signed and how. A bounded set is tried. */
import { createHmac, hash } from "node:crypto";
import type { DefinitionInput } from "../../config/source-definition.ts";
import { headerOf, type Payload, type Received } from "../../model/received.ts";
import type { Secret } from "../../secrets/secret.ts";
import {
  type HmacInput,
  type RequestGuess,
  type SignatureGuess,
  type TimestampGuess,
  toHmac,
} from "./guess-signature.ts";

type VerificationInput = DefinitionInput["verify"][number];

export type Fit = {
  readonly verification: VerificationInput;
  /** What is wrong with the secret as it was given, although it fits: "it ends in a line break". */
  readonly remark: string | null;
};

/** The templates that senders are known to use, the frequent ones first. */
const MESSAGES = [
  "{body}",
  "{ts}.{body}",
  "{id}.{ts}.{body}",
  "{ts}:{body}",
  "v0:{ts}:{body}",
  "{body}{ts}",
  "{ts}{body}",
  "{id}{ts}{body}",
  "{form.payload}",
];
const MAX_TRIES = 2000;
/** Of all digests together: a second or so of work. */
const MAX_BYTES = 256 * 1024 ** 2;

/** What fits; null where nothing does. */
export function trySecret(received: Received, payload: Payload, guess: RequestGuess, given: Secret): Fit | null {
  return tryToken(received, payload, given) ?? trySignatures(received, payload, guess, given);
}

function trySignatures(received: Received, payload: Payload, guess: RequestGuess, given: Secret): Fit | null {
  let tries = Math.min(MAX_TRIES, Math.ceil(MAX_BYTES / Math.max(1, received.body.length)));
  const ids = guess.ids.filter((it) => it.startsWith("header:")).map((it) => it.slice("header:".length));
  for (const signature of guess.signatures) {
    for (const message of MESSAGES) {
      for (const time of message.includes("{ts}") ? timesFor(guess, signature) : [null]) {
        for (const id of message.includes("{id}") ? ids : [null]) {
          const signed = fill(message, { received, payload, time, id });
          if (signed === null) continue;
          for (const { key, bytes, remark } of keysOf(given)) {
            if (tries-- <= 0) return null;
            if (!createHmac(signature.algorithm, bytes).update(signed).digest().equals(signature.digest)) continue;
            return { verification: { hmac: hmacOf(signature, { message, time, id, key }) }, remark };
          }
        }
      }
    }
  }
  return null;
}

/** A time in the signature itself goes before one in a header of its own. */
function timesFor({ timestamps }: RequestGuess, { layout }: SignatureGuess): TimestampGuess[] {
  return timestamps
    .filter(({ from }) => layout === "pairs" || from.startsWith("header:"))
    .sort((one) => (one.from.startsWith("pair:") ? -1 : 1));
}

type Parts = { received: Received; payload: Payload; time: TimestampGuess | null; id: string | null };

/** The bytes that are signed; null where a part of them is not there. */
function fill(message: string, { received, payload, time, id }: Parts): Buffer | null {
  const values: Record<string, Buffer | string | null | undefined> = {
    "{body}": received.body,
    "{ts}": time?.text,
    "{id}": id === null ? null : headerOf(received, id),
    "{form.payload}": payload.form?.get("payload"),
  };
  const pieces = message.split(/(\{[^}]+\})/).map((piece) => (piece.startsWith("{") ? values[piece] : piece));
  if (pieces.some((it) => it === null || it === undefined)) return null;
  return Buffer.concat(pieces.map((it) => Buffer.from(it ?? "")));
}

type Key = { readonly key: NonNullable<HmacInput["key"]>; readonly bytes: Buffer; readonly remark: string | null };

function keysOf(given: Secret): Key[] {
  const text = given.reveal();
  const bare = text.trim();
  const remark = bare === text ? null : "the secret has white space around it, and fits without that";
  const keys: Key[] = [{ key: "utf8", bytes: Buffer.from(text), remark: null }];
  if (remark) keys.push({ key: "utf8", bytes: Buffer.from(bare), remark });
  const base64 = bare.replace(/^whsec_/, "");
  if (/^[A-Za-z0-9+/]+={0,2}$/.test(base64))
    keys.push({ key: base64 === bare ? "base64" : "whsec", bytes: Buffer.from(base64, "base64"), remark });
  if (/^([0-9a-f]{2})+$/i.test(bare)) keys.push({ key: "hex", bytes: Buffer.from(bare, "hex"), remark });
  return keys.filter(({ bytes }) => bytes.length > 0);
}

type Found = { message: string; time: TimestampGuess | null; id: string | null; key: Key["key"] };

function hmacOf(signature: SignatureGuess, { message, time, id, key }: Found): HmacInput {
  return {
    ...toHmac(signature),
    ...(message !== "{body}" && { message }),
    ...(id !== null && { id }),
    ...(time !== null && { timestamp: time.from }),
    ...(time?.unit === "ms" && { unit: "ms" }),
    ...(key !== "utf8" && { key }),
  };
}

/** The secret itself, somewhere in the request. */
function tryToken(received: Received, payload: Payload, given: Secret): Fit | null {
  const text = given.reveal().trim();
  if (text === "") return null;
  const token = (place: string, scheme?: "bearer" | "basic"): Fit => ({
    verification: { token: { in: place, ...(scheme && { scheme }) } },
    remark: text === given.reveal() ? null : "the secret has white space around it, and fits without that",
  });
  const wanted = hash("sha256", text);
  const fits = (value: string) => hash("sha256", value) === wanted;
  const [, scheme = "", bearer = ""] = /^(\w+) (.+)$/.exec(headerOf(received, "authorization") ?? "") ?? [];
  if (/^bearer$/i.test(scheme) && fits(bearer)) return token("header:authorization", "bearer");
  if (/^basic$/i.test(scheme) && fits(Buffer.from(bearer, "base64").toString("utf8")))
    return token("header:authorization", "basic");
  for (const [name, values] of Object.entries(received.headers))
    if (values?.length === 1 && fits(values[0] ?? "")) return token(`header:${name}`);
  for (const [name, value] of received.query) if (fits(value)) return token(`query:${name}`);
  if (fits(received.token)) return token("path");
  if (typeof payload.json !== "object" || payload.json === null) return null;
  for (const [name, value] of Object.entries(payload.json)) {
    if (typeof value === "string" && fits(value))
      return token(`json:/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`);
  }
  return null;
}
