/** The connection to Redis. It comes back by itself, and what needs it asks whether it is there. */
import { describeError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Secret } from "../secrets/secret.ts";

export type RedisConnection = {
  /** As rate-limiter-flexible takes it. */
  readonly client: object;
  close(): void;
};

const CONNECT_MS = 3000;
/** A connection that is silent for this long, pings included, is given up. */
const SILENT_MS = 10_000;
const PING_MS = 3000;
const MAX_WAIT_MS = 5000;
/** What waits for an answer; more is refused at once. */
const MAX_QUEUE = 1000;

/** Begins to connect, and waits for nothing. */
export async function startRedis(url: Secret, log: Log): Promise<RedisConnection> {
  // Loaded only where there is a Redis.
  const { createClient } = await import("@redis/client");
  const client = createClient({
    url: url.reveal(),
    name: "slipway",
    disableOfflineQueue: true,
    commandsQueueMaxLength: MAX_QUEUE,
    pingInterval: PING_MS,
    socket: {
      connectTimeout: CONNECT_MS,
      socketTimeout: SILENT_MS,
      reconnectStrategy: (tries) => Math.min(100 * 2 ** tries, MAX_WAIT_MS),
    },
  });
  let isAway = false;
  client.on("error", (error) => {
    if (!isAway) log.warn({ error: describeError(error) }, "Redis is not reached; limits are counted here alone");
    isAway = true;
  });
  client.on("ready", () => {
    if (isAway) log.info("Redis is reached again; limits are counted there");
    isAway = false;
  });
  // It tries again until it is closed, which is what ends this promise then.
  client.connect().catch(() => {});
  return { client, close: () => client.destroy() };
}
