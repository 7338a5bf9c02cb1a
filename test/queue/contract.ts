/** What every queue does: the suite that each of them passes. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Queue } from "../../src/queue/queue.ts";
import { PATIENCE } from "../patience.ts";

/** Runs the suite over queues made by `create`. */
export function queueContract(name: string, create: () => Promise<Queue>): void {
  describe(`the queue in ${name}`, () => {
    let queue: Queue;
    beforeEach(async () => {
      queue = await create();
    });
    afterEach(() => queue.close());

    it("calls everybody who listens to a topic, some time after a nudge", async () => {
      const [a, b, other] = [vi.fn(), vi.fn(), vi.fn()];
      queue.listen("deliveries", a);
      queue.listen("deliveries", b);
      queue.listen("outbox", other);
      queue.nudge("deliveries");
      expect(a).not.toHaveBeenCalled();
      await vi.waitFor(() => expect([a.mock.calls.length, b.mock.calls.length]).toEqual([1, 1]), PATIENCE);
      expect(other).not.toHaveBeenCalled();
    });

    it("calls at least once after the last of many nudges", async () => {
      const heard = vi.fn();
      queue.listen("outbox", heard);
      for (let i = 0; i < 100; i++) queue.nudge("outbox");
      await vi.waitFor(() => expect(heard).toHaveBeenCalled(), PATIENCE);
      heard.mockClear();
      queue.nudge("outbox");
      await vi.waitFor(() => expect(heard).toHaveBeenCalled(), PATIENCE);
    });

    it("calls nobody who stopped to listen, also where the same function still listens elsewhere", async () => {
      const [gone, stays] = [vi.fn(), vi.fn()];
      const stop = queue.listen("outbox", gone);
      queue.listen("outbox", stays);
      const stopSecond = queue.listen("outbox", stays);
      stop();
      stopSecond();
      queue.nudge("outbox");
      await vi.waitFor(() => expect(stays).toHaveBeenCalledTimes(1), PATIENCE);
      expect(gone).not.toHaveBeenCalled();
    });

    it("loses a nudge that nobody listens to without an error", () => {
      expect(() => queue.nudge("deployments")).not.toThrow();
    });
  });
}
