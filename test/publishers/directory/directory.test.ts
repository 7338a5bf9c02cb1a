import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { OperatorError, PermanentError } from "../../../src/errors.ts";
import { createPublisher } from "../../../src/publishers/create-publisher.ts";
import { createDirectoryPublisher } from "../../../src/publishers/directory/directory.ts";
import { HostFullError, NoRenameError } from "../../../src/publishers/publisher.ts";
import { testPublisher, upload } from "../contract.ts";

const directory = (folder: string) => createDirectoryPublisher({ protocol: "dir", folder, key: "sites.shop" });

testPublisher("dir:", async () => {
  const folder = await mkdtemp(join(tmpdir(), "slipway-dir-"));
  const publisherAt = (below: string) =>
    createPublisher({ protocol: "dir", folder: join(folder, below), key: "sites.shop" });
  return { publisher: publisherAt(""), publisherAt, folder, stop: () => rm(folder, { recursive: true }) };
});

/** A folder that goes away with the test. */
async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "slipway-dir-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

describe("dir:", () => {
  it("names the key when the folder is missing or is a file", async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, "file"), "");
    for (const name of ["missing", "file"]) {
      const error = await directory(join(folder, name))
        .open()
        .catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(OperatorError);
      expect(error).toMatchObject({ key: "sites.shop.publish" });
    }
  });

  it("leads to the folder above only where there is one", async () => {
    const session = await directory("/").open();
    expect(session.hasFolderAbove).toBe(false);
    await expect(session.sizes(["../x"])).rejects.toBeInstanceOf(PermanentError);
  });

  it("means the folder that a link lies in by the one above it, and not the link's destination", async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, "releases", "1"), { recursive: true });
    await symlink("releases/1", join(folder, "current"));
    const session = await directory(join(folder, "current")).open();
    await session.upload([upload("../beside", "x"), upload("inside", "y")], () => {});
    expect((await readdir(folder)).sort()).toEqual(["beside", "current", "releases"]);
    expect(await readFile(join(folder, "releases/1/inside"), "utf8")).toBe("y");
  });

  it("lists a link to a file as a file, and leaves out what might lead in a circle", async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, "a"));
    await writeFile(join(folder, "a", "file"), "1234");
    await symlink("file", join(folder, "a", "link"));
    await symlink("..", join(folder, "a", "circle"));
    await symlink("nowhere", join(folder, "a", "dangling"));
    const listing = await (await directory(folder).open()).list("a");
    expect(Object.fromEntries(listing?.files ?? [])).toEqual({ file: 4, link: 4 });
    expect(listing?.folders).toEqual([]);
  });

  it("puts the live folder back when the other one cannot be put in its place", async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, "site"));
    await writeFile(join(folder, "site", "page.html"), "old");
    await writeFile(join(folder, "next"), "a file, below which nothing can be");
    const session = await directory(folder).open();
    await expect(session.swapFolders("site", "next", "site/below")).rejects.toBeInstanceOf(NoRenameError);
    expect(await readFile(join(folder, "site", "page.html"), "utf8")).toBe("old");
  });

  it("says that the disk is full", async () => {
    const folder = await temporaryFolder();
    // Every write to it fails as on a full disk (full(4)).
    await symlink("/dev/full", join(folder, "page.html"));
    const session = await directory(folder).open();
    await expect(session.upload([upload("page.html", "x")], () => {})).rejects.toBeInstanceOf(HostFullError);
  });
});
