import { describe, expect, it } from "vitest";
import { createByteBudget, inFlight } from "../../src/publishers/in-flight.ts";

/** A promise that a test settles. */
const open = () => Promise.withResolvers<void>();

describe("work in flight", () => {
  it("is begun in order, no more than the width at a time, and answered in order", async () => {
    const gates = Array.from({ length: 5 }, open);
    const begun: number[] = [];
    const working = inFlight(2, [0, 1, 2, 3, 4], async (item) => {
      begun.push(item);
      await gates[item]?.promise;
      return item * 10;
    });
    expect(begun).toEqual([0, 1]);
    gates[1]?.resolve();
    await gates[1]?.promise;
    await Promise.resolve();
    expect(begun).toEqual([0, 1, 2]);
    for (const gate of gates) gate.resolve();
    expect(await working).toEqual([0, 10, 20, 30, 40]);
  });

  it("begins nothing more after a failure, and throws the first once all has ended", async () => {
    const last = open();
    const begun: number[] = [];
    let ended = false;
    const working = inFlight(2, [0, 1, 2, 3], async (item) => {
      begun.push(item);
      if (item === 0) throw new Error("first");
      await last.promise;
      ended = true;
    });
    last.resolve();
    await expect(working).rejects.toThrow("first");
    expect(begun).toEqual([0, 1]);
    expect(ended).toBe(true);
  });
});

describe("a budget of bytes", () => {
  it("lets no more through than there is, in turn, and a single large one when nothing else is under way", async () => {
    const budget = createByteBudget(10);
    const got: string[] = [];
    const take = (name: string, bytes: number) => budget.take(bytes).then(() => got.push(name));
    await take("a", 8);
    const rest = [take("large", 50), take("small", 1)];
    await Promise.resolve();
    expect(got).toEqual(["a"]);
    budget.give(8);
    await rest[0];
    expect(got).toEqual(["a", "large"]);
    budget.give(50);
    await rest[1];
    expect(got).toEqual(["a", "large", "small"]);
  });
});
