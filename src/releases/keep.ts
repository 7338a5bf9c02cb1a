/** Which paths on a host an operator keeps for others: a publish neither puts, replaces nor removes anything there. */
import picomatch from "picomatch";
import { foldersAbove } from "./path.ts";

/**
 * Answers whether a path is kept by one of these patterns, in the syntax of picomatch. A pattern that matches a folder
 * keeps everything in it, and names that begin with a dot are names like others: keeping too much is mended with a
 * word, keeping too little with a backup.
 */
export function createKeep(patterns: readonly string[]): (path: string) => boolean {
  if (patterns.length === 0) return () => false;
  const matches = picomatch(patterns.map(withoutSlashes), { dot: true });
  return (path) => matches(path) || foldersAbove(path).some((folder) => matches(folder) || matches(`${folder}/`));
}

/** "/uploads/" is meant as "uploads". */
function withoutSlashes(pattern: string): string {
  return pattern.replace(/^\.?\/+|\/+$/g, "");
}
