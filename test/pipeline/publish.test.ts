/** Publishing over a real folder: what travels, in which order, what is left alone, and what a crash leaves behind. */
import { mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createFtpServer, type FtpServer, type Misbehaviour } from "../../src/demo/ftp/ftp-server.ts";
import { OperatorError, PermanentError } from "../../src/errors.ts";
import type { Release } from "../../src/model/release.ts";
import { type PublishOptions, publishRelease } from "../../src/pipeline/publish.ts";
import { createDirectoryPublisher } from "../../src/publishers/directory.ts";
import { createFtpPublisher, type FtpOptions } from "../../src/publishers/ftp.ts";
import type { Publisher, PublishSession } from "../../src/publishers/publisher.ts";
import { type BlobStore, createBlobStore } from "../../src/releases/blob-store.ts";
import { packageFolder } from "../../src/releases/package.ts";

type Files = Record<string, string>;

let root: string;
let site: string;
let blobs: BlobStore;
let lines: string[];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "slipway-publish-"));
  site = join(root, "site");
  await mkdir(site);
  blobs = createBlobStore({ folder: join(root, "blobs") });
  lines = [];
});
afterEach(() => rm(root, { recursive: true }));

const directory = (folder = site) => createDirectoryPublisher({ protocol: "dir", folder, key: "sites.shop" });

async function write(folder: string, files: Files): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
}

async function build(files: Files): Promise<Release> {
  const folder = await mkdtemp(join(root, "build-"));
  await write(folder, files);
  return (await packageFolder({ folder, blobs })).release;
}

function publish(release: Release, options: Partial<PublishOptions> = {}) {
  const say = (line: string) => lines.push(line);
  return publishRelease({ publisher: directory(), blobs, release, adopt: false, say, ...options });
}

/** Path → content of everything in a folder; Slipway's own folder as the names in it. */
async function read(folder = site): Promise<Files> {
  const files: Files = {};
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const full = join(entry.parentPath, entry.name);
    const path = full.slice(folder.length + 1);
    if (entry.isFile()) files[path] = path.startsWith(".slipway/") ? "(ours)" : await readFile(full, "utf8");
  }
  return files;
}

const OWN: Files = { ".slipway/.htaccess": "(ours)", ".slipway/manifest.json.gz": "(ours)" };

const A: Files = {
  "index.html": "<h1>A</h1>",
  "about/index.html": "about A",
  "assets/app-AAAAAAA1.js": "js A",
  "robots.txt": "same",
  "twin-1.txt": "twin",
  "old/deep/page.html": "old",
};
const B: Files = {
  "index.html": "<h1>B</h1>",
  "about/index.html": "about B, longer",
  "assets/app-BBBBBBB2.js": "js B",
  "robots.txt": "same",
  "twin-1.txt": "other twin",
  "twin-2.txt": "other twin",
  "twin-3.txt": "other twin",
  "blog/post/index.html": "post",
};
/** Clashes with A and B: a file where they have a folder, a folder where they have a file. */
const C: Files = {
  "index.html": "<h1>C</h1>",
  about: "a file now",
  "robots.txt/index.html": "a folder now",
  "old/deep/page.html": "old",
};

/**
 * The files without what a cut-off try has staged. A publish with nothing to do looks at nothing but the manifest, so it
 * leaves that for the next one to use or to remove.
 */
function withoutStage(files: Files): Files {
  if (!lines.at(-1)?.startsWith("Nothing to do")) return files;
  return Object.fromEntries(Object.entries(files).filter(([path]) => !path.startsWith(".slipway/stage/")));
}

