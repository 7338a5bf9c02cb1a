/**
 * Who may do what, and where: nobody anything, unless every rule lets them. In this order: workspace, account, channel,
 * role, GitHub. Whoever is refused is told by which setting, and who may.
 */
import type { Verb } from "../model/command.ts";
import type { AlertClick } from "../model/event.ts";
import { type AccountKind, type Person, ROLES, type Role, type SlackConversation } from "../model/person.ts";
import { durationText } from "../model/quantities.ts";
import { oneLine } from "../notify/wording/plain.ts";
import type { SiteRules, WorkspaceRules } from "./site-rules.ts";

export { rulesOf, type SiteRules, type WorkspaceRules, workspaceRules } from "./site-rules.ts";

/** A command, or what is done about an alert or a held delivery. */
type AskedVerb = Verb | AlertClick | "run";

/** What is to be done. */
export type AskedFor = {
  readonly verb: AskedVerb;
  /** They asked for the deployment, or made the hold, themselves. */
  readonly isOwn: boolean;
  /** With --force: replaces files of others, removes most files. */
  readonly isForced: boolean;
};

export type Verdict =
  | {
      readonly allowed: true;
      /** For the audit log, what let them: "operators: S0OPS", "help". */
      readonly rule: string;
      /** The highest that is known of them; "viewer" where no site is asked about. */
      readonly role: Role;
      readonly needsSecondPerson: boolean;
    }
  | {
      readonly allowed: false;
      readonly rule: "team" | "account" | "channel" | "role" | "github";
      /** Whole sentences in plain text; ids of people and channels stand in it as they are. */
      readonly says: string;
    };
type Denial = Extract<Verdict, { allowed: false }>;
type SlackPerson = NonNullable<Person["slack"]>;

/** How old what Slack said of people may be, in milliseconds. Nothing dangerous is done on old knowledge. */
const MAX_AGE_MS: Readonly<Record<Role, number>> = {
  ...{ viewer: 60 * 60_000, deployer: 60 * 60_000, operator: 10 * 60_000 },
};
/** So many of those who may are named to whoever may not. */
const MAX_NAMED = 5;

/** `site`: the one that it is about; null for help and whoami, which need no role. */
export function authorize(person: Person, asked: AskedFor, site: SiteRules | null, workspace: WorkspaceRules): Verdict {
  const { slack, github } = person;
  if (!slack && !github) return denied("account", "Nobody is known who asks for this.");
  const stranger = slack && (wrongTeam(slack, workspace) ?? wrongAccount(slack, asked.verb));
  if (stranger) return stranger;
  if (asked.verb === "help" || asked.verb === "whoami") {
    if (!slack) return denied("account", `Slipway answers ${asked.verb} in Slack alone.`);
    return { allowed: true, rule: asked.verb, role: "viewer", needsSecondPerson: false };
  }
  if (!site) return denied("role", `${asked.verb} is about a site, and none is named.`);
  const needed = neededRole(asked);
  if (slack && slack.kindAgeMs > MAX_AGE_MS[needed]) return denied("account", WRONG_ACCOUNTS.unknown);
  const elsewhere = slack && wrongChannel(slack.conversation, needed, site, workspace);
  if (elsewhere) return elsewhere;
  const held = heldRole(person, site, MAX_AGE_MS[needed]);
  if (!held || ROLES.indexOf(held.role) < ROLES.indexOf(needed)) return noRole(person, asked, needed, site);
  const unwritable = cannotWrite(person, site);
  if (unwritable) return unwritable;
  return {
    allowed: true,
    rule: `${held.role}s: ${held.entry}`,
    role: held.role,
    needsSecondPerson: isForTwo(asked, site),
  };
}

/** What somebody is on a site, as far as roles go, for people to read; null: nothing. */
export function roleOf(person: Person, site: SiteRules): Role | null {
  return heldRole(person, site, MAX_AGE_MS.viewer)?.role ?? null;
}

function denied(rule: Denial["rule"], says: string): Denial {
  return { allowed: false, rule, says };
}

