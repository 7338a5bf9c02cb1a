/** Listings over FTP where servers hide, cut and misunderstand names; and digests where there are any. */
import { createHash } from "node:crypto";
import { chmod, symlink } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createFtpPublisher } from "../../../src/publishers/ftp/ftp.ts";
import { HostFullError } from "../../../src/publishers/publisher.ts";
import { describeWith } from "../../servers/available.ts";
import { startProftpd, startPureFtpd, startVsftpd } from "../../servers/debian-ftp.ts";
import { testPublisher, upload, writeForAll } from "../contract.ts";
import { daemonForTest, ftpTarget, openForTest, QUICK, serverForTest } from "./world.ts";

for (const [daemon, start] of [
  ["vsftpd", startVsftpd],
  ["proftpd", startProftpd],
  ["pure-ftpd", startPureFtpd],
] as const) {
  describeWith(daemon, `a listing of ${daemon}`, () => {
    it("is of the folder itself, however odd its name is", async () => {
      const { server, folder } = await daemonForTest(start, {});
      const session = await openForTest(ftpTarget(server));
      for (const name of ["with space", "[ab]", "a", "b*", "-la"]) {
        await writeForAll(folder, `${name}/in ${name}`, "1");
        expect([...((await session.list(name))?.files.keys() ?? [])]).toEqual([`in ${name}`]);
      }
      expect(session.profile().listsDotFiles).toBe(true);
      expect(await session.sizes(["a/in a"])).toEqual([1]);
    });

    it("follows links to files and folders", async () => {
      const { server, folder } = await daemonForTest(start, {});
      await writeForAll(folder, "site/a.txt", "1234");
      await writeForAll(folder, "site/folder/b.txt", "");
      for (const [name, to] of [
        ["link.txt", "a.txt"],
        ["link", "folder"],
        ["broken", "nowhere"],
      ] as const) {
        await symlink(to, join(folder, "site", name));
      }
      const listing = await (await openForTest(ftpTarget(server))).list("site");
      expect([...(listing?.files ?? [])].sort()).toEqual([
        ["a.txt", 4],
        ["link.txt", 4],
      ]);
      expect(listing?.folders.toSorted()).toEqual(["folder", "link"]);
      expect(listing?.isComplete).toBe(true);
    });
  });
}

describeWith("pure-ftpd", "a listing that Pure-FTPd cuts", () => {
  it("is known to be incomplete", async () => {
    const { server, folder } = await daemonForTest(startPureFtpd, { maxListed: 5 });
    const session = await openForTest(ftpTarget(server));
    for (let index = 0; index < 10; index += 1) await writeForAll(folder, `many/${index}`, "");
    await writeForAll(folder, "few/1", "");
    expect(await session.list("many")).toMatchObject({ isComplete: false });
    expect(await session.list("few")).toMatchObject({ isComplete: true });
  });
});

describe("a listing of a server that does not know -a", () => {
  it("is complete only if it shows a name with a dot in front", async () => {
    const { server, folder } = await serverForTest({
      misbehave: { refuse: { verb: "LIST", nth: 1, reply: "550 No such folder" } },
    });
    await writeForAll(folder, "site/a.txt", "1");
    await writeForAll(folder, "site/.htaccess", "12");
    const session = await openForTest(ftpTarget(server));
    const listing = await session.list("site");
    expect([...(listing?.files.keys() ?? [])]).toEqual(["a.txt"]);
    expect(listing?.isComplete).toBe(false);
    expect(session.profile().listsDotFiles).toBe(false);
    // Still in its own folder.
    expect(await session.sizes(["site/a.txt"])).toEqual([1]);
  });
});

describeWith("proftpd", "a folder that may not be entered", () => {
  it("is no missing folder", async () => {
    const { server, folder } = await daemonForTest(startProftpd, {});
    await writeForAll(folder, "closed/a.txt", "1");
    await chmod(join(folder, "closed"), 0o700);
    const session = await openForTest(ftpTarget(server));
    await expect(session.list("closed")).rejects.toThrow(/refuses closed: 550 .*Permission denied/);
  });
});

describeWith("pure-ftpd", "a host whose quota is used up", () => {
  it("takes no file more, and says why", async () => {
    const { server } = await daemonForTest(startPureFtpd, { quota: { files: 100, bytes: 100_000 } });
    const session = await openForTest(ftpTarget(server));
    const failed = session.upload([upload("large.bin", Buffer.alloc(300_000))], () => {});
    await expect(failed).rejects.toBeInstanceOf(HostFullError);
  });
});

describeWith("proftpd", "ProFTPD with mod_digest and HiddenStores", () => {
  testPublisher("it", async () => {
    const { server, folder } = await daemonForTest(startProftpd, { digests: true, hiddenStores: true });
    const publisherAt = (below: string) => createFtpPublisher(ftpTarget(server, { folder: `/${below}` }), QUICK);
    return { publisher: publisherAt(""), publisherAt, folder, stop: async () => {} };
  });

  it("tells digests by HASH, and also of names that are odd", async () => {
    const { server, folder } = await daemonForTest(startProftpd, { digests: true });
    await writeForAll(folder, 'a "b" c.txt', "content of a");
    const session = await openForTest(ftpTarget(server));
    expect(session.profile().digest).toBe("HASH");
    expect(await session.digests(['a "b" c.txt'])).toEqual([
      "8e56b639882ef91f67c597965dfb451cbd2e4b41d1a8cd9b01dd3241aa518796",
    ]);
  });

  it("tells the digest of what was uploaded a moment ago over a file of the same size", async () => {
    const { server } = await daemonForTest(startProftpd, { digests: true });
    const session = await openForTest(ftpTarget(server));
    for (const content of ["aaaa", "bbbb", "cccc"]) {
      await session.upload([upload("a.txt", content)], () => {});
      expect(await session.digests(["a.txt"])).toEqual([createHash("sha256").update(content).digest("hex")]);
    }
  });
});
