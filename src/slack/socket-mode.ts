/**
 * Socket Mode: Slack's requests over a connection that Slipway opens itself, so that it needs no address of its own.
 * https://docs.slack.dev/apis/events-api/using-socket-mode. Each is recorded first and acknowledged then, as over HTTP.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { SocketModeClient } from "@slack/socket-mode";
import { describeError } from "../errors.ts";
import type { Log } from "../log.ts";
import { rootCause } from "../model/unreached.ts";
import type { Secret } from "../secrets/secret.ts";
import { slackLogger } from "./slack-logger.ts";

export type SocketMode = {
  /** Waits for what is being received, says good-bye, and opens no connection again. */
  stop(): Promise<void>;
};

export type SocketModeOptions = {
  readonly appToken: Secret;
  /** Ends in "/". */
  readonly apiUrl: string;
  readonly log: Log;
  /**
   * Records a request, its payload as JSON, and gives the answer's body: JSON, or "" for none. What it rejects is not
   * acknowledged, and Slack sends it again.
   */
  receive(body: Buffer): Promise<string>;
  /** For tests: how long to wait after a failure, which doubles, and after a refusal of the token; in milliseconds. */
  readonly waits?: { readonly failedMs: number; readonly refusedMs: number };
};

/** Slack sends nothing that is nearly as large; of the same size over HTTP it is refused too. */
const MAX_BYTES = 1024 * 1024;
const REQUEST_MS = 10_000;
/** From the first request to Slack's "hello". */
const CONNECT_MS = 30_000;
const WAITS = { failedMs: 1000, refusedMs: 5 * 60_000 };
const MAX_WAIT_MS = 60_000;
/** A connection that held for so long was a good one: the next is opened at once. Slack renews each after some hours. */
const GOOD_AFTER_MS = 10_000;

/** Codes with which Slack refuses for the moment only: docs.slack.dev/reference/methods/apps.connections.open. */
const PASSING = new Set(["ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable"]);

/** Starts to keep a connection open. It never throws; what is wrong is logged. */
export function startSocketMode(options: SocketModeOptions): SocketMode {
  const { log, receive, waits = WAITS } = options;
  const ending = new AbortController();
  const receiving = new Set<Promise<void>>();
  let current: SocketModeClient | undefined;
  let failures = 0;
  let wasRefused = false;

  async function take(type: string, payload: unknown, ack: (answer?: object) => Promise<void>): Promise<void> {
    const body = Buffer.from(JSON.stringify(payload ?? null));
    try {
      if (body.length > MAX_BYTES) {
        log.error({ type, bytes: body.length }, "what came by Socket Mode is too large and was not recorded");
        return await ack();
      }
      const answer = await receive(body);
      await ack(answer === "" ? undefined : (JSON.parse(answer) as object));
    } catch (error) {
      log.warn(
        { type, error: describeError(error) },
        "a request by Socket Mode was not acknowledged; Slack sends it again",
      );
    }
  }

  /** Opens a connection and stays until it ends; throws what kept it from being opened. */
  async function connect(): Promise<void> {
    const client = await createClient(options, ending.signal);
    client.on(
      "slack_event",
      ({ type, body, ack }: { type: string; body: unknown; ack(answer?: object): Promise<void> }) => {
        const one = take(type, body, ack).finally(() => receiving.delete(one));
        receiving.add(one);
      },
    );
    const gone = new Promise<void>((resolve) => client.once("disconnected", () => resolve()));
    const late = setTimeout(() => void client.disconnect(), CONNECT_MS);
    // Between the request and the connection there is nothing yet that `stop` could end.
    client.once("connecting", () => {
      if (ending.signal.aborted) setImmediate(() => void client.disconnect());
    });
    current = client;
    try {
      await client.start();
    } catch (error) {
      throw error ?? new Error("the connection ended before Slack said hello");
    } finally {
      clearTimeout(late);
    }
    failures = 0;
    wasRefused = false;
    log.info("Slack's requests come by Socket Mode");
    if (ending.signal.aborted) void client.disconnect();
    await gone;
  }

  /** How long to wait before the next connection, after what kept this one from being opened. */
  function waitAfter(error: unknown): number {
    const { data, retryAfter } = error as { data?: { error?: unknown }; retryAfter?: number };
    if (retryAfter) return retryAfter * 1000;
    const code = data?.error;
    if (typeof code === "string" && !PASSING.has(code)) {
      const advice =
        "turn on Socket Mode in the Slack app, make an app-level token with the scope connections:write, and set it";
      if (!wasRefused)
        log.error({ key: "SLACK_APP_TOKEN", code }, `SLACK_APP_TOKEN: Slack does not accept it: ${advice}`);
      wasRefused = true;
      return waits.refusedMs;
    }
    const waitMs = Math.min(waits.failedMs * 2 ** failures, MAX_WAIT_MS);
    const level = failures === 0 ? "warn" : "debug";
    log[level]({ error: describeError(rootCause(error)) }, "no connection to Slack by Socket Mode; it is tried again");
    failures += 1;
    return waitMs;
  }

  async function keep(): Promise<void> {
    while (!ending.signal.aborted) {
      const startMs = performance.now();
      let waitMs: number;
      try {
        await connect();
        waitMs = performance.now() - startMs > GOOD_AFTER_MS ? 0 : waits.failedMs;
      } catch (error) {
        if (ending.signal.aborted) break;
        waitMs = waitAfter(error);
      }
      // Whoever ends it ends the wait, too.
      await delay(waitMs, undefined, { signal: ending.signal }).catch(() => {});
    }
  }

  const running = keep();
  return {
    async stop() {
      await Promise.all(receiving);
      ending.abort();
      await current?.disconnect();
      await running;
      await Promise.all(receiving);
    },
  };
}

/**
 * One client for each connection. Its own way to reconnect ends the process when Slack refuses the token meanwhile: nobody
 * catches that. Nor does anybody catch what a message does that is not of the documented shape.
 */
async function createClient(
  { appToken, apiUrl, log }: SocketModeOptions,
  signal: AbortSignal,
): Promise<SocketModeClient> {
  const { SocketModeClient } = await import("@slack/socket-mode");
  const client = new SocketModeClient({
    appToken: appToken.reveal(),
    autoReconnectEnabled: false,
    logger: slackLogger(log),
    clientOptions: {
      slackApiUrl: apiUrl,
      retryConfig: { retries: 0 },
      timeout: REQUEST_MS,
      rejectRateLimitedCalls: true,
      fetch: (url, init) =>
        fetch(url, { ...init, signal: init?.signal ? AbortSignal.any([init.signal, signal]) : signal }),
    },
  });
  const listeners = client.listeners("ws_message");
  client.removeAllListeners("ws_message");
  client.on("ws_message", (...message: unknown[]) => {
    for (const listener of listeners) {
      Promise.resolve(listener(...message)).catch((error: unknown) => {
        log.warn({ error: describeError(error) }, "Slack sent something by Socket Mode that nobody understands");
      });
    }
  });
  return client;
}
