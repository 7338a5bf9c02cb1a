/** Why a form is not taken, in words for scripts. */

/**
 * no_origin: the request does not say where it was made. null_origin: the page forbids its browser to say it
 * (`Referrer-Policy: no-referrer`, a sandbox). foreign_origin: another page. unreadable, empty: nothing was filled in.
 * too_many and unavailable are the caller's: its limits, its store.
 */
export type FormRefusal =
  | "no_origin"
  | "null_origin"
  | "foreign_origin"
  | "unreadable"
  | "empty"
  | "too_many"
  | "unavailable";
