import { describe, expect, it, onTestFinished } from "vitest";
import { createRateLimits, type RateLimits } from "../../src/http/rate-limit.ts";
import { createLog } from "../../src/log.ts";
import { secret } from "../../src/secrets/secret.ts";
import { describeWithProgram } from "../servers/available.ts";
import { startRedisServer } from "../servers/redis.ts";

const LIMITS = { refused: 3, refusedInAll: 10, formsPerMinute: 2, formsPerHour: 3 };
const log = createLog({ level: "silent", pretty: false });

async function create(options: { redisUrl?: string; windowSeconds?: number; now?: () => number } = {}) {
  const { redisUrl, windowSeconds = 60, now = Date.now } = options;
  const url = redisUrl === undefined ? null : secret(redisUrl);
  const limits = await createRateLimits({ limits: LIMITS, redisUrl: url, log, now, windowSeconds });
  onTestFinished(() => limits.close());
  return limits;
}

async function fail(limits: RateLimits, client: string, times: number, source = "shop"): Promise<void> {
  for (let time = 0; time < times; time++) await limits.failed(source, client);
}

describe("the limits", () => {
  it("hold for an address at one source, from the last failure that it had free, and for a minute", async () => {
    let nowMs = 1000;
    const limits = await create({ now: () => nowMs });
    await fail(limits, "192.0.2.1", 2);
    expect(limits.before("shop", "192.0.2.1")).toBe("ok");
    await fail(limits, "192.0.2.1", 1);
    expect(limits.before("shop", "192.0.2.1")).toEqual({ retryAfterSeconds: 60 });
    expect([limits.before("shop", "192.0.2.2"), limits.before("docs", "192.0.2.1")]).toEqual(["ok", "ok"]);
    nowMs += 59_000;
    expect(limits.before("shop", "192.0.2.1")).toEqual({ retryAfterSeconds: 1 });
    nowMs += 1001;
    expect(limits.before("shop", "192.0.2.1")).toBe("ok");
  });

  it("hold for the whole network of an IPv6 address", async () => {
    const limits = await create();
    for (const last of ["1", "2", "ffff"]) await limits.failed("shop", `2001:db8:1:2::${last}`);
    expect(limits.before("shop", "2001:db8:1:2:aaaa::")).not.toBe("ok");
    expect(limits.before("shop", "2001:db8:1:3::1")).toBe("ok");
  });

  it("hold for a source once so much failed from everywhere; who is limited counts against nobody else", async () => {
    const limits = await create();
    await fail(limits, "192.0.2.1", 50);
    expect(limits.before("shop", "192.0.2.99")).toBe("ok");
    for (let at = 2; at <= 8; at++) await fail(limits, `192.0.2.${at}`, 1);
    expect(limits.before("shop", "192.0.2.99")).toEqual({ retryAfterSeconds: 60 });
    expect(limits.before("docs", "192.0.2.99")).toBe("ok");
  });

  it("allow again, and count anew, when the time is over", async () => {
    const limits = await create({ windowSeconds: 1 });
    await fail(limits, "192.0.2.1", 3);
    await expect.poll(() => limits.before("shop", "192.0.2.1"), { timeout: 5000 }).toBe("ok");
    await fail(limits, "192.0.2.1", 2);
    expect(limits.before("shop", "192.0.2.1")).toBe("ok");
  });

  it("let an address send so many forms in a minute and in an hour", async () => {
    const limits = await create();
    const send = () => limits.allowForm("contact", "192.0.2.1");
    expect([await send(), await send(), await send()]).toEqual(["ok", "ok", { retryAfterSeconds: 60 }]);
    expect(await limits.allowForm("contact", "192.0.2.2")).toBe("ok");
    expect(await limits.allowForm("order", "192.0.2.1")).toBe("ok");
  });

  it("tell no more than so many addresses apart, and then still count", async () => {
    const limits = await create();
    const many = Array.from({ length: 10_001 }, (_, at) => `10.${at >> 16}.${(at >> 8) & 255}.${at & 255}`);
    for (const client of many) await limits.allowForm("contact", client);
    // Whoever comes now shares what is left for all the others.
    expect(await limits.allowForm("contact", "192.0.2.1")).toBe("ok");
    expect(await limits.allowForm("contact", "192.0.2.2")).toEqual({ retryAfterSeconds: expect.any(Number) });
  });
});

describeWithProgram(
  "redis-server",
  "limits that are counted in Redis",
  () => {
    let next = 0;
    const isShared = async (first: RateLimits, second: RateLimits) => {
      const client = `10.9.${next >> 8}.${next++ & 255}`;
      await first.failed("shared", client);
      await first.failed("shared", client);
      await second.failed("shared", client);
      return second.before("shared", client) !== "ok";
    };

    it("are shared by all who count there", { timeout: 20_000 }, async () => {
      const redis = await startRedisServer();
      onTestFinished(() => redis.stop());
      const [first, second] = [await create({ redisUrl: redis.url }), await create({ redisUrl: redis.url })];
      await expect.poll(() => isShared(first, second), { timeout: 10_000 }).toBe(true);
      const send = (limits: RateLimits) => limits.allowForm("contact", "192.0.2.1");
      expect([await send(first), await send(second)]).toEqual(["ok", "ok"]);
      expect(await send(first)).toEqual({ retryAfterSeconds: expect.any(Number) });
    });

    it("go on here while Redis hangs or is gone, without a wait, and there when it is back", {
      timeout: 40_000,
    }, async () => {
      let redis = await startRedisServer();
      onTestFinished(() => redis.stop());
      const [first, second] = [await create({ redisUrl: redis.url }), await create({ redisUrl: redis.url })];
      await expect.poll(() => isShared(first, second), { timeout: 10_000 }).toBe(true);

      redis.hang();
      const startMs = performance.now();
      await fail(first, "198.51.100.1", 3);
      expect(first.before("shop", "198.51.100.1")).not.toBe("ok");
      expect(performance.now() - startMs).toBeLessThan(3000);
      redis.goOn();

      await redis.stop();
      await fail(first, "198.51.100.2", 3);
      expect(first.before("shop", "198.51.100.2")).not.toBe("ok");
      expect(await first.allowForm("contact", "198.51.100.2")).toBe("ok");

      redis = await startRedisServer(redis.port);
      await expect.poll(() => isShared(first, second), { timeout: 20_000, interval: 200 }).toBe(true);
    });

    it("are there at a start without Redis", async () => {
      const limits = await create({ redisUrl: "redis://127.0.0.1:1" });
      await fail(limits, "192.0.2.1", 3);
      expect(limits.before("shop", "192.0.2.1")).not.toBe("ok");
    });
  },
  "redis-server",
);
