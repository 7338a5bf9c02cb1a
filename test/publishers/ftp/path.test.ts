import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PermanentError } from "../../../src/errors.ts";
import { folderAbove, ftpName } from "../../../src/publishers/ftp/path.ts";

describe("the name of a path on an FTP server", () => {
  it.each([
    ["a/b.txt", "/x", "a/b.txt"],
    ["../b.txt", "/a/b", "/a/b.txt"],
    ["../x/y", "/httpdocs", "/x/y"],
    ["-a", "/x", "./-a"],
    [" a", "/x", "./ a"],
    ["~root", "/x", "./~root"],
  ])("%s in %s is %s", (path, base, name) => {
    expect(ftpName({ base, hasFolderAbove: true }, path)).toBe(name);
  });

  it("is refused where no folder lies above", () => {
    expect(() => ftpName({ base: "/", hasFolderAbove: false }, "../a")).toThrow(PermanentError);
  });

  it("never leads out of the folder above, nor into another command", () => {
    const segment = fc.constantFrom("..", ".", "", "a", "b c", "\r\nDELE x", "-", "~");
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 5 }), (segments) => {
        const path = segments.join("/");
        try {
          const name = ftpName({ base: "/home/site", hasFolderAbove: true }, path);
          expect(new URL(name, "ftp://host/home/site/").pathname).toMatch(/^\/home\/./);
          expect(name).not.toMatch(/\p{Cc}/u);
        } catch (error) {
          expect(error).toBeInstanceOf(PermanentError);
        }
      }),
    );
  });
});

describe("the folder above", () => {
  it.each([
    ["/", undefined],
    ["/a", "/"],
    ["/a/b", "/a"],
    ["C:\\site", undefined],
  ])("%s is %s", (base, above) => {
    expect(folderAbove(base)).toBe(above);
  });
});
