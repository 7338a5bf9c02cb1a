import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { PermanentError } from "../../src/errors.ts";
import { type ScanWords, scanFolder } from "../../src/releases/scan-folder.ts";

const words: ScanWords = {
  missing: "the folder is missing",
  notAFolder: "it is a file",
  empty: "it is empty",
  noPage: (files) => `${files} files and no page`,
  tooMany: (maxFiles) => `more than ${maxFiles} files`,
  advice: "Rename.",
};

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "slipway-scan-"));
});
afterEach(() => rm(root, { recursive: true }));

async function write(...paths: string[]): Promise<void> {
  for (const path of paths) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), path);
  }
}

const scan = (exclude: string[] = []) => scanFolder({ folder: root, words, exclude });
const pathsOf = async (exclude?: string[]) => (await scan(exclude)).found.map(({ path }) => path);

async function refusal(): Promise<string> {
  const error = await scan().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(PermanentError);
  return (error as Error).message;
}

describe("scanFolder", () => {
  it("takes names that hosts treat like any other, and composes decomposed ones", async () => {
    await write(
      "index.html",
      "#top.html",
      "-dash.html",
      "a b.html",
      "cafe\u0301.html",
      "\u{1F600}.html",
      "%41.html",
      "~.html",
    );
    expect(await pathsOf()).toEqual([
      "#top.html",
      "%41.html",
      "-dash.html",
      "a b.html",
      "caf\u00e9.html",
      "index.html",
      "~.html",
      "\u{1F600}.html",
    ]);
  });

  it("says where each file really lies, also when its published name is spelled differently", async () => {
    await write("index.html", "cafe\u0301/x.html");
    const { found } = await scan();
    expect(found[0]).toEqual({ path: "caf\u00e9/x.html", source: join(root, "cafe\u0301/x.html") });
  });

  it.each([" lead.html", "trail.html ", " lead/index.html", "trail /index.html"])(
    "refuses %j, since a space at an end of a name is stored differently by some hosts",
    async (path) => {
      await write("index.html", path);
      expect(await refusal()).toMatch(/^"[^"]+" has a name that begins or ends with a space[^\n]*Rename\.$/);
    },
  );

  it("tells all bad names at once, and of many the first ten", async () => {
    await write("index.html", "a .html", "line\nend.html", "back\\slash.html");
    await symlink("/etc/hostname", join(root, "out.txt"));
    expect(await refusal()).toMatch(
      /^3 names cannot be published\. Rename\.\n.*back.*\n.*line\\nend.*\n.*"out.txt" is a link/,
    );
    await write(...Array.from({ length: 12 }, (_, index) => `${index} `));
    const lines = (await refusal()).split("\n");
    expect(lines[0]).toBe("15 names cannot be published. Rename.");
    expect(lines).toHaveLength(12);
    expect(lines.at(-1)).toBe("  … and 5 more");
  });

  it("leaves out what a pattern excludes, hidden files in an excluded folder too", async () => {
    await write(
      "index.html",
      "drafts/a.html",
      "drafts/.hidden",
      ".github/x.yml",
      ".gitignore",
      "sub/.gitkeep",
      "b.map",
    );
    await write("bad /but excluded.html");
    expect(await pathsOf(["drafts/**", "**/.git*", "*.map", "bad /**"])).toEqual(["index.html"]);
  });

  it("says in the caller's words what is wrong with the folder as a whole", async () => {
    expect(await refusal()).toBe("it is empty");
    await write("main.js");
    expect(await refusal()).toBe("1 files and no page");
    await expect(scanFolder({ folder: join(root, "main.js"), words })).rejects.toThrow("it is a file");
    await expect(scanFolder({ folder: join(root, "nowhere"), words })).rejects.toThrow("the folder is missing");
  });
});
