/** What every publisher promises, run against a real target by each publisher's own test. */
import { createHash } from "node:crypto";
import { chmod, mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { PermanentError } from "../../src/errors.ts";
import { readProfile } from "../../src/publishers/host-profile.ts";
import { MissingFileError, type Publisher, type PublishSession, type Upload } from "../../src/publishers/publisher.ts";

export type TestTarget = {
  readonly publisher: Publisher;
  /** The target's folder as this machine sees it, empty at first. */
  readonly folder: string;
  /** A publisher to a folder below the target's: "site" or "a/b". The folder exists by the time it is opened. */
  publisherAt(folder: string): Publisher;
  stop(): Promise<void>;
};

export function upload(path: string, content: string | Buffer): Upload {
  const bytes = Buffer.from(content);
  return { path, size: bytes.length, open: () => Readable.from([bytes]) };
}

/** Writes a file that the target's server may change, whichever account it works as. */
export async function writeForAll(folder: string, path: string, content: string): Promise<void> {
  const segments = path.split("/");
  for (let depth = 1; depth < segments.length; depth += 1) {
    const above = join(folder, ...segments.slice(0, depth));
    await mkdir(above, { recursive: true });
    await chmod(above, 0o777);
  }
  await writeFile(join(folder, path), content);
  await chmod(join(folder, path), 0o666);
}

/** Runs the promises. `start` makes a fresh, empty target. */
export function testPublisher(name: string, start: () => Promise<TestTarget>): void {
  describe(`${name} keeps the promises of a publisher:`, () => {
    let target: TestTarget;
    let session: PublishSession;
    let others: PublishSession[] = [];
    beforeEach(async () => {
      target = await start();
      session = await target.publisher.open();
    });
    afterEach(async () => {
      await Promise.all([session, ...others].map((opened) => opened?.close()));
      others = [];
      await target?.stop();
    });

    /** One more session, closed after the test. */
    async function open(publisher: Publisher, profile = session.profile()): Promise<PublishSession> {
      const opened = await publisher.open({ profile });
      others.push(opened);
      return opened;
    }

    /** A session in the folder "site" of the target's folder, which is made for it. */
    async function openBelow(): Promise<PublishSession> {
      await write("site/page.html", "old");
      return open(target.publisherAt("site"));
    }

    const on = (path: string) => readFile(join(target.folder, path), "utf8");
    const write = (path: string, content = path) => writeForAll(target.folder, path, content);

    it("uploads files, each reported once, and overwrites what is there", async () => {
      await write("old.txt", "something longer than the new content");
      const files = [upload("old.txt", "new"), upload("empty.txt", ""), upload("ü ö.txt", "ü")];
      const done: string[] = [];
      await session.upload(files, ({ path }) => done.push(path));
      expect(done.sort()).toEqual(files.map(({ path }) => path).sort());
      expect(await on("old.txt")).toBe("new");
      expect(await on("empty.txt")).toBe("");
      expect(await on("ü ö.txt")).toBe("ü");
    });

    it("uploads many files and a large one", async () => {
      const large = Buffer.alloc(3_000_000, "0123456789abcdef");
      const files = Array.from({ length: 60 }, (_, index) => upload(`f${index}.txt`, `content ${index}`));
      await session.upload([...files, upload("large.bin", large)], () => {});
      expect(await session.sizes(["f0.txt", "f59.txt", "large.bin"])).toEqual([9, 10, large.length]);
      expect((await readFile(join(target.folder, "large.bin"))).equals(large)).toBe(true);
      expect(await on("f33.txt")).toBe("content 33");
    });

    it("reports the failure of a file that cannot be read here", async () => {
      const broken = new Error("the disk is gone");
      const open = () => new Readable({ read: (): void => void 0, construct: (done) => done(broken) });
      await expect(session.upload([{ path: "a.txt", size: 1, open }], () => {})).rejects.toThrow("the disk is gone");
    });

    it("tells sizes in order, and undefined for what is no file", async () => {
      await write("a.txt", "four");
      await write("folder/b.txt", "1234567");
      const sizes = await session.sizes(["nothing", "a.txt", "folder", "folder/b.txt", "a.txt/below", "none/at/all"]);
      expect(sizes).toEqual([undefined, 4, undefined, 7, undefined, undefined]);
      expect(await session.sizes([])).toEqual([]);
    });

    it("tells hundreds of sizes at once", async () => {
      const paths = Array.from({ length: 300 }, (_, index) => `a-folder-with-a-rather-long-name/file-${index}.txt`);
      for (const [index, path] of paths.entries()) if (index % 3 === 0) await write(path, "x".repeat(index));
      expect(await session.sizes(paths)).toEqual(paths.map((_, index) => (index % 3 === 0 ? index : undefined)));
    });

    it("reads a whole file, undefined where there is none, and refuses one that is too large", async () => {
      await write("folder/a.bin", "x".repeat(100_000));
      expect((await session.readFile("folder/a.bin", 100_000))?.length).toBe(100_000);
      expect(await session.readFile("folder/b.bin", 10)).toBeUndefined();
      // Somebody else may remove what was there a moment ago.
      expect(await session.readFile("folder/b.bin", 10, true)).toBeUndefined();
      await expect(session.readFile("folder/a.bin", 99_999)).rejects.toBeInstanceOf(PermanentError);
      expect(await session.sizes(["folder/a.bin"])).toEqual([100_000]);
    });

    it("lists what lies in a folder, dot files included", async () => {
      await write("folder/a.txt", "12");
      await write("folder/.hidden", "123");
      await write("folder/ü ö.txt", "");
      await write("folder/below/c.txt");
      const listing = await session.list("folder");
      expect([...(listing?.files ?? [])].sort()).toEqual([
        [".hidden", 3],
        ["a.txt", 2],
        ["ü ö.txt", 0],
      ]);
      expect(listing?.folders).toEqual(["below"]);
      expect(listing?.isComplete).toBe(true);
    });

    it("lists nothing in an empty folder, and tells it from one that is missing or is a file", async () => {
      await session.makeFolders(["empty"]);
      await write("file");
      expect(await session.list("empty")).toEqual({ files: new Map(), folders: [], isComplete: true });
      expect(await session.list("missing")).toBeUndefined();
      expect(await session.list("missing/below")).toBeUndefined();
      expect(await session.list("file")).toBeUndefined();
      expect(await session.sizes(["file"])).toEqual([4]);
    });

    it("tells a file's SHA-256 as the host computes it, or for no file at all", async () => {
      await write("a.txt", "content of a");
      await write("folder/ü.txt", "");
      const digests = await session.digests(["a.txt", "nothing", "folder", "folder/ü.txt"]);
      const sha256 = (content: string) => createHash("sha256").update(content).digest("hex");
      if (digests.every((digest) => digest === undefined)) expect(digests).toHaveLength(4);
      else expect(digests).toEqual([sha256("content of a"), undefined, undefined, sha256("")]);
      expect(await session.digests([])).toEqual([]);
    });

    it("tells hundreds of digests at once", async () => {
      const paths = Array.from({ length: 150 }, (_, index) => `a-folder-with-a-rather-long-name/file-${index}.txt`);
      for (const path of paths) await write(path);
      const digests = await session.digests(paths);
      const sha256 = paths.map((path) => createHash("sha256").update(path).digest("hex"));
      expect(digests).toEqual(digests[0] === undefined ? paths.map(() => undefined) : sha256);
    });

    it("tells when a file was changed, and undefined where there is none", async () => {
      const before = Date.now();
      await session.upload([upload("now.txt", "now")], () => {});
      const changedAt = await session.modifiedAtMs("now.txt");
      expect(Math.abs((changedAt ?? 0) - before)).toBeLessThan(120_000);
      expect((changedAt ?? 0.5) % 1000).toBe(0);
      expect(await session.modifiedAtMs("nothing")).toBeUndefined();
    });

    it("makes folders, parents first, and says which were really made", async () => {
      await write("there/a.txt");
      expect(await session.makeFolders(["there", "new", "new/below", ".dot"])).toEqual(["new", "new/below", ".dot"]);
      await session.upload([upload("new/below/x.txt", "x")], () => {});
      expect(await on("new/below/x.txt")).toBe("x");
      expect(await session.makeFolders(["new", "new/below"])).toEqual([]);
    });

    it("refuses to make a folder where a file stands, and goes on working", async () => {
      await write("a", "file");
      await expect(session.makeFolders(["a"])).rejects.toBeInstanceOf(PermanentError);
      expect(await session.sizes(["a"])).toEqual([4]);
    });

    it("renames in order, over what stands there", async () => {
      await write("new/1", "one");
      await write("new/2", "two");
      await write("new/3", "three");
      await write("page.html", "old");
      await write("folder/x.html", "old");
      await session.rename([
        { from: "new/1", to: "page.html", replaces: true },
        { from: "new/2", to: "folder/x.html", replaces: true },
        { from: "new/3", to: "folder/new.html", replaces: false },
      ]);
      expect(await Promise.all([on("page.html"), on("folder/x.html"), on("folder/new.html")])).toEqual([
        "one",
        "two",
        "three",
      ]);
      expect(await session.sizes(["new/1", "new/2", "new/3"])).toEqual([undefined, undefined, undefined]);
    });

    it("renames over a file that nobody expected", async () => {
      await write("new/1", "one");
      await write("page.html", "old");
      await session.rename([{ from: "new/1", to: "page.html", replaces: false }]);
      expect(await on("page.html")).toBe("one");
    });

    it("renames hundreds of files at once", async () => {
      for (let index = 0; index < 200; index += 1) {
        await write(`stage/${index}`, String(index));
        if (index % 2 === 0) await write(`site/page-${index}.html`, "old");
      }
      await session.makeFolders(["site"]);
      await session.rename(
        Array.from({ length: 200 }, (_, index) => ({
          from: `stage/${index}`,
          to: `site/page-${index}.html`,
          replaces: index % 2 === 0,
        })),
      );
      for (let index = 0; index < 200; index += 1) expect(await on(`site/page-${index}.html`)).toBe(String(index));
      expect((await readdir(join(target.folder, "site"))).length).toBe(200);
      expect((await session.list("stage"))?.files.size).toBe(0);
    });

    it("says that there is nothing to rename, and leaves what stands at the other name", async () => {
      await write("page.html", "old");
      await write("new/1", "one");
      const moves = [
        { from: "new/1", to: "first.html", replaces: false },
        { from: "nothing", to: "page.html", replaces: true },
      ];
      await expect(session.rename(moves)).rejects.toBeInstanceOf(MissingFileError);
      expect(await on("page.html")).toBe("old");
      await expect(session.rename(moves.slice(1))).rejects.toBeInstanceOf(MissingFileError);
      expect(await on("page.html")).toBe("old");
    });

    it("tells of each rename when it has happened, in order", async () => {
      const moves = Array.from({ length: 40 }, (_, index) => ({
        from: `new-${index}`,
        to: `page-${index}.html`,
        replaces: index % 3 === 0,
      }));
      for (const { from, to, replaces } of moves) {
        await write(from);
        if (replaces) await write(to);
      }
      const moved: string[] = [];
      await session.rename(moves, ({ to }) => moved.push(to));
      expect(moved).toEqual(moves.map(({ to }) => to));
    });

    it("fails when a folder stands where a file is to go, and leaves the folder's files alone", async () => {
      await write("new", "new");
      await write("a/foreign.txt", "foreign");
      await expect(session.rename([{ from: "new", to: "a", replaces: false }])).rejects.toBeInstanceOf(PermanentError);
      expect(await on("a/foreign.txt")).toBe("foreign");
    });

    it("removes files, and does not mind those that are gone", async () => {
      await write("a.txt");
      await write("folder/b.txt");
      await session.remove(["a.txt", "gone.txt", "folder/b.txt", "no/such/folder.txt"]);
      expect(await session.sizes(["a.txt", "folder/b.txt"])).toEqual([undefined, undefined]);
    });

    it("removes empty folders only", async () => {
      await write("full/foreign.txt");
      await session.makeFolders(["empty", "empty/below"]);
      await session.removeEmptyFolders(["empty/below", "empty", "full", "never-was"]);
      expect(await on("full/foreign.txt")).toBe("full/foreign.txt");
      expect(await session.makeFolders(["empty"])).toEqual(["empty"]);
    });

    it("gives a folder to one of two that claim it at the same time", async () => {
      const other = await open(target.publisher);
      for (let round = 0; round < 10; round += 1) {
        const claims = await Promise.all([session, other].map((one) => one.claimFolder(`lock-${round}`)));
        expect(claims.sort()).toEqual([false, true]);
        expect(await session.claimFolder(`lock-${round}`)).toBe(false);
      }
      expect(await readdir(join(target.folder, "lock-0"))).toEqual([]);
    });

    it("makes another folder in the same breath as it claims one", async () => {
      expect(await session.claimFolder("lock", "stage")).toBe(true);
      expect(await session.makeFolders(["stage"])).toEqual([]);
      expect(await session.claimFolder("lock", "stage-2")).toBe(false);
    });

    it("claims no folder whose name a file has, and none whose parent is missing", async () => {
      await write("file", "file");
      expect(await session.claimFolder("file")).toBe(false);
      await expect(session.claimFolder("missing/lock")).rejects.toBeInstanceOf(PermanentError);
      expect(await session.sizes(["file"])).toEqual([4]);
    });

    it("moves a folder with all in it, for one of two that try at the same time", async () => {
      const other = await open(target.publisher);
      for (let round = 0; round < 10; round += 1) {
        await write(`lock-${round}/owner.json`, "owner");
        const moves = [session, other].map((one, index) => one.moveFolder(`lock-${round}`, `stale-${round}-${index}`));
        const moved = await Promise.all(moves);
        expect([...moved].sort()).toEqual([false, true]);
        expect(await on(`stale-${round}-${moved.indexOf(true)}/owner.json`)).toBe("owner");
      }
      expect(await session.moveFolder("never-was", "anything")).toBe(false);
      expect((await readdir(target.folder)).length).toBe(10);
    });

    it("swaps a folder for another and keeps the old one", async () => {
      await write("site/page.html", "old");
      await write("site.new/page.html", "new");
      await write("site.new/below/x.txt", "x");
      await session.swapFolders("site", "site.new", "site.old");
      expect(await on("site/page.html")).toBe("new");
      expect(await on("site/below/x.txt")).toBe("x");
      expect(await on("site.old/page.html")).toBe("old");
      expect((await readdir(target.folder)).sort()).toEqual(["site", "site.old"]);
    });

    it("finishes a swap of which one half has happened, and minds no second call for a whole one", async () => {
      await write("site.old/page.html", "old");
      await write("site.new/page.html", "new");
      for (let times = 0; times < 2; times += 1) {
        await session.swapFolders("site", "site.new", "site.old");
        expect(await on("site/page.html")).toBe("new");
        expect(await on("site.old/page.html")).toBe("old");
      }
    });

    it("swaps nothing when there is nothing to swap in, and leaves the live folder as it was", async () => {
      await write("site/page.html", "old");
      await expect(session.swapFolders("site", "site.new", "site.old")).rejects.toBeInstanceOf(PermanentError);
      expect(await on("site/page.html")).toBe("old");
      expect(await readdir(target.folder)).toEqual(["site"]);
    });

    it("reaches the folder above its own, and works in its own all the same", async () => {
      const below = await openBelow();
      expect(below.hasFolderAbove).toBe(true);
      expect(await below.makeFolders(["../beside", "../beside/stage", "new"])).toEqual([
        "../beside",
        "../beside/stage",
        "new",
      ]);
      expect(await below.claimFolder("../beside/lock")).toBe(true);
      expect(await below.claimFolder("../beside/lock")).toBe(false);
      await below.upload([upload("../beside/stage/1", "new"), upload("new/x.txt", "x")], () => {});
      expect(await on("beside/stage/1")).toBe("new");
      expect(await on("site/new/x.txt")).toBe("x");
      expect(await below.sizes(["../beside/stage/1", "page.html", "../site/page.html"])).toEqual([3, 3, 3]);
      expect((await below.list("../beside"))?.folders.toSorted()).toEqual(["lock", "stage"]);
      expect(typeof (await below.modifiedAtMs("../beside/stage/1"))).toBe("number");
      await below.rename([{ from: "../beside/stage/1", to: "page.html", replaces: true }]);
      expect(await on("site/page.html")).toBe("new");
      expect((await below.readFile("../site/page.html", 10))?.toString()).toBe("new");
      expect(await below.moveFolder("../beside/lock", "../beside/stale")).toBe(true);
      await below.remove(["../site/page.html"]);
      await below.removeEmptyFolders(["../beside/stale", "../beside/stage", "../beside"]);
      expect((await readdir(target.folder)).sort()).toEqual(["site"]);
    });

    it("puts a link where it is asked to, over an earlier one, and over nothing else", async ({ skip }) => {
      if (session.pointLink === undefined || session.readLink === undefined) return skip("this protocol has no links");
      await write("releases/1/page.html", "one");
      await write("releases/2/page.html", "two");
      expect(await session.readLink("current")).toBeUndefined();
      for (const release of ["1", "2", "2"]) {
        await session.pointLink("current", `releases/${release}`);
        expect(await session.readLink("current")).toBe(`releases/${release}`);
      }
      expect(await on("current/page.html")).toBe("two");
      await expect(session.pointLink("releases", "releases/1")).rejects.toBeInstanceOf(PermanentError);
      expect(await session.readLink("releases")).toBeUndefined();
      expect(await on("releases/1/page.html")).toBe("one");
      await symlink("/etc", join(target.folder, "elsewhere"));
      expect(await session.readLink("elsewhere")).toBeUndefined();
      expect((await readdir(target.folder)).sort()).toEqual(["current", "elsewhere", "releases"]);
    });

    it("links to a folder beside its own", async ({ skip }) => {
      const below = await openBelow();
      if (below.pointLink === undefined || below.readLink === undefined) return skip("this protocol has no links");
      await write("releases/1/page.html", "one");
      await below.pointLink("../current", "../releases/1");
      await below.pointLink("inner", "../releases/1");
      expect(await below.readLink("../current")).toBe("../releases/1");
      expect(await below.readLink("inner")).toBe("../releases/1");
      expect(await on("current/page.html")).toBe("one");
      expect(await on("site/inner/page.html")).toBe("one");
    });

    it("knows a host again by what an earlier session learned, also when that is wrong", async () => {
      await write("new/1", "one");
      await write("new/2", "two");
      await write("page.html", "old");
      await session.rename([{ from: "new/1", to: "page.html", replaces: true }]);
      const learned = session.profile();
      expect(readProfile(JSON.parse(JSON.stringify(learned)))).toEqual(learned);
      const wrong = { ...learned, replaces: learned.replaces === "rename" ? "remove-and-rename" : "rename" } as const;
      const again = await open(target.publisher, wrong);
      await again.upload([upload("new/3", "three")], () => {});
      await again.rename([
        { from: "new/2", to: "page.html", replaces: true },
        { from: "new/3", to: "other.html", replaces: false },
      ]);
      expect(await on("page.html")).toBe("two");
      expect(await on("other.html")).toBe("three");
    });

    it("never leaves its folder", async () => {
      for (const path of ["a/../b", "../../b", "a/..", "./a", "a/./b", "a//b", "/a", "a/", "", ".", "..", "../"]) {
        await expectRefusals(path);
      }
      expect(await readdir(target.folder)).toEqual([]);
    });

    it("never lets a name become a command", async () => {
      for (const path of ["a\r\nDELE b", "a\nb", "a\0b", "a\u007fb"]) await expectRefusals(path);
      expect(await readdir(target.folder)).toEqual([]);
    });

    const noLinks = () => Promise.reject(new PermanentError("this protocol has no links"));

    /** Whatever is to be done with this path is refused for good. */
    async function expectRefusals(path: string): Promise<void> {
      const attempts: Array<() => Promise<unknown>> = [
        () => session.readFile(path, 10),
        () => session.sizes(["x", path]),
        () => session.digests([path]),
        () => session.modifiedAtMs(path),
        () => session.list(path),
        () => session.makeFolders([path]),
        () => session.claimFolder(path),
        () => session.moveFolder(path, "y"),
        () => session.moveFolder("x", path),
        () => session.swapFolders(path, "y", "z"),
        () => session.swapFolders("x", path, "z"),
        () => session.swapFolders("x", "y", path),
        () => session.upload([upload(path, "x")], () => {}),
        () => session.rename([{ from: path, to: "y", replaces: false }]),
        () => session.rename([{ from: "x", to: path, replaces: false }]),
        () => session.remove([path]),
        () => session.removeEmptyFolders([path]),
        async () => (session.pointLink ? session.pointLink(path, "x") : noLinks()),
        async () => (session.pointLink ? session.pointLink("x", path) : noLinks()),
        async () => (session.readLink ? session.readLink(path) : noLinks()),
      ];
      for (const attempt of attempts) {
        const outcome = await Promise.resolve()
          .then(attempt)
          .catch((error: unknown) => error);
        expect(outcome, `${JSON.stringify(path)}: ${attempt}`).toBeInstanceOf(PermanentError);
      }
    }

    it("shows no password in its label", () => {
      expect(target.publisher.label).not.toContain("secret");
    });

    it("ends at once when closed, however often, and works no more", async () => {
      await session.close();
      await session.close();
      await expect(session.sizes(["a"])).rejects.toThrow();
    });
  });
}