function wrongTeam({ team }: SlackPerson, workspace: WorkspaceRules): Denial | null {
  if (workspace.team === null) {
    const says = "Slipway does not know yet which workspace is its own, so it answers nobody.";
    return denied("team", `${says} Setting slack.team in slipway.yaml to that workspace's id mends that.`);
  }
  if (team === workspace.team) return null;
  return denied(
    "team",
    `Slipway answers people of one workspace alone, ${workspace.team} (slack.team); this is another.`,
  );
}

const WRONG_ACCOUNTS: Readonly<Record<Exclude<AccountKind, "member">, string>> = {
  guest: "Guests of the workspace may ask Slipway for nothing; its full members may.",
  bot: "Slipway does nothing for bots and apps; a person has to ask.",
  stranger: "People of other workspaces may ask Slipway for nothing; members of its own may.",
  deactivated: "This account is deactivated, so Slipway does nothing for it.",
  unknown: "Slack could not be asked whose account this is, so nothing was done. Try again in a minute.",
};

/** Guests may learn what they are; and so may those whom Slack could not be asked about. */
function wrongAccount({ kind }: SlackPerson, verb: AskedVerb): Denial | null {
  if (kind === "member" || (verb === "whoami" && (kind === "guest" || kind === "unknown"))) return null;
  return denied("account", WRONG_ACCOUNTS[kind]);
}

function wrongChannel(
  { id, name, kind, isShared }: SlackConversation,
  needed: Role,
  site: SiteRules,
  { directMessages, sharedChannels }: WorkspaceRules,
): Denial | null {
  const setting = site.settings ? `${site.settings}.channels` : `sites.${site.name}.channel`;
  const shown = site.channels.map((it) => (isId(it) ? it : `#${plainName(it)}`));
  const instead =
    shown.length === 0
      ? `No channel is set for ${site.name} (${setting}).`
      : `Use it in ${listed(shown)} (${setting}).`;
  if (kind === "direct" && !directMessages) {
    return denied("channel", `Sites cannot be commanded in direct messages (slack.directMessages). ${instead}`);
  }
  if (kind === "channel" && !isChannelOf({ id, name }, site))
    return denied("channel", `${site.name} cannot be commanded here. ${instead}`);
  if (isShared === false || sharedChannels.includes(id)) return null;
  if (isShared) {
    const says = "This channel is shared with other workspaces, and slack.sharedChannels does not name it";
    return denied("channel", `${says}: ${id}.`);
  }
  if (needed !== "operator") return null;
  const says = "Slack could not be asked whether other workspaces share this channel, so nothing was done.";
  return denied("channel", `${says} Try again in a minute; or slack.sharedChannels can name it: ${id}.`);
}

/** Whether the site is commanded in this channel. */
export function isChannelOf(
  { id, name }: Pick<SlackConversation, "id" | "name">,
  { channels }: Pick<SiteRules, "channels">,
): boolean {
  return channels.some((it) => it === id || (name !== null && !isId(it) && plainName(it) === plainName(name)));
}

/** Slack's ids are upper case, its channels' names are not (docs.slack.dev/reference/objects/conversation-object). */
function isId(channel: string): boolean {
  return /^[CGD][A-Z0-9]{2,}$/.test(channel);
}

