/** Prerenders a site: the runbook, from the folder of built files to the same folder with its pages. */
import { Script } from "node:vm";
import { type BrowserKeeper, openBrowser, untilEnd } from "./browser.ts";
import { findChromium } from "./find-chromium.ts";
import { makePages } from "./make-pages.ts";
import { PageError, PrerenderError } from "./prerender-error.ts";
import type { PrerenderJob, PrerenderMessage } from "./prerender-job.ts";
import { readShell, type Shell } from "./read-shell.ts";
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
    const shell = await readShellIn(browser, folder.shell);
    const place = placeOf(job.siteUrl, shell.base);
    const counts = await makePages({ job, folder, browser, shell, place, tell });
    tell({ type: "done", ...counts });
  } catch (error) {
    // Below its first line, Playwright writes all that the browser printed.
    const [text = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
    const permanent = error instanceof PrerenderError || error instanceof PageError;
    tell({ type: "error", permanent, text: text.slice(0, 1500) });
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

/** Once more where the browser ended meanwhile. */
async function readShellIn(browser: BrowserKeeper, html: string): Promise<Shell> {
  const read = async () => {
    const running = await browser.get();
    const page = await untilEnd(running, running.newPage());
    const shell = await untilEnd(running, readShell(page, html));
    await untilEnd(running, page.close());
    return shell;
  };
  return read().catch((error: unknown) => {
    if (error instanceof PrerenderError) throw error;
    return read();
  });
}
