import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { planBuild } from "../../src/build/build-plan.ts";
import { existingFolders, readFolders } from "../../src/build/read-folders.ts";
import { PermanentError } from "../../src/errors.ts";
import { siteWith, writeRepository } from "./site-and-listings.ts";

describe("Files of a repository", () => {
  test("that are links, pipes or folders do not count", async () => {
    const folder = writeRepository({ "other/package.json": { scripts: { build: "x" } }, ".nvmrc/22": "" });
    symlinkSync("other/package.json", join(folder, "package.json"));
    const [own] = await readFolders(folder, ".");
    expect([...(own?.texts.keys() ?? [])]).toEqual([]);
    expect(own?.names).toContain("package.json");
  });

  test("that begin with a byte order mark are read all the same", async () => {
    const folder = writeRepository({ "package.json": '\uFEFF{"scripts":{"build":"x"}}' });
    expect(planBuild(siteWith(), await readFolders(folder, ".")).build?.command).toBe("npm run build");
  });

  test("that are larger than anybody writes are refused by name", async () => {
    const folder = writeRepository({ "package.json": " ".repeat(9 * 1024 * 1024) });
    await expect(readFolders(folder, ".")).rejects.toThrow(PermanentError);
    await expect(readFolders(folder, ".")).rejects.toThrow("package.json is too large");
  });

  test("in folders that do not exist, or lead out, are refused by the folder's name", async () => {
    const folder = writeRepository({ "a/index.html": "" });
    symlinkSync("/etc", join(folder, "etc"));
    await expect(readFolders(folder, "b")).rejects.toThrow('the site\'s folder "b" does not exist');
    await expect(readFolders(folder, "etc")).rejects.toThrow('the site\'s folder "etc" leads out of the repository');
  });
});

test("Of the possible outputs, those that are folders exist", async () => {
  const folder = writeRepository({ "dist/index.html": "", out: "a file" });
  expect([...(await existingFolders(folder, ["dist", "out", "build"]))]).toEqual(["dist"]);
});
