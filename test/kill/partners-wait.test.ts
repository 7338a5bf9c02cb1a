/** Slipway is killed while a partner has done what it asked for and not said so yet. */
import { describe, expect, it, vi } from "vitest";
import { killAndRecover, partners, push, send, usePartners } from "./kill-world.ts";

usePartners();

describe("a Slipway that is killed", () => {
  it.each([
    ["Slack has taken a post and not answered yet", "slack", "POST", "/api/chat.postMessage"],
    ["GitHub has made a deployment and not answered yet", "github", "POST", "/repos/:owner/:repo/deployments"],
    ["GitHub has made a status and not answered yet", "github", "POST", "/repos/:owner/:repo/deployments/:id/statuses"],
    ["GitHub has made a check run and not answered yet", "github", "POST", "/repos/:owner/:repo/check-runs"],
  ] as const)("while %s repeats nothing", { timeout: 300_000 }, async (_, partner, method, path) => {
    const fault = { hang: true } as const;
    const { killed } = await killAndRecover(async (slipway) => {
      const hold = partners[partner].misbehave({ method, path, fault, afterEffect: true, times: 1 });
      const pushed = await push();
      expect(await send(pushed)).toBe(200);
      await hold.hit;
      slipway.kill("SIGKILL");
      return pushed;
    });
    expect(killed).toBe(true);
  });

  it.each([
    ["in the middle of an upload", { cutUpload: { nth: 2, afterBytes: 3, how: "hang" } }],
    ["between two renames", { interrupt: { verb: "RNTO", nth: 2, how: "hang" } }],
  ] as const)(
    "%s leaves a host that the next start brings to the release",
    { timeout: 300_000 },
    async (_, misbehaviour) => {
      const { killed } = await killAndRecover(async (slipway) => {
        partners.ftp.misbehave(misbehaviour);
        const verb = "cutUpload" in misbehaviour ? "STOR" : "RNTO";
        const pushed = await push();
        expect(await send(pushed)).toBe(200);
        await vi.waitFor(() => expect(partners.ftp.log.commands.get(verb) ?? 0).toBeGreaterThanOrEqual(2), {
          timeout: 30_000,
          interval: 20,
        });
        slipway.kill("SIGKILL");
        await slipway.ended;
        partners.ftp.misbehave(null);
        return pushed;
      });
      expect(killed).toBe(true);
    },
  );
});