/** Counts every single change, and stops (as a crash would) before the one numbered `crashAt`. */
function crashing(publisher: Publisher, crashAt: number): { publisher: Publisher; changes: string[] } {
  const changes: string[] = [];
  const step = (change: string) => {
    changes.push(change);
    if (changes.length >= crashAt) throw new Error("crash");
  };
  async function open(): Promise<PublishSession> {
    const session = await publisher.open();
    return {
      ...session,
      async makeFolders(paths) {
        const made: string[] = [];
        for (const path of paths) {
          step(`makeFolder ${path}`);
          made.push(...(await session.makeFolders([path])));
        }
        return made;
      },
      async upload(files, onDone) {
        for (const file of files) {
          step(`upload ${file.path}`);
          await session.upload([file], onDone);
          try {
            step(`finish ${file.path}`);
          } catch (error) {
            await truncate(join(site, file.path), Math.floor(file.size / 2));
            throw error;
          }
        }
      },
      async rename(moves) {
        for (const move of moves) {
          step(`rename ${move.to}`);
          await session.rename([move]);
        }
      },
      async remove(paths) {
        for (const path of paths) {
          step(`remove ${path}`);
          await session.remove([path]);
        }
      },
      async removeEmptyFolders(paths) {
        for (const path of paths) {
          step(`removeFolder ${path}`);
          await session.removeEmptyFolders([path]);
        }
      },
    };
  }
  return { publisher: { label: publisher.label, open }, changes };
}

