import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { placesBelow } from "../../src/caches/fingerprint.ts";
import { digestListing } from "../../src/caches/listing.ts";
import { temporaryFolder } from "../git/git-repository.ts";

function makeTree() {
  const root = temporaryFolder();
  const folder = join(root, "node_modules");
  mkdirSync(join(folder, "left", "lib"), { recursive: true });
  writeFileSync(join(folder, "left", "package.json"), "{}");
  writeFileSync(join(folder, "left", "lib", "with a\nnewline"), "1234");
  symlinkSync("left", join(folder, "link"));
  return { root, folder, list: () => digestListing(placesBelow(root, ["node_modules"])) };
}

const CHANGES: ReadonlyArray<[name: string, change: (folder: string) => void]> = [
  ["new content of the same length", (folder) => writeFileSync(join(folder, "left", "lib", "with a\nnewline"), "5678")],
  [
    "a new time",
    (folder) => utimesSync(join(folder, "left", "package.json"), new Date(1_000_000_000), new Date(1_000_000_000)),
  ],
  ["another mode", (folder) => chmodSync(join(folder, "left", "package.json"), 0o755)],
  ["another mode of the folder itself", (folder) => chmodSync(folder, 0o700)],
  ["a file more", (folder) => writeFileSync(join(folder, "left", "more"), "")],
  ["a file less", (folder) => unlinkSync(join(folder, "left", "package.json"))],
  [
    "a link that leads elsewhere",
    (folder) => {
      unlinkSync(join(folder, "link"));
      symlinkSync("lef", join(folder, "link"));
    },
  ],
];

describe("The listing of folders", () => {
  test("is the same for the same files, also when they were moved as a whole", async () => {
    const { root, folder, list } = makeTree();
    const before = await list();
    expect(before).toMatch(/^[0-9a-f]{64}$/);
    expect(await list()).toBe(before);
    const moved = join(root, "moved");
    renameSync(folder, moved);
    expect(await digestListing(new Map([["node_modules", moved]]))).toBe(before);
  });

  test.each(CHANGES)("differs by %s", async (_, change) => {
    const { folder, list } = makeTree();
    const before = await list();
    // A change within one tick of the kernel's clock would leave no trace.
    await delay(20);
    change(folder);
    const after = await list();
    expect(after).not.toBeNull();
    expect(after).not.toBe(before);
  });

  test("is unknown where there is no folder, or no program that can tell", async () => {
    const { root, folder, list } = makeTree();
    expect(await digestListing(new Map())).toBeNull();
    expect(await digestListing(placesBelow(root, ["nowhere"]))).toBeNull();
    expect(await digestListing(placesBelow(folder, ["link"]))).toBeNull();
    const path = process.env.PATH;
    process.env.PATH = root;
    try {
      expect(await list()).toBeNull();
      writeFileSync(join(root, "find"), "#!/bin/sh\necho 'find: unrecognized: -printf' >&2; exit 1\n", { mode: 0o755 });
      expect(await list()).toBeNull();
    } finally {
      process.env.PATH = path;
      rmSync(join(root, "find"));
    }
  });
});
