/** A value that may be written in several ways, and is in none of them: which way was meant, and what is wrong there. */
import type { z } from "zod";

type Issue = z.core.$ZodIssue;

/**
 * The mistakes in the way that was meant; null where the issue is none of that sort, or no way was begun and its own words
 * say what is possible.
 */
export function meantWay(issue: Issue): Issue[] | null {
  if (issue.code !== "invalid_union") return null;
  const hasWords = issue.message !== "Invalid input";
  const ways = issue.errors.filter((way) => way.length > 0);
  const right = ways.filter((way) => !way.some(isOtherShape));
  const begun = right.find((way) => way.some((it) => it.path.length > 0));
  const strange = ways.find(hasStrangeKey)?.filter(isStrangeKey);
  const said = hasWords ? undefined : (right[0] ?? ways.find((way) => way.some((it) => it.code === "invalid_value")));
  const meant = begun ?? strange ?? said;
  return meant?.map((it) => ({ ...it, path: [...issue.path, ...it.path] })) ?? null;
}

/** A text where keys belong, keys that another way has, a key that it cannot be without. */
function isOtherShape(issue: Issue): boolean {
  if (issue.path.length > 1) return false;
  const isMissing = issue.code === "invalid_type" && /received undefined/.test(issue.message);
  if (issue.path.length === 1) return isMissing;
  return isStrangeKey(issue) || issue.code === "invalid_type" || issue.code === "invalid_value";
}

const isStrangeKey = (issue: Issue) => issue.code === "unrecognized_keys" && issue.path.length === 0;
const hasStrangeKey = (way: readonly Issue[]) => way.some(isStrangeKey);
