import { expect, it, vi } from "vitest";
import { repeat } from "../../src/secrets/repeat.ts";
import { PATIENCE } from "../patience.ts";

it("is done once more when it was asked for while it was under way, however soon that ended", async () => {
  const ends: Array<(ms: number) => void> = [];
  const repeated = repeat(0, () => new Promise((resolve) => ends.push(resolve)));
  await vi.waitFor(() => expect(ends).toHaveLength(1), PATIENCE);
  repeated.again(0);
  ends[0]?.(3_600_000);
  await vi.waitFor(() => expect(ends).toHaveLength(2), PATIENCE);
  ends[1]?.(3_600_000);
  await repeated.stop();
});
