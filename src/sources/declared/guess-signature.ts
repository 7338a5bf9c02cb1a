/** Which headers of an unknown request look like a signature, an id, an event or a time. Guesses, for people to look at. */
import type { DefinitionInput } from "../../config/source-definition.ts";
import { printExtractor } from "../../model/extractor.ts";
import type { Payload, Received } from "../../model/received.ts";

/** A signature, as slipway.yaml has it. */
export type HmacInput = Extract<DefinitionInput["verify"][number], { hmac: unknown }>["hmac"];
type Algorithm = NonNullable<HmacInput["algorithm"]>;

/** A value of a header that has the form of a digest. */
export type SignatureGuess = Pick<HmacInput, "header" | "layout" | "prefix" | "pick" | "encoding"> & {
  readonly algorithm: Algorithm;
  readonly digest: Buffer;
  /** Whether the header's name says so, too. */
  readonly isNamed: boolean;
};

/** A time near the present. */
export type TimestampGuess = { readonly from: string; readonly text: string; readonly unit: "s" | "ms" };

export type RequestGuess = {
  readonly signatures: readonly SignatureGuess[];
  readonly timestamps: readonly TimestampGuess[];
  /** Extractors, the likeliest first. */
  readonly ids: readonly string[];
  readonly events: readonly string[];
};

/** What no sender signs with. */
const COMMON =
  /^(host|connection|accept.*|content-(length|type|encoding)|user-agent|expect|via|date|cookie|forwarded|x-forwarded-.*|x-real-ip|traceparent|tracestate|cf-.*)$/;
const SIGNATURE_NAME = /sign|hmac|digest|sha\d|hash|\bsig\b/;
const ID_NAME = /(^|[-_])(id|delivery|uuid|guid|idempotency-key)$/i;
const EVENT_NAME = /(^|[-_])(event|topic|type|action|operation|resource)([-_](type|key|name))?$/i;
const MAX_GUESSES = 5;
/** How far from the present a number may be to be a time of sending. */
const NEAR_MS = 24 * 3_600_000;

/** `nowMs`: when it arrived, in milliseconds since 1970. */
export function guessRequest(received: Received, payload: Payload, nowMs: number): RequestGuess {
  const headers = Object.entries(received.headers).flatMap(([name, values]) =>
    values?.length === 1 && !COMMON.test(name) ? [[name, values[0] ?? ""] as const] : [],
  );
  const signatures = headers.flatMap(([name, value]) => signaturesIn(name, value));
  const times = headers.flatMap(([name, value]) => timesIn(name, value, nowMs));
  const fields = fieldsOf(payload.json);
  const named = (pattern: RegExp) => [
    ...headers.filter(([name]) => pattern.test(name)).map(([name]) => `header:${name}`),
    ...fields.filter(({ name }) => pattern.test(name.replace(/([a-z])([A-Z])/g, "$1_$2"))).map(({ place }) => place),
  ];
  return {
    signatures: signatures.sort((one, other) => Number(other.isNamed) - Number(one.isNamed)).slice(0, MAX_GUESSES),
    timestamps: times.slice(0, MAX_GUESSES),
    ids: named(ID_NAME).slice(0, MAX_GUESSES),
    events: named(EVENT_NAME).slice(0, MAX_GUESSES),
  };
}

function signaturesIn(header: string, value: string): SignatureGuess[] {
  const found: SignatureGuess[] = [];
  const add = (text: string, rest: Pick<SignatureGuess, "layout" | "prefix" | "pick">, isNamed: boolean) => {
    const digest = readDigest(text);
    if (digest) found.push({ header, ...rest, ...digest, isNamed });
  };
  const isNamed = SIGNATURE_NAME.test(header);
  const [, prefix = "", raw = ""] = /^((?:sha\d{1,3}|v\d)=)?(\S+)$/.exec(value) ?? [];
  add(raw, { layout: "raw", prefix }, isNamed || prefix !== "");
  if (found.length > 0) return found;
  for (const [, pick = "", text = ""] of value.matchAll(/(?:^|,)\s*([\w-]+)=([^,\s]+)/g))
    add(text, { layout: "pairs", pick }, isNamed);
  for (const [, pick = "", text = ""] of value.matchAll(/(?:^|\s)([\w-]+),(\S+)/g))
    add(text, { layout: "list", pick }, isNamed);
  return found;
}

const ALGORITHMS: Readonly<Record<number, Algorithm>> = { 20: "sha1", 32: "sha256", 64: "sha512" };

/** The digest, its encoding and, by its length, its algorithm; undefined where it has the form of none. */
function readDigest(text: string): Pick<SignatureGuess, "encoding" | "algorithm" | "digest"> | undefined {
  const encoding = /^[0-9a-f]+$/i.test(text)
    ? "hex"
    : /^[A-Za-z0-9+/]+={0,2}$/.test(text)
      ? "base64"
      : /^[\w-]+$/.test(text)
        ? "base64url"
        : undefined;
  if (!encoding) return undefined;
  const digest = Buffer.from(text, encoding);
  const algorithm = ALGORITHMS[digest.length];
  // Base64 whose length is no multiple of four lacks its padding, as base64url does.
  const isUrl = encoding === "base64" && text.length % 4 !== 0;
  return algorithm && { digest, algorithm, encoding: isUrl ? "base64url" : encoding };
}

function timesIn(name: string, value: string, nowMs: number): TimestampGuess[] {
  const candidates: Array<readonly [string, string]> = [[`header:${name}`, value]];
  for (const [, pair = "", text = ""] of value.matchAll(/(?:^|,)\s*([\w-]+)=(\d+)(?=\s*(?:,|$))/g))
    candidates.push([`pair:${pair}`, text]);
  return candidates.flatMap(([from, text]): TimestampGuess[] => {
    if (!/^\d{10}(\d{3})?$/.test(text)) return [];
    const unit = text.length === 10 ? "s" : "ms";
    const ms = Number(text) * (unit === "s" ? 1000 : 1);
    return Math.abs(ms - nowMs) <= NEAR_MS ? [{ from, text, unit }] : [];
  });
}

type Field = { readonly name: string; readonly place: string };
const MAX_FIELDS = 300;
const MAX_FIELD_DEPTH = 3;

/** Fields of the payload that hold a text or a number, those that lie higher up first. */
function fieldsOf(json: unknown): Field[] {
  const fields: Field[] = [];
  let level: Array<{ value: unknown; pointer: readonly string[] }> = [{ value: json, pointer: [] }];
  for (let depth = 0; depth < MAX_FIELD_DEPTH; depth++) {
    const next: typeof level = [];
    for (const { value, pointer } of level) {
      if (typeof value !== "object" || value === null || Array.isArray(value)) continue;
      for (const [name, inner] of Object.entries(value)) {
        if (fields.length + next.length >= MAX_FIELDS) return fields;
        const at = [...pointer, name];
        if (typeof inner === "string" || typeof inner === "number")
          fields.push({ name, place: printExtractor({ from: "json", pointer: at }) });
        else next.push({ value: inner, pointer: at });
      }
    }
    level = next;
  }
  return fields;
}

/** As slipway.yaml has it, without what is so by default. */
export function toHmac({ header, layout, prefix, pick, encoding, algorithm }: SignatureGuess): HmacInput {
  return {
    header,
    ...(layout !== "raw" && { layout }),
    ...(prefix && { prefix }),
    ...(pick && { pick }),
    ...(algorithm !== "sha256" && { algorithm }),
    ...(encoding !== "hex" && { encoding }),
  };
}
