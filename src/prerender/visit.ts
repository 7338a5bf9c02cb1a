/** What is noticed while a page is open. */
import { type CrashError, PageError } from "./prerender-error.ts";

export type Visit = {
  readonly route: string;
  /** Addresses of the site's own requests, and of those allowed, that are not answered yet. */
  readonly waitingFor: Map<object, string>;
  /** Origins that the page asked for and that are not allowed. */
  readonly blocked: Set<string>;
  /** Paths of the site that the page asked for and that the build does not have. */
  readonly missing: Set<string>;
  /** Errors that the app caught and reported, while the page went on. */
  readonly reported: Set<string>;
  /** An address of another site that the page went to. */
  leftFor: string | null;
  /** How often the page was asked for, from its first time on. */
  loads: number;
  /** Rejects when the page threw, when it or its browser ended, and when the time is over. Nobody else ends a visit. */
  readonly failure: Promise<never>;
  fail(error: PageError | CrashError): void;
};

export function createVisit(route: string): Visit {
  const { promise, reject } = Promise.withResolvers<never>();
  // Whoever waits for something races it against this; between two waits nobody does.
  promise.catch(() => {});
  return {
    route,
    waitingFor: new Map(),
    blocked: new Set(),
    missing: new Set(),
    reported: new Set(),
    leftFor: null,
    loads: 0,
    failure: promise,
    fail: reject,
  };
}

/** A page that threw. Requests that were blocked on its way are named, since they are the usual reason. */
export function threw(visit: Visit, what: string): PageError {
  const text = shorten(what, 300);
  if (visit.blocked.size === 0) return new PageError(`throws: ${text}`);
  const origins = shorten([...visit.blocked].join(", "), 300);
  return new PageError(
    `throws: ${text} (requests to ${origins} were blocked; prerender.allow lists what pages may load)`,
  );
}

/** Fit for one line. */
export function shorten(text: string, length: number): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length <= length ? line : `${line.slice(0, length).toWellFormed()} …`;
}
