/**
 * Limits for what is not verified, per source and address. They count failures, never what was verified; where there is a
 * Redis, several Slipways count together, and while it is away each counts by itself.
 */
import { type RateLimiterAbstract, RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from "rate-limiter-flexible";
import type { GuardLimits } from "../config/guard-settings.ts";
import type { Log } from "../log.ts";
import { limitedAddress } from "../model/address.ts";
import type { Secret } from "../secrets/secret.ts";
import { type RedisConnection, startRedis } from "./redis.ts";

export type Limited = { readonly retryAfterSeconds: number };

export type RateLimits = {
  /**
   * Whether so much from there failed that only what could be verified by its headers is still looked at; all else is
   * answered 429. Answers from memory, since it is asked for each request.
   */
  before(source: string, client: string): "ok" | Limited;
  /** Counts a request that could not be verified. Nobody has to wait for it; never throws. */
  failed(source: string, client: string): Promise<void>;
  /** Whether a plain form may be taken; counts it. Never throws. */
  allowForm(source: string, client: string): Promise<"ok" | Limited>;
  close(): void;
};

export type RateLimitOptions = {
  readonly limits: Pick<GuardLimits, "refused" | "refusedInAll" | "formsPerMinute" | "formsPerHour">;
  /** redis://… or rediss://…; null counts in memory. */
  readonly redisUrl: Secret | null;
  readonly log: Log;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Over how long failures are counted, and how long one is limited; for tests. */
  readonly windowSeconds?: number;
};

const HOUR_SECONDS = 3600;
/** So many addresses are told apart; those beyond are counted with their source alone. */
const MAX_ADDRESSES = 10_000;
/** What Redis has not answered by then is counted here. */
const REDIS_MS = 250;
/** So many questions to Redis at the same time; what comes on top is counted here. */
const MAX_ASKED = 200;

/** Creates them. Redis need not be there; it is waited for by nobody. */
export async function createRateLimits(options: RateLimitOptions): Promise<RateLimits> {
  const { limits, log, now, windowSeconds = 60 } = options;
  const redis = options.redisUrl && (await startRedis(options.redisUrl, log));
  const limiter = (name: string, points: number, duration: number, blockDuration = 0) =>
    createLimiter(redis, { keyPrefix: `slipway:${name}`, points, duration, blockDuration });
  // The last failure that is allowed is the one that begins to limit.
  const ofAddress = limiter("refused", limits.refused - 1, windowSeconds, windowSeconds);
  const ofSource = limiter("refused-all", limits.refusedInAll - 1, windowSeconds, windowSeconds);
  const forms = [
    limiter("forms-minute", limits.formsPerMinute, 60),
    limiter("forms-hour", limits.formsPerHour, HOUR_SECONDS),
  ];

  const limitedUntil = new Map<string, number>();
  const failing = createKeys(now, windowSeconds * 1000);
  const sending = createKeys(now, HOUR_SECONDS * 1000);
  const msLeft = (key: string) => (limitedUntil.get(key) ?? 0) - now();

  async function count(key: string, limiter: Count): Promise<void> {
    const { waitMs } = await limiter(key);
    if (waitMs === 0) return;
    if (limitedUntil.size > MAX_ADDRESSES)
      for (const [it, untilMs] of limitedUntil) if (untilMs <= now()) limitedUntil.delete(it);
    limitedUntil.set(key, now() + waitMs);
  }

  return {
    before(source, client) {
      if (limitedUntil.size === 0) return "ok";
      const ms = Math.max(msLeft(source), msLeft(keyOf(source, client)));
      return ms > 0 ? limited(ms) : "ok";
    },
    async failed(source, client) {
      const key = keyOf(source, client);
      // Whoever is limited already counts no more, least of all against others.
      if (msLeft(key) > 0) return;
      const counts = [failing.take(key) && count(key, ofAddress), msLeft(source) <= 0 && count(source, ofSource)];
      await Promise.all(counts);
    },
    async allowForm(source, client) {
      const key = keyOf(source, client);
      const counted = sending.take(key) ? key : keyOf(source, "others");
      for (const limiter of forms) {
        const { waitMs } = await limiter(counted);
        if (waitMs > 0) return limited(waitMs);
      }
      return "ok";
    },
    close: () => redis?.close(),
  };
}

const keyOf = (source: string, client: string) => `${source} ${limitedAddress(client)}`;
const limited = (ms: number): Limited => ({ retryAfterSeconds: Math.max(1, Math.ceil(ms / 1000)) });

/** Counts one; answers for how long the key is over its limit, in milliseconds: 0 while it is not. */
type Count = (key: string) => Promise<{ waitMs: number }>;

type LimiterSettings = { keyPrefix: string; points: number; duration: number; blockDuration: number };

function createLimiter(redis: RedisConnection | null, settings: LimiterSettings): Count {
  const memory = new RateLimiterMemory(settings);
  if (!redis) return (key) => consume(memory, key);
  const shared = new RateLimiterRedis({
    ...settings,
    storeClient: redis.client,
    useRedisPackage: true,
    rejectIfRedisNotReady: true,
    insuranceLimiter: memory,
  });
  let asked = 0;
  return async (key) => {
    if (asked >= MAX_ASKED) return consume(memory, key);
    asked++;
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<null>((resolve) => {
      timer = setTimeout(resolve, REDIS_MS, null);
    });
    try {
      // A Redis that hangs fails nothing, so the library's own insurance would wait for ever.
      return (await Promise.race([consume(shared, key), tooLate])) ?? (await consume(memory, key));
    } catch {
      return consume(memory, key);
    } finally {
      clearTimeout(timer);
      asked--;
    }
  };
}

async function consume(limiter: RateLimiterAbstract, key: string): Promise<{ waitMs: number }> {
  try {
    await limiter.consume(key);
    return { waitMs: 0 };
  } catch (refused) {
    if (refused instanceof RateLimiterRes) return { waitMs: refused.msBeforeNext };
    throw refused;
  }
}

/** Which keys were told apart lately, so that a flood from very many addresses does not fill the memory. */
function createKeys(now: () => number, windowMs: number) {
  const keys = new Set<string>();
  let sinceMs = now();
  return {
    /** Whether the key may be counted by itself. */
    take(key: string): boolean {
      if (now() - sinceMs > windowMs) {
        keys.clear();
        sinceMs = now();
      }
      if (keys.size >= MAX_ADDRESSES) return keys.has(key);
      keys.add(key);
      return true;
    },
  };
}
