import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { likenessOf } from "../../src/pipeline/page-likeness.ts";

const page = (price: string, asset = "main-5XQ7W2AB.js") => `<!doctype html>
<html lang="en">
  <head>
    <title>The bakery at the harbour</title>
    <!-- built by a generator -->
    <link rel="stylesheet" href="/style.css">
  </head>
  <body>
    <nav><a href="/">Home</a> <a href="/about/">About us</a></nav>
    <p>A loaf of bread costs ${price}.</p>
    <p>We open at seven every morning, and close when all of it is sold.</p>
    <script src="/${asset}"></script>
  </body>
</html>
`;
const minified = (html: string) =>
  html
    .replace(/<!--.*?-->/gs, "")
    .replace(/\s*\n\s*/g, "")
    .replace(/="([\w./-]+)"/g, "=$1")
    .replace(/<\/(p|html|body)>/g, "");
const withBanner = (html: string) =>
  html.replace(
    "</body>",
    '<script async src="https://stats.host.example/x.js"></script><div>Hosted for free by us!</div></body>',
  );

describe("A page that is shown other than it was published", () => {
  const [before, now] = [page("3 euros"), page("4 euros")];

  test.each([
    ["minified", minified(now)],
    ["with a banner", withBanner(now)],
    ["minified and with a banner", minified(withBanner(now))],
    ["without its comments", now.replace(/<!--.*?-->/s, "")],
    ["with other line ends", now.replaceAll("\n", "\r\n")],
  ])("is the new one, %s", (_, shown) => {
    expect(likenessOf(shown, now, before)).toBe("new");
    expect(likenessOf(shown, now, null)).toBe("new");
  });

  test.each([
    ["minified", minified(before)],
    ["with a banner", withBanner(before)],
    ["minified and with a banner", minified(withBanner(before))],
  ])("is the old one, %s, though the two differ in one word", (_, shown) => {
    expect(likenessOf(shown, now, before)).toBe("old");
  });

  test("is told by a removed sentence, a moved one and the name of an asset as well", () => {
    const shorter = before.replace(", and close when all of it is sold", "");
    expect(likenessOf(withBanner(shorter), shorter, before)).toBe("new");
    expect(likenessOf(withBanner(before), shorter, before)).toBe("old");
    const moved = before.replace(/( *<nav>.*\n)( *<p>.*\n)/, "$2$1");
    expect(moved).not.toBe(before);
    expect(likenessOf(minified(moved), moved, before)).toBe("new");
    expect(likenessOf(minified(before), moved, before)).toBe("old");
    const rebuilt = page("3 euros", "main-9KQ1ZZ0P.js");
    expect(likenessOf(minified(rebuilt), rebuilt, before)).toBe("new");
    expect(likenessOf(minified(before), rebuilt, before)).toBe("old");
  });

  test.each([
    ["somebody else's page", "<html><title>Welcome to nginx!</title><p>This is the page of the server.</p></html>"],
    [
      "another page of the same site",
      page("3 euros").replace(/<p>.*<\/p>/g, "<p>Wholly other words stand here instead.</p>"),
    ],
    ["nothing", ""],
  ])("is neither when it is %s", (_, shown) => {
    expect(likenessOf(shown, now, before)).toBe("neither");
    expect(likenessOf(shown, now, null)).toBe("neither");
  });

  test("cannot be told when the two differ in tags alone", () => {
    const tagged = before.replaceAll("<p>", "<h2>");
    expect(likenessOf(withBanner(before), tagged, before)).toBe("unsure");
  });

  test("is not looked at for long, whatever it is made of", () => {
    const startedMs = performance.now();
    for (const part of ["<!--", "<a", '="', "=    ", "<", '<a ="']) likenessOf(part.repeat(400_000), now, before);
    expect(performance.now() - startedMs).toBeLessThan(10_000);
  });

  test("is the new one whenever it is that one, in whatever page", () => {
    const word = fc.stringMatching(/^[a-z]{1,8}$/);
    const words = fc.array(word, { minLength: 3, maxLength: 30 });
    fc.assert(
      fc.property(words, words, (one, other) => {
        const [a, b] = [one.join(" "), other.join("\n")];
        const isSame = a === other.join(" ");
        expect(likenessOf(a, a, b)).toBe(isSame ? "unsure" : "new");
        expect(likenessOf(b, a, b)).toBe(isSame ? "unsure" : "old");
      }),
    );
  });
});
