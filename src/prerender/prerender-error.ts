/** The failures of the prerendering process. It runs where Slipway's own classes are not at hand. */

/** Trying again cannot help: a setting, the machine or the built files are not as they must be. */
export class PrerenderError extends Error {
  override readonly name = "PrerenderError";
}

/** A page could not be made; the message says why, as the end of a sentence that begins with its route. */
export class PageError extends Error {
  override readonly name = "PageError";
}

/** The page or the whole browser ended while it worked on a page, which may be tried again. */
export class CrashError extends Error {
  override readonly name = "CrashError";
}
