/** A request without what may be a secret, to be printed and to be given away as a fixture. */
import type { Payload, Received } from "../../model/received.ts";
import { mediaTypeOf } from "../../model/received.ts";

export type RedactedRequest = {
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, readonly string[]>>;
  /** JSON as a value, fields of a form, or text. */
  readonly body: unknown;
  readonly bytes: number;
};

const SECRET_HEADER =
  /authorization|cookie|token|secret|passw|api-?key|credential|signature|(^|-)(sig|hmac|auth|key)($|-)|hub-signature|csrf/;
const SECRET_FIELD =
  /secret|token|passw|passphrase|api_?-?key|authori[sz]ation|signature|credential|private|cookie|otp|iban|cvc|card_?number/i;
const EMAIL = /[^\s"'<>@,;:]+@[^\s"'<>@,;:]+\.[a-z]{2,}/gi;
const MAX_BODY_CHARS = 64 * 1024;
const MAX_TEXT_CHARS = 2000;
const MAX_DEPTH = 40;

/** `secrets` are masked wherever they stand. */
export function redactRequest(received: Received, payload: Payload, secrets: readonly string[]): RedactedRequest {
  const clean = (text: string) => withoutSecrets(text, [...secrets, received.token]);
  const headers = Object.entries(received.headers).map(([name, values = []]) => {
    const shown = values.map((value) => (SECRET_HEADER.test(name) ? shapeOf(value) : clean(value)));
    return [name, shown] as const;
  });
  const [path = "", query] = received.target.split("?", 2);
  const hidden = received.token === "" ? path : path.replace(/[^/]+$/, "[masked]");
  const shownQuery = query === undefined ? "" : `?${redactQuery(received.query, clean)}`;
  return {
    method: received.method,
    target: clean(hidden) + shownQuery,
    headers: Object.fromEntries(headers),
    body: redactBody(received, payload, clean),
    bytes: received.body.length,
  };
}

/** What may stand in a header with a secret and is none: schemes, and the names of what follows. */
const LABEL =
  /^(?:basic|bearer|token|hmac|digest|sha1|sha256|sha512|md5|v\d{1,2}a?|t|ts|s|sig|signature|algorithm|keyid)$/i;

/** What kind of value it is: all that is needed to see how it is made. */
function shapeOf(value: string): string {
  // A label stands before what it names, so the last part of a value is none.
  return value.replace(/[^\s,;=]+(?:={0,2}(?=$|[\s,;]))?/g, (run, at: number) => {
    const isLast = at + run.length === value.length;
    if (/^\d{10}$|^\d{13}$/.test(run) || (!isLast && LABEL.test(run))) return run;
    const kind = /^[0-9a-f]+$/i.test(run) ? "hex digits" : "characters";
    return `[${run.length} ${kind}]`;
  });
}

function redactQuery(query: URLSearchParams, clean: (text: string) => string): string {
  return [...query].map(([name, value]) => `${name}=${SECRET_FIELD.test(name) ? "[masked]" : clean(value)}`).join("&");
}

function redactBody(received: Received, payload: Payload, clean: (text: string) => string): unknown {
  if (payload.form !== null && received.body.length > 0) return redact(Object.fromEntries(payload.form), clean, 0);
  if (payload.json !== undefined && received.body.length > 0) return redact(payload.json, clean, 0);
  const text = received.body.toString("utf8");
  if (text.includes("\ufffd") || text.includes("\0"))
    return `[${received.body.length} bytes that are no text, ${mediaTypeOf(received) || "of no type"}]`;
  return clean(text.slice(0, MAX_BODY_CHARS));
}

function redact(value: unknown, clean: (text: string) => string, depth: number): unknown {
  if (typeof value === "string") return clean(value.slice(0, MAX_TEXT_CHARS));
  if (typeof value !== "object" || value === null) return value;
  if (depth > MAX_DEPTH) return "[deeper]";
  if (Array.isArray(value)) return value.map((it) => redact(it, clean, depth + 1));
  const fields = Object.entries(value).map(([name, inner]) => {
    const isSecret = SECRET_FIELD.test(name) && inner !== null && typeof inner !== "boolean";
    return [clean(name), isSecret ? "[masked]" : redact(inner, clean, depth + 1)] as const;
  });
  // From entries, so that a field called __proto__ stays a field.
  return Object.fromEntries(fields);
}

function withoutSecrets(text: string, secrets: readonly string[]): string {
  let shown = text;
  for (const secret of secrets) if (secret.length > 3) shown = shown.replaceAll(secret, "[masked]");
  return shown.replace(EMAIL, "someone@example.com");
}
