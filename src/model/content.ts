/** Changed content: what people edited elsewhere (in a CMS, say), so that a site has to be built anew. */

/** One report of a change. Its words come from outside. */
export type ContentChange = {
  /** Who reports it, as people call it: "Sanity". */
  readonly source: string;
  /** What was changed: "About us". */
  readonly titles: readonly string[];
  /** Who changed it, where that is known. */
  readonly by: string | null;
};

/** All changes that one deployment brings, each name once. The lists are bounded. */
export type ChangedContent = {
  readonly sources: readonly string[];
  readonly titles: readonly string[];
  /** How many more titles there were than fit into the list; what was changed twice may count twice here. */
  readonly more: number;
  readonly by: readonly string[];
  /** When the first of them was reported, in milliseconds since 1970. */
  readonly sinceMs: number;
};

/** When a change is built: `quietMs` after the last one, but no later than `longestMs` after the first one. */
export type Debounce = { readonly quietMs: number; readonly longestMs: number };

const MAX_TITLES = 50;
const MAX_TITLE_CHARS = 200;
const MAX_NAMES = 10;

/** What one report says, alone. */
export function contentOf(change: ContentChange, nowMs: number): ChangedContent {
  const nothing: ChangedContent = { sources: [], titles: [], more: 0, by: [], sinceMs: nowMs };
  const { source, titles, by } = change;
  return mergeContent(nothing, { ...nothing, sources: [source], titles, by: by === null ? [] : [by] });
}

/** Both together. */
export function mergeContent(one: ChangedContent, other: ChangedContent): ChangedContent {
  const titles = union(one.titles, other.titles);
  return {
    sources: union(one.sources, other.sources).slice(0, MAX_NAMES),
    titles: titles.slice(0, MAX_TITLES),
    more: one.more + other.more + Math.max(0, titles.length - MAX_TITLES),
    by: union(one.by, other.by).slice(0, MAX_NAMES),
    sinceMs: Math.min(one.sinceMs, other.sinceMs),
  };
}

function union(one: readonly string[], other: readonly string[]): string[] {
  return [...new Set([...one, ...other].map(clean).filter(Boolean))];
}

/** One line of bounded length, without what databases refuse, never cut inside a character. */
function clean(text: string): string {
  return [
    ...text
      .slice(0, MAX_TITLE_CHARS * 2)
      .replace(/[\s\p{Cc}]+/gu, " ")
      .trim(),
  ]
    .slice(0, MAX_TITLE_CHARS)
    .join("");
}

/** When a deployment that waits for more changes may begin. */
export function contentDueMs({ sinceMs }: ChangedContent, { quietMs, longestMs }: Debounce, nowMs: number): number {
  return Math.min(nowMs + quietMs, sinceMs + longestMs);
}

const TITLES_SHOWN = 2;
const TITLE_CHARS_SHOWN = 60;

/** The changes in one line: `Content: "About us", "Prices" and 3 more (Sanity, by Ada)`. */
export function contentTitle({ sources, titles, more, by }: ChangedContent): string {
  const shown = titles.slice(0, TITLES_SHOWN).map((title) => `"${shorten(title)}"`);
  const rest = titles.length - shown.length + more;
  const what = rest > 0 ? `${shown.join(", ")} and ${rest} more` : shown.join(" and ");
  const who = [...(sources.length > 0 ? [names(sources)] : []), ...(by.length > 0 ? [`by ${names(by)}`] : [])];
  return `Content${what ? `: ${what}` : " changed"}${who.length > 0 ? ` (${who.join(", ")})` : ""}`;
}

/** Whoever changed it, as the author of a deployment; "" where nobody is known. */
export function contentAuthor({ by }: ChangedContent): string {
  return names(by);
}

/** "Ada", "Ada and Bo", "Ada and 2 others" */
function names(all: readonly string[]): string {
  const [first = "", second = ""] = all.map(shorten);
  if (all.length <= 2) return second ? `${first} and ${second}` : first;
  return `${first} and ${all.length - 1} others`;
}

function shorten(text: string): string {
  const chars = [...text];
  return chars.length <= TITLE_CHARS_SHOWN ? text : `${chars.slice(0, TITLE_CHARS_SHOWN - 1).join("")}…`;
}
