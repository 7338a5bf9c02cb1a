import { createHash } from "node:crypto";
import { appendFile, chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { PermanentError } from "../../src/errors.ts";
import { readFolderRelease } from "../../src/releases/folder-release.ts";

const words = { missing: "", notAFolder: "", empty: "", tooMany: () => "too many", noPage: () => "", advice: "" };

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "slipway-folder-"));
});
afterEach(() => rm(root, { recursive: true }));

const put = (name: string, content: string | Buffer) => writeFile(join(root, name), content);
const read = () => readFolderRelease({ folder: root, words });
const digest = (content: string | Buffer) => createHash("sha256").update(content).digest("hex");

describe("readFolderRelease", () => {
  it("knows digest and size of every file, the large and the empty ones, and reads them back", async () => {
    const large = Buffer.alloc(5_000_000, "large");
    await put("index.html", "page");
    await put("large.bin", large);
    await put("empty.txt", "");
    const { release, open } = await read();
    expect([...release.files]).toEqual([
      ["empty.txt", { sha256: digest(""), size: 0 }],
      ["index.html", { sha256: digest("page"), size: 4 }],
      ["large.bin", { sha256: digest(large), size: 5_000_000 }],
    ]);
    for (const content of [large, Buffer.from("page"), Buffer.alloc(0)]) {
      expect((await buffer(open(digest(content)))).equals(content)).toBe(true);
    }
  });

  it.each([
    ["other text of the same length", () => put("index.html", "PAGE"), "page"],
    ["more text", () => appendFile(join(root, "index.html"), "more"), "page"],
    ["less text", () => put("index.html", "p"), "page"],
    ["no file at all", () => rm(join(root, "index.html")), "page"],
    ["another end of a large file", () => put("index.html", `${"a".repeat(1_999_999)}b`), "a".repeat(2_000_000)],
  ])("fails for good, and never delivers the full length, when there is %s by now", async (_, change, before) => {
    await put("index.html", before);
    const { open } = await read();
    await change();
    let delivered = 0;
    const reading = async () => {
      for await (const chunk of open(digest(before))) delivered += (chunk as Buffer).length;
    };
    const error = await reading().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(PermanentError);
    expect(String(error)).toMatch(/"index\.html" was changed while it was being published/);
    expect(delivered).toBeLessThan(before.length);
  });

  it.skipIf(process.getuid?.() === 0)("names a file that may not be read", async () => {
    await put("index.html", "page");
    await chmod(join(root, "index.html"), 0);
    await expect(read()).rejects.toThrow(/"index\.html" cannot be read \(EACCES\)/);
  });

  it("stops when it is told to", async () => {
    await put("index.html", "page");
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(readFolderRelease({ folder: root, words, signal })).rejects.toThrow("enough");
  });
});
