/** The lines of a transcript as others may show them: without colours, without what hides or changes other text. Pure. */
import { stripVTControlCharacters } from "node:util";
import { INVISIBLE } from "./plain.ts";

/** More than this of a transcript is never looked at, in UTF-16 units; what went wrong stands at its end. */
const MAX_CHARS = 256 * 1024;
const MAX_LINE_CHARS = 1000;

/** The lines of the end of a transcript. A line that was written over counts as several. */
export function logLines(tail: string): string[] {
  const lines = stripVTControlCharacters(tail.slice(-MAX_CHARS)).split(/\r\n|\r|\n/);
  return lines.map((line) =>
    line.slice(0, MAX_LINE_CHARS).toWellFormed().replace(/\t/g, "  ").replace(INVISIBLE, "").trimEnd(),
  );
}

/** Longer runs of backticks are cut to this, so that the fence stays short. */
const LONGEST_RUN = 30;

/**
 * The last lines that have room in `maxBytes`, as a Markdown code block that nothing inside can end: its fence is longer
 * than any run of backticks in there (CommonMark 0.31, 4.5). "" where there is nothing to show.
 */
export function fenced(lines: readonly string[], maxBytes: number): string {
  let room = maxBytes - 2 * (LONGEST_RUN + 2);
  const shown: string[] = [];
  for (const line of lines.map((one) => one.replace(/`{31,}/g, "`".repeat(LONGEST_RUN))).toReversed()) {
    room -= Buffer.byteLength(line) + 1;
    if (room < 0) break;
    shown.unshift(line);
  }
  if (shown.every((line) => line === "")) return "";
  const runs = shown.flatMap((line) => [...line.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(Math.max(2, ...runs) + 1);
  return [fence, ...shown, fence].join("\n");
}
