import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { PageError } from "../../src/prerender/prerender-error.ts";
import { openSiteFolder } from "../../src/prerender/site-folder.ts";
import { temporaryFolder } from "../git/git-repository.ts";

async function create() {
  const root = temporaryFolder();
  const folder = join(root, "output");
  const outside = join(root, "outside");
  for (const made of [folder, outside]) mkdirSync(made);
  writeFileSync(join(folder, "index.html"), "<div id=app></div>");
  writeFileSync(join(outside, "page.html"), "theirs");
  return { folder, outside, open: () => openSiteFolder(folder) };
}

describe("A page is not written", () => {
  test("behind a link, and no folder is made there either", async () => {
    const { folder, outside, open } = await create();
    symlinkSync(outside, join(folder, "docs"));
    await expect((await open()).write("docs/new/index.html", "x")).rejects.toThrow("lies behind a symbolic link, docs");
    await expect((await open()).write("docs/page.html", "x")).rejects.toThrow(PageError);
    expect(readdirSync(outside)).toEqual(["page.html"]);
    expect(readFileSync(join(outside, "page.html"), "utf8")).toBe("theirs");
  });

  test("through a link in its own place, which is replaced", async () => {
    const { folder, outside, open } = await create();
    symlinkSync(join(outside, "page.html"), join(folder, "page.html"));
    await (await open()).write("page.html", "ours");
    expect(readFileSync(join(outside, "page.html"), "utf8")).toBe("theirs");
    expect(readFileSync(join(folder, "page.html"), "utf8")).toBe("ours");
  });

  test("where the build left a file or folder of another kind", async () => {
    const { folder, open } = await create();
    mkdirSync(join(folder, "a.html"));
    await expect((await open()).write("app/index.html", "x")).resolves.toBeUndefined();
    await expect((await open()).write("a.html", "x")).rejects.toThrow("left a folder of the same name");
    await expect((await open()).write("index.html/index.html", "x")).rejects.toThrow("left a file of the same name");
    expect(readdirSync(folder).sort()).toEqual(["a.html", "app", "index.html"]);
  });
});

describe("The folder of built files", () => {
  test("answers as a web server would, and takes copies of the app's page for no pages", async () => {
    const { folder, open } = await create();
    mkdirSync(join(folder, "docs"));
    writeFileSync(join(folder, "docs", "index.html"), "docs");
    writeFileSync(join(folder, "about.html"), "about");
    writeFileSync(join(folder, "copy.html"), "<div id=app></div>");
    const site = await open();
    expect([site.find("docs"), site.find("docs/"), site.find("about")]).toEqual([
      ...["docs/index.html", "docs/index.html", "about.html"],
    ]);
    expect([site.find(""), site.find("copy"), site.find("../outside/page.html")]).toEqual([null, null, null]);
  });

  test("starts the app by the page that the build made for that", async () => {
    const { folder, open } = await create();
    writeFileSync(join(folder, "index.csr.html"), "client");
    const site = await open();
    expect([site.shell, site.find("")]).toEqual(["client", "index.html"]);
  });
});