function plainName(channel: string): string {
  return channel.replace(/^#/, "").toLowerCase();
}

const VIEWERS_VERBS: readonly AskedVerb[] = ["status", "logs", "releases", "diff"];
const DEPLOYERS_VERBS: readonly AskedVerb[] = ["deploy", "redeploy", "rebuild", "pause", "lock", "acknowledge"];
/** What they began themselves, deployers may end. */
const ENDING_VERBS: readonly AskedVerb[] = ["cancel", "unlock", "resume"];

function neededRole({ verb, isOwn, isForced }: AskedFor): Role {
  if (isForced) return "operator";
  if (VIEWERS_VERBS.includes(verb)) return "viewer";
  return DEPLOYERS_VERBS.includes(verb) || (isOwn && ENDING_VERBS.includes(verb)) ? "deployer" : "operator";
}

function isForTwo({ verb, isOwn, isForced }: AskedFor, { secondPerson }: SiteRules): boolean {
  return secondPerson && (verb === "rollback" || (verb === "unlock" && !isOwn) || isForced);
}

/** The highest role, and the entry that gives it. */
function heldRole(person: Person, site: SiteRules, maxAgeMs: number): { role: Role; entry: string } | null {
  const isThem = (entry: string) => isNamed(person, entry, maxAgeMs);
  for (const role of ROLES.toReversed()) {
    const entry = entriesOf(role, site).find(isThem);
    if (entry !== undefined) return { role, entry };
  }
  return person.slack && site.viewers === "members" ? { role: "viewer", entry: "members" } : null;
}

function entriesOf(role: Role, { viewers, deployers, operators }: SiteRules): readonly string[] {
  if (role === "viewer") return viewers === "members" ? [] : viewers;
  return role === "deployer" ? deployers : operators;
}

function isNamed({ slack, github }: Person, entry: string, maxAgeMs: number): boolean {
  // GitHub's logins are the same in any case: docs.github.com, "Username considerations".
  if (entry.startsWith("github:")) return entry.slice(7).toLowerCase() === github?.login.toLowerCase();
  if (!slack) return false;
  return isGroup(entry) ? isFresh(slack, maxAgeMs) && slack.groups.includes(entry) : entry === slack.user;
}

function isGroup(entry: string): boolean {
  return entry.startsWith("S");
}

function isFresh({ groupsAgeMs }: SlackPerson, maxAgeMs: number): boolean {
  return groupsAgeMs !== null && groupsAgeMs <= maxAgeMs;
}

function noRole(person: Person, { verb, isForced }: AskedFor, needed: Role, site: SiteRules): Denial {
  const setting = `${site.settings ?? `sites.${site.name}`}.${needed}s`;
  const able = ROLES.slice(ROLES.indexOf(needed)).flatMap((role) => entriesOf(role, site));
  const who = able.length === 0 ? "nobody so far" : listed(distinct(able));
  const says = [`${verb}${isForced ? " --force" : ""} on ${site.name} is for its ${needed}s (${setting}): ${who}.`];
  if (needed === "operator" && !isForced && ENDING_VERBS.includes(verb)) {
    says.push("Deployers may end what they began themselves.");
  }
  const { slack, github } = person;
  const groups = distinct(able.filter(isGroup));
  if (slack && groups.length > 0 && !isFresh(slack, MAX_AGE_MS[needed])) {
    const since = slack.groupsAgeMs === null ? "" : ` for ${durationText(slack.groupsAgeMs)}`;
    says.push(`Slack could not be asked${since} who is in ${listed(groups)}. Try again in a minute.`);
    return denied("role", says.join(" "));
  }
  const id = slack ? slack.user : `github:${github?.login ?? ""}`;
  says.push(`Somebody who runs Slipway can add ${oneLine(id, 60)} to ${setting} in slipway.yaml and restart it.`);
  return denied("role", says.join(" "));
}

/** What is clicked on GitHub is always for those who may write there. */
function cannotWrite({ slack, github }: Person, { name, githubWrite }: SiteRules): Denial | null {
  if ((slack && !githubWrite) || github?.canWrite === true) return null;
  const why = slack ? ` (sites.${name}.githubWrite)` : "";
  if (!github) {
    const key = `people.${slack?.user ?? ""}.github`;
    return denied("github", `${name} is for people who may write to its repository${why}, and ${key} names no login.`);
  }
  const login = oneLine(github.login, 60);
  if (github.canWrite === false) return denied("github", `${login} may not write to the repository of ${name}${why}.`);
  const says = `GitHub could not be asked whether ${login} may write to the repository of ${name}${why}`;
  return denied("github", `${says}, so nothing was done. Try again in a minute.`);
}

function distinct(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}

/** "U0ALICE, S0OPS and 2 more" */
function listed(texts: readonly string[]): string {
  const more = texts.length - MAX_NAMED;
  return `${texts.slice(0, MAX_NAMED).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}
