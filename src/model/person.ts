/** People who ask Slipway for something: what is known of them, where they ask, and which roles there are. */

/** What somebody may do on a site, the least first; each may do what those before it may. */
export const ROLES = ["viewer", "deployer", "operator"] as const;
export type Role = (typeof ROLES)[number];

/**
 * What Slack says of an account. A "stranger" belongs to another workspace (Slack Connect). "unknown": Slack could not be
 * asked. Only members may ask for anything.
 */
export type AccountKind = "member" | "guest" | "bot" | "stranger" | "deactivated" | "unknown";

/** A conversation in Slack. */
export type SlackConversation = {
  readonly id: string;
  /** Without "#"; null in direct messages, and where it is not known. */
  readonly name: string | null;
  /** "direct": with the bot alone, or with a few people, outside of any channel. */
  readonly kind: "channel" | "direct";
  /** Whether people of other workspaces are in it; null where Slack could not be asked. */
  readonly isShared: boolean | null;
};

export type Person = {
  /** What they call themselves: for people to read, never to decide by. */
  readonly name: string;
  readonly slack: {
    readonly user: string;
    readonly team: string;
    readonly kind: AccountKind;
    /** How old that knowledge is, in milliseconds. */
    readonly kindAgeMs: number;
    /** The user groups they are in, of those that slipway.yaml names. */
    readonly groups: readonly string[];
    /** How old that knowledge is, in milliseconds; null where nothing was ever learned. */
    readonly groupsAgeMs: number | null;
    readonly conversation: SlackConversation;
  } | null;
  readonly github: {
    readonly login: string;
    /** Whether they may write to the site's repository; null where GitHub was not or could not be asked. */
    readonly canWrite: boolean | null;
  } | null;
};

/** How records name them: "alice (Slack U0ALICE)", "alice (GitHub)". */
export function nameOf({
  name,
  slack,
  github,
}: Pick<Person, "name"> & { slack: { user: string } | null; github: { login: string } | null }): string {
  if (slack)
    return name === slack.user || name === "" ? `Slack ${slack.user}` : `${name.slice(0, 80)} (Slack ${slack.user})`;
  return github ? `${github.login} (GitHub)` : name;
}

/** The GitHub login in a record's name for somebody; null where it was nobody on GitHub. */
function loginIn(recorded: string | null): string | null {
  return /(?:^|, asked by )(\S+) \(GitHub\)$/.exec(recorded ?? "")?.[1] ?? null;
}

/** The Slack user in a record's name for somebody; null where it was nobody in Slack. The id stands last and is ours. */
export function slackUserIn(recorded: string | null): string | null {
  return /(?:^Slack |, asked by Slack |\(Slack )([UW][A-Z0-9]+)\)?$/.exec(recorded ?? "")?.[1] ?? null;
}

/** Who is who: Slack's id → the login on GitHub, as slipway.yaml says it. */
export type People = Readonly<Record<string, { readonly github?: string | undefined }>>;

/**
 * Whether two that records name are two people: by what Slack says, never by what people call themselves. Null where one
 * asked on GitHub, and `people` does not say who that is.
 */
export function areTwo(people: People, asker: string, second: string): boolean | null {
  const users = [slackUserIn(asker), slackUserIn(second)];
  const [asked, agrees] = [loginOf(people, asker), loginOf(people, second)];
  if (asker === second || (users[0] !== null && users[0] === users[1])) return false;
  if (asked !== null && asked === agrees) return false;
  const isKnown = Object.values(people).some(({ github }) => github?.toLowerCase() === asked);
  return loginIn(asker) !== null && agrees === null && !isKnown ? null : true;
}

function loginOf(people: People, name: string): string | null {
  const user = slackUserIn(name);
  const login = user === null ? loginIn(name) : Object.hasOwn(people, user) ? people[user]?.github : null;
  return login?.toLowerCase() ?? null;
}
