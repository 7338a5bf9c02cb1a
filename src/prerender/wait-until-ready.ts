/** Waits until a page is what a visitor shall get. */
import { setTimeout as delay } from "node:timers/promises";
import type { Page } from "playwright-core";
import { PageError } from "./prerender-error.ts";
import { shorten, type Visit } from "./visit.ts";

/** How often a page is asked whether the expression is true. */
const POLL_MS = 50;
/** How often it is asked whether it has changed, which costs all pages that are made at once. */
const LOOK_MS = 100;
/** So long nothing may be asked for, and nothing change: what Lighthouse, Puppeteer and Playwright call an idle network. */
const QUIET_MS = 500;
/** A clock or an animation changes its page for ever: after so long without a request it is ready all the same. */
const RESTLESS_MS = 3000;
/** A page that is loaded more often than this is sent in a circle. */
const MAX_LOADS = 10;

/**
 * Until `ready`, a JavaScript expression, is true, or, where it is null, until network and document are quiet. Throws
 * PageError, with what it waited for, when that takes longer than `timeoutMs`, and the visit's failure.
 */
export async function waitUntilReady(page: Page, visit: Visit, ready: string | null, timeoutMs: number): Promise<void> {
  const stop = new AbortController();
  const late = delay(timeoutMs, undefined, { signal: stop.signal }).then(() => {
    throw new PageError(`was not ready after ${timeoutMs / 1000} s: ${whyNot(visit, ready)} (prerender.timeout)`);
  });
  late.catch(() => {});
  try {
    await Promise.race([poll(page, visit, ready, stop.signal), late, visit.failure]);
  } finally {
    stop.abort();
  }
}

function whyNot(visit: Visit, ready: string | null): string {
  if (visit.loads > 1) return `it was loaded ${visit.loads} times, and may be sent in a circle`;
  if (ready !== null) return `prerender.ready (${shorten(ready, 100)}) was never true`;
  const addresses = [...visit.waitingFor.values()].map((url) => shorten(url, 150));
  return addresses.length === 0 ? "it never came to rest" : `it waits for ${addresses.slice(0, 3).join(", ")}`;
}

async function poll(page: Page, visit: Visit, ready: string | null, signal: AbortSignal): Promise<void> {
  const expression = ready === null ? STATE : readiness(ready);
  const pauseMs = ready === null ? LOOK_MS : POLL_MS;
  let quietMs = 0;
  let stillMs = 0;
  let before = "";
  while (!signal.aborted) {
    const from = performance.now();
    await delay(pauseMs);
    // A page that is being replaced by another cannot answer; the next one can.
    const state = await page.evaluate(expression).catch(() => "");
    if (visit.leftFor !== null) return;
    if (visit.loads > MAX_LOADS) throw new PageError(`is sent in a circle: it was loaded ${visit.loads} times`);
    if (ready !== null && state === true) return;
    if (ready !== null) continue;
    // Time in which the page was too busy to answer is no time in which it had nothing to do.
    const passedMs = Math.min(performance.now() - from, pauseMs * 2);
    const isQuiet = state !== "" && visit.waitingFor.size === 0;
    quietMs = isQuiet ? quietMs + passedMs : 0;
    stillMs = isQuiet && state === before ? stillMs + passedMs : 0;
    before = String(state);
    if (stillMs >= QUIET_MS || quietMs >= RESTLESS_MS) return;
  }
}

/** Changes with the document; empty while it is being loaded. */
const STATE = `document.readyState === "complete" && document.body
  ? location.href + " " + document.getElementsByTagName("*").length + " " + document.documentElement.innerHTML.length
  : ""`;

/** As long as names in it do not exist, it is not true. */
function readiness(ready: string): string {
  return `(async () => { try { return Boolean(await (${ready}\n)); } catch { return false; } })()`;
}
