/** Zip files, honest and hostile: what is unpacked, and what the one clear failure says. */
import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { entryPath } from "../../src/artifacts/entry-path.ts";
import { PermanentError } from "../../src/errors.ts";
import { outside, tree, unpacking } from "./unpacking.ts";
import { writeZip, type ZipPart } from "./write-zip.ts";

const page = { name: "index.html", content: "<h1>Tides</h1>" };

describe("a zip file", () => {
  it("is unpacked with its folders, and with no modes of its own", async () => {
    const archive = writeZip([
      { name: "assets/", mode: 0o040777 },
      { ...page, mode: 0o104777 },
      { name: "assets/deep/er/a b.css", content: "a{}".repeat(1000), mode: 0 },
      { name: "stored.txt", content: "as it is", method: 0 },
      { name: "größe/日本.html", content: "ü" },
      { name: "empty" },
      { name: "./dotted.html", content: "." },
    ]);
    const { folder, unpack, root } = unpacking(archive);
    expect(await unpack()).toEqual({ files: 6, bytes: 3025 });
    expect(tree(folder)).toEqual({
      "index.html": page.content,
      "assets/deep/er/a b.css": "a{}".repeat(1000),
      "stored.txt": "as it is",
      "größe/日本.html": "ü",
      empty: "",
      "dotted.html": ".",
    });
    const mode = (path: string) => (statSync(join(folder, path)).mode & 0o7777).toString(8);
    expect(["", "assets", "assets/deep", "index.html"].map(mode)).toEqual(["700", "700", "700", "600"]);
    expect(outside(root)).toEqual(["artifact.zip", "mine"]);
  });

  it("with the numbers of zip64 is unpacked", async () => {
    const { folder, unpack } = unpacking(writeZip([{ ...page, zip64: true }]));
    await unpack();
    expect(tree(folder)).toEqual({ "index.html": page.content });
  });

  it("with names that differ in case alone is unpacked; packaging warns of them", async () => {
    const { unpack } = unpacking(writeZip([page, { name: "INDEX.html", content: "other" }]));
    expect(await unpack()).toMatchObject({ files: 2 });
  });

  it("is not unpacked over anything", async () => {
    const { folder, unpack } = unpacking(writeZip([page]));
    await unpack();
    writeFileSync(join(folder, "index.html"), "mine");
    await expect(unpack()).rejects.toThrow("is not empty");
    expect(tree(folder)).toEqual({ "index.html": "mine" });
  });

  it("is left alone when the deployment was cancelled, and half-way through too", async () => {
    const cancelled = new Error("cancelled");
    const { unpack, folder } = unpacking(writeZip([page]));
    await expect(unpack(AbortSignal.abort(cancelled))).rejects.toBe(cancelled);
    const abort = new AbortController();
    const running = unpack(abort.signal);
    abort.abort(cancelled);
    await expect(running).rejects.toBe(cancelled);
    expect(tree(folder)).toEqual({});
  });
});

const LINK = 0o120777;
const hostile: Array<[string, ZipPart[], string]> = [
  ["leads upwards", [{ name: "../evil.html" }], '"../evil.html" leads out of its folder'],
  ["leads upwards from within", [{ name: "a/../../evil" }], '"a/../../evil" leads out of its folder'],
  ["is absolute", [{ name: "/etc/passwd" }], '"/etc/passwd" is an absolute path'],
  ["is absolute behind a dot", [{ name: ".//etc/passwd" }], '".//etc/passwd" is an absolute path'],
  ["names a drive", [{ name: "C:/evil" }], '"C:/evil" is an absolute path'],
  ["has a backslash", [{ name: "..\\evil" }], '"..\\\\evil" has a backslash'],
  ["has a NUL", [{ name: "index.html\0.png" }], '"index.html\\u0000.png" has a control character'],
  ["has a line end", [{ name: "a\nb" }], '"a\\nb" has a control character'],
  ["is empty", [{ name: "" }], '"" is no name'],
  ["has an empty segment", [{ name: "a//b" }], '"a//b" has an empty'],
  ["is very long", [{ name: `${"a/".repeat(600)}b` }], "is longer than 1024 bytes"],
  ["has a long segment", [{ name: "ä".repeat(128) }], "has a segment longer than 255 bytes"],
  ["stands there twice", [page, page], '"index.html" is in it twice'],
  ["stands there twice, once behind a dot", [page, { name: "./index.html" }], '"index.html" is in it twice'],
  ["is a file and then a folder", [{ name: "a" }, { name: "a/b" }], '"a" is a file and a folder'],
  ["is a folder and then a file", [{ name: "a/b" }, { name: "a" }], '"a" is a file and a folder'],
  ["is the folder itself", [{ name: "." }], '"." is no name of a file'],
  ["is a link", [{ name: "passwd", content: "/etc/passwd", mode: LINK }], '"passwd" is a link'],
  ["is a device", [{ name: "disk", mode: 0o060600 }], '"disk" is neither a file nor a folder'],
  ["is a folder with content", [{ name: "a/", content: "x" }], '"a/" is a folder with content'],
  ["is a folder in disguise", [{ name: "a", mode: 0o040755 }], '"a" is a folder that is listed as a file'],
  ["is encrypted", [{ ...page, flags: 0x801 }], '"index.html" is encrypted'],
  ["is compressed oddly", [{ ...page, method: 93 }], "is compressed in a way that is not known (93)"],
  ["shares the bytes of another", [page, { ...page, name: "b.html", sharesWith: 0 }], "shares bytes with another"],
  ["has fewer bytes than it says", [{ ...page, saidSize: 5000 }], '"index.html" is damaged'],
  ["has more bytes than it says", [{ ...page, saidSize: 5 }], '"index.html" is damaged'],
  ["has another checksum", [{ ...page, saidCrc: 7 }], '"index.html" is damaged: its checksum does not fit'],
];

