/** Checks a shared secret that is sent as it is: as digests of equal length, so that the time taken tells nothing of it. */
import { hash, timingSafeEqual } from "node:crypto";
import type { TokenVerification } from "../../config/source-definition.ts";
import { type Extractor, extract } from "../../model/extractor.ts";
import type { Payload, Received } from "../../model/received.ts";
import type { Secret } from "../../secrets/secret.ts";
import { isAccepted } from "../../secrets/secret-list.ts";
import type { Check, CheckDeps } from "./check.ts";

/** Longer than any token; what is longer is not even digested. In characters. */
const MAX_TOKEN = 8192;

const NO_PAYLOAD: Payload = { json: undefined, form: null };

export function createTokenCheck(token: TokenVerification, { secrets, now }: CheckDeps): Check {
  const digestOf = createDigests();
  return {
    needsPayload: readsPayload(token.in),
    headers: headersIn(token.in),
    run(received, payload) {
      const bytes = readToken(token, received, payload);
      if (!bytes) return null;
      const [given, nowMs] = [digest(bytes), now()];
      let matched: string | null = null;
      for (const active of secrets()) {
        const expected = isAccepted(active, nowMs) ? digestOf(active.secret) : null;
        if (expected && timingSafeEqual(expected, given)) matched ??= active.name;
      }
      return matched === null ? null : { matched, skewMs: null };
    },
  };
}

/** The bytes of the token that came; null where none came, or one of another form. */
function readToken(
  { in: place, scheme }: TokenVerification,
  received: Received,
  payload: Payload | null,
): Buffer | null {
  const text = extract(place, received, payload ?? NO_PAYLOAD);
  if (text === null || text === "" || text.length > MAX_TOKEN) return null;
  if (scheme === undefined) return place.from === "header" ? headerBytes(text) : Buffer.from(text, "utf8");
  // The name of a scheme is written in any case (RFC 9110, section 11.1).
  const credentials = /^(bearer|basic) +([^ ]+)$/i.exec(text);
  if (credentials?.[1]?.toLowerCase() !== scheme || !credentials[2]) return null;
  if (scheme === "bearer") return headerBytes(credentials[2]);
  // RFC 7617: base64 of user:password, where the password may have colons itself; so it is compared as a whole.
  return /^[A-Za-z0-9+/]+={0,2}$/.test(credentials[2]) ? Buffer.from(credentials[2], "base64") : null;
}

/** Headers are bytes that were read as Latin-1; any other character cannot have come in one. */
const headerBytes = (text: string) => (/[\u0100-\uffff]/.test(text) ? null : Buffer.from(text, "latin1"));

const digest = (bytes: Buffer) => hash("sha256", bytes, "buffer");

/** Digests of secrets, each made once; null for an empty one, which no token fits. */
function createDigests(): (secret: Secret) => Buffer | null {
  const digests = new WeakMap<Secret, Buffer>();
  return (secret) => {
    const known = digests.get(secret);
    if (known) return known;
    const text = secret.reveal();
    if (text === "") return null;
    const made = digest(Buffer.from(text, "utf8"));
    digests.set(secret, made);
    return made;
  };
}

/** Whether an extractor reads the body. */
function readsPayload(extractor: Extractor): boolean {
  return extractor.from === "join" ? extractor.parts.some(readsPayload) : ["json", "form"].includes(extractor.from);
}

/** The headers that an extractor reads. */
export function headersIn(extractor: Extractor): string[] {
  if (extractor.from === "join") return extractor.parts.flatMap(headersIn);
  return extractor.from === "header" ? [extractor.name] : [];
}

/** Whether an extractor reads the path, where an unknown token has to look like an unknown address. */
export function readsPath(extractor: Extractor): boolean {
  return extractor.from === "join" ? extractor.parts.some(readsPath) : extractor.from === "path";
}
