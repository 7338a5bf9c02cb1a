/** Makes the pages of a site: opens each route, writes what was decided about it, and says what was not right. */
import { checkRestart } from "./check-restart.ts";
import { namesFile } from "./content-type.ts";
import { crawl } from "./crawl.ts";
import { decidePage, pagesLinkedFrom } from "./decide-page.ts";
import { likenessOf, UNKNOWN_ROUTE } from "./not-found.ts";
import { beginRun, type MakePagesOptions, type PagesRun } from "./pages-run.ts";
import { PageError, PrerenderError } from "./prerender-error.ts";
import { MAX_FAILED, type PrerenderCounts } from "./prerender-job.ts";
import { type Rendered, renderPage } from "./render-page.ts";
import { fileOf, pathOf, readRoute, servedUrlOf, urlOf } from "./route.ts";
import { sitemapFiles } from "./sitemap.ts";

/** So long an app may take to say that its page for addresses that do not exist is ready. */
const UNKNOWN_READY_MS = 5000;

/** Throws PrerenderError where no page can be made at all. Pages that fail are told one by one. */
export async function makePages(options: MakePagesOptions): Promise<PrerenderCounts> {
  const run = beginRun(options);
  await readListed(run);
  await openUnknown(run);
  await crawlSite(run);
  if (run.failed.size === 0) await checkSample(run);
  if (run.failed.size > 0) return run.counts;
  await writeNotFound(run);
  await writeShell(run);
  await writeSitemap(run);
  return run.counts;
}

async function readListed(run: PagesRun): Promise<void> {
  const { routes, maxPages } = run.job.settings;
  for (const written of routes) {
    await orFail(run, written, async () => run.listed.add(readRoute(written, run.place)));
  }
  if (run.listed.size <= maxPages) return;
  throw new PrerenderError(
    `prerender.routes names ${run.listed.size} pages, and prerender.maxPages allows ${maxPages}.`,
  );
}

/** Sees what the app does with an address that does not exist. Whatever it is, it fails nothing. */
async function openUnknown(run: PagesRun): Promise<void> {
  const { tabs, rendering, place } = run;
  const { ready, timeoutMs } = rendering;
  // Apps say that a page is done, and may say nothing of one that they do not have.
  const asks = ready === null ? [] : [{ ready, timeoutMs: Math.min(timeoutMs, UNKNOWN_READY_MS) }];
  for (const ask of [...asks, { ready: null, timeoutMs }]) {
    const options = { ...rendering, ...ask, isPlaceKnown: false };
    const shown = await pageOrNull(() => tabs.use((tab) => renderPage(tab, UNKNOWN_ROUTE, options)));
    if (shown === null) continue;
    if (shown.kind === "page") run.unknown = shown.snapshot;
    break;
  }
  run.likenessOfUnknown = run.unknown && likenessOf(run.unknown, UNKNOWN_ROUTE, place);
}

async function pageOrNull<T>(work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof PageError)) throw error;
    return null;
  }
}

async function crawlSite(run: PagesRun): Promise<void> {
  const { parallel, maxPages } = run.job.settings;
  const leftOut = await crawl({
    start: [...run.listed],
    parallel,
    maxRoutes: maxPages,
    visit: async (route) => {
      if (run.failed.size >= MAX_FAILED) return [];
      const follow = await orFail(run, route, () => makePage(run, route));
      for (const next of follow ?? []) if (!run.linkedFrom.has(next)) run.linkedFrom.set(next, route);
      return follow ?? [];
    },
    onProgress: run.progress,
  });
  if (leftOut > 0)
    run.notes.say(`${leftOut} more pages are linked to; prerender.maxPages (${maxPages}) leaves them out`);
}

/** The routes that the page leads to. Throws PageError where it must not be published. */
async function makePage(run: PagesRun, route: string): Promise<readonly string[]> {
  const { place, shell, notes, counts, folder, rendering, job } = run;
  const built = folder.find(pathOf(route));
  if (built !== null) return readBuiltPage(run, route, built);
  const rendered = await run.tabs.use((tab) => renderPage(tab, route, rendering));
  notes.visited(rendered.visit);
  const { crawl: isCrawling } = job.settings;
  const isListed = run.listed.has(route);
  const facts = { place, shell, isListed, crawl: isCrawling, unknown: run.likenessOfUnknown };
  const decision = decidePage(route, rendered, facts);
  if (decision.kind === "missing") {
    notes.brokenLink(route, run.linkedFrom.get(route));
    return [];
  }
  await folder.write(fileOf(route), notes.written(route, decision.html));
  if (decision.kind === "redirect") counts.redirects += 1;
  else keep(run, route, rendered, decision.isIndexed);
  return decision.follow;
}

function keep(run: PagesRun, route: string, rendered: Rendered, isIndexed: boolean): void {
  run.counts.pages += 1;
  if (isIndexed) run.indexed.push(servedUrlOf(route, run.place));
  if (rendered.kind === "page" && (run.sample === null || route === "/")) {
    run.sample = { route, snapshot: rendered.snapshot };
  }
}

/** A page that the build made stays as it is, and its links are followed. */
async function readBuiltPage(run: PagesRun, route: string, file: string): Promise<readonly string[]> {
  if (namesFile(file)) return [];
  run.indexed.push(servedUrlOf(route, run.place));
  if (!run.job.settings.crawl) return [];
  try {
    const rendered = await run.tabs.use((tab) => renderPage(tab, route, run.rendering));
    return rendered.kind === "page" ? pagesLinkedFrom(rendered.snapshot, run.place) : [];
  } catch (error) {
    if (!(error instanceof PageError)) throw error;
    run.notes.say(`${route} ${error.message}; the build made this page (${file}), and it is left as it is`);
    return [];
  }
}

/** The app is one, so one page shows what it makes of all. */
async function checkSample(run: PagesRun): Promise<void> {
  const { sample, tabs, rendering, rewritten, place } = run;
  if (sample === null) return;
  const { route, snapshot } = sample;
  rewritten.set(new URL(urlOf(route, place)).pathname, snapshot.html);
  await orFail(run, route, () => tabs.use((tab) => checkRestart(tab, route, snapshot.text, rendering)));
}

/** Unless the app shows its start page for every address: that one would say nothing about being lost. */
async function writeNotFound(run: PagesRun): Promise<void> {
  const { unknown, folder, place, sample, shell, counts } = run;
  const isBuilt = folder.has("404.html");
  if (unknown === null || isBuilt || shell.needsItsFolder) return;
  if (sample !== null && likenessOf(sample.snapshot, sample.route, place) === run.likenessOfUnknown) return;
  await folder.write("404.html", run.notes.written("/404.html", unknown.html));
  counts.notFoundPage = true;
}

/** The start page stands where the shell was: web servers that fall back to the app need it under another name. */
async function writeShell({ folder, counts }: PagesRun): Promise<void> {
  if (folder.shellFile === "index.html" && counts.pages > 0) await folder.write("200.html", folder.shell);
}

async function writeSitemap({ job, folder, indexed, place }: PagesRun): Promise<void> {
  if (job.siteUrl === null || folder.has("sitemap.xml") || indexed.length === 0) return;
  for (const [path, content] of sitemapFiles(indexed, urlOf("/", place))) await folder.write(path, content);
}

/** What `work` answers; null where it failed for a reason of the page's, which is told. */
async function orFail<T>(run: PagesRun, route: string, work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof PageError)) throw error;
    run.fail(route, error.message);
    return null;
  }
}
