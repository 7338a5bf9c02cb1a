/** Listings as real servers send them, and as a hostile one might. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PermanentError } from "../../../src/errors.ts";
import { readListing } from "../../../src/publishers/ftp/listing.ts";

const DONE = { message: "226 Transfer complete" };
const read = (...lines: string[]) => readListing(lines.map((line) => `${line}\r\n`).join(""), DONE);

describe("a listing", () => {
  it("of facts, as ProFTPD and Pure-FTPd give them", () => {
    const proftpd = "UNIX.group=1;UNIX.mode=0644;UNIX.owner=1;UNIX.ownername=slipway;";
    const listing = read(
      `modify=20261124160705;perm=adfrw;size=3;type=OS.unix=symlink;unique=FE00U20E78B;${proftpd} dlink`,
      `modify=20261124160705;perm=adfrw;size=12;type=file;unique=FE00U20E78F;${proftpd} a b.txt`,
      `modify=20261124160705;perm=flcdmpe;type=cdir;unique=FE00U20E788;${proftpd} .`,
      `modify=20261124160705;perm=flcdmpe;type=pdir;unique=FE00U20E788;${proftpd} ..`,
      "type=dir;sizd=4096;modify=20261124160706;UNIX.mode=0755;UNIX.uid=1;UNIX.gid=1;unique=fe00g20e78b; dir",
      "type=OS.unix=slink:;size=5;modify=20261124160706;unique=fe00g20e793; link",
      "Type=file;Size=0;Modify=20261124160706; .h",
    );
    expect([...listing.files]).toEqual([
      ["a b.txt", 12],
      [".h", 0],
    ]);
    expect(listing.folders).toEqual(["dir"]);
    expect(listing.others).toEqual(["dlink", "link"]);
    expect(listing).toMatchObject({ showsDotFiles: true, isWhole: true });
  });

  it("as ls prints it", () => {
    const listing = read(
      "total 12",
      "drwx------    3 1        1            4096 Nov 24 16:07 .",
      "drwx------    3 1        1            4096 Nov 24  2025 ..",
      "-rw-r--r--    1 1        1              12 Nov 24 16:07 .h",
      "-rw-r--r--    1 1        daemon         12 Nov 24 16:07 a  b.txt",
      "-rw-r--r--   1 slipway  1        3000000000 Feb 29  2024 total",
      "lrwxrwxrwx   1 0        0               7 Nov 24 16:07 broken -> nowhere",
      "drwxr-xr-x   2 slipway  1            4096 Nov 24 16:07 ü",
    );
    expect([...listing.files]).toEqual([
      [".h", 12],
      ["a  b.txt", 12],
      ["total", 3_000_000_000],
    ]);
    expect(listing.folders).toEqual(["ü"]);
    expect(listing.others).toEqual(["broken"]);
    expect(listing).toMatchObject({ showsDotFiles: true, isWhole: true });
  });

  it("as ls prints it, with hidden names left out", () => {
    const listing = read("-rw-r--r--    1 1        1              12 Nov 24 16:07 index.html");
    expect(listing).toMatchObject({ showsDotFiles: false, isWhole: true });
  });

  it("as IIS prints it", () => {
    const listing = read(
      "10-28-26  01:20PM       <DIR>          assets",
      "10-28-2026  01:21PM                 1234 index.html",
    );
    expect([...listing.files]).toEqual([["index.html", 1234]]);
    expect(listing.folders).toEqual(["assets"]);
    expect(listing).toMatchObject({ showsDotFiles: true, isWhole: true });
  });

  it("that is empty tells nothing about names with a dot", () => {
    expect(readListing("", DONE)).toMatchObject({ files: new Map(), folders: [], showsDotFiles: null, isWhole: true });
  });

  it("is not whole when the server says so, or when a line makes no sense", () => {
    const line = "-rw-r--r--    1 1        1              12 Nov 24 16:07 a";
    expect(readListing(`${line}\r\n`, { message: "226-Options: -l\n226 Output truncated to 3 matches" }).isWhole).toBe(
      false,
    );
    expect(read("ls: cannot open b: Permission denied", line)).toMatchObject({ isWhole: false });
  });

  it("leaves out names that lead elsewhere, and is not whole then", () => {
    const listing = read("type=file;size=1; ../a", "type=file;size=1; a\tb", "type=file;size=1; c");
    expect([...listing.files.keys()]).toEqual(["c"]);
    expect(listing.isWhole).toBe(false);
  });

  it("in a form of its own is refused for good", () => {
    expect(() => read("Volume in drive C is HOST", "FILE0001 00012")).toThrow(PermanentError);
  });

  it("is read or refused, whatever a server sends", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), (text) => {
        try {
          const { files, folders } = readListing(text, DONE);
          for (const name of [...files.keys(), ...folders]) expect(name).not.toMatch(/\/|^$/);
        } catch (error) {
          expect(error).toBeInstanceOf(PermanentError);
        }
      }),
    );
  });

  it("of facts has every name and size that was put in", () => {
    const names = fc.stringMatching(/^[^\s/.\p{Cc}][^/\p{Cc}]{0,20}$/u);
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(names, fc.nat()), { selector: ([name]) => name }), (entries) => {
        const listing = read(...entries.map(([name, size]) => `type=file;size=${size};modify=20261124160706; ${name}`));
        expect([...listing.files]).toEqual(entries);
        expect(listing.isWhole).toBe(true);
      }),
      { examples: [[[["! .", 0]]]] },
    );
  });
});
