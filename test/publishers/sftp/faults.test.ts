/** The SFTP publisher when the connection, the host or the disk does not play along. */
import { chmod, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { expect, it, onTestFinished, vi } from "vitest";
import { PermanentError } from "../../../src/errors.ts";
import {
  HostFullError,
  NoRenameError,
  type OpenOptions,
  type SftpTarget,
  type Upload,
} from "../../../src/publishers/publisher.ts";
import { createSftpPublisher, type SftpOptions } from "../../../src/publishers/sftp/sftp.ts";
import { PATIENCE } from "../../patience.ts";
import { describeWith } from "../../servers/available.ts";
import type { OpensshOptions } from "../../servers/openssh.ts";
import { upload, writeForAll } from "../contract.ts";
import { linkTo, QUICK, startFor, targetFor } from "./world.ts";

type Setting = {
  readonly server?: Omit<OpensshOptions, "root">;
  readonly options?: Partial<SftpOptions>;
  readonly target?: Partial<SftpTarget>;
  readonly delayMs?: number;
};

/** A session over a link that can be cut, and the folder it publishes to. `said` are the lines for people. */
async function start({ server: serverOptions, options, target, delayMs }: Setting = {}) {
  const { folder, server } = await startFor(serverOptions);
  const link = await linkTo(server.port, delayMs);
  const said: string[] = [];
  const open: OpenOptions = { say: (line) => said.push(line) };
  const publisher = createSftpPublisher(targetFor({ ...server, port: link.port }, target), { ...QUICK, ...options });
  const session = await publisher.open(open);
  onTestFinished(() => session.close());
  return { folder, server, link, said, session };
}

function files(count: number, bytes = 4096): Upload[] {
  return Array.from({ length: count }, (_, index) => upload(`file-${index}`, Buffer.alloc(bytes, index)));
}

/** A file that is made while it is read, so that it is nowhere in memory. */
function largeFile(path: string, size: number): Upload {
  const piece = Buffer.alloc(64 * 1024, path);
  const pieces = function* () {
    for (let left = size; left > 0; left -= piece.length) yield piece.subarray(0, left);
  };
  return { path, size, open: () => Readable.from(pieces()) };
}

async function expectAll(folder: string, sent: readonly Upload[]): Promise<void> {
  expect((await readdir(folder)).sort()).toEqual(sent.map(({ path }) => path).sort());
  for (const [index, { path, size }] of sent.entries()) {
    expect((await readFile(join(folder, path))).equals(Buffer.alloc(size, index)), path).toBe(true);
  }
}

describeWith("sshd", "SFTP over a connection that is lost", () => {
  it("goes on with 300 files where it was, however often, and says so once each time", async () => {
    const { folder, link, said, session } = await start();
    const sent = files(300);
    const opened = new Map<string, number>();
    const counted = sent.map((file) => ({
      ...file,
      open() {
        opened.set(file.path, (opened.get(file.path) ?? 0) + 1);
        return file.open();
      },
    }));
    const done: string[] = [];
    await session.upload(counted, ({ path }) => {
      done.push(path);
      if (done.length === 50 || done.length === 200) link.cut();
    });
    expect(new Set(done).size).toBe(300);
    expect(done.length).toBe(300);
    await expectAll(folder, sent);
    expect(link.connections()).toBe(3);
    expect(said).toHaveLength(2);
    // Only what was under way is sent again: two times 64 files at most, for each cut.
    const repeated = [...opened.values()].filter((times) => times > 1).length;
    expect(repeated).toBeGreaterThan(0);
    expect(repeated).toBeLessThanOrEqual(2 * 128);
    expect(done.slice(0, 50).every((path) => opened.get(path) === 1)).toBe(true);
  });

  it("gives up after some losses without any progress", async () => {
    const { link, server, session } = await start({ options: { maxTries: 3 } });
    await server.stop();
    link.cut();
    const failing = session.sizes(["a"]);
    await expect(failing).rejects.toThrow();
    await expect(failing).rejects.not.toBeInstanceOf(PermanentError);
  });

  it("gives up on a host whose server dies of what it is sent, after some tries", async () => {
    // In blocks of 512 bytes. A process that writes more is killed (SIGXFSZ, setrlimit(2)).
    const { link, said, session } = await start({ server: { ulimit: "-f 200" }, options: { maxTries: 3 } });
    const failing = session.upload([largeFile("large", 300_000)], () => {});
    await expect(failing).rejects.toThrow(/ended SFTP/);
    await expect(failing).rejects.not.toBeInstanceOf(PermanentError);
    expect(link.connections()).toBe(3);
    expect(said).toHaveLength(2);
  });

  it("knows which renames have happened when the answers were lost", async () => {
    const { folder, link, session } = await start();
    await writeForAll(folder, "page.html", "old");
    await session.upload([upload("new-1", "one"), upload("new-2", "two")], () => {});
    link.holdReplies();
    const moved: string[] = [];
    const moves = [
      { from: "new-1", to: "page.html", replaces: true },
      { from: "new-2", to: "other.html", replaces: false },
    ];
    const renaming = session.rename(moves, ({ to }) => moved.push(to));
    await vi.waitFor(async () => expect(await readdir(folder)).toContain("other.html"), PATIENCE);
    expect(moved).toEqual([]);
    link.cut();
    await renaming;
    expect(moved).toEqual(["page.html", "other.html"]);
    expect(await readFile(join(folder, "page.html"), "utf8")).toBe("one");
  });

  it("finishes a swap and a move of folders whose answers were lost", async () => {
    // Far enough away for the cut to come between what happens on the host and the answer.
    const { folder, link, session } = await start({ delayMs: 60 });
    await writeForAll(folder, "site/page.html", "old");
    await writeForAll(folder, "next/page.html", "new");
    const swapping = session.swapFolders("site", "next", "old");
    await vi.waitFor(async () => expect(await readdir(folder)).toContain("old"), { interval: 5 });
    link.cut();
    await swapping;
    expect(await readFile(join(folder, "site/page.html"), "utf8")).toBe("new");
    link.holdReplies();
    const moving = session.moveFolder("old", "older");
    await vi.waitFor(async () => expect(await readdir(folder)).toContain("older"), PATIENCE);
    link.cut();
    expect(await moving).toBe(true);
  });

  it("claims no folder twice: when the answer is lost it says so", async () => {
    const { folder, link, session } = await start();
    link.holdReplies();
    const claiming = session.claimFolder("lock");
    await vi.waitFor(async () => expect(await readdir(folder)).toEqual(["lock"]), PATIENCE);
    link.cut();
    await expect(claiming).rejects.toThrow();
    expect(await session.claimFolder("lock")).toBe(false);
  });

  it("connects again when the host does not answer for too long", async () => {
    const { link, said, session } = await start({ options: { stallTimeoutMs: 500 } });
    link.holdReplies();
    expect(await session.makeFolders(["a"])).toEqual([]);
    expect(link.connections()).toBe(2);
    expect(said.join()).toContain("has not answered");
    expect(await session.list("a")).toEqual({ files: new Map(), folders: [], isComplete: true });
  });

  it("ends at once when it is closed in the middle", async () => {
    const { link, session } = await start();
    link.holdReplies();
    const waiting = [session.upload(files(100), () => {}), session.sizes(["a"])].map((work) => work.catch(String));
    await session.close();
    expect(await Promise.all(waiting)).toEqual(Array(2).fill("Error: the session was closed"));
    await vi.waitFor(() => expect(link.ends()).toBe(0), PATIENCE);
  });

  it("ends at once when it is closed while it connects again", async () => {
    const { link, session } = await start();
    link.silence();
    link.cut();
    const waiting = session.sizes(["a"]);
    await vi.waitFor(() => expect(link.connections()).toBe(2), PATIENCE);
    await session.close();
    await expect(waiting).rejects.toThrow("the session was closed");
    await vi.waitFor(() => expect(link.ends()).toBe(0), PATIENCE);
  });
});

describeWith("sshd", "SFTP to a host with limits", () => {
  it("sends fewer files at once when the host opens no more, and says so once", async () => {
    const { folder, said, session } = await start({ server: { ulimit: "-n 14" } });
    const sent = files(200);
    let done = 0;
    await session.upload(sent, () => {
      done += 1;
    });
    expect(done).toBe(200);
    await expectAll(folder, sent);
    expect(said).toEqual(["The host does not take so many files at once; going on with fewer."]);
  });

  it("says that the disk is full, for a file, for many, and for a folder", async () => {
    const { session } = await start({ server: { diskBytes: 256 * 1024 } });
    await expect(session.upload([largeFile("large", 400_000)], () => {})).rejects.toBeInstanceOf(HostFullError);
    await session.remove(["large"]);
    await expect(session.upload(files(200), () => {})).rejects.toBeInstanceOf(HostFullError);
  });

  it("says where the account may not write, once and for good", async () => {
    const { folder, session } = await start();
    await mkdir(join(folder, "closed"));
    await writeFile(join(folder, "closed", "a"), "");
    await chmod(join(folder, "closed"), 0o755);
    const refused: Array<() => Promise<unknown>> = [
      () => session.upload([upload("closed/b", "b")], () => {}),
      () => session.makeFolders(["closed/folder"]),
      () => session.claimFolder("closed/folder"),
      () => session.remove(["closed/a"]),
    ];
    for (const attempt of refused) {
      const error = await attempt().catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(PermanentError);
      expect(String(error)).toMatch(/ermission denied/);
    }
  });

  it("tells a host that renames nothing from a file that cannot be renamed", async () => {
    const { folder, session } = await start();
    await mkdir(join(folder, "closed"));
    await session.upload([upload("a", "a")], () => {});
    const move = [{ from: "a", to: "closed/a", replaces: false }];
    const error = await session.rename(move).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(PermanentError);
    expect(error).not.toBeInstanceOf(NoRenameError);
    expect(await readdir(folder)).toEqual(["a", "closed"]);
    await expect(session.swapFolders("a", "closed", "closed/b")).rejects.toBeInstanceOf(NoRenameError);
    expect(await readdir(folder)).toEqual(["a", "closed"]);
    const without = await start({ server: { subsystem: "internal-sftp -P posix-rename,rename" } });
    await without.session.upload([upload("a", "a")], () => {});
    const all = [{ from: "a", to: "b", replaces: false }];
    await expect(without.session.rename(all)).rejects.toBeInstanceOf(NoRenameError);
  });
});

describeWith("sshd", "SFTP to a host far away", () => {
  it("does not wait for each file in turn", async () => {
    const { session, folder } = await start({ delayMs: 40 });
    const sent = files(300);
    const began = performance.now();
    await session.upload(sent, () => {});
    const sizes = await session.sizes(sent.map(({ path }) => path));
    await session.rename(sent.map(({ path }) => ({ from: path, to: `${path}.html`, replaces: false })));
    const tookMs = performance.now() - began;
    expect(sizes.every((size) => size === 4096)).toBe(true);
    expect((await readdir(folder)).length).toBe(300);
    // One after another, four round trips each would be 48 s.
    expect(tookMs).toBeLessThan(10_000);
  });

  it("keeps memory within bounds, however many bytes it sends", async () => {
    const { session, folder } = await start();
    const sent = Array.from({ length: 12 }, (_, index) => largeFile(`large-${index}`, 20_000_000));
    const before = process.memoryUsage().arrayBuffers;
    let peak = 0;
    const sampler = setInterval(() => {
      peak = Math.max(peak, process.memoryUsage().arrayBuffers - before);
    }, 10);
    await session.upload(sent, () => {}).finally(() => clearInterval(sampler));
    for (const { path, size } of sent) expect((await stat(join(folder, path))).size).toBe(size);
    expect(peak).toBeGreaterThan(0);
    expect(peak).toBeLessThan(120_000_000);
  });
});
