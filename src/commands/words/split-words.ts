/** What somebody typed in Slack, as words: what Slack, telephones and word processors made of it is undone. */
import { oneLine } from "../../notify/wording/plain.ts";

/** More than anybody types; the road from Slack to here is bounded much higher. */
const MAX_CHARS = 1000;
const MAX_WORDS = 40;

export type Word = {
  /** Without its quotation marks. */
  readonly text: string;
  /** As it stood there. */
  readonly raw: string;
  readonly isQuoted: boolean;
  /** A flag's name without dashes, lower case; null for all other words. */
  readonly flag: string | null;
  /** What follows the "=" of a flag; null where none does. */
  readonly value: string | null;
};

/** The words; a sentence that says what is wrong where there are too many, or a quotation mark stands alone. */
export function splitWords(text: string): Word[] | string {
  if (text.length > MAX_CHARS) return TOO_LONG;
  const line = tidy(decodeSlack(text));
  if (line.length > MAX_CHARS) return TOO_LONG;
  const words: Word[] = [];
  for (let at = 0; at < line.length; ) {
    const word = wordAt(line, at);
    if (word === null) return "A quotation mark is opened and never closed.";
    words.push(word);
    if (words.length > MAX_WORDS) return `That is too much at once: a command has at most ${MAX_WORDS} words.`;
    at += word.raw.length + 1;
  }
  return words;
}

const TOO_LONG = `That is too long: a command has at most ${MAX_CHARS} characters.`;

/** A plain word of our own, in place of one of theirs. */
export function plainWord(text: string): Word {
  return { text, raw: text, isQuoted: false, flag: null, value: null };
}

/** A word without what people decorate words with, in lower case, with the one dash that names and commands know. */
export function bare({ text }: Word): string {
  const word = text.replace(/^[`*_~]+|[`*_~]+$/g, "").replace(DASHES, "-");
  return word.toLowerCase();
}

/** Hyphens, dashes and the minus, beside the one of ASCII. */
const DASHES = /[\u2010-\u2015\u2212]/g;
const DASH = String.raw`[-\u2010-\u2015\u2212]`;
const FLAG = new RegExp(String.raw`[\`*_~]*(${DASH}+)([a-z](?:[\w-]|${DASH})*)`, "iy");
// Ends at a mark that stands before a space, so that quotes inside of quotes survive; \" and \\ stand for themselves.
const QUOTED = /"((?:\\["\\]|\\(?!["\\])|[^"\\]|"(?=\S))*)"(?=\s|$)/y;
const APOSTROPHES = /'((?:[^']|'(?=\S))*)'(?=\s|$)/y;
const UNQUOTED = /\S*/y;

function wordAt(line: string, at: number): Word | null {
  const flag = flagAt(line, at);
  const nameEnd = at + (flag?.raw.length ?? 0);
  if (flag && line[nameEnd] !== "=") {
    // "--force`" is one word all the same; "--a+b" is none of ours, and is named whole.
    const raw = match(UNQUOTED, line, at)?.[0] ?? flag.raw;
    const rest = raw.slice(flag.raw.length).replace(/[`*_~]+$/, "");
    return { text: raw, raw, isQuoted: false, flag: flag.name + rest.toLowerCase(), value: null };
  }
  const value = valueAt(line, flag ? nameEnd + 1 : at);
  if (value === null) return null;
  if (!flag) return { ...value, flag: null, value: null };
  const raw = `${flag.raw}=${value.raw}`;
  return { text: raw, raw, isQuoted: false, flag: flag.name, value: value.text };
}

/** Telephones make one long dash of two short ones; a short one before a letter is what was typed. */
function flagAt(line: string, at: number): { raw: string; name: string } | null {
  const found = match(FLAG, line, at);
  const [raw = "", dashes = "", name = ""] = found ?? [];
  if (!found) return null;
  const isShort = dashes === "-";
  return { raw, name: `${isShort ? "-" : ""}${name.replace(DASHES, "-").toLowerCase()}` };
}

function valueAt(line: string, at: number): Pick<Word, "text" | "raw" | "isQuoted"> | null {
  const double = match(QUOTED, line, at);
  if (double) return { text: (double[1] ?? "").replace(/\\(["\\])/g, "$1").trim(), raw: double[0], isQuoted: true };
  if (line[at] === '"') return null;
  const single = match(APOSTROPHES, line, at);
  if (single) return { text: (single[1] ?? "").trim(), raw: single[0], isQuoted: true };
  const raw = match(UNQUOTED, line, at)?.[0] ?? "";
  return { text: raw, raw, isQuoted: false };
}

function match(sticky: RegExp, text: string, at: number): RegExpExecArray | null {
  sticky.lastIndex = at;
  return sticky.exec(text);
}

/**
 * Slack's own way to write links, people and channels, as people see them; a mention that it begins with is left out.
 * Source: docs.slack.dev/messaging/formatting-message-text, "Advanced formatting" and "Escaping text".
 */
function decodeSlack(text: string): string {
  return text
    .replace(/^\s*(?:<@[UW][^<>]*>[\s:,]*)+/, "")
    .replace(/<([@#!][^<>]*|[a-z][a-z0-9+.-]*:[^<>]*)>/gi, (_, inside: string) => shown(inside))
    .replace(/&(amp|lt|gt);/g, (_, name: string) => ({ amp: "&", lt: "<", gt: ">" })[name] ?? "");
}

function shown(inside: string): string {
  const bar = inside.indexOf("|");
  const label = bar === -1 ? "" : inside.slice(bar + 1);
  const id = bar === -1 ? inside : inside.slice(0, bar);
  const sign = /^[@#]/.exec(id)?.[0] ?? "";
  if (id.startsWith("!")) return label || `@${id.slice(1)}`;
  return label === "" ? id : `${label.startsWith(sign) ? "" : sign}${label}`;
}

/** One line in compatible characters (NFKC) with straight quotes, freed from the marks of code or bold around all of it. */
function tidy(text: string): string {
  const line = oneLine(oneLine(text, 4 * MAX_CHARS).normalize("NFKC"), 4 * MAX_CHARS)
    .replace(/[\u201c-\u201f\u00ab\u00bb]/g, '"')
    .replace(/[\u2018-\u201b]/g, "'");
  return (/^(`{1,3}|\*)([^`*]+)\1$/.exec(line)?.[2] ?? line).trim();
}
