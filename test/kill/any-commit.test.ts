/** Slipway is killed right before and right after the commits to its store. */
import { describe, expect, it } from "vitest";
import { killAndRecover, push, send, usePartners } from "./kill-world.ts";

usePartners();

describe("a Slipway that is killed", () => {
  it("at any commit to its store, before or after it, tells and publishes everything once", {
    timeout: 900_000,
  }, async () => {
    let kills = 0;
    // Every commit of the first steps, then every sixth one, until a deployment outlives its killer.
    for (let n = 1; n < 80; n += n < 8 ? 1 : 6) {
      const { killed } = await killAndRecover(
        async (slipway) => {
          slipway.kill("SIGUSR2");
          const pushed = await push();
          await send(pushed);
          return pushed;
        },
        `${n % 2 === 0 ? "before" : "after"}:${n}`,
      );
      if (!killed) break;
      kills++;
    }
    expect(kills).toBeGreaterThanOrEqual(12);
  });
});
