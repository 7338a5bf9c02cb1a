/**
 * From a command to effects, whichever way it came: whether this person may, and then what is shown or done. Pure, as all
 * handlers are. Whoever may not is told by which rule, and who can; and everything is written into the audit log.
 */
import { printCommand } from "../commands/words/parse-words.ts";
import type { AuditEntry, ReplyTo } from "../model/answer.ts";
import type { Command, CommandTarget, Verb } from "../model/command.ts";
import type { Deployment } from "../model/deployment.ts";
import type { Deed, Effect, Look } from "../model/effect.ts";
import { nameOf, type Person, slackUserIn } from "../model/person.ts";
import type { SiteHolds } from "../model/site.ts";
import { type AskedFor, authorize, type SiteRules, type Verdict, type WorkspaceRules } from "./authorize.ts";

/** Who asks, where, and how they can be answered. */
export type Asking = {
  readonly person: Person;
  readonly workspace: WorkspaceRules;
  /** Null: they asked where nobody can be answered, on GitHub. */
  readonly to: ReplyTo | null;
  readonly triggerId: string | null;
  readonly askedAtMs: number;
  readonly cause: string;
};

/** What a command is about. */
export type SiteSubject = {
  readonly rules: SiteRules;
  readonly holds: SiteHolds;
  readonly branch: string;
  /** The deployment that would be cancelled or whose log would be shown: the one named, or the one that runs or waits. */
  readonly deployment: Deployment | null;
};

/** How the record names where somebody asked. */
export function whereOf({ person }: Asking): string {
  return person.slack?.conversation.id ?? "GitHub";
}

/** Tells the person something, if they can be told. */
export function say(asking: Asking, site: string | null, text: string): Effect[] {
  return asking.to ? [{ do: "answer", to: asking.to, site, answer: { kind: "text", text } }] : [];
}

type Noted = Pick<AuditEntry, "verb" | "site" | "what" | "rule" | "result" | "outcome">;

/** Writes down what was asked for and ended here. */
export function note(asking: Asking, noted: Noted): Effect {
  return { do: "audit", entry: entryOf(asking, noted) };
}

/** The line of the audit log about it. */
export function entryOf(asking: Asking, noted: Noted): AuditEntry {
  return { ...noted, atMs: asking.askedAtMs, who: nameOf(asking.person), where: whereOf(asking), deployment: null };
}

/** Says no, with the rule that says so and who can, and writes it down. */
export function deny(
  asking: Asking,
  { verb, site, what }: { readonly verb: string; readonly site: string | null; readonly what: string },
  { rule, says }: Extract<Verdict, { allowed: false }>,
): Effect[] {
  return [...say(asking, site, says), note(asking, { verb, site, what, rule, result: "denied", outcome: says })];
}

/** A command on one site. */
export function commandSite(asking: Asking, command: Command, subject: SiteSubject): Effect[] {
  const { rules } = subject;
  const what = printCommand({ ...command, site: rules.name });
  const asked = {
    verb: verbDecidedBy(command),
    isOwn: isOwn(asking.person, command, subject),
    isForced: command.isForced,
  };
  const verdict = authorize(asking.person, asked, rules, asking.workspace);
  if (!verdict.allowed) return deny(asking, { verb: command.verb, site: rules.name, what }, verdict);

  const look = lookOf(asking, command, rules.name);
  if (look) return show(asking, command, look, { site: rules.name, what, rule: verdict.rule });
  if (command.isDryRun) return dryRun(asking, command, subject, { what, rule: verdict.rule });
  const deed = deedOf(command, asking.askedAtMs);
  if (deed === null) throw new Error(`${command.verb} neither shows nor does anything`);
  return act(asking, deed, { site: rules.name, verb: command.verb, what, verdict });
}

/** Does it, or asks for somebody else who agrees. */
export function act(
  asking: Asking,
  deed: Deed,
  {
    site,
    verb,
    what,
    verdict,
  }: {
    readonly site: string;
    readonly verb: string;
    readonly what: string;
    readonly verdict: Extract<Verdict, { allowed: true }>;
  },
): Effect[] {
  const { rule, needsSecondPerson } = verdict;
  const { cause, person } = asking;
  const asked = { site, deed, by: nameOf(person), where: whereOf(asking), rule, verb, what, cause };
  return [{ do: needsSecondPerson ? "ask_second_person" : "operate", ...asked, to: asking.to }];
}