describe("publishRelease", () => {
  it("brings a release to an empty host", async () => {
    const stats = await publish(await build(A));
    expect(await read()).toEqual({ ...A, ...OWN });
    expect(stats).toEqual({ added: 6, changed: 0, removed: 0, unchanged: 0, uploadedBytes: 32, files: 6, bytes: 32 });
    expect(lines).toContain("6 files to upload (1 KB), 0 to remove, 0 unchanged.");
  });

  it("sends only what changed, once per file", async () => {
    await publish(await build(A));
    const { publisher, changes } = crashing(directory(), Number.POSITIVE_INFINITY);
    const stats = await publish(await build(B), { publisher });
    expect(await read()).toEqual({ ...B, ...OWN });
    expect(stats).toMatchObject({ added: 4, changed: 3, removed: 2, unchanged: 1 });
    expect(changes.filter((change) => /^upload .slipway.stage.[0-9a-f]{64}/.test(change))).toHaveLength(7);
    expect(changes.filter((change) => change.startsWith("rename ")).some((change) => change.includes("robots"))).toBe(
      false,
    );
  });

  it("puts pages after assets, removes last, and names the release live at the very end", async () => {
    await publish(await build(A));
    const { publisher, changes } = crashing(directory(), Number.POSITIVE_INFINITY);
    await publish(await build(B), { publisher });
    const burst = changes.slice(changes.indexOf("rename .slipway/pending.json.gz"));
    expect(burst).toEqual([
      "rename .slipway/pending.json.gz",
      "rename assets/app-BBBBBBB2.js",
      "rename twin-1.txt",
      "rename twin-2.txt",
      "rename twin-3.txt",
      "rename blog/post/index.html",
      "rename about/index.html",
      "rename index.html",
      "remove old/deep/page.html",
      "remove assets/app-AAAAAAA1.js",
      "removeFolder old/deep",
      "removeFolder old",
      "rename .slipway/manifest.json.gz",
      "remove .slipway/pending.json.gz",
      "removeFolder .slipway/stage",
    ]);
  });

  it("changes nothing and says so when the host has the release already", async () => {
    const release = await build(A);
    await publish(release);
    const { publisher, changes } = crashing(directory(), 1);
    const stats = await publish(release, { publisher });
    expect(changes).toEqual([]);
    expect(stats).toMatchObject({ added: 0, changed: 0, removed: 0, unchanged: 6, uploadedBytes: 0 });
    expect(lines.at(-1)).toMatch(/^Nothing to do/);
  });

  it("repairs what somebody removed or edited when the same release is published again", async () => {
    const release = await build(A);
    await publish(release);
    await rm(join(site, "about/index.html"));
    await writeFile(join(site, "robots.txt"), "edited by hand");
    await publish(release);
    expect(await read()).toEqual({ ...A, ...OWN });
  });

  it("goes back to an earlier release, and swaps files and folders of the same name", async () => {
    const releases = [await build(A), await build(B), await build(C)];
    for (const index of [0, 1, 2, 0, 2, 1, 0]) await publish(releases[index] ?? releases[0] ?? (await build(A)));
    expect(await read()).toEqual({ ...A, ...OWN });
    for (const release of [releases[2] ?? (await build(C))]) await publish(release);
    expect(await read()).toEqual({ ...C, ...OWN });
  });

  it("removes folders that it made, and no others", async () => {
    await mkdir(join(site, "about"));
    await publish(await build(A));
    await publish(await build({ "index.html": "alone" }));
    expect((await readdir(site)).sort()).toEqual([".slipway", "about", "index.html"]);
  });

  it("refuses to replace files of others, names them, and changes nothing", async () => {
    const foreign = { "index.html": "a page made by hand", "about/index.html": "mine" };
    await write(site, foreign);
    const error = await publish(await build(A)).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(PermanentError);
    expect(String(error)).toMatch(/index\.html, about\/index\.html|about\/index\.html, index\.html/);
    expect(String(error)).toContain("adopt: true");
    expect(await read()).toEqual(foreign);
  });

  it("refuses when a file of others stands where a folder has to be", async () => {
    await write(site, { about: "foreign" });
    await expect(publish(await build(A))).rejects.toThrow(/about/);
    expect(await read()).toEqual({ about: "foreign" });
    await publish(await build(A), { adopt: true });
    expect(await read()).toEqual({ ...A, ...OWN });
  });

  it("adopts files of others that have the same content, and all of them when it may", async () => {
    await write(site, { "robots.txt": "same", "index.html": "by hand" });
    const stats = await publish(await build(A), { adopt: true });
    expect(stats).toMatchObject({ added: 4, changed: 1, unchanged: 1 });
    expect(await read()).toEqual({ ...A, ...OWN });
  });

  it("leaves fifty files of others byte for byte the same through ten publishes", async () => {
    const foreign: Files = {};
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
    await write(site, foreign);
    const D: Files = { ...B, "about/extra.html": "extra", "old/deep/new.html": "x" };
    const E: Files = { "index.html": "<h1>E</h1>", "blog/a.html": "a" };
    const wanted = [A, B, D, E, A, E, B, A, D, E];
    for (const files of wanted) {
      await publish(await build(files));
      expect(await read()).toEqual({ ...foreign, ...files, ...OWN });
    }
  });

  it("leaves a file of its own alone when somebody has changed it since, and says so", async () => {
    await publish(await build(A));
    await writeFile(join(site, "old/deep/page.html"), "edited on the host");
    const stats = await publish(await build(B));
    expect(await read()).toEqual({ ...B, ...OWN, "old/deep/page.html": "edited on the host" });
    expect(stats.removed).toBe(1);
    expect(lines.at(-1)).toContain("Left old/deep/page.html alone");
  });

  it("uses what it remembers when the host's record is gone or damaged", async () => {
    const release = await build(A);
    for (const damage of [
      () => rm(join(site, ".slipway"), { recursive: true }),
      () => truncate(join(site, ".slipway/manifest.json.gz"), 30),
      () => writeFile(join(site, ".slipway/manifest.json.gz"), "not gzip at all"),
    ]) {
      await publish(release);
      await damage();
      await publish(await build(B), { previous: release.files });
      expect(await read()).toEqual({ ...B, ...OWN });
      await publish(release);
    }
  });

  it("does not take a damaged record for a first publish when it remembers nothing", async () => {
    await publish(await build(A));
    await truncate(join(site, ".slipway/manifest.json.gz"), 30);
    await expect(publish(await build(B))).rejects.toThrow(/did not put there/);
    expect(await read()).toEqual({ ...A, ...OWN });
  });

  it("believes no record that leads out of the target", async () => {
    await publish(await build(A));
    const { packManifest } = await import("../../src/releases/host-manifest.ts");
    const { releaseOf } = await import("../../src/model/release.ts");
    await write(root, { precious: "x" });
    const files = new Map([["../precious", { sha256: "0".repeat(64), size: 1 }]]);
    const bytes = packManifest({ releaseId: releaseOf(files).id, files, folders: new Set() });
    await writeFile(join(site, ".slipway/manifest.json.gz"), bytes);
    await publish(await build(B), { previous: (await build(A)).files });
    expect(await readFile(join(root, "precious"), "utf8")).toBe("x");
    expect(await read()).toEqual({ ...B, ...OWN });
  });

  it("notices an upload that arrived short although it was reported as done, and repeats it", async () => {
    const inner = directory();
    let cut = 0;
    const publisher: Publisher = {
      label: inner.label,
      async open() {
        const session = await inner.open();
        const upload: PublishSession["upload"] = async (files, onDone) => {
          await session.upload(files, onDone);
          if (cut < 2) for (const { path, size } of files.slice(0, 2)) await truncate(join(site, path), size - 1);
          cut += 1;
        };
        return { ...session, upload };
      },
    };
    await publish(await build(A), { publisher });
    expect(await read()).toEqual({ ...A, ...OWN });
    expect(lines.some((line) => line.includes("arrived incomplete"))).toBe(true);
  });

  it("gives up on files that never arrive whole, with the live site untouched", async () => {
    await publish(await build(A));
    const inner = directory();
    const publisher: Publisher = {
      label: inner.label,
      async open() {
        const session = await inner.open();
        const upload: PublishSession["upload"] = async (files, onDone) => {
          await session.upload(files, onDone);
          for (const { path } of files) await truncate(join(site, path), 1);
        };
        return { ...session, upload };
      },
    };
    await expect(publish(await build(B), { publisher })).rejects.toThrow(/do not arrive whole/);
    const files = await read();
    expect(Object.fromEntries(Object.entries(files).filter(([path]) => !path.startsWith(".slipway/")))).toEqual(A);
  });

  it("can be cancelled until the burst begins", async () => {
    await publish(await build(A));
    const stop = new AbortController();
    const onProgress = () => stop.abort(new Error("cancelled by Alice"));
    await expect(publish(await build(B), { onProgress, signal: stop.signal })).rejects.toThrow("cancelled by Alice");
    expect((await read())["index.html"]).toBe(A["index.html"]);
    await publish(await build(B));
    expect(await read()).toEqual({ ...B, ...OWN });
  });

  it("does not send again what an earlier try has staged", async () => {
    await publish(await build(A));
    const broken = crashing(directory(), 12);
    await expect(publish(await build(B), { publisher: broken.publisher })).rejects.toThrow("crash");
    const resumed = crashing(directory(), Number.POSITIVE_INFINITY);
    await publish(await build(B), { publisher: resumed.publisher });
    const uploads = (changes: string[]) =>
      changes.filter((change) => /^upload .slipway.stage.[0-9a-f]{64}/.test(change));
    expect(uploads(broken.changes).length).toBeGreaterThan(2);
    expect(uploads(resumed.changes).length).toBeLessThan(7);
    expect(await read()).toEqual({ ...B, ...OWN });
  });

  it("says in one line which key is wrong when the folder is missing", async () => {
    const error = await publish(await build(A), { publisher: directory(join(root, "missing")) }).catch(
      (e: unknown) => e,
    );
    expect(error).toBeInstanceOf(OperatorError);
    expect(String(error)).toContain("sites.shop.publish");
  });
});

