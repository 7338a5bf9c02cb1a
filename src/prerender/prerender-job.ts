/** What the prerendering process is told, and what it tells in return. It runs beside the build, so this is all they share. */
import type { PrerenderSettings } from "../model/build.ts";

/** Written as JSON into the file that the process is started with. */
export type PrerenderJob = {
  /** The built files, absolute. Pages are written into it. */
  readonly folder: string;
  /** Where visitors see the site ("https://example.com/", or with a folder); null where nobody knows. */
  readonly siteUrl: string | null;
  /** The browser's program, absolute; null looks for one on the PATH. */
  readonly chromium: string | null;
  readonly settings: PrerenderSettings;
};

/** A page that could not be made. */
export type FailedPage = { readonly route: string; readonly reason: string };

/** What became of a site. Counts are of files that were written. */
export type PrerenderCounts = {
  readonly pages: number;
  readonly redirects: number;
  /** Whether a 404.html was made. */
  readonly notFoundPage: boolean;
};

/** One line of JSON each, on standard output. The last one is "done" or "error". */
export type PrerenderMessage =
  | { readonly type: "progress"; readonly finished: number; readonly found: number }
  | { readonly type: "warning"; readonly text: string }
  | ({ readonly type: "failed" } & FailedPage)
  | ({ readonly type: "done" } & PrerenderCounts)
  /** Nothing could be done. `permanent`: trying again cannot help. */
  | { readonly type: "error"; readonly permanent: boolean; readonly text: string };

/** So many failed pages are named; with the last of them the others are given up. */
export const MAX_FAILED = 20;
