/** A publish that is cut off at any point, and what the next one makes of it. */
import { readdir } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { A, B, C, crashing, type Files, OWN, useWorld } from "./world.ts";

const world = useWorld();

/**
 * A publish with nothing to do looks at nothing but its marker, so what a cut-off try has left in Slipway's folder stays
 * for the next one that has.
 */
function withoutLeftovers(files: Files): Files {
  return world.lines.at(-1)?.startsWith("Nothing to do") ? { ...files, ...OWN } : files;
}

describe("a publish that is cut off at any point", () => {
  const foreign: Files = { "about/photo.jpg": "foreign", "Index.html": "foreign", "assets/x/y.bin": "foreign" };

  /** Publishes `first`, then `second` cut off before its n-th change, then `third`; for every n. */
  async function everyCrash(first: Files, second: Files, third: Files, others: Files): Promise<number> {
    const [one, two, three] = [await world.build(first), await world.build(second), await world.build(third)];
    for (let crashAt = 1; ; crashAt += 1) {
      await world.wipe();
      await world.write(world.site, others);
      await world.publish(one);
      const { publisher, changes } = crashing(world, crashAt);
      const outcome = await world.publish(two, { publisher }).then(
        () => "done",
        (error: Error) => error.message,
      );
      expect(["done", "crash"]).toContain(outcome);
      await world.publish(three);
      expect(withoutLeftovers(await world.read()), `cut off before change ${crashAt}: ${changes.at(-1)}`).toEqual({
        ...others,
        ...third,
        ...OWN,
      });
      if (outcome === "done") return crashAt;
    }
  }

  it("is finished by publishing the same release again", async () => {
    expect(await everyCrash(A, B, B, foreign)).toBeGreaterThan(35);
  });

  it("is undone by publishing the release before", async () => {
    expect(await everyCrash(A, B, A, foreign)).toBeGreaterThan(35);
  });

  it("is overtaken by publishing any other release", async () => {
    expect(await everyCrash(A, B, { "index.html": "<h1>X</h1>", "twin-2.txt": "TWIN AGAIN" }, foreign)).toBeGreaterThan(
      35,
    );
  });

  it("is mended even when files and folders change places", async () => {
    expect(await everyCrash(A, C, B, {})).toBeGreaterThan(20);
    expect(await everyCrash(C, A, C, {})).toBeGreaterThan(20);
  });

  it("is mended even when the first publish ever was cut off", async () => {
    const release = await world.build(A);
    for (let crashAt = 1; ; crashAt += 1) {
      await world.wipe();
      const { publisher, changes } = crashing(world, crashAt);
      const outcome = await world.publish(release, { publisher }).then(
        () => "done",
        () => "crash",
      );
      await world.publish(await world.build(B));
      expect(withoutLeftovers(await world.read()), `cut off before change ${crashAt}: ${changes.at(-1)}`).toEqual({
        ...B,
        ...OWN,
      });
      if (outcome === "done") break;
    }
  });

  it("is mended when the mending is cut off too, with a third release", async () => {
    const [one, two, three] = [await world.build(A), await world.build(B), await world.build(C)];
    for (let crashAt = 18; crashAt < 60; crashAt += 7) {
      for (let again = 1; again < 60; again += 9) {
        await world.wipe();
        await world.publish(one);
        await world.publish(two, { publisher: crashing(world, crashAt).publisher }).catch(() => {});
        await world.publish(three, { publisher: crashing(world, again).publisher }).catch(() => {});
        await world.publish(one);
        expect(withoutLeftovers(await world.read()), `cut off before ${crashAt}, then before ${again}`).toEqual({
          ...A,
          ...OWN,
        });
      }
    }
  }, 120_000);

  it("leaves no folder behind that it made for nothing", async () => {
    await world.publish(await world.build(A));
    for (const crashAt of [30, 36, 40]) {
      await world.publish(await world.build(B), { publisher: crashing(world, crashAt).publisher }).catch(() => {});
    }
    await world.publish(await world.build({ "index.html": "x" }));
    expect((await readdir(world.site)).sort()).toEqual([".slipway", "index.html"]);
  });
});
