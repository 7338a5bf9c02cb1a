/** Splits the line of an `exec:` reference into a program and its arguments, without a shell. */

/**
 * The words of a line: split at white space, which single or double quotes keep together. Nothing else has a meaning:
 * no variables, no backslashes, no patterns. Answers with what is wrong, as a part of a sentence, where a quote is open
 * or no word is there.
 */
export function splitWords(line: string): readonly [string, ...string[]] | string {
  const words: string[] = [];
  // Null between words; "" where only quotes were seen so far.
  let word: string | null = null;
  let quote: string | null = null;
  for (const char of line) {
    if (quote !== null) {
      if (char === quote) quote = null;
      else word += char;
    } else if (char === "'" || char === '"') {
      quote = char;
      word ??= "";
    } else if (/\s/.test(char)) {
      if (word !== null) words.push(word);
      word = null;
    } else word = (word ?? "") + char;
  }
  if (quote !== null) return `has an opening ${quote} that is never closed`;
  if (word !== null) words.push(word);
  const [program, ...rest] = words;
  if (program === undefined || program === "") return "names no program";
  return [program, ...rest];
}
