/** Questions to Slack that somebody waits for: short, told of once when they fail, and never in spite of a 429. */
import type { WebClient } from "@slack/web-api";
import { describeError } from "../errors.ts";
import type { Log } from "../log.ts";
import { rootCause } from "../model/unreached.ts";
import type { Secret } from "../secrets/secret.ts";
import { createWebClient } from "./web-client.ts";

/** A command is answered within three seconds, and may need several of them side by side. */
const LOOKUP_MS = 1500;

/** Asks; null where Slack gives no answer. `refused` turns codes of Slack's that are an answer into one. */
export type Lookup = <T>(
  method: string,
  ask: (slack: WebClient) => Promise<T>,
  refused?: (code: string) => T | null,
) => Promise<T | null>;

/** Creates the way to ask. Without a token nothing is ever answered. */
export function createLookup(options: {
  readonly botToken: Secret | null;
  readonly apiUrl: string;
  readonly log: Log;
  readonly now: () => number;
  readonly requestMs?: number;
}): Lookup {
  const { botToken, apiUrl, log, now, requestMs = LOOKUP_MS } = options;
  let client: Promise<WebClient> | undefined;
  /** Methods that fail at present, and until when Slack does not want to be asked. */
  const failing = new Map<string, { readonly notBeforeMs: number }>();

  function fails(method: string, error: unknown, waitMs: number): void {
    const level = failing.has(method) ? "debug" : "warn";
    log[level](
      { method, error: describeError(rootCause(error)) },
      "Slack could not be asked; what it said last is used",
    );
    failing.set(method, { notBeforeMs: now() + waitMs });
  }

  return async (method, ask, refused) => {
    if (botToken === null || now() < (failing.get(method)?.notBeforeMs ?? 0)) return null;
    client ??= createWebClient({ botToken, apiUrl, log, requestMs });
    const slack = await client;
    try {
      const answer = await within(requestMs, ask(slack));
      if (failing.delete(method)) log.info({ method }, "Slack answers again");
      return answer;
    } catch (error) {
      const { WebAPIPlatformError, WebAPIRateLimitedError } = await import("@slack/web-api");
      const answer = error instanceof WebAPIPlatformError ? (refused?.(error.data.error) ?? null) : null;
      if (answer !== null) return answer;
      fails(method, error, error instanceof WebAPIRateLimitedError ? error.retryAfter * 1000 : 0);
      return null;
    }
  };
}

/** The client's own limit is about a request; one that waits for its turn would take longer. */
async function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
