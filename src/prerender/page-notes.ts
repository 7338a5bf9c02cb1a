/** What the operator should know about pages that were made all the same. Each thing is said once, with its first page. */
import { UNKNOWN_ORIGIN } from "./route.ts";
import type { Visit } from "./visit.ts";

export type PageNotes = {
  /** Takes what was noticed while a page was open. */
  visited(visit: Visit): void;
  /** Takes the HTML of a page, and gives it back without the address that stands for an unknown one. */
  written(route: string, html: string): string;
  brokenLink(route: string, from: string | undefined): void;
  say(text: string): void;
};

export function createPageNotes(warn: (text: string) => void): PageNotes {
  const said = new Set<string>();

  function once(key: string, text: string): void {
    if (said.has(key)) return;
    said.add(key);
    warn(text);
  }

  return {
    visited({ route, blocked, missing, reported }) {
      for (const origin of blocked) {
        once(origin, `${route} asked for ${origin}, which was blocked; prerender.allow lists what pages may load`);
      }
      for (const path of missing) once(path, `${route} asked for ${path}, which the build does not have`);
      for (const error of reported) once(error, `${route} reported an error: ${error}`);
    },
    written(route, html) {
      if (!html.includes(UNKNOWN_ORIGIN)) return html;
      once(UNKNOWN_ORIGIN, `${route} names its own address, and that is not known; confirm.url says it`);
      return html.replaceAll(new RegExp(`${UNKNOWN_ORIGIN}/?`, "g"), "/");
    },
    brokenLink(route, from) {
      once(`link ${route}`, `${from ?? "A page"} links to ${route}, where the app shows that there is no such page`);
    },
    say: (text) => once(text, text),
  };
}
