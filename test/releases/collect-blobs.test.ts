import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, rename, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type BlobStore, createBlobStore } from "../../src/releases/blob-store.ts";
import { collectBlobs } from "../../src/releases/collect-blobs.ts";

let root: string;
let folder: string;
let blobs: BlobStore;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "slipway-collect-"));
  folder = join(root, "blobs");
  blobs = createBlobStore({ folder });
});
afterEach(() => rm(root, { recursive: true }));

const HOUR_MS = 3_600_000;
const digest = (content: string) => createHash("sha256").update(content).digest("hex");
const hourAgo = () => Date.now() - HOUR_MS;

/** Puts a content into the store, as a build would. */
async function put(content: string): Promise<string> {
  const path = join(root, "source");
  await writeFile(path, content);
  return (await blobs.putAll([path]))[0]?.sha256 ?? "";
}

/** Puts a content, a long time ago. */
async function putLongAgo(content: string): Promise<string> {
  const sha256 = await put(content);
  await age(blobs.path(sha256));
  return sha256;
}

const age = (path: string) => utimes(path, new Date(Date.now() - 2 * HOUR_MS), new Date(Date.now() - 2 * HOUR_MS));
const nobody = () => false;

describe("Collecting contents", () => {
  it("removes those that are old and that nobody needs, and says how much that was", async () => {
    const [needed, old, young] = [await putLongAgo("needed"), await putLongAgo("old one"), await put("young")];
    const result = await collectBlobs({ folder, isNeeded: (sha256) => sha256 === needed, beforeMs: hourAgo() });
    expect(result).toEqual({ removed: 1, bytes: 7 });
    expect(await Promise.all([needed, old, young].map(blobs.has))).toEqual([true, false, true]);
  });

  it("leaves what a build found present just now, though it was not written again", async () => {
    const sha256 = await putLongAgo("wanted again");
    await put("wanted again");
    expect(await collectBlobs({ folder, isNeeded: nobody, beforeMs: hourAgo() })).toEqual({ removed: 0, bytes: 0 });
    expect(await blobs.has(sha256)).toBe(true);
  });

  it("never loses what builds put at the same moment, again and again", async () => {
    const contents = Array.from({ length: 40 }, (_, index) => `content ${index}`);
    for (const content of contents) await putLongAgo(content);
    // Every file is old, so each is either collected or touched first; whoever put it last finds it.
    const sources = contents.map((_, index) => join(root, `source-${index}`));
    await Promise.all(sources.map((path, index) => writeFile(path, contents[index] ?? "")));
    const building = Promise.all(sources.map((path) => blobs.putAll([path])));
    const { removed } = await collectBlobs({ folder, isNeeded: nobody, beforeMs: hourAgo() });
    await building;
    expect(await Promise.all(contents.map((content) => blobs.has(digest(content))))).not.toContain(false);
    expect(removed).toBeLessThanOrEqual(contents.length);
    expect(await readdir(join(folder, "condemned")).catch(() => [])).toEqual([]);
  });

  it("gives back what a collector that was killed had taken away", async () => {
    const sha256 = await put("taken away");
    await mkdir(join(folder, "condemned"));
    await rename(blobs.path(sha256), join(folder, "condemned", sha256));
    await collectBlobs({ folder, isNeeded: nobody, beforeMs: hourAgo() });
    expect(await blobs.has(sha256)).toBe(true);
  });

  it("removes copies that a killed worker left half written, and leaves those of today", async () => {
    await put("something");
    for (const name of ["left", "being-written"]) await writeFile(join(folder, "incoming", name), "half");
    await age(join(folder, "incoming", "left"));
    await collectBlobs({ folder, isNeeded: nobody, beforeMs: hourAgo() });
    expect(await readdir(join(folder, "incoming"))).toEqual(["being-written"]);
  });

  it("leaves alone what is no content, and a store that is not there", async () => {
    await mkdir(join(folder, "ab"), { recursive: true });
    await writeFile(join(folder, "ab", "notes.txt"), "x");
    await age(join(folder, "ab", "notes.txt"));
    expect(await collectBlobs({ folder, isNeeded: nobody, beforeMs: hourAgo() })).toEqual({ removed: 0, bytes: 0 });
    const nowhere = join(root, "nowhere");
    expect(await collectBlobs({ folder: nowhere, isNeeded: nobody, beforeMs: 0 })).toEqual({ removed: 0, bytes: 0 });
  });

  it("ends early when it is asked to", async () => {
    await putLongAgo("old");
    const signal = AbortSignal.abort();
    expect(await collectBlobs({ folder, isNeeded: nobody, beforeMs: hourAgo(), signal })).toMatchObject({ removed: 0 });
  });
});
