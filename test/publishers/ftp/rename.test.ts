/** Renames on hosts that restrict them, and what a session learns of that. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { PermanentError } from "../../../src/errors.ts";
import { UNKNOWN_HOST } from "../../../src/publishers/host-profile.ts";
import { HostFullError, MissingFileError, type Move, NoRenameError } from "../../../src/publishers/publisher.ts";
import { describeWith } from "../../servers/available.ts";
import { startProftpd, startPureFtpd } from "../../servers/debian-ftp.ts";
import { writeForAll } from "../contract.ts";
import { startCuttingProxy } from "../cutting-proxy.ts";
import { daemonForTest, ftpTarget, openForTest, serverForTest } from "./world.ts";

const MOVE: Move = { from: "stage/1", to: "page.html", replaces: true };

async function writePage(folder: string): Promise<(path: string) => Promise<string>> {
  await writeForAll(folder, MOVE.from, "new");
  await writeForAll(folder, MOVE.to, "old");
  return (path) => readFile(join(folder, path), "utf8");
}

describeWith("pure-ftpd", "where Pure-FTPd lets nothing be renamed", () => {
  it("says so, keeps the page, and remembers it", async () => {
    const { server, folder } = await daemonForTest(startPureFtpd, { forbidsRenames: true });
    const on = await writePage(folder);
    const session = await openForTest(ftpTarget(server));
    await expect(session.rename([MOVE])).rejects.toBeInstanceOf(NoRenameError);
    expect([await on(MOVE.to), await on(MOVE.from)]).toEqual(["old", "new"]);
    expect(session.profile().replaces).toBe("overwrite");
  });
});

describeWith("pure-ftpd", "where Pure-FTPd forbids names with a dot in front", () => {
  it("refuses the one name, for renames and for uploads", async () => {
    const { server, folder } = await daemonForTest(startPureFtpd, { forbidsDotFiles: true });
    const on = await writePage(folder);
    const session = await openForTest(ftpTarget(server));
    const failed = session.rename([{ ...MOVE, to: ".htaccess", replaces: false }]);
    await expect(failed).rejects.toThrow(/refuses \.htaccess: 553 Prohibited file name: \.htaccess\. The host forbids/);
    await expect(failed).rejects.not.toBeInstanceOf(NoRenameError);
    await session.rename([MOVE]);
    expect(await on(MOVE.to)).toBe("new");
    expect((await readdir(join(folder, "stage"))).length).toBe(0);
  });
});

describeWith("proftpd", "where ProFTPD restricts renames", () => {
  it.each(["RNFR", "RNTO"])("and denies %s, says that nothing can be renamed, and removes nothing", async (denied) => {
    const { server, folder } = await daemonForTest(startProftpd, { denied: [denied] });
    const on = await writePage(folder);
    const session = await openForTest(ftpTarget(server));
    await expect(session.rename([MOVE])).rejects.toBeInstanceOf(NoRenameError);
    expect([await on(MOVE.to), await on(MOVE.from)]).toEqual(["old", "new"]);
    expect(await readdir(join(folder, "stage"))).toEqual(["1"]);
    const missing = { ...MOVE, from: "stage/none" };
    if (denied === "RNFR") await expect(session.rename([missing])).rejects.toBeInstanceOf(MissingFileError);
  });

  it("and forbids a name, does not take it for a missing right to rename", async () => {
    const { server, folder } = await daemonForTest(startProftpd, { forbiddenNames: "\\.htaccess$" });
    const on = await writePage(folder);
    const session = await openForTest(ftpTarget(server));
    const failed = session.rename([{ ...MOVE, to: ".htaccess", replaces: false }]);
    await expect(failed).rejects.toThrow(/refuses \.htaccess: 550 \.htaccess: Forbidden filename\. The host forbids/);
    await expect(failed).rejects.not.toBeInstanceOf(NoRenameError);
    expect(await on(MOVE.from)).toBe("new");
  });

  it("and lets none replace a file, is known again by the next session", async () => {
    const { server, folder } = await daemonForTest(startProftpd, { allowOverwrite: false });
    const proxy = await startCuttingProxy(server.port);
    onTestFinished(proxy.stop);
    const target = ftpTarget({ ...server, port: proxy.port });
    const on = await writePage(folder);
    const session = await openForTest(target);
    await session.rename([MOVE]);
    const profile = session.profile();
    expect(profile.replaces).toBe("remove-and-rename");

    await writeForAll(folder, MOVE.from, "newer");
    const before = proxy.commands.length;
    const next = await openForTest(target, { profile });
    await next.rename([MOVE]);
    expect(await on(MOVE.to)).toBe("newer");
    const verbs = proxy.commands.slice(before).map((command) => command.split(" ")[0]);
    expect(verbs.filter((verb) => /DELE|RNFR|RNTO/.test(verb ?? ""))).toEqual(["DELE", "RNFR", "RNTO"]);
    await expect(next.rename([MOVE])).rejects.toBeInstanceOf(MissingFileError);
    expect(await on(MOVE.to)).toBe("newer");
  });
});

describe("a batch of renames", () => {
  it.each(["close", "close-after"] as const)(
    "tells of each move once, in order, when it is cut off: %s",
    async (how) => {
      const { server, folder } = await serverForTest();
      const session = await openForTest(ftpTarget(server));
      server.misbehave({ interrupt: { verb: "RNTO", nth: 17, how } });
      const moves = Array.from({ length: 40 }, (_, index) => ({ from: `s${index}`, to: `t${index}`, replaces: false }));
      for (const { from } of moves) await writeForAll(folder, from, from);
      const moved: Move[] = [];
      await session.rename(moves, (move) => moved.push(move));
      expect(moved.sort((a, b) => Number(a.from.slice(1)) - Number(b.from.slice(1)))).toEqual(moves);
      expect((await readdir(folder)).length).toBe(40);
    },
  );

  it("stops when the host has no room left", async () => {
    const { server, folder } = await serverForTest();
    const on = await writePage(folder);
    const session = await openForTest(ftpTarget(server));
    server.misbehave({ refuse: { verb: "RNTO", reply: "451 Disk quota exceeded" } });
    await expect(session.rename([MOVE])).rejects.toBeInstanceOf(HostFullError);
    expect(await on(MOVE.to)).toBe("old");
  });

  it("waits for a page that the web server is just reading", async () => {
    const { server, folder } = await serverForTest();
    const on = await writePage(folder);
    const session = await openForTest(ftpTarget(server));
    const reply = "550 The process cannot access the file because it is being used by another process.";
    server.misbehave({ refuse: { verb: "RNTO", nth: 1, reply } });
    await session.rename([MOVE]);
    expect(await on(MOVE.to)).toBe("new");
  });

  it("names the file and the right that is missing", async () => {
    const { server, folder } = await serverForTest();
    await writePage(folder);
    const session = await openForTest(ftpTarget(server));
    server.misbehave({ refuse: { verb: "RNTO", path: /page/, reply: "550 page.html: Permission denied" } });
    const failed = session.rename([{ ...MOVE, to: "page2.html" }]);
    await expect(failed).rejects.toBeInstanceOf(PermanentError);
    await expect(failed).rejects.toThrow(/refuses page2\.html: .*right to write/);
    expect((await readdir(folder)).sort()).toEqual(["page.html", "stage"]);
  });

  it("tells one file that may not be renamed from a host that renames nothing", async () => {
    const { server, folder } = await serverForTest();
    const on = await writePage(folder);
    await writeForAll(folder, "stage/locked", "locked");
    const session = await openForTest(ftpTarget(server));
    server.misbehave({ refuse: { verb: "RNFR", path: /locked/, reply: "550 locked: Operation not permitted" } });
    const failed = session.rename([MOVE, { from: "stage/locked", to: "b.html", replaces: false }]);
    await expect(failed).rejects.toThrow(/refuses stage\/locked: .*right to write/);
    await expect(failed).rejects.not.toBeInstanceOf(NoRenameError);
    expect(await on(MOVE.to)).toBe("new");
    expect(session.profile().replaces).toBe("rename");
  });

  it("believes a wrong profile no longer than the host's first refusal", async () => {
    const { server, folder } = await serverForTest({ misbehave: { refuseOverwrite: "rename" } });
    const on = await writePage(folder);
    const session = await openForTest(ftpTarget(server), { profile: { ...UNKNOWN_HOST, replaces: "rename" } });
    await session.rename([MOVE]);
    expect(await on(MOVE.to)).toBe("new");
    expect(session.profile().replaces).toBe("remove-and-rename");
  });
});
