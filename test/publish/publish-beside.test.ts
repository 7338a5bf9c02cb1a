/** The folder as a whole: exchanged by two renames, or by a symbolic link. */
import { readdir, readFile, readlink, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { OperatorError, PermanentError } from "../../src/errors.ts";
import { A, B, C, crashing, type Files, useWorld, type WorldOptions } from "./world.ts";

const world = useWorld();

/** The live files, without Slipway's folder. */
async function live(): Promise<Files> {
  const { ".slipway": _, ...files } = await world.read();
  return files;
}

describe("strategy swap", () => {
  const swap: WorldOptions = { placeInside: false, rules: { strategy: "swap" } };

  it("goes forth and back between releases, and sends only the difference to the one before", async () => {
    for (const files of [A, B, C, A, B]) {
      await world.publish(await world.build(files), swap);
      expect(await live()).toEqual(files);
    }
    const before = { ...B, "index.html": "<h1>B2</h1>" };
    await world.publish(await world.build(before), swap);
    const stats = await world.publish(await world.build(B), swap);
    expect(stats.uploadedBytes).toBe(0);
    expect(await live()).toEqual(B);
    expect((await readdir(world.root)).filter((name) => name !== "blobs" && !name.startsWith("build-")).sort()).toEqual(
      [".slipway", "site"],
    );
  });

  it("does nothing when the release is live already", async () => {
    await world.publish(await world.build(A), swap);
    await world.publish(await world.build(A), swap);
    expect(world.lines.at(-1)).toMatch(/^Nothing to do/);
  });

  it("leaves no lock when it is cancelled, so that the next publish need not wait", async () => {
    await world.publish(await world.build(A), swap);
    const stop = new AbortController();
    const onProgress = () => stop.abort(new Error("cancelled by Alice"));
    const cancelled = world.publish(await world.build(B), { ...swap, onProgress, signal: stop.signal });
    await expect(cancelled).rejects.toThrow("cancelled by Alice");
    expect(await readdir(join(world.root, ".slipway/site"))).not.toContain("lock");
    expect(await live()).toEqual(A);
    await world.publish(await world.build(C), { ...swap, ownerId: null, lockWaitMs: 0 });
    expect(await live()).toEqual(C);
  });

  it("asks before it takes files of others away", async () => {
    await world.write(world.site, { "guestbook.php": "theirs", "index.html": "theirs" });
    const publish = world.publish(await world.build(A), swap);
    await expect(publish).rejects.toMatchObject({ consent: "adopt", paths: expect.arrayContaining(["guestbook.php"]) });
    expect(await live()).toEqual({ "guestbook.php": "theirs", "index.html": "theirs" });
    await world.publish(await world.build(A), { ...swap, rules: { strategy: "swap", adopt: true } });
    expect(await live()).toEqual(A);
  });

  it("refuses to keep paths, and a target that is no folder of its own", async () => {
    const keep = world.publish(await world.build(A), { ...swap, rules: { strategy: "swap", keep: ["uploads/**"] } });
    await expect(keep).rejects.toMatchObject({ key: "sites.shop.keep" });
    const root = world.publish(await world.build(A), {
      ...swap,
      target: { protocol: "dir", folder: "/", key: "sites.shop" },
    });
    await expect(root).rejects.toBeInstanceOf(OperatorError);
  });

  it("is finished by the next publish when it was cut off between its renames", async () => {
    await world.publish(await world.build(A), swap);
    await world.publish(await world.build(B), swap);
    const slipway = join(world.root, ".slipway/site");
    await rename(world.site, join(slipway, "old"));
    await world.publish(await world.build(A), swap);
    expect(await live()).toEqual(A);
    await world.publish(await world.build(C), swap);
    expect(await live()).toEqual(C);
  });

  it("shows the old site or the new one, wherever it is cut off", async () => {
    const next = await world.build({ ...B, "index.html": "<h1>D</h1>" });
    for (let crashAt = 1; ; crashAt += 1) {
      await rm(join(world.root, ".slipway"), { recursive: true, force: true });
      await world.wipe();
      await world.publish(await world.build(A), swap);
      const folders = [world.root, join(world.root, ".slipway/site/next")];
      const publishers = folders.map((folder) => world.directory(folder));
      let count = 0;
      const createPublisher: WorldOptions["createPublisher"] = (target) => {
        const inner = publishers[folders.indexOf(target.folder)] ?? world.directory(target.folder);
        return crashing(
          {
            ...world,
            directory: () => inner,
            get site() {
              return target.folder;
            },
          },
          crashAt,
          () => (count += 1),
        ).publisher;
      };
      const outcome = await world.publish(await world.build(B), { ...swap, createPublisher }).then(
        () => "done",
        () => "crash",
      );
      expect([A, B], `cut off before change ${crashAt}`).toContainEqual(await live());
      await world.publish(next, swap);
      expect(await live(), `cut off before change ${crashAt}`).toEqual({ ...B, "index.html": "<h1>D</h1>" });
      if (outcome === "done") return expect(crashAt).toBeGreaterThan(25);
    }
  }, 60_000);
});

describe("strategy symlink", () => {
  const link: WorldOptions = { placeInside: false, rules: { strategy: "symlink" } };

  it("switches a link between two folders", async () => {
    await rm(world.site, { recursive: true });
    for (const files of [A, B, C, A]) {
      await world.publish(await world.build(files), link);
      expect(await live()).toEqual(files);
    }
    expect(await readlink(world.site)).toMatch(/^\.slipway\/site\/[ab]$/);
  });

  it("refuses a real folder and says what to do", async () => {
    await writeFile(join(world.site, "x"), "x");
    const publish = world.publish(await world.build(A), link);
    await expect(publish).rejects.toThrow(/is a folder.*Move it away/);
    await expect(publish).rejects.toBeInstanceOf(PermanentError);
    expect(await readFile(join(world.site, "x"), "utf8")).toBe("x");
  });
});
