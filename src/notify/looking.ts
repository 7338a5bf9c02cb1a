/** Doubt about what somebody was told is settled by looking: how, and what it means where nobody lets us look. */
import { setTimeout as sleep } from "node:timers/promises";
import { describeError, OperatorError, PermanentError } from "../errors.ts";
import type { Performed } from "./perform.ts";

/**
 * What was sent a moment ago may not be listed yet, so it counts as missing only when it is missing twice, this many
 * milliseconds apart.
 */
export const LOOK_AGAIN_MS = 3000;

/** Looks, and once more after a while where that did not settle it. */
export async function twice<T>(
  lookAgainMs: number,
  look: () => Promise<T | null>,
  isClear: (found: T | null) => boolean = (found) => found !== null,
): Promise<T | null> {
  const found = await look();
  if (isClear(found)) return found;
  await sleep(lookAgainMs);
  return look();
}

/** What `look` sees, or why the other side does not let us look. */
export async function unlessRefused<T>(look: () => Promise<T>): Promise<T | string> {
  try {
    return await look();
  } catch (error) {
    // What the operator can mend makes looking possible later.
    if (error instanceof PermanentError && !(error instanceof OperatorError)) return describeError(error);
    throw error;
  }
}

/** `told` may have happened ("a post may have reached Slack"), and nobody lets us see whether; `why` says why not. */
export function unsure(told: string, why: string): Performed {
  return { kind: "unsure", reason: `${told}, and Slipway cannot look for it (${why}); it is not repeated` };
}
