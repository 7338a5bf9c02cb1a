/** Tells the app's page for addresses that do not exist from others. */
import type { SitePlace } from "./route.ts";
import { urlOf } from "./route.ts";
import type { Snapshot } from "./take-snapshot.ts";

/** No app has it. Apps that show the address in their page show this one until they run. */
export const UNKNOWN_ROUTE = "/page-that-does-not-exist";

/** What a page looks like, whatever its address is. */
export function likenessOf({ title, text, images }: Snapshot, route: string, place: SitePlace): string {
  const { pathname } = new URL(urlOf(route, place));
  const whole = [title, text, ...images].join("\n");
  if (route === "/") return whole;
  return [pathname, decodeURI(pathname), route].reduce((rest, path) => rest.replaceAll(path, ""), whole);
}

/**
 * Whether the app itself says so, by `<meta name="prerender-status-code" content="404">`, which prerender.io made known
 * (docs.prerender.io, "HTTP status codes").
 */
export function saysNotFound({ meta }: Snapshot): boolean {
  return /^(404|410)$/.test(meta["prerender-status-code"]?.trim() ?? "");
}
