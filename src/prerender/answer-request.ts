/** Answers what a page asks for: the site's own files from the folder, allowed origins from the network, nothing else. */
import type { Request, Route } from "playwright-core";
import { contentTypeOf } from "./content-type.ts";
import type { SitePlace } from "./route.ts";
import type { SiteFolder } from "./site-folder.ts";
import type { Visit } from "./visit.ts";

export type Origin = {
  readonly place: SitePlace;
  readonly folder: SiteFolder;
  /** Origins besides the site's own; with the site's own in it, what the build does not have is asked of the live site. */
  readonly allowed: ReadonlySet<string>;
  /** HTML that is answered in place of what was built, by path. */
  readonly rewritten: ReadonlyMap<string, string>;
};

/** The address of an empty page of the site, where nothing of the app runs. */
export const BLANK_PATH = "__slipway_blank__";

export async function answerRequest(route: Route, origin: Origin, visit: Visit): Promise<void> {
  const request = route.request();
  const url = new URL(request.url());
  const { place, allowed } = origin;
  if (url.origin !== place.origin) {
    if (isMainDocument(request)) visit.leftFor = url.href;
    else if (allowed.has(url.origin)) return route.continue();
    else visit.blocked.add(url.origin);
    return route.abort("blockedbyclient");
  }
  const answer = isRead(request) ? await answerFromFolder(request, url, origin) : null;
  if (answer) return route.fulfill({ ...answer, headers: { "cache-control": "no-store" } });
  if (allowed.has(url.origin)) return route.continue();
  visit.missing.add(url.pathname);
  return route.fulfill({ status: 404, contentType: "text/plain", body: "Not found" });
}

/** Null where the build has nothing for it. */
async function answerFromFolder(request: Request, url: URL, { place, folder, rewritten }: Origin) {
  const html = (body: string) => ({ contentType: "text/html; charset=utf-8", body });
  if (!url.pathname.startsWith(place.root) && url.pathname !== place.root.slice(0, -1)) return null;
  const path = decodePath(url.pathname.slice(place.root.length));
  if (path === null) return null;
  if (path === BLANK_PATH) return html("<!doctype html><title></title>");
  const page = rewritten.get(url.pathname);
  if (page !== undefined) return html(page);
  const file = folder.find(path);
  if (file !== null) return { contentType: contentTypeOf(file), body: await folder.read(file) };
  // Only what a visitor opens falls back to the app: a script or data that is missing has to be seen to be missing.
  return request.resourceType() === "document" ? html(folder.shell) : null;
}

function isRead(request: Request): boolean {
  return request.method() === "GET" || request.method() === "HEAD";
}

/** Whether the tab itself is going there. */
export function isMainDocument(request: Request): boolean {
  if (!request.isNavigationRequest()) return false;
  try {
    return request.frame().parentFrame() === null;
  } catch {
    // The frame of a window that has only just been opened; such windows are closed.
    return false;
  }
}

function decodePath(path: string): string | null {
  try {
    return decodeURIComponent(path);
  } catch {
    return null;
  }
}
