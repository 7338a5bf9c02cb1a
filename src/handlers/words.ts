/** Somebody asks in words: the words are understood, the site is found, and the command goes its way. */
import { type Parsed, printCommand } from "../commands/words/parse-words.ts";
import type { Command } from "../model/command.ts";
import type { Effect } from "../model/effect.ts";
import { nameOf, ROLES } from "../model/person.ts";
import { authorize, isChannelOf, roleOf, type SiteRules, type Verdict } from "./authorize.ts";
import { type Asking, commandSite, deny, entryOf, note, type SiteSubject, say, sitesSeen } from "./commanding.ts";

export type WordsFacts = Asking & {
  readonly parsed: Parsed;
  /** The rules of every site. */
  readonly rules: readonly SiteRules[];
  /** The site that is meant; null where none was named and none follows from where it was asked. */
  readonly subject: SiteSubject | null;
};

export function handleWords(facts: WordsFacts): Effect[] {
  const { parsed } = facts;
  if (parsed.kind === "unclear") return unclear(facts, parsed);
  const { command } = parsed;
  const { verb } = command;
  if (verb === "whoami" || verb === "help") return introduce(facts, command);
  if (command.site !== null && !facts.rules.some((it) => it.name === command.site)) return noSuchSite(facts, command);
  if (facts.subject) return commandSite(facts, command, facts.subject);
  return verb === "status" ? statusOfAll(facts) : chooseSite(facts, command);
}

/** Whoever may ask for nothing is told that first: what would be understood is no business of theirs. */
function unclear(facts: WordsFacts, { says, suggestion }: Extract<Parsed, { kind: "unclear" }>): Effect[] {
  const verdict = mayAsk(facts);
  const what = "words that were not understood";
  if (!verdict.allowed) return deny(facts, { verb: "help", site: null, what }, verdict);
  const text =
    suggestion === null ? `${says} \`/deploy help\` lists what can be said.` : `${says} Try \`${suggestion}\`.`;
  const entry = { verb: "help", site: null, what, rule: verdict.rule, result: "refused", outcome: says } as const;
  return [...say(facts, null, text), note(facts, entry)];
}

/** Whether they may ask for anything at all, of no site in particular. */
function mayAsk({ person, workspace }: WordsFacts): Verdict {
  return authorize(person, { verb: "help", isOwn: false, isForced: false }, null, workspace);
}

function introduce(facts: WordsFacts, command: Command): Effect[] {
  const { verb } = command;
  const { to } = facts;
  const verdict = authorize(facts.person, { verb, isOwn: false, isForced: false }, null, facts.workspace);
  if (!verdict.allowed) return deny(facts, { verb, site: null, what: verb }, verdict);
  const entry = note(facts, { verb, site: null, what: verb, rule: verdict.rule, result: "done", outcome: "was shown" });
  if (to === null) return [];
  const site = facts.subject?.rules.name ?? null;
  const sites = sitesSeen(facts, facts.rules);
  const answer =
    verb === "help"
      ? ({ kind: "help", about: command.about, sites } as const)
      : ({ kind: "whoami", who: nameOf(facts.person), lines: whoIs(facts) } as const);
  return [{ do: "answer", to, site, answer }, entry];
}

/** What somebody is to Slipway: the kind of account, and the role on each site, here. */
function whoIs(facts: WordsFacts): string[] {
  const { slack, github } = facts.person;
  const lines: string[] = [];
  if (slack) {
    lines.push(`You are ${slack.user} of the workspace ${slack.team}, here in ${slack.conversation.id}.`);
    if (slack.kind !== "member")
      lines.push(`Slack calls your account: ${slack.kind}. Only members may ask for anything.`);
    if (slack.groups.length > 0) lines.push(`You are in ${slack.groups.join(", ")}.`);
  }
  if (github) lines.push(`On GitHub you are ${github.login}.`);
  const named = facts.rules.filter((rules) => concerns(facts, rules));
  lines.push(...named.map((rules) => roleOn(facts, rules)));
  const others = facts.rules.length - named.length;
  if (others > 0) lines.push(`On ${others === 1 ? "one other site" : `${others} other sites`}: nothing.`);
  return lines;
}

