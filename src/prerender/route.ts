/** Routes: the paths of pages below the site's root, one spelling each, and the files they become. No I/O. */
import { PageError } from "./prerender-error.ts";

/** Where the site lies: "https://example.com" and the path of its root, which begins and ends with "/". */
export type SitePlace = { readonly origin: string; readonly root: string };

/**
 * Stands for the site where its address is unknown. RFC 2606 keeps .invalid for names that lead nowhere; https, since
 * browsers keep some interfaces (crypto.subtle) from pages that came without.
 */
export const UNKNOWN_ORIGIN = "https://prerender.invalid";

/** What no file system takes in one name: 255 bytes on all that matter. */
const MAX_NAME_BYTES = 255;
/** Well below the 4096 of Linux, since the path of the output folder comes before it; hosts take less. */
const MAX_PATH_BYTES = 1024;

/** The place of a site from where visitors see it and from the `<base href>` of its pages, which knows its folder better. */
export function placeOf(siteUrl: string | null, base: string | null): SitePlace {
  const site = new URL(siteUrl ?? UNKNOWN_ORIGIN);
  const root = base !== null && URL.canParse(base, site.href) ? new URL(base, site).pathname : site.pathname;
  return { origin: site.origin, root: root.slice(0, root.lastIndexOf("/") + 1) };
}

/** The address at which a page is opened. */
export function urlOf(route: string, { origin, root }: SitePlace): string {
  return origin + root + route.slice(1);
}

/** The address at which a web server shows the page: a folder's index.html is at the folder's path, with its slash. */
export function servedUrlOf(route: string, place: SitePlace): string {
  return urlOf(fileOf(route).endsWith("/index.html") ? `${route}/` : route, place);
}

/**
 * The route that an address of the site belongs to; null where it is none of the site's. Query and fragment are left
 * out, "/a/", "/a" and "/a/index.html" are one page, and case counts.
 */
export function routeOf(url: string, { origin, root }: SitePlace): string | null {
  if (!URL.canParse(url)) return null;
  const { origin: itsOrigin, pathname } = new URL(url);
  if (itsOrigin !== origin || !`${pathname}/`.startsWith(root)) return null;
  const path = `/${pathname.slice(root.length)}`.replace(/\/{2,}/g, "/");
  return path.replace(/(\/index\.html?|\/)+$/, "") || "/";
}

/** The same for a route that somebody wrote down. Throws PageError where it is none. */
export function readRoute(written: string, place: SitePlace): string {
  const url = URL.parse(place.origin + place.root + written.slice(1));
  if (url === null) throw new PageError("is no path of this site");
  if (url.search !== "" || url.hash !== "" || /[?#]/.test(written)) {
    throw new PageError("has a query or a fragment, and a file can have none; name the path alone");
  }
  const route = written.startsWith("//") ? null : routeOf(url.href, place);
  if (route === null) throw new PageError("is no path of this site");
  fileOf(route);
  return route;
}

/** The file of a route, relative to the output folder. Throws PageError where no file can have that name. */
export function fileOf(route: string): string {
  if (route === "/") return "index.html";
  const path = pathOf(route);
  return /\.html?$/i.test(path) ? path : `${path}/index.html`;
}

/** A route as files are named, without its first slash. Throws PageError where no file can have that name. */
export function pathOf(route: string): string {
  const path = route === "/" ? "" : route.slice(1).split("/").map(decodeName).join("/");
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) throw new PageError("is too long for the path of a file");
  return path;
}

function decodeName(encoded: string): string {
  let name: string;
  try {
    name = decodeURIComponent(encoded);
  } catch {
    throw new PageError("is not encoded as UTF-8");
  }
  const isRefused = name === "." || name === ".." || /[/\\\p{Cc}]/u.test(name);
  if (isRefused || Buffer.byteLength(name) > MAX_NAME_BYTES) throw new PageError("cannot be the name of a file");
  return name;
}
