/** Says which files of a release an address on one of its pages may stand for, as web servers look for them. No I/O. */

/** Where a release is served: the path of its root on the host, "/" or "/app/", and the origins that lead there. */
export type ServedAt = { readonly basePath: string; readonly origins: ReadonlySet<string> };

/** Stands in for the site's own origin, so that addresses can be resolved with none known. */
const SOMEWHERE = "http://site.invalid";

/** The place of a site whose address is `siteUrl`, or of one whose address nobody told. */
export function servedAt(siteUrl: string | null): ServedAt {
  if (siteUrl === null) return { basePath: "/", origins: new Set([SOMEWHERE]) };
  const { origin, pathname, host } = new URL(siteUrl);
  const origins = new Set([SOMEWHERE, origin, `http://${host}`, `https://${host}`]);
  return { basePath: pathname.endsWith("/") ? pathname : `${pathname.slice(0, pathname.lastIndexOf("/"))}/`, origins };
}

/**
 * The path that `url` on `page` leads to, relative to the release's root ("" is the root, "about/" a folder); null where
 * it leads to another site, out of the release's folder, or nowhere (mailto:, data:, #top).
 */
export function pathOf(url: string, page: string, base: string | null, place: ServedAt): string | null {
  const written = url.trim();
  if (written === "" || written.startsWith("#")) return null;
  const here = new URL(place.basePath + page.split("/").map(encodeURIComponent).join("/"), SOMEWHERE);
  const target = URL.parse(written, (URL.parse(base ?? "", here.href) ?? here).href);
  if (target === null || !place.origins.has(target.origin)) return null;
  if (!target.pathname.startsWith(place.basePath)) return `${target.pathname}/` === place.basePath ? "" : null;
  try {
    return decodeURIComponent(target.pathname.slice(place.basePath.length)).normalize("NFC");
  } catch {
    // "%" that is followed by no two digits: servers look for what is written.
    return target.pathname.slice(place.basePath.length);
  }
}

/** The files that a server may answer with: the file itself, a page without its ending, a folder's index. */
export function candidatesFor(path: string): string[] {
  const folder = path === "" || path.endsWith("/") ? path : `${path}/`;
  const indexes = [`${folder}index.html`, `${folder}index.htm`, `${folder}index.php`];
  return path === folder ? indexes : [path, `${path}.html`, ...indexes];
}

/** Whether an address names a page rather than a file with an ending of its own. */
export function looksLikePage(path: string): boolean {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return !name.includes(".") || /\.html?$/i.test(name);
}
