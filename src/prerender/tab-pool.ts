/** Tabs for several pages at once: pages share few tabs, tabs share one browser, and both are renewed in time. */
import { setTimeout as delay } from "node:timers/promises";
import type { Browser } from "playwright-core";
import type { Origin } from "./answer-request.ts";
import { type BrowserKeeper, untilEnd } from "./browser.ts";
import { CrashError, PageError, PrerenderError } from "./prerender-error.ts";
import { openTab, type Tab } from "./tab.ts";
import { shorten } from "./visit.ts";

export type TabPool = {
  /** Lends a tab. Work that was cut short, by a crash above all, is begun once more in another one. */
  use<T>(work: (tab: Tab) => Promise<T>): Promise<T>;
};

/** Then the tab's process goes, and what its pages left in memory. */
const PAGES_PER_TAB = 50;

type Lent = { readonly browser: Browser; readonly tab: Tab; pages: number };

/** Hands out as many tabs as are in use at the same time. */
export function createTabPool(browser: BrowserKeeper, origin: Origin): TabPool {
  const free: Lent[] = [];

  async function lend(): Promise<Lent> {
    for (let lent = free.pop(); lent; lent = free.pop()) if (lent.browser.isConnected()) return lent;
    const running = await browser.get();
    return { browser: running, tab: await untilEnd(running, openTab(running, origin)), pages: 0 };
  }

  async function once<T>(work: (tab: Tab) => Promise<T>): Promise<T> {
    const lent = await lend();
    try {
      const result = await untilEnd(lent.browser, work(lent.tab));
      if (++lent.pages < PAGES_PER_TAB && (await untilEnd(lent.browser, lent.tab.leave()).catch(() => false))) {
        free.push(lent);
      } else await lent.tab.close();
      return result;
    } catch (error) {
      await lent.tab.close();
      throw error;
    }
  }

  return {
    async use(work) {
      try {
        return await once(work);
      } catch (error) {
        if (error instanceof PageError || error instanceof PrerenderError) throw error;
        // A browser that has just ended is known to have when the event has come.
        await delay(100);
      }
      try {
        return await once(work);
      } catch (error) {
        if (error instanceof CrashError) throw new PageError(`${error.message}, twice`);
        if (error instanceof PageError || error instanceof PrerenderError) throw error;
        throw new PageError(`could not be read: ${shorten(String(error), 300)}`);
      }
    },
  };
}
