/** Slipway is killed again and again while it has much to do. */
import { describe, expect, it, vi } from "vitest";
import { count, observer, partners, push, send, start, usePartners } from "./kill-world.ts";

usePartners();

describe("a Slipway that is killed", () => {
  it("at 50 random moments under load with duplicates loses nothing it acknowledged, and repeats nothing", {
    timeout: 900_000,
  }, async () => {
    const acknowledged = new Set<string>();
    let slipway = await start();
    let isOver = false;
    const cut = partners.slack.misbehave({
      method: "POST",
      path: "/api/chat.postMessage",
      fault: { cut: true },
      afterEffect: true,
      times: 10,
    });

    async function load(): Promise<void> {
      while (!isOver) {
        const pushed = await push();
        // Each delivery comes at least twice, and again until it was answered.
        for (let i = 0; i < 2 || !acknowledged.has(pushed.commit); i++) {
          const [one, two] = await Promise.all([send(pushed), send(pushed)]);
          if (one === 200 || two === 200) acknowledged.add(pushed.commit);
          else await new Promise((resolve) => setTimeout(resolve, 100));
        }
        await new Promise((resolve) => setTimeout(resolve, 300));
      }
    }
    const loading = load();
    for (let kill = 0; kill < 50; kill++) {
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 1500));
      slipway.kill("SIGKILL");
      expect(await slipway.ended).toBe("SIGKILL");
      slipway = await start();
    }
    isOver = true;
    await loading;
    cut.end();

    // The newest push is live in the end; of the others each was told at most once.
    const last = [...acknowledged].at(-1) ?? "";
    await vi.waitFor(
      async () => {
        const messages = (await observer.messages()).filter((it) => it.text.includes(last.slice(0, 7)));
        expect(messages.filter((it) => / (live|skipped)\b/.test(it.text)).length).toBeGreaterThanOrEqual(1);
        const unfinished = (await observer.messages()).filter((it) => / (queued|building|publishing)\b/.test(it.text));
        expect(unfinished).toEqual([]);
      },
      { timeout: 90_000, interval: 300 },
    );
    expect((await observer.hostFiles()).get("index.html")?.toString()).toBe(`<h1>${count}</h1>`);
    const keys = (await observer.messages()).map((it) => it.key);
    expect(new Set(keys).size).toBe(keys.length);
    const deployments = await observer.deployments();
    for (const { states } of deployments) expect(new Set(states).size).toBe(states.length);
    await slipway.stop();
  });
});
