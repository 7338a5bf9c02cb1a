/**
 * Who asks: what Slack and GitHub say of them, looked up before the handlers decide, since these do no I/O. What cannot be
 * learned in time is "unknown", and the rules say no to that.
 */
import type { Config } from "../config/schema.ts";
import type { Permissions } from "../github/permissions.ts";
import type { CheckRunEvent, ClickEvent, Event, SubmissionEvent, WordsEvent } from "../model/event.ts";
import type { Person } from "../model/person.ts";
import type { Directory } from "../slack/directory.ts";

/** What somebody asks for. */
export type AskingEvent = WordsEvent | ClickEvent | SubmissionEvent | CheckRunEvent;

export function isAsking(event: Event): event is AskingEvent {
  return ["words", "click", "submission", "check_run"].includes(event.type);
}

export type PeopleDeps = {
  readonly config: Config;
  /** Null: there is no Slack. */
  readonly directory: Directory | null;
  readonly permissions: Permissions;
};

/** The repository that write access is needed to, and how it is reached; null where none is needed. */
export type NeededAccess = { readonly repoName: string; readonly installationId: number | null } | null;

/** Whoever is behind the event, and the workspace that the bot is in. */
export type Asker = { readonly person: Person; readonly ownTeam: string | null };

/** Asks Slack and GitHub, within about a second and a half. Never throws. */
export async function lookUpPerson(deps: PeopleDeps, event: AskingEvent, access: NeededAccess): Promise<Asker> {
  const { config, directory, permissions } = deps;
  if (event.type === "check_run") {
    const canWrite = await writes(permissions, event.login, access);
    return { person: { name: event.login, slack: null, github: { login: event.login, canWrite } }, ownTeam: null };
  }
  const { actor } = event;
  const login = loginOf(config, actor.slackUser);
  if (directory === null) throw new Error("Slack's events are read, but there is no directory of its people");
  const [account, groups, conversation, ownTeam, canWrite] = await Promise.all([
    directory.account(actor.slackUser),
    directory.groupsOf(actor.slackUser, groupsIn(config)),
    directory.conversation(actor.channel),
    directory.ownTeam(),
    login === null ? null : writes(permissions, login, access),
  ]);
  return { person: assemble(event, { account, groups, conversation, login, canWrite }), ownTeam };
}

/** The same from what is known already, for an answer that cannot wait. */
export function knownPerson(deps: PeopleDeps, event: SubmissionEvent, access: NeededAccess): Asker | null {
  const { config, directory, permissions } = deps;
  if (directory === null) return null;
  const { slackUser, channel } = event.actor;
  const account = directory.known.account(slackUser);
  const groups = directory.known.groupsOf(slackUser, groupsIn(config));
  const conversation = directory.known.conversation(channel);
  const ownTeam = directory.known.ownTeam();
  if (!account || !groups || !conversation || ownTeam === null) return null;
  const login = loginOf(config, slackUser);
  const question =
    access && login !== null && access.installationId !== null
      ? { ...access, installationId: access.installationId, login }
      : null;
  const canWrite = question && permissions.known(question);
  if (question && canWrite === null) return null;
  return { person: assemble(event, { account, groups, conversation, login, canWrite }), ownTeam };
}

type Learned = {
  readonly account: Awaited<ReturnType<Directory["account"]>>;
  readonly groups: Awaited<ReturnType<Directory["groupsOf"]>>;
  readonly conversation: Awaited<ReturnType<Directory["conversation"]>>;
  readonly login: string | null;
  readonly canWrite: boolean | null;
};

function assemble({ actor }: Exclude<AskingEvent, CheckRunEvent>, learned: Learned): Person {
  const { account, groups, conversation, login, canWrite } = learned;
  return {
    name: actor.name,
    slack: {
      user: actor.slackUser,
      team: account.team ?? actor.team,
      kind: account.kind,
      kindAgeMs: account.ageMs,
      groups: groups.groups,
      groupsAgeMs: groups.ageMs,
      conversation,
    },
    github: login === null ? null : { login, canWrite },
  };
}

async function writes(permissions: Permissions, login: string, access: NeededAccess): Promise<boolean | null> {
  if (access === null || access.installationId === null) return null;
  return permissions.canWrite({ ...access, installationId: access.installationId, login });
}

function loginOf({ people }: Config, slackUser: string): string | null {
  return (Object.hasOwn(people, slackUser) ? people[slackUser]?.github : undefined) ?? null;
}

/** The user groups that slipway.yaml gives a role to. */
function groupsIn({ slack, sites }: Config): string[] {
  const lists = [slack, ...Object.values(sites)].flatMap(({ viewers, deployers, operators }) => [
    ...(viewers === "members" ? [] : viewers),
    ...deployers,
    ...operators,
  ]);
  return [...new Set(lists.filter((member) => /^S[A-Z0-9]+$/.test(member)))];
}
