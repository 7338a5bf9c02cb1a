/** A release is looked at as a visitor would. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type CheckLinksOptions, checkLinks, describeMissing, stopsDeployment } from "../../src/links/check-links.ts";
import { candidatesFor, pathOf, servedAt } from "../../src/links/resolve.ts";

const signal = new AbortController().signal;

function check(files: Readonly<Record<string, string>>, changes: Partial<CheckLinksOptions> = {}) {
  const manifest = new Map(Object.entries(files).map(([path, text]) => [path, { sha256: path, size: text.length }]));
  return checkLinks({
    files: manifest,
    place: servedAt(null),
    read: async (path) => files[path] ?? "",
    onHost: async () => new Set(),
    signal,
    ...changes,
  });
}

describe("the check of links", () => {
  it("finds nothing wrong where everything that is named is there", async () => {
    const files = {
      "index.html":
        '<link rel=stylesheet href="css/a.css?v=1"><a href="/about">x</a><a href="/blog/">y</a><a href="team#x">z</a>',
      "about.html":
        '<a href=".">home</a><a href="https://example.com/no">far</a><a href="mailto:a@b.c">m</a><a href="#top">t</a>',
      "blog/index.html": '<a href="../about.html">x</a><img src="caf%C3%A9.png"><img src="data:image/png;base64,x">',
      "blog/café.png": "",
      "team/index.html": "",
      "css/a.css": "a { background: url(../img/a.png) }",
      "img/a.png": "",
    };
    expect(await check(files)).toEqual([]);
  });

  it("names what is missing and who names it", async () => {
    const files = {
      "index.html": '<script src="/app.js"></script><a href="/gone">x</a>',
      "about.html": '<script src="/app.js"></script>',
      "style.css": "@font-face { src: url(font.woff2) }",
    };
    const missing = await check(files);
    expect(missing).toEqual([
      { path: "app.js", namedBy: ["about.html", "index.html"] },
      { path: "font.woff2", namedBy: ["style.css"] },
      { path: "gone", namedBy: ["index.html"] },
    ]);
    expect(describeMissing(missing)).toEqual([
      "3 addresses lead nowhere:",
      "  /app.js  named by about.html and 1 more",
      "  /font.woff2  named by style.css",
      "  /gone  named by index.html",
    ]);
  });

  it("asks the host, once, for what the release does not have", async () => {
    let asked = 0;
    const onHost = async (paths: readonly string[]) => {
      asked += 1;
      return new Set(paths.filter((path) => path === "uploads/a.pdf" || path === "shop/index.php"));
    };
    const files = { "index.html": '<a href="/uploads/a.pdf">x</a><a href="/shop/">y</a><a href="/gone">z</a>' };
    expect((await check(files, { onHost })).map(({ path }) => path)).toEqual(["gone"]);
    expect(asked).toBe(1);
  });

  it("does not judge addresses of pages where the server answers for any, but does those of files", async () => {
    const page = '<a href="/app/anything">x</a><script src="/gone.js"></script>';
    for (const extra of [{ "200.html": "" }, { ".htaccess": "RewriteEngine on\nRewriteRule ^ index.html [L]" }]) {
      expect((await check({ "index.html": page, ...extra })).map(({ path }) => path)).toEqual(["gone.js"]);
    }
    expect(await check({ "index.html": page, ".htaccess": "# RewriteRule off" })).toHaveLength(2);
  });

  it("knows a site that is served from a folder, and its own address", async () => {
    const place = servedAt("https://example.com/app/");
    const files = {
      "index.html": '<a href="/app/a">1</a><a href="/elsewhere">2</a><a href="https://example.com/app/b">3</a>',
    };
    expect((await check(files, { place })).map(({ path }) => path)).toEqual(["a", "b"]);
  });

  it("leaves very large pages alone", async () => {
    const files = new Map([["index.html", { sha256: "x", size: 6 * 1024 * 1024 }]]);
    expect(await check({ "index.html": '<a href="/gone">' }, { files })).toEqual([]);
  });

  it("ends when the deployment is cancelled", async () => {
    await expect(check({ "index.html": "" }, { signal: AbortSignal.abort(new Error("cancelled")) })).rejects.toThrow(
      "cancelled",
    );
  });
});

describe("an address", () => {
  it("resolves against the page, or its base", () => {
    const at = servedAt(null);
    expect(pathOf("b.html", "a/index.html", null, at)).toBe("a/b.html");
    expect(pathOf("b.html", "a/index.html", "/c/", at)).toBe("c/b.html");
    expect(pathOf("b.html", "a/index.html", "https://cdn.example.com/", at)).toBeNull();
    expect(pathOf("//example.com/x", "index.html", null, at)).toBeNull();
    expect(pathOf("100%", "index.html", null, at)).toBe("100%");
    expect(candidatesFor("")).toContain("index.html");
  });

  it("of a file of the release always finds that file", () => {
    const name = fc
      .stringMatching(/^[^/\\]{1,20}$/)
      .filter((text) => text.trim() !== "" && !/^\.{1,2}$|\p{C}/u.test(text));
    fc.assert(
      fc.property(fc.array(name, { minLength: 1, maxLength: 4 }), (segments) => {
        const path = segments.join("/").normalize("NFC");
        const url = `/${path.split("/").map(encodeURIComponent).join("/")}`;
        fc.pre(!/(^|\/)\.{1,2}(\/|$)/.test(path));
        expect(pathOf(url, "deep/er/index.html", null, servedAt(null))).toBe(path);
      }),
    );
  });
});

it("Missing targets stop a deployment where the operator says so, or where the live release had none", () => {
  expect(stopsDeployment("fail", 1, null)).toBe(true);
  expect(stopsDeployment("fail", 0, null)).toBe(false);
  expect(stopsDeployment("warn", 9, 0)).toBe(false);
  expect(stopsDeployment(null, 9, 3)).toBe(false);
  expect(stopsDeployment(null, 1, null)).toBe(false);
  expect(stopsDeployment(null, 1, 0)).toBe(true);
});
