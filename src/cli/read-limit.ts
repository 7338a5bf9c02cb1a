/** How many entries of a list somebody wants to see. */
import { UsageError } from "./usage-error.ts";

/** As the operations allow it. */
const MAX_LIMIT = 1000;

/** For commander's options: `text` is what stands after --limit. Throws UsageError. */
export function readLimit(text: string): number {
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > MAX_LIMIT) throw new UsageError(`--limit: is no whole number from 1 to ${MAX_LIMIT}`);
  return limit;
}
