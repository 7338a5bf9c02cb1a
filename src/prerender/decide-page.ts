/** Decides what becomes of a page that was rendered. No I/O. */
import { namesFile } from "./content-type.ts";
import { likenessOf, saysNotFound } from "./not-found.ts";
import { PageError } from "./prerender-error.ts";
import type { Shell } from "./read-shell.ts";
import { redirectPage } from "./redirect-page.ts";
import type { Rendered } from "./render-page.ts";
import { fileOf, routeOf, type SitePlace, servedUrlOf } from "./route.ts";
import type { Snapshot } from "./take-snapshot.ts";

export type PageFacts = {
  readonly place: SitePlace;
  readonly shell: Shell;
  /** Somebody asked for it, other than by a link. */
  readonly isListed: boolean;
  readonly crawl: boolean;
  /** What the app shows for addresses that do not exist; null where that is not known. */
  readonly unknown: string | null;
};

export type PageDecision =
  | { readonly kind: "page"; readonly html: string; readonly follow: readonly string[]; readonly isIndexed: boolean }
  | { readonly kind: "redirect"; readonly html: string; readonly follow: readonly string[] }
  /** A link led to it, and the app says that it does not exist. */
  | { readonly kind: "missing" };

/** Throws PageError where the page must not be published. */
export function decidePage(route: string, rendered: Rendered, facts: PageFacts): PageDecision {
  const { place, shell, isListed, crawl, unknown } = facts;
  if (rendered.kind === "redirect") {
    const target = rendered.route === null ? rendered.url : new URL(servedUrlOf(rendered.route, place)).pathname;
    // What is listed leads somewhere, and that page is meant; where links are followed it is found like others.
    const follow = rendered.route !== null && (isListed || crawl) ? [rendered.route] : [];
    return { kind: "redirect", html: redirectPage(target), follow };
  }
  const { snapshot } = rendered;
  if (isUnknown(route, snapshot, place, unknown)) {
    if (!isListed) return { kind: "missing" };
    throw new PageError("shows what the app shows for addresses that do not exist");
  }
  checkAddresses(route, shell);
  const follow = crawl ? pagesLinkedFrom(snapshot, place) : [];
  return { kind: "page", html: snapshot.html, follow, isIndexed: isIndexed(route, snapshot, place) };
}

function isUnknown(route: string, snapshot: Snapshot, place: SitePlace, unknown: string | null): boolean {
  if (saysNotFound(snapshot)) return true;
  // An app that knows no such page may show its start page for all of them.
  return route !== "/" && unknown !== null && likenessOf(snapshot, route, place) === unknown;
}

/** Throws PageError where the page, in a folder, would look for its scripts there. */
function checkAddresses(route: string, { needsItsFolder }: Shell): void {
  if (needsItsFolder === null || !fileOf(route).includes("/")) return;
  throw new PageError(
    `would look for ${needsItsFolder} in its own folder, since the app's index.html names its files relative to itself. ` +
      'Build with absolute addresses (Vite: base "/"; others: <base href="/">)',
  );
}

/** In the order of the page. Files that are no pages are left out, and so is what no file could be named. */
export function pagesLinkedFrom({ links }: Snapshot, place: SitePlace): string[] {
  const routes = links.map((link) => routeOf(link, place)).filter((route) => route !== null);
  return [...new Set(routes)].filter((route) => !namesFile(route) && canBeFile(route));
}

function canBeFile(route: string): boolean {
  try {
    fileOf(route);
    return true;
  } catch {
    return false;
  }
}

/** Whether search engines shall list it under its own address. */
function isIndexed(route: string, { canonical, meta }: Snapshot, place: SitePlace): boolean {
  if (/\b(noindex|none)\b/i.test(meta.robots ?? "")) return false;
  return canonical === null || routeOf(canonical, place) === route;
}
