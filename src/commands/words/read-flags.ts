/** The flags of a command: which were given, with what, and what remains. Whether the command takes them is not asked yet. */
import { FLAGS, type FlagName } from "./command-table.ts";
import type { Word } from "./split-words.ts";

export type GivenFlag = {
  readonly name: FlagName;
  /** "" where the flag takes none. */
  readonly value: string;
  /** The words that it takes up: itself, and its value where that stands apart. */
  readonly words: readonly Word[];
};

export type FlagProblem = {
  readonly problem: "unknown" | "twice" | "no value" | "needless value";
  readonly word: Word;
  readonly flag: string;
};

export type ReadFlags = { readonly given: ReadonlyMap<FlagName, GivenFlag>; readonly plain: readonly Word[] };

/** The first problem, where there is one. */
export function readFlags(words: readonly Word[]): ReadFlags | FlagProblem {
  const given = new Map<FlagName, GivenFlag>();
  const plain: Word[] = [];
  const rest = [...words];
  for (let word = rest.shift(); word; word = rest.shift()) {
    if (word.flag === null) {
      plain.push(word);
      continue;
    }
    const flag = word.flag;
    if (!isFlagName(flag)) return { problem: "unknown", word, flag };
    if (given.has(flag)) return { problem: "twice", word, flag };
    if (FLAGS[flag].value === null) {
      if (word.value !== null) return { problem: "needless value", word, flag };
      given.set(flag, { name: flag, value: "", words: [word] });
      continue;
    }
    const next = word.value === null && rest[0]?.flag === null ? rest.shift() : undefined;
    const value = word.value ?? next?.text ?? "";
    if (value === "") return { problem: "no value", word, flag };
    given.set(flag, { name: flag, value, words: next ? [word, next] : [word] });
  }
  return { given, plain };
}

function isFlagName(name: string): name is FlagName {
  return Object.hasOwn(FLAGS, name);
}
