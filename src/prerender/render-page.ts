/** Opens one page, waits until it is ready, and says what it turned out to be. */
import { PageError } from "./prerender-error.ts";
import type { Shell } from "./read-shell.ts";
import { routeOf, type SitePlace, servedUrlOf, urlOf } from "./route.ts";
import type { Tab } from "./tab.ts";
import { type Snapshot, takeSnapshot } from "./take-snapshot.ts";
import type { Visit } from "./visit.ts";
import { waitUntilReady } from "./wait-until-ready.ts";

export type RenderOptions = {
  readonly place: SitePlace;
  readonly shell: Shell;
  /** Whether pages without a canonical link get one. */
  readonly isPlaceKnown: boolean;
  readonly ready: string | null;
  readonly timeoutMs: number;
};

export type Rendered =
  | { readonly kind: "page"; readonly snapshot: Snapshot; readonly visit: Visit }
  /** The app went elsewhere: to another route, or to an address of another site. */
  | { readonly kind: "redirect"; readonly route: string | null; readonly url: string; readonly visit: Visit };

/** Throws PageError where the page threw, was not ready in time or shows nothing, and CrashError where the browser ended. */
export async function renderPage(tab: Tab, route: string, options: RenderOptions): Promise<Rendered> {
  const { place, shell, ready, timeoutMs } = options;
  const visit = tab.begin(route);
  await Promise.race([open(tab, urlOf(route, place), timeoutMs), visit.failure]);
  await waitUntilReady(tab.page, visit, ready, timeoutMs);
  if (visit.leftFor !== null) return { kind: "redirect", route: null, url: visit.leftFor, visit };
  const canonical = options.isPlaceKnown ? servedUrlOf(route, place) : null;
  const snapshot = await Promise.race([takeSnapshot(tab.page, { shell, canonical }), visit.failure]);
  const shown = routeOf(snapshot.url, place);
  if (shown === null) throw new PageError(`went to ${snapshot.url}, which is no page of this site`);
  if (shown !== route) return { kind: "redirect", route: shown, url: urlOf(shown, place), visit };
  if (snapshot.text.trim() === "" && !snapshot.hasPictures) throw new PageError("shows nothing");
  return { kind: "page", snapshot, visit };
}

async function open({ page }: Tab, url: string, timeoutMs: number): Promise<void> {
  try {
    await page.goto(url, { waitUntil: "commit", timeout: timeoutMs });
  } catch (error) {
    // The visit's own failure, a crash above all, comes with the same turn of events and says more.
    await new Promise((resolve) => setTimeout(resolve, 100));
    throw new PageError(
      `could not be opened: ${String(error instanceof Error ? error.message : error).split("\n")[0]}`,
    );
  }
}
