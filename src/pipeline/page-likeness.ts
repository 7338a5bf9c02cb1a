/**
 * Tells which of two pages a shown text is, when it is neither, byte for byte: hosts minify pages, rewrite addresses in
 * them and put banners and scripts into them. Does no I/O.
 *
 * Both pages are cut into pairs of neighbouring words; markup counts only by the values of its attributes, so that
 * whitespace, quotes, comments and optional tags make no difference. Most pairs are the same in the old page and in the
 * new one and tell nothing, so only those count that one of the two has alone: the shown page is the new one when it
 * has a larger share of what is new than of what is gone.
 */

export type Likeness = "new" | "old" | "neither" | "unsure";

/** So much of a page has to be in what is shown for it to be that page, altered. Injections take nothing away. */
const SAME_PAGE_SHARE = 0.8;

/** Which page `shown` is: `now`, the one `before` (null where there was none), neither, or one cannot tell. */
export function likenessOf(shown: string, now: string, before: string | null): Likeness {
  const seen = pairsOf(shown);
  const fresh = pairsOf(now);
  if (before === null) return share(fresh, seen) >= SAME_PAGE_SHARE ? "new" : "neither";
  const stale = pairsOf(before);
  if (Math.max(share(fresh, seen), share(stale, seen)) < SAME_PAGE_SHARE) return "neither";
  const arrived = share(without(fresh, stale), seen);
  const left = share(without(stale, fresh), seen);
  if (arrived === left) return "unsure";
  return arrived > left ? "new" : "old";
}

/** How much of `part` is in `whole`, 0 to 1. Nothing says neither yes nor no. */
function share(part: ReadonlySet<string>, whole: ReadonlySet<string>): number {
  return part.size === 0 ? 0.5 : 1 - without(part, whole).size / part.size;
}

function without(set: ReadonlySet<string>, other: ReadonlySet<string>): Set<string> {
  return new Set([...set].filter((pair) => !other.has(pair)));
}

function pairsOf(page: string): Set<string> {
  const words = wordsOf(page);
  return new Set(words.map((word, index) => `${words[index - 1] ?? ""} ${word}`).concat(words));
}

/** Values of attributes, quoted or not: https://html.spec.whatwg.org/multipage/syntax.html#attributes-2 */
const ATTRIBUTE_VALUE = /=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>=]+))/g;

/** Words of a page or of any other text, in their order, without the names of its tags and attributes. */
function wordsOf(page: string): string[] {
  const text = withoutComments(page).replace(/<[a-z/!][^<>]*>/gi, (tag) => {
    const values = [...tag.matchAll(ATTRIBUTE_VALUE)].map((match) => match[1] ?? match[2] ?? match[3] ?? "");
    return ` ${values.join(" ")} `;
  });
  return text.match(/[\p{L}\p{N}]+/gu) ?? [];
}

/** Not by one pattern: on a page of nothing but beginnings of comments that would take hours. */
function withoutComments(page: string): string {
  const [start = "", ...rest] = page.split("<!--");
  return start + rest.map((part) => part.slice(part.includes("-->") ? part.indexOf("-->") + 3 : 0)).join(" ");
}
