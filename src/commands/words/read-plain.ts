/** The words of a command that are no flags: which site, which target, and why. */
import type { CommandTarget, Verb } from "../../model/command.ts";
import { COMMANDS, holdMs, MAX_STEPS_BACK, takesPlainReason } from "./command-table.ts";
import type { ReadFlags } from "./read-flags.ts";
import { bare, plainWord, type Word } from "./split-words.ts";
import { noSuchEnvironment, type Unclear, type Understanding, unexpected } from "./unclear.ts";

export type Plain = {
  readonly site: string | null;
  readonly target: CommandTarget | null;
  readonly reason: string | null;
  /** How long, as it was written. */
  readonly hold: string | null;
};

/** `plain`: the words after the verb. Sites come first, since a site's name may look like a release. */
export function readPlain(verb: Verb, reading: Understanding & ReadFlags, plain: readonly Word[]): Plain | Unclear {
  const { given, sites } = reading;
  const { takesSite, targets } = COMMANDS[verb];
  const mayGiveReason = takesPlainReason(verb) && !given.has("reason");
  let site: string | null = null;
  let target: CommandTarget | null = null;
  const rest = [...plain];
  for (let word = rest.shift(); word; word = rest.shift()) {
    const name = bare(word);
    const [next] = rest;
    if (takesSite && site === null && siteIn(name, sites) !== null) {
      site = siteIn(name, sites);
      continue;
    }
    if (takesSite && name === "to" && next) {
      const there = siteFor(bare(next), site, sites);
      if (there !== null) {
        site = there;
        rest.shift();
        continue;
      }
      // "rollback shop to previous" is how people say it.
      if (targets.length > 0 && targetOf(bare(next))) continue;
      if (!mayGiveReason || site === null) return noSuchEnvironment(next.text, [word, next], site, reading);
    }
    if (mayGiveReason && site !== null) return { site, target, ...reasonOf([word, ...rest], given.has("for")) };
    const named = targetOf(name);
    if (!named || target !== null || !targets.includes(named.kind)) {
      return unexpected(verb, word, { site, target, named, next: next ?? null, reading, ends: isKnown(sites) });
    }
    target = named;
  }
  return { site, target, reason: null, hold: null };
}

/** The site of that name; "#shop" is what somebody meant who took the channel's name for it. */
export function siteIn(name: string, sites: readonly string[]): string | null {
  return [name, name.replace(/^#/, "")].find((it) => sites.includes(it)) ?? null;
}

/**
 * The site that "shop to NAME" and "--env NAME" mean; null where there is none. Slipway has no environments: there is
 * shop-staging beside shop, or NAME is a site itself. One site is never taken for another that is no kin of it.
 */
export function siteFor(name: string, site: string | null, sites: readonly string[]): string | null {
  if (site === null) return sites.includes(name) ? name : null;
  if (sites.includes(`${site}-${name}`)) return `${site}-${name}`;
  return name === site || (name.startsWith(`${site}-`) && sites.includes(name)) ? name : null;
}

/** A name as somebody wrote it. */
export function nameIn(text: string): string {
  return bare(plainWord(text));
}

function targetOf(name: string): CommandTarget | null {
  if (name === "previous" || name === "prev") return { kind: "back", steps: 1 };
  if (/^-\d{1,3}$/.test(name)) {
    const steps = Number(name.slice(1));
    return steps >= 1 && steps <= MAX_STEPS_BACK ? { kind: "back", steps } : null;
  }
  // As `deploymentId` makes them.
  if (/^d-[0-9a-z]{1,12}-[0-9a-z]{4}$/.test(name)) return { kind: "deployment", id: name };
  return /^[0-9a-f]{4,64}$/.test(name) ? { kind: "hex", start: name } : null;
}

function isKnown(sites: readonly string[]): (word: Word) => boolean {
  return (word) => word.flag !== null || siteIn(bare(word), sites) !== null || targetOf(bare(word)) !== null;
}

/** "for 2h" at either end says how long: whoever writes it does not expect a lock that never ends. */
function reasonOf(words: readonly Word[], isHoldGiven: boolean): Pick<Plain, "reason" | "hold"> {
  const holdAt = (at: number): string | null => {
    const [word, length] = words.slice(at, at + 2);
    const isHold = at >= 0 && word && length && bare(word) === "for" && holdMs(bare(length)) !== undefined;
    return isHold && !isHoldGiven ? bare(length) : null;
  };
  const [first, last] = [holdAt(0), holdAt(words.length - 2)];
  const rest = first !== null ? words.slice(2) : last !== null ? words.slice(0, -2) : words;
  const [only, ...more] = rest;
  const reason = more.length === 0 ? only?.text : rest.map(({ raw }) => raw).join(" ");
  return { reason: reason || null, hold: first ?? last };
}
