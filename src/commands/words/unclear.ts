/** What is said about words that are no command: one sentence on what is wrong, and the command that may have been meant. */
import { nearest } from "../../config/problem.ts";
import { type Command, type CommandTarget, VERBS, type Verb } from "../../model/command.ts";
import { oneLine } from "../../notify/wording/plain.ts";
import { COMMANDS, FLAGS, MAX_STEPS_BACK, takesPlainReason } from "./command-table.ts";
import { printCommand } from "./print-command.ts";
import type { FlagProblem, GivenFlag, ReadFlags } from "./read-flags.ts";
import { bare, plainWord, type Word } from "./split-words.ts";

export type Unclear = {
  readonly kind: "unclear";
  /** What is wrong: whole sentences in plain text, not escaped. */
  readonly says: string;
  /** A whole command that may have been meant, "redeploy shop"; null where nobody can tell. */
  readonly suggestion: string | null;
};
export type Parsed = { readonly kind: "command"; readonly command: Command } | Unclear;

/** What a suggestion is made with. */
export type Understanding = {
  /** All of the words, flags too. */
  readonly words: readonly Word[];
  readonly sites: readonly string[];
  /** Reads other words instead. */
  readonly again: (words: readonly Word[]) => Parsed;
};

/** No more of what somebody wrote is said back to them, and no suggestion is longer. */
const MAX_ECHO_CHARS = 60;
const MAX_SITES_NAMED = 5;

export function unclear(says: string, suggestion: string | null): Unclear {
  return { kind: "unclear", says, suggestion };
}

export function wrongFlag({ problem, word, flag }: FlagProblem, understanding: Understanding): Unclear {
  const written = echo(flag.startsWith("-") ? flag : `--${flag}`);
  if (problem === "twice") return unclear(`${written} is given twice.`, null);
  if (problem === "needless value") return unclear(`${written} takes no value.`, null);
  if (problem === "no value") return unclear(`${written} needs something after it: ${example(flag)}.`, null);
  const guess = nearest(echo(flag.replace(/^-/, "")), Object.keys(FLAGS));
  if (guess === undefined) {
    const verb = VERBS.find((it) => understanding.words.some((other) => bare(other) === it));
    return unclear(`There is no ${written}.`, verb ? `help ${verb}` : "help");
  }
  const instead = { ...word, ...{ text: `--${guess}`, raw: `--${guess}`, flag: guess } };
  return unclear(`There is no ${written}; did you mean --${guess}?`, suggest(understanding, [word], [instead]));
}

function example(flag: string): string {
  const { value } = FLAGS[flag as keyof typeof FLAGS];
  return `--${flag} ${value}`;
}

/** A flag of another command. */
export function strangeFlag(verb: Verb, { name, words }: GivenFlag, understanding: Understanding): Unclear {
  // Without this one the command would do what was only to be looked at.
  const suggestion = name === "dry-run" ? `help ${verb}` : suggest(understanding, words, []);
  return unclear(`${verb} takes no --${name}: ${COMMANDS[verb].usage}.`, suggestion);
}

/** `known`: what it could have been. */
export function noVerb(word: Word, understanding: Understanding, known: readonly string[]): Unclear {
  const guess = nearest(echo(bare(word)), known);
  const says = `There is no command ${quoted(word.text)}`;
  if (guess === undefined) return unclear(`${says}.`, "help");
  return unclear(`${says}; did you mean ${guess}?`, suggest(understanding, [word], [plainWord(guess)]));
}

/** "shop rollback" */
export function siteFirst(site: string, second: Word, understanding: Understanding): Unclear {
  const verb = VERBS.find((it) => it === bare(second));
  if (!verb) return unclear(`Say first what to do with ${site}.`, `status ${site}`);
  const words = [second, ...understanding.words.filter((it) => it !== second)];
  return unclear("Say first what to do, then with which site.", suggestionOf(understanding.again(words)));
}

export function noSuchHold(text: string): Unclear {
  const says = `${quoted(text)} is no length of time that Slipway keeps; write 90m, 2h or 1d, from 1 minute to 30 days.`;
  return unclear(says, null);
}

/** `words`: those that name it, "to" or the flag too. */
export function noSuchEnvironment(
  text: string,
  words: readonly Word[],
  site: string | null,
  understanding: Understanding,
): Unclear {
  const { sites } = understanding;
  const name = bare(plainWord(text));
  if (site !== null && sites.includes(name)) return twoSites(site, name);
  const of = site === null ? "" : ` of ${site}`;
  const says = `Slipway knows no environments, each is a site of its own; there is no ${quoted(text)}${of}.`;
  // A site without an addition is the one for visitors; nobody who named another is led there.
  const isProduction = site !== null && /^(prod|production|live)$/.test(name);
  return unclear(`${says} ${sitesText(sites)}`, isProduction ? suggest(understanding, words, []) : null);
}

function twoSites(one: string, other: string): Unclear {
  return unclear(`${one} and ${other} are two sites; name one of them.`, null);
}

/** What was read before a word that fits nowhere. */
export type Before = {
  readonly site: string | null;
  readonly target: CommandTarget | null;
  /** The target that the word itself would be. */
  readonly named: CommandTarget | null;
  readonly next: Word | null;
  readonly reading: Understanding & ReadFlags;
  /** Whether a word cannot belong to a reason that nobody put into quotation marks. */
  readonly ends: (word: Word) => boolean;
};

export function unexpected(verb: Verb, word: Word, before: Before): Unclear {
  const { reading } = before;
  const run = reasonRun(word, before);
  if (run) {
    const text = run.map(({ raw }) => raw).join(" ");
    const whole = { text, raw: `"${text}"`, isQuoted: true, flag: null, value: null };
    const says = "A reason of several words stands in quotation marks.";
    return unclear(says, suggest(reading, run, [whole]));
  }
  return (
    ofAnotherBranch(verb, word, before) ??
    unfitTarget(verb, word, before) ??
    noSuchSite(verb, word, before) ??
    noSuchTarget(verb, word, before)
  );
}