/** Which sites there are is for their own channels, and for whoever has a role on them. */
function concerns({ person }: WordsFacts, rules: SiteRules): boolean {
  const { slack } = person;
  if (slack?.kind !== "member") return false;
  return roleOf(person, rules) !== null || isChannelOf(slack.conversation, rules);
}

/** One verb of each role tells which role somebody has here. */
const VERB_OF = { viewer: "status", deployer: "deploy", operator: "rollback" } as const;

function roleOn(facts: WordsFacts, rules: SiteRules): string {
  const verdicts = ROLES.map((role) => ({
    role,
    verdict: authorize(facts.person, { verb: VERB_OF[role], isOwn: false, isForced: false }, rules, facts.workspace),
  }));
  const best = verdicts.findLast(({ verdict }) => verdict.allowed);
  if (best) return `${rules.name}: ${best.role}`;
  const [first] = verdicts;
  return `${rules.name}: nothing. ${first && !first.verdict.allowed ? first.verdict.says : ""}`.trim();
}

function noSuchSite(facts: WordsFacts, { verb, site }: Command): Effect[] {
  const verdict = mayAsk(facts);
  const what = `${verb} of a site that there is not`;
  if (!verdict.allowed) return deny(facts, { verb, site: null, what }, verdict);
  const names = sitesSeen(facts, facts.rules);
  const outcome = `there is no site ${site?.slice(0, 40)}`;
  const text =
    `There is no site ${site?.slice(0, 40)}. ${names.length > 0 ? `There are: ${names.slice(0, 20).join(", ")}.` : ""}`.trim();
  return [
    ...say(facts, null, text),
    note(facts, { verb, site: null, what, rule: verdict.rule, result: "refused", outcome }),
  ];
}

function statusOfAll(facts: WordsFacts): Effect[] {
  const seen = sitesSeen(facts, facts.rules);
  const first = facts.rules.find((rules) => concerns(facts, rules));
  const asked = { verb: first ? "status" : "help", isOwn: false, isForced: false } as const;
  const verdict = authorize(facts.person, asked, first ?? null, facts.workspace);
  if (seen.length === 0 && verdict.allowed) return nothingToSee(facts, "status");
  if (seen.length === 0 && !verdict.allowed)
    return deny(facts, { verb: "status", site: null, what: "status" }, verdict);
  if (facts.to === null) return [];
  const entry = {
    verb: "status",
    site: null,
    what: "status",
    rule: "role",
    result: "done",
    outcome: "was shown",
  } as const;
  return [{ do: "look", look: { kind: "status", sites: seen }, to: facts.to, entry: entryOf(facts, entry) }];
}

/** Several sites may be meant: they choose. Those that they may not see are not named. */
function chooseSite(facts: WordsFacts, command: Command): Effect[] {
  const { verb } = command;
  const sites = sitesSeen(facts, facts.rules);
  if (sites.length === 0 || facts.to === null) return nothingToSee(facts, verb);
  const rest = printCommand({ ...command, site: null })
    .slice(verb.length)
    .trim();
  if (!FITS_A_BUTTON.test(rest)) {
    const text = `Name the site too: ${sites.slice(0, 20).join(", ")}.`;
    const asked = { verb, site: null, what: verb, rule: "site", result: "refused", outcome: text } as const;
    return [...say(facts, null, text), note(facts, asked)];
  }
  const entry = {
    verb,
    site: null,
    what: verb,
    rule: "site",
    result: "done",
    outcome: "was asked which site",
  } as const;
  return [
    { do: "answer", to: facts.to, site: null, answer: { kind: "choose_site", verb, sites, rest } },
    note(facts, entry),
  ];
}

/** What comes back from a button is read again: nothing that Slack, or the reader of clicks, would have otherwise. */
const FITS_A_BUTTON = /^[^\p{C}<>&]{0,120}$/u;

function nothingToSee(facts: WordsFacts, verb: Command["verb"]): Effect[] {
  const verdict = mayAsk(facts);
  if (!verdict.allowed) return deny(facts, { verb, site: null, what: verb }, verdict);
  const text = "Name the site: this channel follows none that you may see. `/deploy whoami` says what you may do.";
  return [
    ...say(facts, null, text),
    note(facts, { verb, site: null, what: verb, rule: "site", result: "refused", outcome: text }),
  ];
}
