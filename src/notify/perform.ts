/** How a wish in the outbox is fulfilled: one function a kind. What it throws says what the outbox does next. */
import type { OutboxRow } from "../store/outbox.ts";

export type Performed =
  /** The other side shows what was wished. `remote` is what it called the thing. */
  | { readonly kind: "sent"; readonly remote: unknown }
  /** It may have been told, and there is no way to look: it is not told again. `reason` goes into the record. */
  | { readonly kind: "unsure"; readonly reason: string }
  /** It cannot be told before another wish of ours was, so nothing was done: again after so many milliseconds. */
  | { readonly kind: "waits"; readonly forMs: number; readonly reason: string };

/** Stores what the other side called a thing. */
export type Remember = (remote: unknown) => Promise<void>;

/**
 * Fulfils the wish in `row`. `remember` stores what the other side called a thing as soon as it is known, before the
 * next request is made; after a crash it comes back as `row.remote`. Where `row.inDoubt` is set and `row.remote` does
 * not settle it, an earlier attempt may have had its effect: the function looks before it repeats.
 *
 * Throws RetryLaterError (nothing happened, again later), PermanentError (never), AmbiguousError and anything else
 * (may have happened, look and try again).
 */
export type Perform = (row: OutboxRow, remember: Remember) => Promise<Performed>;
