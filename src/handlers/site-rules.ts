/** The settings that say who may do what and where, put together for one site and for the workspace. */
import type { Config } from "../config/schema.ts";
import { PermanentError } from "../errors.ts";

/** Who may do what with a site, where all settings are put together. Entries are as in slipway.yaml. */
export type SiteRules = {
  readonly name: string;
  /** The key of slipway.yaml under which its people and channels stand. Default: `sites.NAME`. */
  readonly settings?: string;
  readonly viewers: readonly string[] | "members";
  readonly deployers: readonly string[];
  readonly operators: readonly string[];
  /** Where it can be commanded: ids or names, with "#" or without. */
  readonly channels: readonly string[];
  readonly githubWrite: boolean;
  readonly secondPerson: boolean;
};

export type WorkspaceRules = {
  /** The workspace whose people may ask; null where nobody knows it. */
  readonly team: string | null;
  readonly directMessages: boolean;
  /** Ids of the channels shared with others in which it is asked all the same. */
  readonly sharedChannels: readonly string[];
};

/** Throws PermanentError where there is no such site. */
export function rulesOf({ channel, slack, sites, sources, people }: Config, name: string): SiteRules {
  const site = Object.hasOwn(sites, name) ? sites[name] : undefined;
  if (!site) throw new PermanentError(`there is no site ${name} in slipway.yaml`);
  const viewers = [slack.viewers, site.viewers];
  const channels = [site.channel, channel, ...slack.channels, ...alertChannels(sources, name)];
  return {
    name,
    viewers: viewers.includes("members") ? "members" : distinct(viewers.flat()),
    deployers: withLogins([...slack.deployers, ...site.deployers], people),
    operators: withLogins([...slack.operators, ...site.operators], people),
    channels: distinct(channels.filter((it) => it !== undefined)),
    githubWrite: site.githubWrite,
    secondPerson: site.secondPerson,
  };
}

/** Where alerts are told that may be due to the site: what they say can be done about it there, such as a roll back. */
function alertChannels(sources: Config["sources"], site: string): Array<string | undefined> {
  return Object.values(sources).flatMap(({ channel, sites = [], routes = [] }) => [
    ...(sites.includes(site) ? [channel] : []),
    ...routes.flatMap(({ alert }) => (alert?.sites.includes(site) ? [alert.channel ?? channel] : [])),
  ]);
}

/** Who may do what is about no site, or about any: those with a role on all of them. `name` is what it is about. */
export function workspaceWideRules({ channel, slack, people }: Config, name: string): SiteRules {
  const channels = [channel, ...slack.channels].filter((it) => it !== undefined);
  return {
    ...{ name, settings: "slack", viewers: slack.viewers, channels: distinct(channels) },
    deployers: withLogins(slack.deployers, people),
    operators: withLogins(slack.operators, people),
    ...{ githubWrite: false, secondPerson: false },
  };
}

/** Whether anybody has a role by a GitHub login, so that buttons on GitHub are of use. */
export function namesLogins(config: Config): boolean {
  return Object.keys(config.sites).some((name) => {
    const { deployers, operators } = rulesOf(config, name);
    return [...deployers, ...operators].some((entry) => entry.startsWith("github:"));
  });
}

/** `ownTeam`: the workspace that the bot is installed in; null while Slack was not asked yet. */
export function workspaceRules({ slack }: Config, ownTeam: string | null): WorkspaceRules {
  const { team = ownTeam, directMessages, sharedChannels } = slack;
  return { team, directMessages, sharedChannels };
}

/** Whoever `people` names is the same person on GitHub, so that its buttons obey the same lists. */
function withLogins(entries: readonly string[], people: Config["people"]): string[] {
  const logins = entries.flatMap((entry) => {
    const login = Object.hasOwn(people, entry) ? people[entry]?.github : undefined;
    return login === undefined ? [] : [`github:${login}`];
  });
  return distinct([...entries, ...logins]);
}

function distinct(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}
