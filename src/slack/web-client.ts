/** Slack's Web API as Slipway uses it: each request is sent once, has a limit of time, and holds up no other. */
import type { WebClient, WebClientOptions } from "@slack/web-api";
import type { Log } from "../log.ts";
import type { Secret } from "../secrets/secret.ts";
import { slackLogger } from "./slack-logger.ts";

export type WebOptions = {
  readonly botToken: Secret;
  /** Ends in "/". */
  readonly apiUrl: string;
  readonly log: Log;
  /** Limit of one request, in milliseconds. */
  readonly requestMs: number;
};

/** By default the client repeats for half an hour, waits for ever, and lets one method's 429 hold up all the others. */
export function webOptions({ botToken, apiUrl, requestMs }: Omit<WebOptions, "log">): WebClientOptions {
  return {
    slackApiUrl: apiUrl,
    headers: { Authorization: `Bearer ${botToken.reveal()}` },
    retryConfig: { retries: 0 },
    timeout: requestMs,
    rejectRateLimitedCalls: true,
  };
}

/** Creates a client. The package is loaded now, which takes longer than everything else at the start. */
export async function createWebClient(options: WebOptions): Promise<WebClient> {
  const { WebClient } = await import("@slack/web-api");
  return new WebClient(undefined, { ...webOptions(options), logger: slackLogger(options.log) });
}