describe("a publish that is cut off at any point", () => {
  const foreign: Files = { "about/photo.jpg": "foreign", "Index.html": "foreign", "assets/x/y.bin": "foreign" };

  /** Publishes `first`, then `second` cut off before its n-th change, then `third`; for every n. */
  async function everyCrash(first: Files, second: Files, third: Files, others: Files): Promise<number> {
    const releases = await Promise.all([first, second, third].map(build));
    const [one, two, three] = releases;
    if (!one || !two || !three) throw new Error("three releases");
    for (let crashAt = 1; ; crashAt += 1) {
      await rm(site, { recursive: true });
      await mkdir(site);
      await write(site, others);
      await publish(one);
      const { publisher, changes } = crashing(directory(), crashAt);
      const outcome = await publish(two, { publisher }).then(
        () => "done",
        (error: Error) => error.message,
      );
      expect(["done", "crash"]).toContain(outcome);
      await publish(three);
      expect(withoutStage(await read()), `cut off before change ${crashAt}: ${changes.at(-1)}`).toEqual({
        ...others,
        ...third,
        ...OWN,
      });
      if (outcome === "done") return crashAt;
    }
  }

  it("is finished by publishing the same release again", async () => {
    expect(await everyCrash(A, B, B, foreign)).toBeGreaterThan(35);
  });

  it("is undone by publishing the release before", async () => {
    expect(await everyCrash(A, B, A, foreign)).toBeGreaterThan(35);
  });

  it("is overtaken by publishing any other release", async () => {
    expect(await everyCrash(A, B, { "index.html": "<h1>X</h1>", "twin-2.txt": "TWIN AGAIN" }, foreign)).toBeGreaterThan(
      35,
    );
  });

  it("is mended even when files and folders change places", async () => {
    expect(await everyCrash(A, C, B, {})).toBeGreaterThan(20);
    expect(await everyCrash(C, A, C, {})).toBeGreaterThan(20);
  });

  it("is mended even when the first publish ever was cut off", async () => {
    const release = await build(A);
    for (let crashAt = 1; ; crashAt += 1) {
      await rm(site, { recursive: true });
      await mkdir(site);
      const { publisher, changes } = crashing(directory(), crashAt);
      const outcome = await publish(release, { publisher }).then(
        () => "done",
        () => "crash",
      );
      await publish(await build(B));
      expect(withoutStage(await read()), `cut off before change ${crashAt}: ${changes.at(-1)}`).toEqual({
        ...B,
        ...OWN,
      });
      if (outcome === "done") break;
    }
  });

  it("is mended when the mending is cut off too, with a third release", async () => {
    const [one, two, three] = [await build(A), await build(B), await build(C)];
    for (let crashAt = 18; crashAt < 60; crashAt += 5) {
      for (let again = 1; again < 60; again += 6) {
        await rm(site, { recursive: true });
        await mkdir(site);
        await publish(one);
        await publish(two, { publisher: crashing(directory(), crashAt).publisher }).catch(() => {});
        await publish(three, { publisher: crashing(directory(), again).publisher }).catch(() => {});
        await publish(one);
        expect(withoutStage(await read()), `cut off before ${crashAt}, then before ${again}`).toEqual({ ...A, ...OWN });
      }
    }
  }, 120_000);

  it("leaves no folder behind that it made for nothing", async () => {
    await publish(await build(A));
    for (const crashAt of [30, 36, 40]) {
      await publish(await build(B), { publisher: crashing(directory(), crashAt).publisher }).catch(() => {});
    }
    await publish(await build({ "index.html": "x" }));
    expect((await readdir(site)).sort()).toEqual([".slipway", "index.html"]);
    expect((await stat(join(site, ".slipway"))).isDirectory()).toBe(true);
  });
});

