/** How many builds run at the same time: so many in all, and never two of one site. Real workers, a real store. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { countActive } from "../../src/store/count-deployments.ts";
import { waitUntil } from "../process/processes.ts";
import { createRunWorld, type RunWorldOptions } from "./run-world.ts";

/** Each build notes that it began, waits for "go", and notes its end. */
const noting = (folder: string) =>
  `echo begin >> '${folder}/seen'; until [ -e '${folder}/go' ]; do sleep 0.02; done; echo end >> '${folder}/seen'`;

async function createNotingWorld(options: RunWorldOptions) {
  const world = await createRunWorld({ ...options, build: noting });
  const path = join(world.folder, "seen");
  return {
    ...world,
    /** What the builds noted, in order. */
    seen: () => (existsSync(path) ? readFileSync(path, "utf8").trimEnd().split("\n") : []),
    letGo: () => writeFileSync(join(world.folder, "go"), ""),
    active: () => world.store.transact(countActive),
  };
}

describe("With a limit of one", { timeout: 120_000 }, () => {
  test("the builds of two sites run one after the other, the older first", async () => {
    const { queue, start, seen, active, letGo, until, deployment } = await createNotingWorld({
      ...{ parallel: 1, sites: ["blog"] },
    });
    await queue({ id: "d-shop" });
    await queue({ id: "d-blog", site: "blog" });
    start();
    await waitUntil("one build runs", () => seen().length === 1, 30_000);
    expect(await active()).toEqual({ waiting: 1, running: 1 });
    expect((await deployment("d-blog")).state).toBe("queued");
    letGo();
    await until(({ state }) => state === "live", "d-shop");
    await until(({ state }) => state === "live", "d-blog");
    expect(seen()).toEqual(["begin", "end", "begin", "end"]);
  });

  test("the next one gets its turn when one is cancelled", async () => {
    const { queue, start, seen, letGo, until, cancel } = await createNotingWorld({ parallel: 1, sites: ["blog"] });
    await queue({ id: "d-shop" });
    await queue({ id: "d-blog", site: "blog" });
    start();
    await waitUntil("one build runs", () => seen().length === 1, 30_000);
    await cancel("cancelled by ada (command line)", "d-shop");
    const { reason } = await until(({ state }) => state === "cancelled", "d-shop");
    expect(reason).toBe("cancelled by ada (command line) during build");
    letGo();
    await until(({ state }) => state === "live", "d-blog");
  });
});

describe("With a limit of two", { timeout: 120_000 }, () => {
  test("the builds of two sites run side by side, and those of one site never do", async () => {
    const { queue, start, seen, active, letGo, until, deployment } = await createNotingWorld({
      ...{ parallel: 2, sites: ["blog"] },
    });
    await queue({ id: "d-1" });
    start();
    await waitUntil("one build runs", () => seen().length === 1, 30_000);
    await queue({ id: "d-2", trigger: "command" });
    await queue({ id: "d-blog", site: "blog" });
    await waitUntil("two builds run", () => seen().length === 2, 30_000);
    expect(await active()).toEqual({ waiting: 1, running: 2 });
    expect((await deployment("d-2")).state).toBe("queued");
    letGo();
    for (const id of ["d-1", "d-blog", "d-2"]) await until(({ state }) => state === "live", id);
    expect(seen().filter((it) => it === "begin")).toHaveLength(3);
    const [first, second] = [await deployment("d-1"), await deployment("d-2")];
    expect(second.startedAtMs).toBeGreaterThanOrEqual(first.finishedAtMs ?? Number.POSITIVE_INFINITY);
  });
});
