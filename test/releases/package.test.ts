import { once } from "node:events";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { PermanentError } from "../../src/errors.ts";
import { createBlobStore } from "../../src/releases/blob-store.ts";
import { packageFolder } from "../../src/releases/package.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "slipway-package-"));
});
afterEach(() => rm(root, { recursive: true }));

async function write(path: string, content = path): Promise<void> {
  await mkdir(dirname(join(root, "out", path)), { recursive: true });
  await writeFile(join(root, "out", path), content);
}

const pack = () =>
  packageFolder({ folder: join(root, "out"), blobs: createBlobStore({ folder: join(root, "blobs") }) });
const paths = async () => [...(await pack()).release.files.keys()];

describe("packageFolder", () => {
  it("takes every file, dot files included, and gives the same build the same id", async () => {
    await write("index.html");
    await write(".htaccess");
    await write(".well-known/security.txt");
    await write("a b/ü.html");
    expect(await paths()).toEqual([".htaccess", ".well-known/security.txt", "a b/ü.html", "index.html"]);
    expect((await pack()).release.id).toBe((await pack()).release.id);
  });

  it("leaves out the history and installed packages, and says so", async () => {
    await write("index.html");
    await write(".git/config");
    await write("docs/node_modules/x/index.js");
    const { release, warnings } = await pack();
    expect([...release.files.keys()]).toEqual(["index.html"]);
    expect(warnings).toEqual([expect.stringContaining(".git"), expect.stringContaining("docs/node_modules")]);
  });

  it("takes a file called __proto__ like any other", async () => {
    await write("index.html");
    await write("__proto__");
    expect(await paths()).toEqual(["__proto__", "index.html"]);
  });

  it("follows links inside the output", async () => {
    await write("real/index.html", "page");
    await symlink("real", join(root, "out/alias"));
    await symlink("real/index.html", join(root, "out/index.html"));
    expect(await paths()).toEqual(["alias/index.html", "index.html", "real/index.html"]);
  });

  it.each([
    ["leads out", async () => symlink("/etc/hostname", join(root, "out/leak.txt")), /leads out/],
    ["leads to the folder beside", async () => symlink("../out-of-it", join(root, "out/leak.txt")), /leads out/],
    ["leads nowhere", async () => symlink("nothing", join(root, "out/dead.txt")), /leads nowhere/],
    ["leads to a folder above", async () => symlink(".", join(root, "out/again")), /contains it/],
  ])("refuses a link that %s", async (_, link, message) => {
    await write("index.html");
    await writeFile(join(root, "out-of-it"), "secret");
    await link();
    await expect(pack()).rejects.toThrow(message);
    await expect(pack()).rejects.toBeInstanceOf(PermanentError);
  });

  it.each(["line\nend.html", "back\\slash.html", "return\r.html"])("refuses the name %j", async (name) => {
    await write(name);
    await expect(pack()).rejects.toThrow(/control character or a backslash/);
  });

  it("refuses a name that is not UTF-8", async () => {
    await write("index.html");
    await writeFile(Buffer.concat([Buffer.from(join(root, "out/bad-")), Buffer.from([0xff, 0xfe])]), "x");
    await expect(pack()).rejects.toThrow(/not valid UTF-8/);
  });

  it("refuses files in the folder that is Slipway's own on the host", async () => {
    await write("index.html");
    await write(".Slipway/manifest.json.gz");
    await expect(pack()).rejects.toThrow(/belongs to Slipway/);
  });

  it("refuses two names that are one after Unicode normalisation", async () => {
    await write("caf\u00e9.html");
    await write("cafe\u0301.html");
    await expect(pack()).rejects.toThrow(/Two files are called/);
  });

  it("publishes a decomposed name in normal form C", async () => {
    await write("cafe\u0301.html");
    expect(await paths()).toEqual(["caf\u00e9.html"]);
  });

  it("warns about names that differ in case only", async () => {
    await write("Index.html");
    await write("index.html");
    expect((await pack()).warnings).toEqual([expect.stringContaining("ignore case")]);
  });

  it("leaves out what is neither file nor folder instead of hanging on it", async () => {
    await write("index.html");
    const server = createServer().listen(join(root, "out/socket"));
    await once(server, "listening");
    onTestFinished(() => void server.close());
    expect((await pack()).warnings).toEqual([expect.stringContaining("socket")]);
  });

  it("refuses a missing, an empty and a pageless output in words that help", async () => {
    await expect(pack()).rejects.toThrow(/build\.output/);
    await mkdir(join(root, "out/assets"), { recursive: true });
    await expect(pack()).rejects.toThrow(/empty/);
    await write("main.js");
    await expect(pack()).rejects.toThrow(/no page/);
  });

  it("names the limit that a build is over, and stores nothing of it", async () => {
    await write("index.html", "x".repeat(1000));
    await write("about.html");
    await write("team.html");
    const folder = join(root, "out");
    const blobs = createBlobStore({ folder: join(root, "blobs") });
    await expect(packageFolder({ folder, blobs, maxFiles: 2 })).rejects.toThrow(/more than 2 files \(limits\.files\)/);
    const tooLarge = packageFolder({ folder, blobs, maxBytes: 1000 });
    await expect(tooLarge).rejects.toThrow(/larger than 1000 bytes \(limits\.output\)/);
    await expect(tooLarge).rejects.toBeInstanceOf(PermanentError);
    const { release } = await packageFolder({ folder, blobs, maxFiles: 3, maxBytes: 2000 });
    expect(release.files.size).toBe(3);
  });

  it("stops when it is told to", async () => {
    await write("index.html");
    const options = { folder: join(root, "out"), blobs: createBlobStore({ folder: join(root, "blobs") }) };
    await expect(packageFolder({ ...options, signal: AbortSignal.abort(new Error("enough")) })).rejects.toThrow(
      "enough",
    );
  });
});
