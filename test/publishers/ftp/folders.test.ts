/** Folders that two may want, on a server that answers badly, late or never. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { Misbehaviour } from "../../../src/demo/ftp/ftp-server.ts";
import { PermanentError } from "../../../src/errors.ts";
import { HostFullError, MissingFileError, NoRenameError } from "../../../src/publishers/publisher.ts";
import { describeWith } from "../../servers/available.ts";
import { startProftpd, startPureFtpd } from "../../servers/debian-ftp.ts";
import { writeForAll } from "../contract.ts";
import { daemonForTest, ftpTarget, openForTest, serverForTest } from "./world.ts";

/** A session on a server that begins to misbehave after the login. */
async function open(misbehaviour: Misbehaviour = {}) {
  const { server, folder } = await serverForTest();
  const session = await openForTest(ftpTarget(server), {}, { retryDelayMs: 5, stallTimeoutMs: 400 });
  server.misbehave(misbehaviour);
  return { server, folder, session, sent: (verb: string) => server.log.commands.get(verb) ?? 0 };
}

const WAYS = ["close", "close-after", "hang"] as const;

describe("the claim of a folder", () => {
  it.each(WAYS)("fails when the connection is lost before the answer, and is not repeated: %s", async (how) => {
    const { session, sent } = await open({ interrupt: { verb: "MKD", nth: 1, how } });
    await expect(session.claimFolder("lock")).rejects.not.toBeInstanceOf(PermanentError);
    expect(sent("MKD")).toBe(1);
    // The next one is told the truth.
    expect(await session.claimFolder("lock")).toBe(how !== "close-after");
  });

  it("does not go to a connection that died while nothing was said", async () => {
    const { session, sent } = await open({ interrupt: { verb: "NOOP", nth: 1, how: "close" } });
    const later = performance.now() + 60_000;
    const clock = vi.spyOn(performance, "now").mockImplementation(() => later);
    onTestFinished(() => clock.mockRestore());
    expect(await session.claimFolder("lock")).toBe(true);
    expect([sent("NOOP"), sent("MKD"), sent("USER")]).toEqual([1, 1, 2]);
  });

  it("is tried again when the folder is gone by the time we look", async () => {
    const reply = "550 Create directory operation failed.";
    const { session, sent } = await open({ refuse: { verb: "MKD", nth: 1, reply } });
    expect(await session.claimFolder("lock")).toBe(true);
    expect(sent("MKD")).toBe(2);
  });

  it("names the rights of the account when it is refused and nothing is there", async () => {
    const reply = "550 Create directory operation failed.";
    const { session, sent } = await open({ refuse: { verb: "MKD", reply } });
    const failed = session.claimFolder("lock");
    await expect(failed).rejects.toBeInstanceOf(PermanentError);
    await expect(failed).rejects.toThrow(/refuses lock: 550 Create .*check the rights of the account/);
    expect(sent("MKD")).toBe(3);
  });

  it.each([
    ["550 lock: Permission denied", PermanentError, /right to write/],
    ["553 Prohibited directory name", PermanentError, /forbids this name/],
    ["552 Quota exceeded", HostFullError, /no room/],
  ])("is given up at once after %s", async (reply, kind, text) => {
    const { session, sent } = await open({ refuse: { verb: "MKD", reply } });
    const failed = session.claimFolder("lock");
    await expect(failed).rejects.toBeInstanceOf(kind);
    await expect(failed).rejects.toThrow(text);
    expect(sent("MKD")).toBe(1);
  });
});

describe("the move of a folder", () => {
  it.each(WAYS)("fails when the connection is lost before the answer, and is not repeated: %s", async (how) => {
    const { session, folder, sent } = await open({ interrupt: { verb: "RNTO", nth: 1, how } });
    await writeForAll(folder, "lock/owner.json", "{}");
    await expect(session.moveFolder("lock", "stale")).rejects.not.toBeInstanceOf(PermanentError);
    expect(sent("RNTO")).toBe(1);
    expect(await session.moveFolder("lock", "stale")).toBe(how !== "close-after");
    expect(await readdir(folder)).toEqual(["stale"]);
  });

  it("says nothing about who has it when a refusal without a reason leaves it where it was", async () => {
    const { session, folder } = await open({ refuse: { verb: "RNTO", reply: "550 Rename failed." } });
    await writeForAll(folder, "lock/owner.json", "{}");
    const failed = session.moveFolder("lock", "stale");
    await expect(failed).rejects.toThrow(/550 Rename failed/);
    await expect(failed).rejects.not.toBeInstanceOf(PermanentError);
  });

  it("names the rights of the account", async () => {
    const { session, folder } = await open({ refuse: { verb: "RNTO", reply: "550 stale: Permission denied" } });
    await writeForAll(folder, "lock/owner.json", "{}");
    await expect(session.moveFolder("lock", "stale")).rejects.toThrow(/refuses stale: .*right to write/);
  });
});

