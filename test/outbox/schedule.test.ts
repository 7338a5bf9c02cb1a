/** How long is waited between attempts. */
import { describe, expect, it } from "vitest";
import { backoffMs, scheduleOf } from "../../src/outbox/schedule.ts";

describe("the schedule of attempts", () => {
  it("of webhooks is spread by a tenth both ways, and ends after ten attempts", () => {
    const schedule = scheduleOf("webhook.out");
    expect([0, 0.5, 1].map((random) => backoffMs(schedule, 2, random))).toEqual([270_000, 300_000, 330_000]);
    expect(schedule.maxAttempts).toBe(10);
  });

  it("of what people are told is exact, and goes on for three days", () => {
    const schedule = scheduleOf("slack.notice");
    expect([1, 2, 3, 4, 5, 6, 900].map((attempts) => backoffMs(schedule, attempts, 1))).toEqual([
      1000, 2000, 5000, 15_000, 60_000, 300_000, 300_000,
    ]);
  });
});
