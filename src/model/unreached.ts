/** Failures of the network after which it is certain that the other side got nothing. */

/**
 * Codes of errors that come before the first byte of a request: no name, no road, no open port, no TLS.
 * Source: nodejs.org/api/errors.html, undici's ConnectTimeoutError, OpenSSL's names for certificates that do not fit.
 */
const CODES = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "EHOSTDOWN",
  "ENETUNREACH",
  "ENETDOWN",
  "EADDRNOTAVAIL",
  "UND_ERR_CONNECT_TIMEOUT",
  "CERT_HAS_EXPIRED",
  "CERT_NOT_YET_VALID",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "ERR_TLS_CERT_ALTNAME_INVALID",
]);

/** The innermost error: fetch and its users wrap what happened several times over. */
export function rootCause(error: unknown): unknown {
  let root = error;
  // A chain of causes may be a ring.
  for (let depth = 0; depth < 10 && root instanceof Error && root.cause instanceof Error; depth++) root = root.cause;
  return root;
}

/** Whether the request certainly never reached the other side. */
export function neverReached(error: unknown): boolean {
  const root = rootCause(error);
  // Several addresses were tried: every one of them has to have failed this way.
  if (root instanceof AggregateError && root.errors.length > 0) return root.errors.every(neverReached);
  return root instanceof Error && CODES.has(String((root as { code?: unknown }).code));
}
