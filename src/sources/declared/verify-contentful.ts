/**
 * Contentful's request verification: an HMAC-SHA256 of a canonical request, as its own package makes and checks it.
 * https://www.contentful.com/developers/docs/webhooks/request-verification/ and @contentful/node-apps-toolkit, requests.
 */
import { escape as escapeQuery } from "node:querystring";
import { headerOf, type Received } from "../../model/received.ts";
import { isAccepted } from "../../secrets/secret-list.ts";
import type { Check, CheckDeps } from "./check.ts";
import { parseTime } from "./sender-time.ts";
import { decodeSignature } from "./signature-header.ts";
import { createKeyring } from "./verification-key.ts";
import { fits } from "./verify-hmac.ts";

const SIGNATURE = "x-contentful-signature";
const SIGNED_HEADERS = "x-contentful-signed-headers";
const TIMESTAMP = "x-contentful-timestamp";
/** As many headers as Contentful lets anybody configure for a webhook, and its own. */
const MAX_SIGNED_HEADERS = 64;

export const CONTENTFUL_HEADERS = [SIGNATURE, SIGNED_HEADERS, TIMESTAMP] as const;

/** `tolerance` in milliseconds, both ways. */
export function createContentfulCheck(
  { tolerance }: { readonly tolerance: number },
  { secrets, now }: CheckDeps,
): Check {
  const keyOf = createKeyring({ algorithm: "sha256", key: "utf8" });
  return {
    needsPayload: false,
    headers: CONTENTFUL_HEADERS,
    run(received) {
      const nowMs = now();
      const signature = decodeSignature(headerOf(received, SIGNATURE) ?? "", "hex", 32);
      const timeMs = parseTime(headerOf(received, TIMESTAMP) ?? "", "ms");
      if (!signature || timeMs === null || Math.abs(timeMs - nowMs) > tolerance) return null;
      const head = canonicalHead(received);
      if (head === null) return null;
      let matched: string | null = null;
      for (const active of secrets()) {
        const key = isAccepted(active, nowMs) ? keyOf(active.secret) : null;
        if (key && fits("sha256", key, [head, received.body], [signature])) matched ??= active.name;
      }
      return matched === null ? null : { matched, skewMs: timeMs - nowMs };
    },
  };
}

/** What is signed before the body; null where the request cannot be one of Contentful's. */
export function canonicalHead(received: Pick<Received, "method" | "target" | "headers">): string | null {
  const path = canonicalPath(received.target);
  const headers = canonicalHeaders(received);
  return path === null || headers === null ? null : `${received.method}\n${path}\n${headers}\n`;
}

/** The query is escaped as a whole, and then once more with the path. */
function canonicalPath(target: string): string | null {
  const [path = "", query, more] = target.split("?", 3);
  // Contentful's package would ignore what follows a second question mark: nobody has signed that.
  if (more !== undefined || !path.startsWith("/")) return null;
  try {
    return encodeURI(query ? `${path}?${escapeQuery(query)}` : path);
  } catch {
    return null;
  }
}

/** `name:value` of the signed headers that came, sorted by name; the list of them is made anew from those. */
function canonicalHeaders(received: Pick<Received, "headers">): string | null {
  const listed = (headerOf(received, SIGNED_HEADERS) ?? "").split(",", MAX_SIGNED_HEADERS + 1);
  if (listed.length < 2 || listed.length > MAX_SIGNED_HEADERS) return null;
  const values = new Map([
    [SIGNED_HEADERS, ""],
    [TIMESTAMP, (headerOf(received, TIMESTAMP) ?? "").trim()],
  ]);
  for (const name of listed) {
    if (values.has(name) || !Object.hasOwn(received.headers, name)) continue;
    const value = headerOf(received, name);
    if (value === null) return null;
    values.set(name, value.trim());
  }
  const names = [...values.keys()].sort((one, other) => (one > other ? 1 : -1));
  values.set(SIGNED_HEADERS, names.join(","));
  return names.map((name) => `${name}:${values.get(name)}`).join(";");
}
