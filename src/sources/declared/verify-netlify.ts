/**
 * Netlify's signature: a JWS (RFC 7515) with the digest of the body as a claim.
 * https://docs.netlify.com/site-deploys/notifications/#payload-signature
 */
import { hash } from "node:crypto";
import { headerOf } from "../../model/received.ts";
import { isAccepted } from "../../secrets/secret-list.ts";
import type { Check, CheckDeps } from "./check.ts";
import { decodeSignature } from "./signature-header.ts";
import { createKeyring } from "./verification-key.ts";
import { fits } from "./verify-hmac.ts";

export const NETLIFY_HEADER = "x-webhook-signature";

/** Netlify's are some 150 characters. */
const MAX_JWS = 4096;

export function createNetlifyCheck({ secrets, now }: CheckDeps): Check {
  const keyOf = createKeyring({ algorithm: "sha256", key: "utf8" });
  return {
    needsPayload: false,
    headers: [NETLIFY_HEADER],
    run(received) {
      const nowMs = now();
      const jws = readJws(headerOf(received, NETLIFY_HEADER) ?? "");
      if (!jws) return null;
      let matched: string | null = null;
      for (const active of secrets()) {
        const key = isAccepted(active, nowMs) ? keyOf(active.secret) : null;
        if (key && fits("sha256", key, [jws.signed], [jws.signature])) matched ??= active.name;
      }
      const isProven = matched !== null && isPinned(jws.header) && claimsBody(jws.claims, received.body, nowMs);
      return isProven ? { matched, skewMs: null } : null;
    },
  };
}

export type Jws = {
  readonly signed: string;
  readonly signature: Buffer;
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
};

/** The parts of a compact JWS; null where it is none. Nothing of it is believed yet. */
export function readJws(text: string): Jws | null {
  if (text.length > MAX_JWS) return null;
  const [, head = "", body = "", mac = ""] = /^([\w-]+)\.([\w-]+)\.([\w-]+)$/.exec(text) ?? [];
  const signature = mac.endsWith("=") ? null : decodeSignature(mac, "base64url", 32);
  const [header, claims] = [readObject(head), readObject(body)];
  return signature && header && claims ? { signed: `${head}.${body}`, signature, header, claims } : null;
}

function readObject(part: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, "base64url").toString("utf8"));
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

/** The algorithm is never the request's choice, and extensions that must be understood (crit) are not. */
export const isPinned = (header: Jws["header"]) => header.alg === "HS256" && header.crit === undefined;

/** Netlify gives its tokens no end; one that has an end (RFC 7519, exp) is not taken after it. */
function claimsBody({ iss, sha256, exp }: Jws["claims"], body: Buffer, nowMs: number): boolean {
  const isOver = exp !== undefined && (typeof exp !== "number" || exp * 1000 <= nowMs);
  return iss === "netlify" && sha256 === hash("sha256", body, "hex") && !isOver;
}
