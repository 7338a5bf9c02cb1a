/** Tar archives inside of the zip file, as actions/upload-pages-artifact makes them, and bare ones. */
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { PermanentError } from "../../src/errors.ts";
import { temporaryFolder } from "../git/git-repository.ts";
import { outside, tree, unpacking } from "./unpacking.ts";
import { paxRecord, type TarPart, writeTar } from "./write-tar.ts";
import { writeZip } from "./write-zip.ts";

const inZip = (tar: Buffer) => writeZip([{ name: "artifact.tar", content: tar }]);
const page = { name: "index.html", content: "<h1>Tides</h1>" };

describe("an artifact of GitHub Pages", () => {
  it.each([
    ["gnu", "in a zip file", inZip],
    ["pax", "in a zip file", inZip],
    ["ustar", "in a zip file", inZip],
    ["gnu", "bare", (tar: Buffer) => tar],
  ])("that tar wrote as %s, %s, is unpacked", async (format, _, wrap) => {
    const site = temporaryFolder();
    const long = `assets/${"long-".repeat(25)}name.css`;
    mkdirSync(join(site, "assets"));
    const files = {
      "index.html": page.content,
      "assets/größe.txt": "x".repeat(2000),
      [format === "ustar" ? "b" : long]: "b{}",
    };
    for (const [path, content] of Object.entries(files)) writeFileSync(join(site, path), content);
    const tar = execFileSync("tar", [
      ...["--dereference", "--hard-dereference", "--directory", site, `--format=${format}`, "-cf", "-", "."],
    ]);
    const { folder, unpack } = unpacking(wrap(tar));
    expect(await unpack()).toEqual({ files: 3, bytes: 2017 });
    expect(tree(folder)).toEqual(files);
  });

  it("is one archive and nothing else: beside other files a tar archive is a file", async () => {
    const tar = writeTar([page]);
    const { folder, unpack } = unpacking(writeZip([{ name: "download.tar", content: tar }, page]));
    await unpack();
    expect(Object.keys(tree(folder))).toEqual(["download.tar", "index.html"]);
  });

  it("takes the name and the size that pax writes before an entry", async () => {
    const facts = paxRecord("path", "über/uns.html") + paxRecord("size", "3") + paxRecord("mtime", "1.5");
    const parts = [{ name: "pax", type: "x", content: facts }, { name: "short", content: "abc", saidSize: 0 }, page];
    const { folder, unpack } = unpacking(inZip(writeTar(parts)));
    await unpack();
    expect(tree(folder)).toEqual({ "über/uns.html": "abc", "index.html": page.content });
  });
});

const hostile: Array<[string, TarPart[], string]> = [
  ["leads upwards", [{ name: "../evil" }], '"../evil" leads out of its folder'],
  ["is absolute", [{ name: "/etc/passwd" }], '"/etc/passwd" is an absolute path'],
  ["leads upwards by its long name", [{ name: "L", type: "L", content: "../evil\0" }, page], '"../evil" leads out'],
  [
    "leads upwards by its name of pax",
    [{ name: "x", type: "x", content: paxRecord("path", "a/../../evil") }, page],
    '"a/../../evil" leads out',
  ],
  ["is a symbolic link", [{ name: "a", type: "2", linkName: "/etc/passwd" }], '"a" is a link'],
  ["is a hard link", [page, { name: "a", type: "1", linkName: "index.html" }], '"a" is a link'],
  ["is a device", [{ name: "a", type: "3" }], '"a" is neither a file nor a folder'],
  ["is a pipe", [{ name: "a", type: "6" }], '"a" is neither a file nor a folder'],
  ["stands there twice", [page, page], '"index.html" is in it twice'],
  ["is a folder with content", [{ name: "a", type: "5", content: "x" }], '"a" is a folder with content'],
  ["is the folder itself", [{ name: "./", type: "0", content: "x" }], "is a folder with content"],
  ["says that it has more than there is", [{ ...page, saidSize: 5000 }], "it ends in the middle"],
  ["has a long header", [{ name: "x", type: "x", content: "x".repeat(70_000) }, page], "a header is too long"],
  ["has facts that are none", [{ name: "x", type: "x", content: "99 path" }, page], "a pax header is malformed"],
  ["has holes", [{ name: "x", type: "x", content: paxRecord("GNU.sparse.major", "1") }, page], "with holes"],
];

describe("a tar archive is refused, and nothing else is touched, when an entry", () => {
  it.each(hostile)("%s", async (_, parts, message) => {
    expect(await unpacking(inZip(writeTar(parts))).refusal()).toContain(message);
    expect(await unpacking(writeTar(parts)).refusal()).toContain(message);
  });

  it("has a header that was changed", async () => {
    const tar = writeTar([page]);
    tar[3] = 0x58;
    expect(await unpacking(inZip(tar)).refusal()).toContain("a header's checksum does not fit");
  });

  it("is the last, and the end is missing", async () => {
    expect(await unpacking(inZip(writeTar([page], { end: false }))).refusal()).toContain("it ends in the middle");
  });

  it("is more than the limits allow", async () => {
    const many = Array.from({ length: 101 }, (_, n) => ({ name: `${n}` }));
    expect(await unpacking(inZip(writeTar(many))).refusal()).toContain("limits.files");
    const large = writeTar([{ name: "a", content: "x".repeat(1024 ** 2 + 1) }]);
    expect(await unpacking(inZip(large)).refusal()).toContain("limits.output of the site allows (1 MB)");
    expect(await unpacking(large).refusal()).toContain("limits.output of the site allows (1 MB)");
  });

  it("is whole and the zip file around it is not", async () => {
    const archive = writeZip([{ name: "artifact.tar", content: writeTar([page]), saidCrc: 7 }]);
    expect(await unpacking(archive).refusal()).toContain("its checksum does not fit");
  });
});

test("Any bytes in place of some of an archive's make at most one clear failure", async () => {
  const honest = writeTar([page, { name: "x", type: "x", content: paxRecord("path", "a/b.css") }, page]);
  await fc.assert(
    fc.asyncProperty(fc.nat(honest.length - 1), fc.uint8Array({ minLength: 1, maxLength: 16 }), async (at, bytes) => {
      const tar = Buffer.from(honest);
      tar.set(bytes.subarray(0, tar.length - at), at);
      const { unpack, root } = unpacking(inZip(tar));
      await unpack().catch((error: unknown) => expect(error).toBeInstanceOf(PermanentError));
      expect(outside(root)).toEqual(["artifact.zip", "mine"]);
    }),
    { numRuns: 150 },
  );
});
