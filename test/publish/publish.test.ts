/** Publishing over a real folder: what travels, in which order, and what is left alone. */
import { mkdir, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { OperatorError, PermanentError } from "../../src/errors.ts";
import { releaseOf } from "../../src/model/release.ts";
import type { Publisher, PublishSession } from "../../src/publishers/publisher.ts";
import { packManifest } from "../../src/releases/host-manifest.ts";
import { A, B, C, crashing, type Files, OWN, useWorld } from "./world.ts";

const world = useWorld();

/** The upload of content, not of a record. */
const isUpload = (change: string) => /^upload .slipway.s-\w+.[a-z0-9]{12,}(-\d+)?$/.test(change);

describe("publishRelease", () => {
  it("brings a release to an empty host", async () => {
    const stats = await world.publish(await world.build(A));
    expect(await world.read()).toEqual({ ...A, ...OWN });
    expect(stats).toEqual({ added: 6, changed: 0, removed: 0, unchanged: 0, uploadedBytes: 32, files: 6, bytes: 32 });
    expect(world.lines).toContain("6 files to upload (32 B), 0 to remove, 0 unchanged.");
  });

  it("sends only what changed, once per file", async () => {
    await world.publish(await world.build(A));
    const { publisher, changes } = crashing(world, Number.POSITIVE_INFINITY);
    const stats = await world.publish(await world.build(B), { publisher });
    expect(await world.read()).toEqual({ ...B, ...OWN });
    expect(stats).toMatchObject({ added: 4, changed: 3, removed: 2, unchanged: 1 });
    expect(changes.filter(isUpload)).toHaveLength(7);
    expect(changes.filter((change) => change.startsWith("rename ")).some((change) => change.includes("robots"))).toBe(
      false,
    );
  });

  it("puts pages after assets, removes last, and names the release live at the very end", async () => {
    await world.publish(await world.build(A));
    const { publisher, changes } = crashing(world, Number.POSITIVE_INFINITY);
    await world.publish(await world.build(B), { publisher });
    const burst = changes.slice(changes.indexOf("rename .slipway/journal.json.gz"));
    const names = burst.map((change) => change.replace(/(live|s)-\w+/, "$1").replace(/lock\/.*/, "lock/"));
    expect(names).toEqual([
      "rename .slipway/journal.json.gz",
      "rename assets/app-BBBBBBB2.js",
      "rename twin-1.txt",
      "rename twin-2.txt",
      "rename twin-3.txt",
      "rename blog/post/index.html",
      "rename about/index.html",
      "rename index.html",
      "rename .slipway/manifest-1.json.gz",
      "rename .slipway/manifest.json.gz",
      "rename .slipway/live",
      "remove old/deep/page.html",
      "remove assets/app-AAAAAAA1.js",
      "remove .slipway/s/alive",
      "remove .slipway/journal.json.gz",
      "remove .slipway/lock/",
      "removeFolder old/deep",
      "removeFolder old",
      "removeFolder .slipway/s",
      "removeFolder .slipway/lock",
    ]);
  });

  it("changes nothing and says so when the host has the release already", async () => {
    const release = await world.build(A);
    await world.publish(release);
    const { publisher, changes } = crashing(world, 1);
    const stats = await world.publish(release, { publisher });
    expect(changes).toEqual([]);
    expect(stats).toMatchObject({ added: 0, changed: 0, removed: 0, unchanged: 6, uploadedBytes: 0 });
    expect(world.lines.at(-1)).toMatch(/^Nothing to do/);
  });

  it("repairs what somebody removed or edited when the same release is published again", async () => {
    const release = await world.build(A);
    await world.publish(release);
    await rm(join(world.site, "about/index.html"));
    await writeFile(join(world.site, "robots.txt"), "edited by hand");
    await world.publish(release);
    expect(await world.read()).toEqual({ ...A, ...OWN });
  });

  it("goes back to an earlier release, and swaps files and folders of the same name", async () => {
    for (const files of [A, B, C, A, C, B, A, C]) {
      await world.publish(await world.build(files));
      expect(await world.read()).toEqual({ ...files, ...OWN });
    }
  });

  it("removes folders that it made, and no others", async () => {
    await mkdir(join(world.site, "about"));
    await world.publish(await world.build(A));
    await world.publish(await world.build({ "index.html": "alone" }));
    expect((await readdir(world.site)).sort()).toEqual([".slipway", "about", "index.html"]);
  });

  it("refuses to replace files of others, names them, and changes nothing", async () => {
    const foreign = { "index.html": "a page made by hand", "about/index.html": "mine" };
    await world.write(world.site, foreign);
    const error = await world.publish(await world.build(A)).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(PermanentError);
    expect(String(error)).toMatch(/index\.html, about\/index\.html|about\/index\.html, index\.html/);
    expect(error).toMatchObject({ consent: "adopt", paths: expect.arrayContaining(["index.html"]) });
    expect(await world.read()).toEqual(foreign);
  });

  it("refuses when a file of others stands where a folder has to be", async () => {
    await world.write(world.site, { about: "foreign" });
    await expect(world.publish(await world.build(A))).rejects.toThrow(/about/);
    expect(await world.read()).toEqual({ about: "foreign" });
    await world.publish(await world.build(A), { rules: { adopt: true } });
    expect(await world.read()).toEqual({ ...A, ...OWN });
  });

  it("adopts files of others that have the same content, and all of them when it may", async () => {
    await world.write(world.site, { "robots.txt": "same", "index.html": "by hand" });
    const stats = await world.publish(await world.build(A), { rules: { adopt: true } });
    expect(stats).toMatchObject({ added: 4, changed: 1, unchanged: 1 });
    expect(await world.read()).toEqual({ ...A, ...OWN });
  });

  it("leaves fifty files of others byte for byte the same through ten publishes", async () => {
    const foreign: Record<string, string> = {};
    for (let index = 0; index < 40; index += 1) foreign[`about/upload-${index}.jpg`] = `picture ${index}`;
    Object.assign(foreign, {
      "Index.html": "<h1>A</h1>",
      "INDEX.HTML": "<h1>B</h1>",
      "assets/APP-AAAAAAA1.JS": "js X",
      "assets/app-AAAAAAA1.js.bak": "js A",
      "blog/post/photo.jpg": "jpg",
      "old/deep/.keep": "",
      "old/keep.html": "old",
      ".well-known/token": "t",
      "cgi-bin/mail.pl": "perl",
      "twin-4.txt": "other twin",
    });
    expect(Object.keys(foreign)).toHaveLength(50);
    await world.write(world.site, foreign);
    const D: Files = { ...B, "about/extra.html": "extra", "old/deep/new.html": "x" };
    const E: Files = { "index.html": "<h1>E</h1>", "blog/a.html": "a" };
    const wanted = [A, B, D, E, A, E, B, A, D, E];
    for (const files of wanted) {
      await world.publish(await world.build(files));
      expect(await world.read()).toEqual({ ...foreign, ...files, ...OWN });
    }
  });

  it("leaves a file of its own alone when somebody has changed it since, and says so", async () => {
    await world.publish(await world.build(A));
    await writeFile(join(world.site, "old/deep/page.html"), "edited on the host");
    const stats = await world.publish(await world.build(B));
    expect(await world.read()).toEqual({ ...B, ...OWN, "old/deep/page.html": "edited on the host" });
    expect(stats.removed).toBe(1);
    expect(world.lines.at(-1)).toContain("Left old/deep/page.html alone");
  });

  it("uses what it remembers when the host's record is gone or damaged", async () => {
    const release = await world.build(A);
    for (const damage of [
      () => rm(join(world.site, ".slipway"), { recursive: true }),
      () => truncate(join(world.site, ".slipway/manifest.json.gz"), 30),
      () => writeFile(join(world.site, ".slipway/manifest.json.gz"), "not gzip at all"),
    ]) {
      await world.publish(release);
      await damage();
      await world.publish(await world.build(B), { previous: release.files });
      expect(await world.read()).toEqual({ ...B, ...OWN });
      await world.publish(release);
    }
  });

  it("does without the marker of the release before", async () => {
    const release = await world.build(A);
    await world.publish(release);
    await rm(join(world.site, `.slipway/live-${release.id.slice(0, 32)}`));
    await world.publish(await world.build(B));
    expect(await world.read()).toEqual({ ...B, ...OWN });
  });

  it("does not go by sizes where the newest record cannot be read", async () => {
    const [one, two] = [await world.build({ "index.html": "one" }), await world.build({ "index.html": "two" })];
    await world.publish(one);
    await world.publish(two);
    await writeFile(join(world.site, ".slipway/manifest.json.gz"), "not gzip at all");
    await rm(join(world.site, `.slipway/live-${two.id.slice(0, 32)}`));
    await world.publish(one);
    expect(await world.read()).toEqual({ "index.html": "one", ...OWN });
  });

  it("does not take a damaged record for a first publish when it remembers nothing", async () => {
    await world.publish(await world.build(A));
    await truncate(join(world.site, ".slipway/manifest.json.gz"), 30);
    await expect(world.publish(await world.build(B))).rejects.toThrow(/did not put there/);
    expect(await world.read()).toEqual({ ...A, ...OWN });
  });

  it("believes no record that leads out of the target", async () => {
    await world.publish(await world.build(A));
    await world.write(world.root, { precious: "x" });
    const files = new Map([["../precious", { sha256: "0".repeat(64), size: 1 }]]);
    const record = { releaseId: releaseOf(files).id, files, folders: new Set<string>() };
    const bytes = packManifest({ ...record, atMs: 0, retained: new Map(), overwrites: false });
    await writeFile(join(world.site, ".slipway/manifest.json.gz"), bytes);
    await world.publish(await world.build(B), { previous: (await world.build(A)).files });
    expect(await readFile(join(world.root, "precious"), "utf8")).toBe("x");
    expect(await world.read()).toEqual({ ...B, ...OWN });
  });

  it("notices an upload that arrived short although it was reported as done, and repeats it", async () => {
    const inner = world.directory();
    let cut = 0;
    const publisher: Publisher = {
      label: inner.label,
      async open() {
        const session = await inner.open();
        const upload: PublishSession["upload"] = async (files, onDone) => {
          await session.upload(files, onDone);
          if (cut < 2) for (const { path, size } of files.slice(0, 2)) await truncate(join(world.site, path), size - 1);
          cut += 1;
        };
        return { ...session, upload };
      },
    };
    await world.publish(await world.build(A), { publisher });
    expect(await world.read()).toEqual({ ...A, ...OWN });
    expect(world.lines.some((line) => line.includes("arrived incomplete"))).toBe(true);
  });

  it("gives up on files that never arrive whole, with the live site untouched", async () => {
    await world.publish(await world.build(A));
    const inner = world.directory();
    const publisher: Publisher = {
      label: inner.label,
      async open() {
        const session = await inner.open();
        const upload: PublishSession["upload"] = async (files, onDone) => {
          await session.upload(files, onDone);
          for (const { path } of files) await truncate(join(world.site, path), 1);
        };
        return { ...session, upload };
      },
    };
    await expect(world.publish(await world.build(B), { publisher })).rejects.toThrow(/do not arrive whole/);
    const files = await world.read();
    expect(Object.fromEntries(Object.entries(files).filter(([path]) => !path.startsWith(".slipway")))).toEqual(A);
  });

  it("can be cancelled until the burst begins", async () => {
    await world.publish(await world.build(A));
    const stop = new AbortController();
    const onProgress = () => stop.abort(new Error("cancelled by Alice"));
    await expect(world.publish(await world.build(B), { onProgress, signal: stop.signal })).rejects.toThrow(
      "cancelled by Alice",
    );
    expect((await world.read())["index.html"]).toBe(A["index.html"]);
    await world.publish(await world.build(B));
    expect(await world.read()).toEqual({ ...B, ...OWN });
  });

  it("does not send again what an earlier try has staged", async () => {
    await world.publish(await world.build(A));
    const broken = crashing(world, 24);
    await expect(world.publish(await world.build(B), { publisher: broken.publisher })).rejects.toThrow("crash");
    const resumed = crashing(world, Number.POSITIVE_INFINITY);
    await world.publish(await world.build(B), { publisher: resumed.publisher });
    const uploads = (changes: string[]) => changes.filter(isUpload);
    expect(uploads(broken.changes).length).toBeGreaterThan(2);
    expect(uploads(resumed.changes).length).toBeLessThan(7);
    expect(await world.read()).toEqual({ ...B, ...OWN });
  });

  it("says in one line which key is wrong when the folder is missing", async () => {
    const error = await world
      .publish(await world.build(A), { publisher: world.directory(join(world.root, "missing")) })
      .catch((e: unknown) => e);
    expect(error).toBeInstanceOf(OperatorError);
    expect(String(error)).toContain("sites.shop.publish");
  });
});