/** The reason that began before `word` and goes on there. */
function reasonRun(word: Word, { reading: { given, words }, ends }: Before): readonly Word[] | null {
  const begin = given.get("reason")?.words[1];
  if (!begin || begin.isQuoted) return null;
  const after = words.slice(words.indexOf(begin) + 1);
  const end = after.findIndex(ends);
  const run = end === -1 ? after : after.slice(0, end);
  return run.includes(word) ? [begin, ...run] : null;
}

/** Pull requests, and names that only branches have. */
function ofAnotherBranch(verb: Verb, word: Word, { site, next, reading }: Before): Unclear | null {
  if (!COMMANDS[verb].takesSite) return null;
  const name = bare(word);
  const isNumbered = /^(pr|pull)$/.test(name) && next !== null && /^#?\d+$/.test(bare(next));
  const isPullRequest = isNumbered || /^((pr|pull)-?)?#\d+$|^(pr|pull)-?\d+$/.test(name);
  const isBranch = name.includes("/") || /^(main|master|trunk|develop|head)$/.test(name);
  if (!isPullRequest && !isBranch) return null;
  const branch =
    site === null ? "the branch that slipway.yaml names for a site" : `the branch of ${site} in slipway.yaml`;
  const says = `Slipway deploys only ${branch}, ${isPullRequest ? "no pull requests" : "no other one"}.`;
  return unclear(says, suggest(reading, isNumbered ? [word, next] : [word], []));
}

/** Releases, commits and deployments where there is no place for them. */
function unfitTarget(verb: Verb, word: Word, { target, named, reading }: Before): Unclear | null {
  const without = () => suggest(reading, [word], []);
  if (/^-\d+$/.test(bare(word)) && named === null) {
    return unclear(`${quoted(word.text)} is out of reach; write -1 to -${MAX_STEPS_BACK}.`, null);
  }
  if (!named) return null;
  const { usage, targets } = COMMANDS[verb];
  if (target !== null && targets.includes(named.kind)) {
    return unclear(`${quoted(word.text)} is one too many: ${usage}.`, without());
  }
  const what = { hex: "release or commit", back: "earlier release", deployment: "deployment" }[named.kind];
  // Without what it is about, the command would be about something else.
  return unclear(`${verb} takes no ${what}: ${usage}.`, targets.length > 0 ? `help ${verb}` : without());
}

function noSuchSite(verb: Verb, word: Word, { site, reading }: Before): Unclear | null {
  if (!COMMANDS[verb].takesSite || site !== null) return null;
  const guess = nearest(echo(bare(word)), reading.sites);
  const says = `There is no site ${quoted(word.text)}`;
  if (guess === undefined) {
    const [only, other] = reading.sites;
    // Where there is but one site it may be left out, and the words were the reason.
    const isReason = takesPlainReason(verb) && only !== undefined && other === undefined;
    const suggestion = isReason ? suggest(reading, [word], [plainWord(only), word]) : null;
    return unclear(`${says}. ${sitesText(reading.sites)}`, suggestion);
  }
  return unclear(`${says}; did you mean ${guess}?`, suggest(reading, [word], [plainWord(guess)]));
}

function noSuchTarget(verb: Verb, word: Word, { site, target, reading }: Before): Unclear {
  const name = bare(word);
  const { usage, targets } = COMMANDS[verb];
  if (site !== null && site !== name && reading.sites.includes(name)) return twoSites(site, name);
  if (targets.length === 0 || target !== null) {
    return unclear(`${quoted(word.text)} is one word too many: ${usage}.`, suggest(reading, [word], []));
  }
  const guess = targets.includes("back") ? nearest(echo(name), ["previous"]) : undefined;
  const what = targets.includes("back") ? "release" : targets.includes("hex") ? "commit" : "deployment";
  const says = `${quoted(word.text)} is no ${what}`;
  if (guess) return unclear(`${says}; did you mean ${guess}?`, suggest(reading, [word], [plainWord(guess)]));
  if (what === "deployment") return unclear(`${says}; those are called like d-mf2k9x1c-4f7a: ${usage}.`, null);
  return unclear(
    `${says}; write at least 4 digits of one. Slipway deploys only the branch of ${site}.`,
    `help ${verb}`,
  );
}

/** What is meant when `instead` stands for some of the words. */
function suggest({ words, again }: Understanding, some: readonly Word[], instead: readonly Word[]): string | null {
  return suggestionOf(again(words.flatMap((it) => (it === some[0] ? instead : some.includes(it) ? [] : [it]))));
}

function suggestionOf(parsed: Parsed): string | null {
  if (parsed.kind === "unclear") return parsed.suggestion;
  const { command } = parsed;
  const texts = [printCommand(command), printCommand({ ...command, reason: null })];
  return texts.find((text) => text.length <= MAX_ECHO_CHARS) ?? null;
}

function sitesText(sites: readonly string[]): string {
  const [first, ...others] = sites;
  if (first === undefined) return "There is none yet that you may see.";
  if (others.length === 0) return `The only site is ${first}.`;
  const more = sites.length - MAX_SITES_NAMED;
  const named = sites.slice(0, MAX_SITES_NAMED).join(", ");
  return `The sites are ${named}${more > 0 ? ` and ${more} more` : ""}.`;
}

function echo(text: string): string {
  return oneLine(text, MAX_ECHO_CHARS);
}

function quoted(text: string): string {
  return `"${echo(text)}"`;
}
