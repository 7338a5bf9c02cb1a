/** What pages and stylesheets refer to. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { readPageReferences, readStyleReferences } from "../../src/links/references.ts";

const urls = (html: string, kind?: "page" | "file") =>
  readPageReferences(html)
    .references.filter((reference) => kind === undefined || reference.kind === kind)
    .map(({ url }) => url);

it("tells pages that can be visited from files that a page needs", () => {
  const html = `<!doctype html><link rel=stylesheet href=/a.css><link rel="canonical" href="/canonical"><link rel="preconnect" href="https://x">
    <script src="app.js"></script><a href="/about">About</a><map><area href="/map"></map><iframe src="/frame"></iframe>
    <img src="a.png"><video src=v.mp4 poster=p.jpg></video><svg><use xlink:href="icons.svg#x"/></svg><object data="o.pdf"></object>
    <input type=image src=i.png><input type=text src=no.png>`;
  expect(urls(html, "page")).toEqual(["/about", "/map", "/frame"]);
  expect(urls(html, "file")).toEqual([
    ...["/a.css", "app.js", "a.png", "v.mp4", "p.jpg", "icons.svg#x", "o.pdf", "i.png"],
  ]);
});

it("reads every address of a srcset, also one with a comma in it", () => {
  expect(urls('<img srcset="a.png, b.png 2x,c,d.png 100w , e.png">')).toEqual(["a.png", "b.png", "c,d.png", "e.png"]);
  expect(urls('<link rel=preload as=image imagesrcset="a-1.avif 1x, a-2.avif 2x">')).toEqual(["a-1.avif", "a-2.avif"]);
});

it("reads styles wherever they stand", () => {
  const html = `<style>@import "more.css"; body { background: url("bg.png") }</style><p style="background:url(p.png)">`;
  expect(urls(html)).toEqual(["more.css", "bg.png", "p.png"]);
  const css = `/* url(no.png) */ @import url(x.css); @font-face { src: url( 'f.woff2' ) format("woff2"), url(g.woff) } a { cursor: url(data:x) }`;
  expect(readStyleReferences(css).map(({ url }) => url)).toEqual(["x.css", "f.woff2", "g.woff", "data:x"]);
});

it("takes the first base and entities as browsers do", () => {
  const { base, references } = readPageReferences('<base href="/app/"><base href="/other/"><a href="a?x=1&amp;y=2">');
  expect([base, references[0]?.url]).toEqual(["/app/", "a?x=1&y=2"]);
});

it("does not take addresses out of comments, scripts and templates of text", () => {
  expect(
    urls('<!-- <a href="/no"> --><script>const a = \'<a href="/no">\'</script><textarea><a href="/no"></textarea>'),
  ).toEqual([]);
});

it("reads text that is made to be slow before the test's time is up", () => {
  for (const part of ['url("', "/*", "@import ", "a, ", "url(  "]) {
    const text = part.repeat(200_000);
    expect(readStyleReferences(text)).toEqual([]);
    expect(readPageReferences(`<img srcset="${text}">`).base).toBeNull();
  }
});

it("never throws, whatever it is given", () => {
  fc.assert(
    fc.property(
      fc.string(),
      (text) => void [readPageReferences(`<a href="${text}<style>${text}`), readStyleReferences(text)],
    ),
  );
});
