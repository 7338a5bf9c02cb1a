import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createBlobStore } from "../../src/releases/blob-store.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "slipway-blobs-"));
});
afterEach(() => rm(folder, { recursive: true }));

async function source(content: string): Promise<string> {
  const path = join(folder, `source-${Math.random()}`);
  await writeFile(path, content);
  return path;
}

const digest = (content: string) => createHash("sha256").update(content).digest("hex");

describe("the blob store", () => {
  it("keeps a content under its digest and gives it back", async () => {
    const blobs = createBlobStore({ folder: join(folder, "blobs") });
    const [entry] = await blobs.putAll([await source("hello")]);
    if (!entry) throw new Error("nothing was put");
    expect(entry).toEqual({ sha256: digest("hello"), size: 5 });
    expect(await blobs.has(entry.sha256)).toBe(true);
    expect((await buffer(blobs.open(entry.sha256))).toString()).toBe("hello");
    expect(blobs.path(entry.sha256)).toBe(join(folder, "blobs", entry.sha256.slice(0, 2), entry.sha256));
  });

  it("keeps an empty file too", async () => {
    const blobs = createBlobStore({ folder: join(folder, "blobs") });
    expect(await blobs.putAll([await source("")])).toEqual([{ sha256: digest(""), size: 0 }]);
    expect(await blobs.has(digest(""))).toBe(true);
  });

  it("keeps a file that is too large to be read in one go", async () => {
    const blobs = createBlobStore({ folder: join(folder, "blobs") });
    const large = "0123456789abcdef".repeat(200_000);
    expect(await blobs.putAll([await source(large), await source("small")])).toEqual([
      { sha256: digest(large), size: large.length },
      { sha256: digest("small"), size: 5 },
    ]);
    expect((await buffer(blobs.open(digest(large)))).toString()).toBe(large);
    expect(await readdir(join(folder, "blobs", "incoming"))).toEqual([]);
  });

  it("stores the same content once, however many put it at the same time, and leaves no temporary file", async () => {
    const paths = await Promise.all(Array.from({ length: 12 }, () => source("same")));
    const stores = [1, 2, 3].map(() => createBlobStore({ folder: join(folder, "blobs") }));
    await Promise.all(stores.flatMap((blobs) => paths.map((path) => blobs.putAll([path]))));
    expect(await readdir(join(folder, "blobs", digest("same").slice(0, 2)))).toEqual([digest("same")]);
    expect(await readdir(join(folder, "blobs", "incoming"))).toEqual([]);
  });

  it("replaces a stored copy that was cut short", async () => {
    const blobs = createBlobStore({ folder: join(folder, "blobs") });
    const sha256 = digest("whole");
    await blobs.putAll([await source("whole")]);
    await truncate(blobs.path(sha256), 2);
    await blobs.putAll([await source("whole")]);
    expect(await readFile(blobs.path(sha256), "utf8")).toBe("whole");
  });

  it("refuses a digest that would lead out of its folder", () => {
    const blobs = createBlobStore({ folder });
    expect(() => blobs.path("../../etc/passwd")).toThrow(RangeError);
  });

  it("says so when a file is not there, and stores nothing", async () => {
    const blobs = createBlobStore({ folder: join(folder, "blobs") });
    await expect(blobs.putAll([await source("other"), join(folder, "absent")])).rejects.toMatchObject({
      code: "ENOENT",
    });
    expect(await blobs.has("0".repeat(64))).toBe(false);
  });
});