/** To publish another release than the live one is a rollback, whatever it is called. */
export function verbDecidedBy({ verb, target }: Pick<Command, "verb" | "target">): Verb {
  return verb === "redeploy" && target !== null ? "rollback" : verb;
}

/** Whether it is their own deployment that they cancel, or their own hold that they end. */
function isOwn(person: Person, { verb }: Command, { holds, deployment }: SiteSubject): boolean {
  const user = person.slack?.user;
  if (user === undefined) return false;
  const by = { cancel: deployment?.askedBy, unlock: holds.locked?.by, resume: holds.paused?.by } as const;
  return slackUserIn(by[verb as keyof typeof by] ?? null) === user;
}

/** What such a command shows; null where it does something. */
function lookOf(asking: Asking, command: Command, site: string): Look | null {
  const { target } = command;
  switch (command.verb) {
    case "status":
      return { kind: "status", sites: [site] };
    case "releases":
    case "audit":
      return { kind: command.verb, site };
    case "logs":
      return { kind: "logs", site, deployment: target?.kind === "deployment" ? target.id : null };
    case "diff":
      return { kind: "diff", site, target };
    case "rollback": {
      if (command.isDryRun) return { kind: "diff", site, target };
      const { triggerId, askedAtMs, to } = asking;
      if (command.isSure || to === null) return null;
      return { kind: "rollback", site, target, reason: command.reason, triggerId, askedAtMs };
    }
    case "redeploy":
      return command.isDryRun && target !== null ? { kind: "diff", site, target } : null;
    default:
      return null;
  }
}

function show(
  asking: Asking,
  { verb }: Command,
  look: Look,
  { site, what, rule }: { readonly site: string; readonly what: string; readonly rule: string },
): Effect[] {
  if (asking.to === null) return [];
  const entry = entryOf(asking, { verb, site, what, rule, result: "done", outcome: "was shown" });
  return [{ do: "look", look, to: asking.to, entry }];
}

/** What cannot be shown file by file: the same release again, and what is not built yet. */
function dryRun(
  asking: Asking,
  { verb, target }: Command,
  { rules, branch }: SiteSubject,
  { what, rule }: { readonly what: string; readonly rule: string },
): Effect[] {
  const commit = target?.kind === "hex" ? target.start.slice(0, 7) : `the head of ${branch}`;
  const text =
    verb === "redeploy"
      ? `This would publish what is live on ${rules.name} again, which mends what others changed on the host; nothing was done.`
      : `This would build ${commit} for ${rules.name}, with clean caches and publish what differs. What that is, is known after the build; nothing was done.`;
  const entry = { verb, site: rules.name, what, rule, outcome: "only asked" };
  return [...say(asking, rules.name, text), note(asking, { ...entry, result: "done" })];
}

function deedOf(command: Command, nowMs: number): Deed | null {
  const { verb, target, reason, isForced, forMs } = command;
  const consent = { adopt: isForced, allowRemovals: isForced };
  switch (verb) {
    case "deploy":
    case "rebuild":
      return { kind: "deploy", commit: hexOf(target), cleanCaches: verb === "rebuild", reason, ...consent };
    case "redeploy":
      return { kind: "redeploy", target, reason, ...consent };
    case "rollback":
      return { kind: "rollback", target, from: null, reason, ...consent };
    case "cancel":
      return { kind: "cancel", deployment: target?.kind === "deployment" ? target.id : null, reason };
    case "pause":
    case "lock":
      return { kind: verb, reason, untilMs: forMs === null ? null : nowMs + forMs };
    case "resume":
    case "unlock":
      return { kind: verb, reason };
    default:
      return null;
  }
}

const hexOf = (target: CommandTarget | null) => (target?.kind === "hex" ? target.start : null);

/** The names of those sites that somebody may see: no others are named to them. */
export function sitesSeen({ person, workspace }: Asking, rules: readonly SiteRules[]): string[] {
  const asked: AskedFor = { verb: "status", isOwn: false, isForced: false };
  return rules.filter((it) => authorize(person, asked, it, workspace).allowed).map(({ name }) => name);
}
