/** Prerenders a site: the runbook, from the folder of built files to the same folder with its pages. */
import { Script } from "node:vm";
import type { Page } from "playwright-core";
import { type BrowserKeeper, openBrowser } from "./browser.ts";
import { findChromium } from "./find-chromium.ts";
import { makePages } from "./make-pages.ts";
import { PrerenderError } from "./prerender-error.ts";
import type { PrerenderJob, PrerenderMessage } from "./prerender-job.ts";
import { readShell } from "./read-shell.ts";
import { placeOf } from "./route.ts";
import { openSiteFolder } from "./site-folder.ts";

export type PrerenderSiteOptions = {
  readonly job: PrerenderJob;
  /** PATH and LANG of this process. */
  readonly env: Readonly<Record<string, string>>;
  readonly temporaryFolder: string;
  tell(message: PrerenderMessage): void;
  /** Aborted when there is nobody left to prerender for; the browser is then ended. */
  readonly signal: AbortSignal;
};

/** Tells how it ended, too. Never rejects. */
export async function prerenderSite(options: PrerenderSiteOptions): Promise<void> {
  const { job, env, temporaryFolder, tell, signal } = options;
  let browser: BrowserKeeper | undefined;
  const end = () => browser?.close();
  signal.addEventListener("abort", end);
  try {
    checkExpression(job.settings.ready);
    const file = await findChromium(job.chromium, env.PATH ?? "");
    const folder = await openSiteFolder(job.folder);
    const hosts = job.settings.allow.map((origin) => new URL(origin).hostname);
    browser = await openBrowser({ file, env, temporaryFolder, hosts });
    signal.throwIfAborted();
    const shell = await withBlankPage(browser, (page) => readShell(page, folder.shell));
    const place = placeOf(job.siteUrl, shell.base);
    const counts = await makePages({ job, folder, browser, shell, place, tell });
    tell({ type: "done", ...counts });
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    tell({ type: "error", permanent: error instanceof PrerenderError, text: text.slice(0, 1500) });
  } finally {
    signal.removeEventListener("abort", end);
    await browser?.close();
  }
}

/** Compiles it and does not run it: a slip of the pen would otherwise look like pages that are never ready. */
function checkExpression(ready: string | null): void {
  if (ready === null) return;
  try {
    new Script(`(async () => (${ready}\n))`);
  } catch (error) {
    throw new PrerenderError(`prerender.ready is no JavaScript expression: ${(error as Error).message}`);
  }
}

async function withBlankPage<T>(browser: BrowserKeeper, work: (page: Page) => Promise<T>): Promise<T> {
  const page = await (await browser.get()).newPage();
  try {
    return await work(page);
  } finally {
    await page.close();
  }
}
