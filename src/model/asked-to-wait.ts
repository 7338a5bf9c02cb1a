/** When GitHub wants to be left alone for a while. */

/** No longer than this, whatever it says. */
const MAX_WAIT_MS = 3_600_000;

/**
 * How long GitHub asks to wait, in milliseconds; null when it does not ask. Source: docs.github.com/en/rest/using-the-rest-api,
 * "Rate limits": 403 or 429 with retry-after, or with x-ratelimit-remaining 0 and x-ratelimit-reset; else at least a minute.
 */
export function askedToWaitMs(status: number, headers: Headers, nowMs: number): number | null {
  const retryAfter = Number.parseInt(headers.get("retry-after") ?? "", 10);
  const reset = headers.get("x-ratelimit-remaining") === "0" ? Number(headers.get("x-ratelimit-reset")) : Number.NaN;
  if (status === 503) return retryAfter >= 0 ? retryAfter * 1000 : null;
  if (status !== 403 && status !== 429) return null;
  if (retryAfter >= 0) return Math.min(retryAfter * 1000, MAX_WAIT_MS);
  // One second more, since the time is given in whole seconds.
  if (reset > 0) return Math.min(Math.max(reset * 1000 - nowMs + 1000, 1000), MAX_WAIT_MS);
  return status === 429 ? 60_000 : null;
}
