/**
 * Looks at a release as a visitor would: whether the pages it links to, and the scripts, styles, images and fonts that
 * its pages name, are in the release or on the host.
 */
import type { LinkCheck } from "../model/build.ts";
import { comparePaths, type Manifest } from "../model/release.ts";
import { type Reference, readPageReferences, readStyleReferences } from "./references.ts";
import { candidatesFor, looksLikePage, pathOf, type ServedAt } from "./resolve.ts";

/** Something that is named and is not there. */
export type MissingTarget = {
  /** Relative to the release's root. */
  readonly path: string;
  /** Pages and stylesheets that name it, in the order of their paths. */
  readonly namedBy: readonly string[];
};

export type CheckLinksOptions = {
  readonly files: Manifest;
  readonly place: ServedAt;
  /** Reads a file of the release as text. */
  read(path: string): Promise<string>;
  /** Which of these paths the host has, although the release does not; asked once, and only where something is missing. */
  onHost(paths: readonly string[]): Promise<ReadonlySet<string>>;
  readonly signal: AbortSignal;
};

/** Larger ones are no pages that people wrote, in bytes. */
const MAX_BYTES = 5 * 1024 * 1024;
/** How many files are read at the same time. */
const AT_ONCE = 8;

/** All that the release names and that is neither in it nor on the host. */
export async function checkLinks(options: CheckLinksOptions): Promise<MissingTarget[]> {
  const { files, onHost } = options;
  const documents = [...files]
    .filter(([path, { size }]) => isDocument(path) && size <= MAX_BYTES)
    .map(([path]) => path);
  const answersAnyPage = await hasFallback(options);
  const namedBy = new Map<string, Set<string>>();
  const waiting = documents.values();
  const work = Array.from({ length: AT_ONCE }, async () => {
    for (const document of waiting) {
      options.signal.throwIfAborted();
      for (const path of await missingOf(document, options, answersAnyPage)) {
        const pages = namedBy.get(path) ?? new Set();
        namedBy.set(path, pages.add(document));
      }
    }
  });
  for (const result of await Promise.allSettled(work)) if (result.status === "rejected") throw result.reason;
  if (namedBy.size === 0) return [];

  const asked = [...namedBy.keys()].flatMap(candidatesFor);
  const there = await onHost(asked);
  return [...namedBy]
    .filter(([path]) => !candidatesFor(path).some((candidate) => there.has(candidate)))
    .map(([path, pages]) => ({ path, namedBy: [...pages].sort(comparePaths) }))
    .sort((a, b) => comparePaths(a.path, b.path));
}

const isDocument = (path: string) => /\.(html?|css)$/i.test(path);

/** What one document names that the release does not have. */
async function missingOf(document: string, options: CheckLinksOptions, answersAnyPage: boolean): Promise<Set<string>> {
  const { files, place, read } = options;
  const text = await read(document);
  const isStyle = document.toLowerCase().endsWith(".css");
  const { base, references }: { base: string | null; references: readonly Reference[] } = isStyle
    ? { base: null, references: readStyleReferences(text) }
    : readPageReferences(text);
  const missing = new Set<string>();
  for (const { kind, url } of references) {
    const path = pathOf(url, document, base, place);
    if (path === null || candidatesFor(path).some((candidate) => files.has(candidate))) continue;
    if (kind === "page" && answersAnyPage && looksLikePage(path)) continue;
    missing.add(path);
  }
  return missing;
}

/** Pages that hosts and generators serve in place of those that do not exist. */
const FALLBACK_PAGES = ["200.html", "index.csr.html", "_redirects"];

/** Whether the server may answer for pages that are no files: an app that routes in the browser, or rules of its own. */
async function hasFallback({ files, read }: CheckLinksOptions): Promise<boolean> {
  if (FALLBACK_PAGES.some((path) => files.has(path))) return true;
  if (!files.has(".htaccess")) return false;
  // Apache's mod_rewrite, mod_dir's FallbackResource, mod_alias.
  return /^\s*(RewriteRule|FallbackResource|Redirect(Match|Permanent|Temp)?|Alias(Match)?)\s/im.test(
    await read(".htaccess"),
  );
}

/**
 * Whether missing targets stop the deployment. With `check` null nobody said: they are warned of, and stop it where the
 * live release had none (`liveMissing` 0; null where that is not known).
 */
export function stopsDeployment(check: LinkCheck | null, missing: number, liveMissing: number | null): boolean {
  if (missing === 0) return false;
  return check === "fail" || (check === null && liveMissing === 0);
}

const MAX_TARGETS_SHOWN = 20;

/** Lines for the transcript: what is missing, and a page that needs it. */
export function describeMissing(missing: readonly MissingTarget[]): string[] {
  const lines = missing.slice(0, MAX_TARGETS_SHOWN).map(({ path, namedBy }) => {
    const more = namedBy.length > 1 ? ` and ${namedBy.length - 1} more` : "";
    return `  /${path}  named by ${namedBy[0]}${more}`;
  });
  if (missing.length > MAX_TARGETS_SHOWN) lines.push(`  … and ${missing.length - MAX_TARGETS_SHOWN} more`);
  if (missing.length === 0) return [];
  return [`${missing.length} ${missing.length === 1 ? "address leads" : "addresses lead"} nowhere:`, ...lines];
}
