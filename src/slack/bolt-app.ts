/** Bolt as a library: an App without Bolt's server, which asks Slack nothing by itself. */
import type { App } from "@slack/bolt";
import type { Log } from "../log.ts";
import type { Secret } from "../secrets/secret.ts";
import { slackLogger } from "./slack-logger.ts";
import { webOptions } from "./web-client.ts";

export type BoltOptions = {
  readonly botToken: Secret;
  /** Ends in "/". */
  readonly apiUrl: string;
  readonly log: Log;
};

/** Limit of one request, in milliseconds: no listener of ours makes any. */
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
    logger: slackLogger(options.log),
    clientOptions: webOptions({ ...options, requestMs: REQUEST_MS }),
  });
}

export type BoltLoader = {
  /** The App, loaded at the first call. */
  load(): Promise<App>;
  /** Loads it soon, so that the first dialog that somebody asks for opens in time. Answers with the way to call it off. */
  warm(): () => void;
};

/** After the start everything else comes first. */
const WARM_AFTER_MS = 2000;

/** Creates the loader; an App that could not be made is tried again at the next call. */
export function createBoltLoader(options: BoltOptions): BoltLoader {
  let app: Promise<App> | undefined;
  const load = () => {
    app ??= createBoltApp(options).catch((error) => {
      app = undefined;
      throw error;
    });
    return app;
  };
  return {
    load,
    warm() {
      const timer = setTimeout(() => void load().catch(() => {}), WARM_AFTER_MS);
      timer.unref();
      return () => clearTimeout(timer);
    },
  };
}
