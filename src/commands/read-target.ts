/** Which release a word on the command line names. */
import type { CommandTarget } from "../model/command.ts";

/** "previous", "-2", "d-mf2k9x1c-4f7a", or the start of a release's or commit's id: whatever is none of the former. */
export function readTarget(word: string): CommandTarget {
  const wanted = word.toLowerCase();
  if (wanted === "previous") return { kind: "back", steps: 1 };
  const back = /^-([1-9]\d{0,2})$/.exec(wanted)?.[1];
  if (back !== undefined) return { kind: "back", steps: Number(back) };
  if (/^d-[0-9a-z-]+$/.test(wanted)) return { kind: "deployment", id: wanted };
  return { kind: "hex", start: word };
}
