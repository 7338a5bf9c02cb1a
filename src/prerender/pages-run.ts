/** One run over a site's pages: what it works with, and what it has come to. */
import type { BrowserKeeper } from "./browser.ts";
import { createPageNotes, type PageNotes } from "./page-notes.ts";
import { MAX_FAILED, type PrerenderCounts, type PrerenderJob, type PrerenderMessage } from "./prerender-job.ts";
import type { Shell } from "./read-shell.ts";
import type { RenderOptions } from "./render-page.ts";
import type { SitePlace } from "./route.ts";
import type { SiteFolder } from "./site-folder.ts";
import { createTabPool, type TabPool } from "./tab-pool.ts";
import type { Snapshot } from "./take-snapshot.ts";
import { shorten } from "./visit.ts";

export type MakePagesOptions = {
  readonly job: PrerenderJob;
  readonly folder: SiteFolder;
  readonly browser: BrowserKeeper;
  readonly shell: Shell;
  readonly place: SitePlace;
  tell(message: PrerenderMessage): void;
};

export type PagesRun = MakePagesOptions & {
  readonly tabs: TabPool;
  readonly rendering: RenderOptions;
  readonly notes: PageNotes;
  readonly listed: Set<string>;
  /** By route, the page that linked to it first. */
  readonly linkedFrom: Map<string, string>;
  /** HTML that is answered in place of what was built, by path. */
  readonly rewritten: Map<string, string>;
  readonly failed: Set<string>;
  /** Addresses for the sitemap. */
  readonly indexed: string[];
  readonly counts: { -readonly [count in keyof PrerenderCounts]: PrerenderCounts[count] };
  /** What the app shows for an address that does not exist; null where it shows nothing, throws, or goes elsewhere. */
  unknown: Snapshot | null;
  likenessOfUnknown: string | null;
  /** The start page, or else the page that was done first. */
  sample: { readonly route: string; readonly snapshot: Snapshot } | null;
  fail(route: string, reason: string): void;
  progress(finished: number, found: number): void;
};

/** Builds that print nothing for a while are ended, and people want to see that something goes on. */
const PROGRESS_MS = 2000;

export function beginRun(options: MakePagesOptions): PagesRun {
  const { job, folder, browser, shell, place, tell } = options;
  const { settings } = job;
  const allowed = new Set(settings.allow.map((origin) => new URL(origin).origin));
  const rewritten = new Map<string, string>();
  const failed = new Set<string>();
  let saidAt = performance.now();

  return {
    ...options,
    tabs: createTabPool(browser, { place, folder, allowed, rewritten }),
    rendering: {
      ...{ place, shell, isPlaceKnown: job.siteUrl !== null },
      ...{ ready: settings.ready, timeoutMs: settings.timeoutMs },
    },
    notes: createPageNotes((text) => tell({ type: "warning", text: shorten(text, 500) })),
    ...{ rewritten, failed, listed: new Set(), linkedFrom: new Map(), indexed: [] },
    counts: { pages: 0, redirects: 0, notFoundPage: false },
    ...{ unknown: null, likenessOfUnknown: null, sample: null },
    fail(route, reason) {
      if (failed.has(route) || failed.size >= MAX_FAILED) return;
      failed.add(route);
      tell({ type: "failed", route: shorten(route, 500), reason: shorten(reason, 1000) });
    },
    progress(finished, found) {
      if (performance.now() - saidAt < PROGRESS_MS) return;
      saidAt = performance.now();
      tell({ type: "progress", finished, found });
    },
  };
}
