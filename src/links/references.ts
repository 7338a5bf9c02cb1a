/** Reads what a page or a stylesheet refers to: pages it links to, and scripts, styles, images and fonts it needs. No I/O. */
import { Parser } from "htmlparser2";

/** A page that visitors may go to, or a file without which what refers to it is not whole. */
type ReferenceKind = "page" | "file";

/** `url` as it is written. */
export type Reference = { readonly kind: ReferenceKind; readonly url: string };

/** What a document refers to; `base` is the page's `<base href>`, null where it has none. */
export type References = { readonly base: string | null; readonly references: readonly Reference[] };

/** Attributes that name pages (HTML Living Standard, "Attributes", those of type URL). */
const PAGES: Readonly<Record<string, string>> = { a: "href", area: "href", iframe: "src" };

/** And those that name files. `link` and `input` depend on their other attributes. */
const FILES: Readonly<Record<string, readonly string[]>> = {
  script: ["src"],
  img: ["src"],
  source: ["src"],
  video: ["src", "poster"],
  audio: ["src"],
  track: ["src"],
  embed: ["src"],
  object: ["data"],
  image: ["href", "xlink:href"],
  use: ["href", "xlink:href"],
};

/** Kinds of `<link>` whose target a page needs. Others (canonical, alternate, preconnect …) name pages or hosts. */
const NEEDED_LINKS = /(^|\s)(stylesheet|icon|apple-touch-icon|mask-icon|manifest|preload|modulepreload)(\s|$)/i;

/** What an HTML page refers to. Broken markup is read as browsers read it; nothing throws. */
export function readPageReferences(html: string): References {
  const references: Reference[] = [];
  let base: string | null = null;
  let styleDepth = 0;
  const file = (url: string | undefined) => {
    if (url !== undefined) references.push({ kind: "file", url });
  };
  const parser = new Parser(
    {
      onopentag(name, attributes) {
        if (name === "base") base ??= attributes.href ?? null;
        if (name === "style") styleDepth += 1;
        const page = attributes[PAGES[name] ?? ""];
        if (page !== undefined) references.push({ kind: "page", url: page });
        for (const attribute of FILES[name] ?? []) file(attributes[attribute]);
        if (name === "link" && NEEDED_LINKS.test(attributes.rel ?? "")) file(attributes.href);
        if (name === "input" && attributes.type?.toLowerCase() === "image") file(attributes.src);
        for (const url of readSrcset(attributes.srcset ?? attributes.imagesrcset ?? "")) file(url);
        if (attributes.style !== undefined) references.push(...readStyleReferences(attributes.style));
      },
      ontext(text) {
        if (styleDepth > 0) references.push(...readStyleReferences(text));
      },
      onclosetag(name) {
        if (name === "style") styleDepth -= 1;
      },
    },
    { decodeEntities: true },
  );
  parser.end(html);
  return { base, references };
}

/** The addresses in a `srcset`: each is followed by a size or a density, or by a comma (HTML, "Parsing a srcset attribute"). */
function readSrcset(value: string): string[] {
  const urls: string[] = [];
  for (let at = 0; at < value.length; ) {
    const start = skip(value, at, /[^\s,]/g);
    const end = skip(value, start, /\s/g);
    const url = value.slice(start, end);
    const bare = url.replace(/,{1,100}$/, "");
    if (bare !== "") urls.push(bare);
    at = bare === url ? skip(value, end, /,/g) : end;
  }
  return urls;
}

/** Where `pattern` (with the flag g) is found next from `at` on, or the end of the text. */
function skip(text: string, at: number, pattern: RegExp): number {
  pattern.lastIndex = at;
  return pattern.exec(text)?.index ?? text.length;
}

/**
 * `url(…)` with or without quotes, and `@import "…"` (CSS Values 4 section 4.5, CSS Cascade 5 section 2). Lengths are
 * bounded, so that text made to be slow to read is not.
 */
const STYLE_URL =
  /url\(\s{0,99}(?:"((?:[^"\\\n]|\\.){0,4000})"|'((?:[^'\\\n]|\\.){0,4000})'|([^"'()\s]{0,4000}))\s{0,99}\)|@import\s{1,99}(?:"([^"\n]{0,4000})"|'([^'\n]{0,4000})')/gi;

/** What a stylesheet, or the value of a `style` attribute, refers to. */
export function readStyleReferences(css: string): Reference[] {
  return [...withoutComments(css).matchAll(STYLE_URL)].map((match) => ({
    kind: "file",
    url: (match.slice(1).find((group) => group !== undefined) ?? "").replace(/\\(?=[^0-9a-f])/gi, ""),
  }));
}

function withoutComments(css: string): string {
  const parts: string[] = [];
  for (let at = 0; at < css.length; ) {
    const start = css.indexOf("/*", at);
    const end = start === -1 ? -1 : css.indexOf("*/", start + 2);
    parts.push(css.slice(at, start === -1 ? undefined : start));
    at = start === -1 || end === -1 ? css.length : end + 2;
  }
  return parts.join(" ");
}