describe("publishing over FTP", () => {
  let server: FtpServer;
  beforeEach(async () => {
    server = createFtpServer({ root: site, user: "deploy", password: "the-secret-word" });
    await server.start();
  });
  afterEach(() => server.stop());

  function ftp(options: Partial<FtpOptions> = {}, password = "the-secret-word"): Publisher {
    const address = { protocol: "ftp", host: "127.0.0.1", port: server.port, folder: "/", implicit: false } as const;
    const target = { ...address, user: "deploy", password, ca: null, key: "sites.shop" };
    return createFtpPublisher(target, { retryDelayMs: 5, stallTimeoutMs: 5000, ...options });
  }

  /** Puts release A on the host as if it had always been there, and forgets what the server saw. */
  async function begin(misbehaviour: Misbehaviour): Promise<void> {
    server.misbehave(null);
    await rm(site, { recursive: true });
    await mkdir(site);
    await publish(await build(A));
    server.log.reset();
    server.misbehave(misbehaviour);
  }

  it("sends only what changed", async () => {
    await begin({});
    await publish(await build(B), { publisher: ftp() });
    expect(await read()).toEqual({ ...B, ...OWN });
    expect(server.log.stored.filter(({ path }) => /[0-9a-f]{64}/.test(path))).toHaveLength(7);
  });

  it("asks a host that is up to date for no more than its records", async () => {
    await begin({});
    await publish(await build(A), { publisher: ftp() });
    const { commands } = server.log;
    expect(commands.get("RETR")).toBe(1);
    expect(["STOR", "RNTO", "DELE", "MKD", "RMD"].map((verb) => commands.get(verb))).toEqual(Array(5).fill(undefined));
    expect(server.log.connections).toBe(1);
  });

  it("notices a file that arrived short although the server said it was done", async () => {
    const then = "done";
    await begin({ cutUpload: { nth: 2, afterBytes: 1, then } });
    await publish(await build(B), { publisher: ftp() });
    expect(await read()).toEqual({ ...B, ...OWN });
    expect(lines.some((line) => line.includes("arrived incomplete"))).toBe(true);
  });

  it("goes on when the server closes the connection in the middle of a file", async () => {
    const then = "close";
    await begin({ cutUpload: { nth: 3, afterBytes: 2, then } });
    await publish(await build(B), { publisher: ftp() });
    expect(await read()).toEqual({ ...B, ...OWN });
  });

  it("says in one line which key is wrong when the password is", async () => {
    await begin({});
    const error = await publish(await build(B), { publisher: ftp({}, "not-the-word") }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(OperatorError);
    expect(String(error)).toMatch(/^OperatorError: sites\.shop\.password: .+$/);
    expect(String(error)).not.toContain("not-the-word");
    expect(server.log.commands.get("PASS")).toBe(1);
  });

  it("leaves the live site whole when the disk is full", async () => {
    await begin({ refuse: { verb: "STOR", nth: 4, reply: "452 No space left on device" } });
    await expect(publish(await build(B), { publisher: ftp() })).rejects.toThrow(/no room/);
    const live = Object.entries(await read()).filter(([path]) => !path.startsWith(".slipway/"));
    expect(Object.fromEntries(live)).toEqual(A);
  });

  it.each(["close", "close-after"] as const)(
    "ends with the release, whichever command is lost: %s",
    async (how) => {
      for (let nth = 1; ; nth += 1) {
        // The first commands belong to the login, which is not repeated.
        await begin({ interrupt: { nth: nth + 7, how } });
        await publish(await build(B), { publisher: ftp({ maxConnections: 1 }) });
        expect(await read(), `command ${nth + 7} of ${server.log.lines.length}`).toEqual({ ...B, ...OWN });
        if (server.log.connections === 1) return expect(nth).toBeGreaterThan(60);
      }
    },
    120_000,
  );

  it("ends with the release on a host where a rename may not replace a file", async () => {
    for (let nth = 20; nth < 110; nth += 5) {
      await begin({ refuseOverwrite: "both", interrupt: { nth, how: "close-after" } });
      await publish(await build(B), { publisher: ftp() });
      expect(await read(), `command ${nth}`).toEqual({ ...B, ...OWN });
    }
  }, 60_000);
});
