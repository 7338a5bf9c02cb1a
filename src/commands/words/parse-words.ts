/**
 * The grammar of the control room: `verb [site] [target] {flag}`. What is not understood whole is not guessed at: it is
 * answered with a sentence, and with the words that may have been meant.
 */
import { type Command, VERBS, type Verb } from "../../model/command.ts";
import { COMMANDS, type FlagName, holdMs, MAX_REASON_CHARS } from "./command-table.ts";
import { readFlags } from "./read-flags.ts";
import { nameIn, readPlain, siteFor, siteIn } from "./read-plain.ts";
import { bare, splitWords, type Word } from "./split-words.ts";
import {
  noSuchEnvironment,
  noSuchHold,
  noVerb,
  type Parsed,
  siteFirst,
  strangeFlag,
  unclear,
  wrongFlag,
} from "./unclear.ts";

export { COMMANDS } from "./command-table.ts";
export { printCommand } from "./print-command.ts";
export type { Parsed } from "./unclear.ts";

/** `text`: what stands after the slash command or the mention. `sites`: the names in slipway.yaml. */
export function parseWords(text: string, known: { readonly sites: readonly string[] }): Parsed {
  const words = splitWords(text);
  return typeof words === "string" ? unclear(words, "help") : parse(words, known.sites);
}

function parse(words: readonly Word[], sites: readonly string[]): Parsed {
  const again = (changed: readonly Word[]) => parse(changed, sites);
  const flags = readFlags(words);
  if ("problem" in flags) return wrongFlag(flags, { words, sites, again });
  const reading = { words, sites, again, ...flags };
  const [first, ...rest] = flags.plain;
  if (!first) return parseFor("status", reading, []);
  const verb = VERBS.find((it) => it === bare(first));
  if (verb) return parseFor(verb, reading, rest);
  const site = siteIn(bare(first), sites);
  if (site === null) return noVerb(first, reading, [...VERBS, ...sites]);
  const [second] = rest;
  return second ? siteFirst(site, second, reading) : parseFor("status", reading, [first]);
}

type Read = Parameters<typeof readPlain>[1];

function parseFor(verb: Verb, reading: Read, plain: readonly Word[]): Parsed {
  const { given, sites } = reading;
  const strange = [...given.values()].find(({ name }) => !COMMANDS[verb].flags.includes(name));
  if (strange) return strangeFlag(verb, strange, reading);
  const [topic] = plain;
  const about = verb === "help" && topic ? VERBS.find((it) => it === bare(topic)) : null;
  if (about === undefined) return noVerb(topic as Word, reading, VERBS);
  const found = readPlain(verb, reading, about ? plain.slice(1) : plain);
  if ("kind" in found) return found;

  const environment = given.get("env");
  const site = environment ? siteFor(nameIn(environment.value), found.site, sites) : found.site;
  if (environment && site === null) {
    return noSuchEnvironment(environment.value, environment.words, found.site, reading);
  }
  const reason = given.get("reason")?.value ?? found.reason;
  if (reason !== null && reason.length > MAX_REASON_CHARS) {
    return unclear(`That reason is too long: it has at most ${MAX_REASON_CHARS} characters.`, null);
  }
  const hold = given.get("for")?.value ?? found.hold;
  const forMs = hold === null ? null : holdMs(hold);
  if (forMs === undefined) return noSuchHold(hold ?? "");
  const is = (flag: FlagName) => given.has(flag);
  const command: Command = {
    ...{ verb, about, site, target: found.target, reason, forMs },
    ...{ isForced: is("force"), isDryRun: is("dry-run"), isSure: is("yes") },
  };
  return { kind: "command", command };
}
