/** Bolt as a library: an App without Bolt's server, which asks Slack nothing by itself. */
import type { App, Logger } from "@slack/bolt";
import { describeError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Secret } from "../secrets/secret.ts";

export type BoltOptions = {
  readonly botToken: Secret;
  /** Ends in "/". */
  readonly apiUrl: string;
  readonly log: Log;
  /** Limit of one request, in milliseconds. Default 10 s. */
  readonly requestMs?: number;
};

const REQUEST_MS = 10_000;

/**
 * Loads Bolt, which takes longer than everything else at the start, and makes an App. Given a token alone Bolt would
 * call auth.test at once and, when Slack is away just then, stay unusable; `authorize` spares it that question.
 */
export async function createBoltApp(options: BoltOptions): Promise<App> {
  const { App } = await import("@slack/bolt");
  return new App({
    receiver: { init() {}, start: async () => undefined, stop: async () => undefined },
    authorize: async () => ({ botToken: options.botToken.reveal(), botId: "", botUserId: "" }),
    convoStore: false,
    logger: boltLogger(options.log),
    clientOptions: {
      slackApiUrl: options.apiUrl,
      headers: { Authorization: `Bearer ${options.botToken.reveal()}` },
      // The outbox paces and looks before it repeats.
      retryConfig: { retries: 0 },
      timeout: options.requestMs ?? REQUEST_MS,
      rejectRateLimitedCalls: true,
    },
  });
}

/** What Bolt has to say is told by our own errors; for the rest there is "debug". */
function boltLogger(log: Log): Logger {
  const tell = (...words: unknown[]) => log.debug({ from: "bolt" }, words.map(describeError).join(" "));
  return {
    debug() {},
    info() {},
    warn: tell,
    error: tell,
    setLevel() {},
    setName() {},
    getLevel: () => "warn" as ReturnType<Logger["getLevel"]>,
  };
}
