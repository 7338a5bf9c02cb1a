/** What a publish may do, as the operator says: what is kept, what stays for a while, what needs a yes. */
import { readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { findDrift } from "../../src/publish/drift.ts";
import { previewPublish } from "../../src/publish/publish.ts";
import { A, B, type Files, OWN, useWorld } from "./world.ts";

const world = useWorld();

describe("keep", () => {
  it("leaves out of a publish what the patterns name, and says how much", async () => {
    await world.write(world.site, { "uploads/photo.jpg": "theirs", "robots.txt": "theirs" });
    const files: Files = { ...A, "uploads/photo.jpg": "ours", "uploads/new.jpg": "ours" };
    await world.publish(await world.build(files), { rules: { keep: ["uploads/**", "robots.txt"] } });
    expect(await world.read()).toEqual({ ...A, ...OWN, "uploads/photo.jpg": "theirs", "robots.txt": "theirs" });
    expect(world.lines[0]).toMatch(/^3 files of the build match `keep`/);
  });

  it("removes nothing there that an earlier publish put there", async () => {
    await world.publish(await world.build(A));
    await world.publish(await world.build(B), { rules: { keep: ["old/**"] } });
    expect(await world.read()).toEqual({ ...B, ...OWN, "old/deep/page.html": "old" });
  });

  it("has nothing to do the second time", async () => {
    const rules = { keep: ["robots.txt"] };
    await world.publish(await world.build(A), { rules });
    await world.publish(await world.build(A), { rules });
    expect(world.lines.at(-1)).toMatch(/^Nothing to do/);
  });
});

describe("hashed assets", () => {
  const rules = { keepAssets: { releases: 2, forMs: 0 } };
  const page = (hash: string): Files => ({ "index.html": hash, [`app-${hash}.js`]: hash });
  const [one, two, three, four] = ["AAAAAAA1", "BBBBBBB2", "CCCCCCC3", "DDDDDDD4"].map(page) as [
    Files,
    Files,
    Files,
    Files,
  ];

  it("stay for the releases that the rule names, then go", async () => {
    for (const [files, staying] of [
      [one, {}],
      [two, { "app-AAAAAAA1.js": "AAAAAAA1" }],
      [three, { "app-AAAAAAA1.js": "AAAAAAA1", "app-BBBBBBB2.js": "BBBBBBB2" }],
      [four, { "app-BBBBBBB2.js": "BBBBBBB2", "app-CCCCCCC3.js": "CCCCCCC3" }],
    ] as const) {
      await world.publish(await world.build(files), { rules });
      expect(await world.read()).toEqual({ ...files, ...staying, ...OWN });
    }
  });

  it("are not sent again by a rollback", async () => {
    await world.publish(await world.build(one), { rules });
    await world.publish(await world.build(two), { rules });
    const stats = await world.publish(await world.build(one), { rules });
    expect(stats).toMatchObject({ added: 0, changed: 1, unchanged: 1, uploadedBytes: 8 });
    expect(await world.read()).toEqual({ ...one, ...OWN, "app-BBBBBBB2.js": "BBBBBBB2" });
  });

  it("are dropped at once when the rule ends, and never count as too many removals", async () => {
    await world.publish(await world.build(one), { rules });
    await world.publish(await world.build(two), { rules: { ...rules, allowRemovals: false } });
    await world.publish(await world.build(three), { rules: { keepAssets: { releases: 0, forMs: 0 } } });
    expect(await world.read()).toEqual({ ...three, ...OWN });
  });
});

describe("a release that would remove more than half", () => {
  const rules = { allowRemovals: false };

  it("is refused, names the files, and changes nothing", async () => {
    await world.publish(await world.build(A));
    const before = await world.read();
    const error = await world
      .publish(await world.build({ "index.html": "alone" }), { rules })
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: "NeedsConsentError", consent: "allowRemovals" });
    expect(String(error)).toMatch(/would remove 4 files.*about\/index\.html/);
    expect(await world.read()).toEqual(before);
  });

  it("is published when half or less goes", async () => {
    await world.publish(await world.build({ "a.html": "a", "b.html": "b" }));
    await world.publish(await world.build({ "a.html": "a" }), { rules });
    expect(await world.read()).toEqual({ "a.html": "a", ...OWN });
  });
});

describe("a preview", () => {
  it("says what a publish would do, and changes nothing", async () => {
    await world.publish(await world.build(A));
    await world.write(world.site, { "twin-2.txt": "foreign" });
    const before = await world.read();
    const preview = await previewPublish(
      world.options(await world.build(B), { rules: { keepAssets: { releases: 1, forMs: 0 } } }),
    );
    expect(preview).toMatchObject({
      added: ["assets/app-BBBBBBB2.js", "twin-3.txt", "blog/post/index.html"],
      changed: ["twin-1.txt", "twin-2.txt", "about/index.html", "index.html"],
      removed: ["old/deep/page.html"],
      kept: ["assets/app-AAAAAAA1.js"],
      unchanged: 1,
      conflicts: ["twin-2.txt"],
      removesTooMuch: false,
    });
    expect(await world.read()).toEqual(before);
  });

  it("leaves not even a folder on a host where Slipway never was", async () => {
    await previewPublish(world.options(await world.build(A)));
    expect(await readdir(world.site)).toEqual([]);
  });
});

describe("drift", () => {
  async function drift(content: boolean) {
    return findDrift({ ...world.options(await world.build(A)), content });
  }

  it("names what others changed or removed, and a thorough publish mends it", async () => {
    const release = await world.build(A);
    await world.publish(release);
    await rm(join(world.site, "about/index.html"));
    await writeFile(join(world.site, "robots.txt"), "SAME");
    await writeFile(join(world.site, "twin-1.txt"), "longer than before");
    expect(await drift(false)).toMatchObject({
      releaseId: release.id,
      missing: ["about/index.html"],
      changed: ["robots.txt", "twin-1.txt"],
      files: 6,
    });
    await world.publish(release, { rules: { thorough: true } });
    expect(await world.read()).toEqual({ ...A, ...OWN });
    expect(await drift(true)).toMatchObject({ missing: [], changed: [] });
  });

  it("says that a host has no record", async () => {
    expect(await drift(false)).toEqual({ releaseId: null, missing: [], changed: [], files: 0 });
  });
});
