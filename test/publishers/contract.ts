/** What every publisher promises, run against a real target by each publisher's own test. */
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { PermanentError } from "../../src/errors.ts";
import type { Publisher, PublishSession, Upload } from "../../src/publishers/publisher.ts";

export type TestTarget = {
  readonly publisher: Publisher;
  /** The target's folder as this machine sees it, empty at first. */
  readonly folder: string;
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
    beforeEach(async () => {
      target = await start();
      session = await target.publisher.open();
    });
    afterEach(async () => {
      await session?.close();
      await target?.stop();
    });

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
      await expect(session.readFile("folder/a.bin", 99_999)).rejects.toBeInstanceOf(PermanentError);
      expect(await session.sizes(["folder/a.bin"])).toEqual([100_000]);
    });

    it("lists the files of a folder, dot files included", async () => {
      await write("folder/a.txt", "12");
      await write("folder/.hidden", "123");
      await write("folder/below/c.txt");
      expect([...(await session.list("folder"))].sort()).toEqual([
        [".hidden", 3],
        ["a.txt", 2],
      ]);
      await session.makeFolders(["empty"]);
      expect([...(await session.list("empty"))]).toEqual([]);
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
      expect(await on("site/page-0.html")).toBe("0");
      expect(await on("site/page-199.html")).toBe("199");
      expect((await session.list("stage")).size).toBe(0);
    });

    it("fails when there is nothing to rename", async () => {
      await write("page.html", "old");
      await expect(session.rename([{ from: "nothing", to: "page.html", replaces: true }])).rejects.toThrow();
      expect(await on("page.html")).toBe("old");
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

    it("never leaves its folder and never lets a name become a command", async () => {
      for (const path of ["a\r\nDELE b", "a\nb", "a\0b"]) {
        await expect(session.sizes([path])).rejects.toThrow();
        await expect(session.remove([path])).rejects.toThrow();
        await expect(session.rename([{ from: "x", to: path, replaces: false }])).rejects.toThrow();
      }
    });

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
