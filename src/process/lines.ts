/** Turns what a program prints into plain lines: no colours, no control characters, no endless lines. */
import { stripVTControlCharacters } from "node:util";

/** Longer lines are minified code or data, which nobody reads. */
const MAX_LENGTH = 2000;

export type LineReader = {
  write(text: string): void;
  /** Emits a last line that has no line end. */
  end(): void;
};

/** Calls `emit` for each line, without its line end. Of a line that is redrawn after "\r" only the last state is kept. */
export function createLineReader(emit: (line: string) => void): LineReader {
  let rest = "";
  let isCut = false;

  function finish(line: string): void {
    if (!isCut) emit(shorten(clean(line)));
    isCut = false;
  }

  return {
    write(text) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) finish(line);
      // A "\r" at the very end may be the first half of a line end.
      rest = rest.slice(rest.lastIndexOf("\r", rest.length - 2) + 1);
      if (rest.length > MAX_LENGTH * 4) {
        finish(rest);
        isCut = true;
      }
      if (isCut) rest = "";
    },
    end() {
      if (rest !== "") finish(rest);
      rest = "";
      isCut = false;
    },
  };
}

function clean(line: string): string {
  const shown = line.replace(/\r+$/, "").split("\r").at(-1) ?? "";
  // Databases refuse NUL and half characters; terminals would act on the others.
  return stripVTControlCharacters(shown)
    .replace(/[^\P{Cc}\t]/gu, "")
    .toWellFormed();
}

function shorten(line: string): string {
  return line.length <= MAX_LENGTH ? line : `${line.slice(0, MAX_LENGTH).toWellFormed()} … (line cut)`;
}