describe("a swap of folders", () => {
  async function openWithFolders(misbehaviour: Misbehaviour) {
    const opened = await open(misbehaviour);
    await writeForAll(opened.folder, "site/page.html", "old");
    await writeForAll(opened.folder, "site.new/page.html", "new");
    const on = (path: string) => readFile(join(opened.folder, path), "utf8");
    return { ...opened, on, swap: () => opened.session.swapFolders("site", "site.new", "site.old") };
  }

  const cuts = ["RNFR", "RNTO"].flatMap((verb) => [1, 2].flatMap((nth) => WAYS.map((how) => ({ verb, nth, how }))));
  it.each(cuts)("is finished on the next connection: $verb $nth $how", async (interrupt) => {
    const { swap, on, folder, server } = await openWithFolders({ interrupt });
    await swap();
    expect([await on("site/page.html"), await on("site.old/page.html")]).toEqual(["new", "old"]);
    expect((await readdir(folder)).sort()).toEqual(["site", "site.old"]);
    expect(server.log.commands.get("USER")).toBe(2);
  });

  it("goes out in one piece", async () => {
    const { swap, server } = await openWithFolders({});
    await swap();
    expect(server.log.lines.slice(-4)).toEqual(["RNFR site", "RNTO site.old", "RNFR site.new", "RNTO site"]);
  });

  it.each([1, 2])("puts the live folder back when rename %d is refused", async (nth) => {
    const { swap, on, folder } = await openWithFolders({
      refuse: { verb: "RNTO", nth, reply: "550 Rename failed." },
    });
    await expect(swap()).rejects.toBeInstanceOf(NoRenameError);
    expect([await on("site/page.html"), await on("site.new/page.html")]).toEqual(["old", "new"]);
    expect((await readdir(folder)).sort()).toEqual(["site", "site.new"]);
  });

  it("touches nothing when the name for the old folder is taken", async () => {
    const { swap, on, folder, sent } = await openWithFolders({});
    await writeForAll(folder, "site.old/foreign", "foreign");
    await expect(swap()).rejects.toThrow(/something else stands at site\.old/);
    expect([await on("site/page.html"), await on("site.old/foreign")]).toEqual(["old", "foreign"]);
    expect(sent("RNFR")).toBe(0);
  });

  it("puts back what was out when there is nothing to swap in any more", async () => {
    const { session, on, folder } = await open().then((opened) => ({
      ...opened,
      on: (path: string) => readFile(join(opened.folder, path), "utf8"),
    }));
    await writeForAll(folder, "site.old/page.html", "old");
    await expect(session.swapFolders("site", "site.new", "site.old")).rejects.toBeInstanceOf(MissingFileError);
    expect(await on("site/page.html")).toBe("old");
  });
});

describeWith("pure-ftpd", "folders where Pure-FTPd lets nothing be renamed", () => {
  it("are neither moved nor swapped, and stay where they are", async () => {
    const { server, folder } = await daemonForTest(startPureFtpd, { forbidsRenames: true });
    await writeForAll(folder, "site/page.html", "old");
    await writeForAll(folder, "site.new/page.html", "new");
    const session = await openForTest(ftpTarget(server));
    await expect(session.moveFolder("site", "elsewhere")).rejects.toBeInstanceOf(NoRenameError);
    await expect(session.swapFolders("site", "site.new", "site.old")).rejects.toBeInstanceOf(NoRenameError);
    expect(await readFile(join(folder, "site/page.html"), "utf8")).toBe("old");
  });
});

describeWith("proftpd", "folders that ProFTPD lets nobody make", () => {
  it("are refused for good, with what to do", async () => {
    const { server } = await daemonForTest(startProftpd, { denied: ["MKD"] });
    const session = await openForTest(ftpTarget(server));
    await expect(session.claimFolder("lock")).rejects.toThrow(
      /refuses lock: 550 .*Permission denied\. .*right to write/,
    );
    await expect(session.makeFolders(["a"])).rejects.toThrow(/refuses a: 550 .*right to write/);
  });
});
