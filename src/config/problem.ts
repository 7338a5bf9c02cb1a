/** A problem in what the operator set, and how a list of them is told: all at once, each with its key. */
import { PermanentError } from "../errors.ts";

/** `key` is a path such as "sites.shop.branch" or the name of an environment variable. */
export type Problem = { readonly key: string; readonly message: string };

/** Everything that is wrong with the configuration, so that it can be mended in one go. */
export class ConfigurationError extends PermanentError {
  override readonly name = "ConfigurationError";
  readonly problems: readonly Problem[];

  constructor(where: string, problems: readonly Problem[]) {
    const lines = problems.map(({ key, message }) => `  ${key}: ${message}`);
    super(`${where} has ${problems.length === 1 ? "a problem" : `${problems.length} problems`}:\n${lines.join("\n")}`);
    this.problems = problems;
  }
}

/** The known word nearest to `word`, if one is near enough to have been meant. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(word.length / 3)) + 1;
  for (const candidate of known) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** Damerau-Levenshtein distance (adjacent swaps count as one), by the usual table. */
function editDistance(a: string, b: string): number {
  const rows = Array.from({ length: a.length + 1 }, (_, i) => [i, ...Array<number>(b.length).fill(0)]);
  const at = (i: number, j: number) => rows[i]?.[j] ?? 0;
  for (let j = 1; j <= b.length; j++) (rows[0] as number[])[j] = j;
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) cost = Math.min(cost, at(i - 2, j - 2) + 1);
      (rows[i] as number[])[j] = cost;
    }
  }
  return at(a.length, b.length);
}