describe("a zip file is refused, and nothing else is touched, when a name in it", () => {
  it.each(hostile)("%s", async (_, parts, message) => {
    expect(await unpacking(writeZip(parts)).refusal()).toContain(`The artifact cannot be unpacked: `);
    expect(await unpacking(writeZip(parts)).refusal()).toContain(message);
  });

  it("is not UTF-8", async () => {
    const archive = writeZip([{ name: "aXb" }]);
    for (let at = archive.indexOf("aXb"); at >= 0; at = archive.indexOf("aXb")) archive[at + 1] = 0xff;
    expect(await unpacking(archive).refusal()).toContain("is not valid UTF-8");
  });
});

describe("a zip bomb", () => {
  const zeros = (bytes: number) => Buffer.alloc(bytes);

  it.each([
    ["of one large file", [{ name: "a", content: zeros(2 * 1024 ** 2) }], "limits.output of the site allows (1 MB)"],
    ["that lies about its size", [{ name: "a", content: zeros(2 * 1024 ** 2), saidSize: 10 }], '"a" is damaged'],
    [
      "of many files",
      Array.from({ length: 101 }, (_, n) => ({ name: `${n}` })),
      "more files or folders than limits.files of the site allows (100)",
    ],
    [
      "of many folders that are only named",
      Array.from({ length: 6 }, (_, n) => ({ name: `${n}/${"a/".repeat(20)}b` })),
      "more files or folders than limits.files",
    ],
    ["of many folders that are listed", Array.from({ length: 101 }, (_, n) => ({ name: `${n}/` })), "limits.files"],
    ["of a long list", Array.from({ length: 201 }, () => ({ name: "same/" })), "limits.files"],
  ])("%s is refused", async (_, parts, message) => {
    expect(await unpacking(writeZip(parts)).refusal()).toContain(message);
  });

  it("far denser than any site is refused before a byte of it is written", async () => {
    const archive = writeZip([{ name: "a", content: zeros(101 * 1024 ** 2) }]);
    const bomb = unpacking(archive, { outputBytes: 1024 ** 3 });
    expect(await bomb.refusal()).toContain("more than 200 times larger than its archive");
    expect(tree(bomb.folder)).toEqual({});
  });
});

describe("what is no archive", () => {
  it.each([
    ["a page", Buffer.from("<html>"), "neither a zip nor a tar archive"],
    ["nothing", Buffer.alloc(0), "neither a zip nor a tar archive"],
    ["an archive cut short", writeZip([page]).subarray(0, -30), "its zip file is damaged"],
    ["an archive of nothing", writeZip([]), "The artifact is empty"],
    ["an archive of folders", writeZip([{ name: "a/" }]), "The artifact is empty"],
  ])("%s is refused", async (_, archive, message) => {
    expect(await unpacking(archive).refusal()).toContain(message);
  });

  it("has no bytes that make anything but one clear failure", async () => {
    const honest = writeZip([page, { name: "a/b.css", content: "b{}" }]);
    await fc.assert(
      fc.asyncProperty(fc.nat(honest.length - 1), fc.nat(255), async (at, byte) => {
        const archive = Buffer.from(honest);
        archive[at] = byte;
        const { unpack, root } = unpacking(archive);
        await unpack().catch((error: unknown) => expect(error).toBeInstanceOf(PermanentError));
        expect(outside(root)).toEqual(["artifact.zip", "mine"]);
      }),
      { numRuns: 150 },
    );
  });
});

/** Names made of what paths are made of, so that many of them lead somewhere. */
const name = fc.oneof(
  fc
    .array(fc.constantFrom("..", ".", "", "a", "b", "C:", "\\", "/", "~", "ä"), { maxLength: 6 })
    .map((it) => it.join("/")),
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.string({ unit: fc.constantFrom(".", "/", "\\", "a", ":", "\0"), maxLength: 12 }),
);

test("Any name either lands inside the folder or is refused", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(name, { minLength: 1, maxLength: 4 }), async (names) => {
      const { unpack, root, folder } = unpacking(writeZip(names.map((it) => ({ name: it, content: "x" }))));
      const ended = await unpack().catch((error: unknown) => error);
      expect(outside(root)).toEqual(["artifact.zip", "mine"]);
      if (ended instanceof Error) expect(ended).toBeInstanceOf(PermanentError);
      else expect(Object.keys(tree(folder))).toHaveLength(names.length);
    }),
    { numRuns: 150 },
  );
});

test("A path that is accepted is plain, and accepting it again changes nothing", () => {
  fc.assert(
    fc.property(name, (it) => {
      let path: string;
      try {
        path = entryPath(it);
      } catch (error) {
        expect(error).toBeInstanceOf(PermanentError);
        return;
      }
      if (path === "") return;
      expect(path).not.toMatch(/^\/|^[A-Za-z]:|\\|\p{Cc}/u);
      expect(path.split("/")).not.toEqual(expect.arrayContaining([expect.stringMatching(/^\.{0,2}$/)]));
      expect(entryPath(path)).toBe(path);
    }),
    { numRuns: 2000 },
  );
});
