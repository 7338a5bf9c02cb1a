/** Answers at the address that Slack gave for it: docs.slack.dev/interactivity/handling-user-interaction, "response_url". */
import type { types } from "@slack/bolt";
import { AmbiguousError, describeError, PermanentError, RetryLaterError } from "../errors.ts";
import { neverReached, rootCause } from "../model/unreached.ts";
import { isResponseUrl } from "./response-url.ts";

/** Slack answers "ok" or a line of JSON. */
const MAX_ANSWER_CHARS = 2000;

/**
 * Shows a message to the one person who asked. The address is a secret and is in no message of an error.
 *
 * Throws PermanentError (the address is used up: 5 answers within 30 minutes, or refused), RetryLaterError,
 * AmbiguousError.
 */
export async function respondAt(
  url: string,
  { text, blocks }: { readonly text: string; readonly blocks: readonly types.KnownBlock[] },
  { apiUrl, requestMs }: { readonly apiUrl: string; readonly requestMs: number },
): Promise<void> {
  if (!isResponseUrl(url, apiUrl)) throw new PermanentError("an answer is to go to an address that is not Slack's");
  let status: number;
  let answer: string;
  let retryAfter: number;
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json; charset=utf-8" },
      body: JSON.stringify({ response_type: "ephemeral", replace_original: false, text, blocks }),
      // Wherever it might lead, nobody checked that place.
      redirect: "manual",
      signal: AbortSignal.timeout(requestMs),
    });
    status = response.status;
    retryAfter = Number(response.headers.get("retry-after"));
    answer = (await response.text()).slice(0, MAX_ANSWER_CHARS);
  } catch (error) {
    if (neverReached(error)) {
      throw new RetryLaterError(null, `Slack cannot be reached: ${describeError(rootCause(error))}`);
    }
    throw new AmbiguousError(`an answer was sent to Slack and nothing came back: ${describeError(rootCause(error))}`);
  }
  const refusal = refusalIn(answer);
  if (status === 200 && refusal === null) return;
  const told = `Slack answers ${refusal ?? `HTTP ${status}`} to an answer`;
  if (refusal !== null && OVER.has(refusal)) {
    throw new PermanentError(`${told}: its address is good for 5 answers within 30 minutes`);
  }
  if (status === 429) throw new RetryLaterError(retryAfter > 0 ? retryAfter * 1000 : null, told);
  if (status === 503 && retryAfter > 0) throw new RetryLaterError(retryAfter * 1000, told);
  if (status >= 500 || status === 408) throw new AmbiguousError(told);
  throw new PermanentError(told);
}

const OVER = new Set(["used_url", "expired_url"]);

/** Slack's code where the answer says that it was not taken; null where it does not. */
function refusalIn(answer: string): string | null {
  const bare = answer.trim();
  if (OVER.has(bare)) return bare;
  try {
    const { ok, error } = JSON.parse(bare) as { ok?: unknown; error?: unknown };
    if (ok !== false) return null;
    return typeof error === "string" && /^[a-z0-9_]{1,60}$/.test(error) ? error : "a refusal";
  } catch {
    return null;
  }
}
