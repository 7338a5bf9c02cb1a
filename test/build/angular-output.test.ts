import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { settleAngularOutput } from "../../src/build/angular-output.ts";
import { PermanentError } from "../../src/errors.ts";
import { temporaryFolder } from "../git/git-repository.ts";

/** What `ng build` left in a repository. */
function create(files: Readonly<Record<string, string>>, output = "dist/shop/browser") {
  const root = temporaryFolder();
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  const folder = join(root, output);
  return { root, folder, settle: () => settleAngularOutput(folder, root) };
}

const listOf = (...routes: string[]) => JSON.stringify({ routes: Object.fromEntries(routes.map((it) => [it, {}])) });
const BROWSER = "dist/shop/browser";
const shell = (base: string) => `<!doctype html><html><head><base href="${base}"></head><body></body></html>`;

describe("What Angular prerendered", () => {
  test("is recognised, and each route has its page", async () => {
    const { settle, folder } = create({
      "dist/shop/prerendered-routes.json": listOf("/", "/about", "/docs/first"),
      [`${BROWSER}/index.csr.html`]: shell("/"),
      [`${BROWSER}/index.html`]: shell("/"),
      [`${BROWSER}/about/index.html`]: shell("/"),
      [`${BROWSER}/docs/first/index.html`]: shell("/"),
    });
    expect(await settle()).toEqual(["Angular prerendered 3 routes; each has its page"]);
    expect(readdirSync(folder).sort()).toEqual(["about", "docs", "index.csr.html", "index.html"]);
  });

  test("fails the deployment where pages are missing, and names their routes", async () => {
    const { settle } = create({
      "dist/shop/prerendered-routes.json": listOf("/", "/about", "/visit", "/../../secret"),
      [`${BROWSER}/index.html`]: shell("/"),
      secret: "",
    });
    await expect(settle()).rejects.toThrow(PermanentError);
    await expect(settle()).rejects.toThrow("routes that have no page in the output: /about, /visit, /../../secret. ");
  });

  test("is found below the base that its routes begin with, also that of a language", async () => {
    const routes = listOf("/shop/about", "/shop/de/about", "/shop/de/%C3%BCber", "/fr/");
    const { settle } = create({
      "dist/shop/prerendered-routes.json": routes,
      [`${BROWSER}/index.csr.html`]: shell("/shop/"),
      [`${BROWSER}/index.html`]: "",
      [`${BROWSER}/about/index.html`]: "",
      [`${BROWSER}/de/index.html`]: shell("/shop/de/"),
      [`${BROWSER}/de/about/index.html`]: "",
      [`${BROWSER}/de/über/index.html`]: "",
      [`${BROWSER}/fr/index.html`]: shell("/fr/"),
    });
    expect(await settle()).toEqual(["Angular prerendered 4 routes; each has its page"]);
  });

  test("is listed in a file that is not published where it lies in the output, as older versions wrote it too", async () => {
    const list = JSON.stringify({ routes: ["/"] });
    const { settle, folder } = create({ "dist/prerendered-routes.json": list, "dist/index.html": shell("/") }, "dist");
    expect(await settle()).toEqual(["Angular prerendered 1 route; it has its page"]);
    expect(readdirSync(folder)).toEqual(["index.html"]);
  });
});

describe("An Angular application that is rendered in the browser alone", () => {
  test("opens, and keeps the page that servers fall back to", async () => {
    const { settle, folder } = create({
      "dist/shop/prerendered-routes.json": listOf(),
      [`${BROWSER}/index.csr.html`]: shell("/"),
    });
    expect(await settle()).toEqual(["Angular renders / in the browser: index.csr.html is published as index.html too"]);
    expect(readFileSync(join(folder, "index.html"), "utf8")).toBe(shell("/"));
    expect(readFileSync(join(folder, "index.csr.html"), "utf8")).toBe(shell("/"));
  });

  test("has no page from elsewhere where the build left a link", async () => {
    const { settle, root, folder } = create({ "secret.txt": "secret", [`${BROWSER}/main.js`]: "" });
    symlinkSync(join(root, "secret.txt"), join(folder, "index.csr.html"));
    expect(await settle()).toEqual([]);
    expect(readdirSync(folder).sort()).toEqual(["index.csr.html", "main.js"]);
  });
});

describe("An output that is not Angular's", () => {
  test("is left as it is, whatever its files are called", async () => {
    const files = { "index.html": "<h1>Hello</h1>", "prerendered-routes.json": '["/about"]' };
    const { settle, folder } = create(files, ".");
    expect(await settle()).toEqual([]);
    expect(readdirSync(folder).sort()).toEqual(["index.html", "prerendered-routes.json"]);
  });
});
