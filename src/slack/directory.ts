/** Who somebody in Slack is and where they ask: accounts, user groups and conversations, asked for and remembered. */
import type { UsersInfoResponse } from "@slack/web-api";
import type { Log } from "../log.ts";
import type { AccountKind, SlackConversation } from "../model/person.ts";
import type { Secret } from "../secrets/secret.ts";
import { createLookup } from "./lookups.ts";
import { createRemembered } from "./remembered.ts";

/** What Slack says of an account, its workspace (null where Slack does not say), and how old that is, in milliseconds. */
type Account = { readonly kind: AccountKind; readonly team: string | null; readonly ageMs: number };

/** The groups that somebody is in, and how old the oldest of that knowledge is; null: nothing was ever learned. */
type Groups = { readonly groups: string[]; readonly ageMs: number | null };

/** Never throws: what Slack does not tell is "unknown" or null. */
export type Directory = {
  account(user: string): Promise<Account>;
  /** Which of these user groups they are in. */
  groupsOf(user: string, groupIds: readonly string[]): Promise<Groups>;
  conversation(id: string): Promise<SlackConversation>;
  /** The workspace that the bot is installed in. */
  ownTeam(): Promise<string | null>;
  /** The same, as far as it is known without asking; null where nothing is. */
  readonly known: {
    account(user: string): Account | null;
    groupsOf(user: string, groupIds: readonly string[]): Groups | null;
    conversation(id: string): SlackConversation | null;
    ownTeam(): string | null;
  };
};

const MINUTE_MS = 60_000;
const ACCOUNT = { freshMs: 5 * MINUTE_MS, keepMs: 60 * MINUTE_MS, max: 10_000 };
/** However old, it is handed out with its age: whoever decides by it knows how old is too old. */
const GROUP = { freshMs: 5 * MINUTE_MS, keepMs: Number.POSITIVE_INFINITY, max: 1000 };
const CONVERSATION = { freshMs: 10 * MINUTE_MS, keepMs: 60 * MINUTE_MS, max: 10_000 };
const OWN_RETRY_MS = 30_000;

/** No ordinary account of its own workspace, and no bot by Slack's fields. docs.slack.dev/reference/objects/user-object */
const SLACKBOT = "USLACKBOT";

/** Creates the directory. Nothing is asked before somebody wants to know it. */
export function createDirectory(options: {
  /** Null: there is no Slack, and nothing is known of anybody. */
  readonly botToken: Secret | null;
  /** Ends in "/". */
  readonly apiUrl: string;
  readonly log: Log;
  now?(): number;
  /** Limit of one question, in milliseconds. Default 1.5 s. */
  readonly requestMs?: number;
}): Directory {
  const { now = Date.now, ...rest } = options;
  const lookUp = createLookup({ ...rest, now });
  let own: string | null = null;
  let ownAskedMs = Number.NEGATIVE_INFINITY;
  let ownUnderWay: Promise<string | null> | undefined;

  async function askOwn(): Promise<string | null> {
    ownAskedMs = now();
    own = (await lookUp("auth.test", (slack) => slack.auth.test()))?.team_id ?? null;
    return own;
  }

  /** Known for good once it is known. */
  async function ownTeam(): Promise<string | null> {
    if (own !== null || (ownUnderWay === undefined && now() - ownAskedMs < OWN_RETRY_MS)) return own;
    ownUnderWay ??= askOwn().finally(() => {
      ownUnderWay = undefined;
    });
    return ownUnderWay;
  }

  const accounts = createRemembered<NonNullable<UsersInfoResponse["user"]>>({
    ...ACCOUNT,
    now,
    ask: (user) =>
      lookUp(
        "users.info",
        async (slack) => (await slack.users.info({ user })).user ?? null,
        // Of whom Slack knows nothing, nobody knows anything, whatever was known before.
        (code) => (code === "user_not_found" || code === "user_not_visible" ? {} : null),
      ),
  });

  const members = createRemembered<readonly string[]>({
    ...GROUP,
    now,
    ask: (usergroup) =>
      lookUp(
        "usergroups.users.list",
        async (slack) => (await slack.usergroups.users.list({ usergroup })).users ?? [],
        (code) => {
          if (code !== "no_such_subteam") return null;
          options.log.warn({ group: usergroup }, "Slack knows no such user group: nobody is in it");
          return [];
        },
      ),
  });

  const conversations = createRemembered<SlackConversation>({
    ...CONVERSATION,
    now,
    ask: async (channel) => {
      const info = await lookUp(
        "conversations.info",
        async (slack) => (await slack.conversations.info({ channel })).channel ?? null,
      );
      if (info === null) return null;
      const isDirect = info.is_im === true || info.is_mpim === true;
      return {
        id: channel,
        name: isDirect ? null : (info.name ?? null),
        kind: isDirect ? "direct" : "channel",
        // Within one organisation is_shared alone is set, with no stranger in it.
        isShared: info.is_ext_shared === true || (info.is_shared === true && info.is_org_shared !== true),
      };
    },
  });

  return {
    async account(user) {
      const [team, info] = await Promise.all([ownTeam(), accounts.get(user)]);
      return { ...accountOf(user, info?.value ?? null, team), ageMs: info?.ageMs ?? 0 };
    },
    async groupsOf(user, groupIds) {
      return groupsAmong(user, groupIds, await Promise.all(groupIds.map((id) => members.get(id))));
    },
    async conversation(id) {
      const unknown = { id, name: null, kind: "channel", isShared: null } as const;
      return direct(id) ?? (await conversations.get(id))?.value ?? unknown;
    },
    ownTeam,
    known: {
      account(user) {
        const info = accounts.known(user);
        return info && own ? { ...accountOf(user, info.value, own), ageMs: info.ageMs } : null;
      },
      groupsOf(user, groupIds) {
        const known = groupIds.map((id) => members.known(id));
        return known.includes(null) ? null : groupsAmong(user, groupIds, known);
      },
      conversation: (id) => direct(id) ?? conversations.known(id)?.value ?? null,
      ownTeam: () => own,
    },
  };
}

/** Without knowing our own workspace nobody can be told from a stranger. */
function accountOf(
  user: string,
  info: UsersInfoResponse["user"] | null,
  ownTeam: string | null,
): Omit<Account, "ageMs"> {
  if (user === SLACKBOT) return { kind: "bot", team: ownTeam };
  if (!info?.id) return { kind: "unknown", team: null };
  // In an organisation somebody may belong to several workspaces.
  const isOurs = ownTeam !== null && (info.team_id === ownTeam || info.enterprise_user?.teams?.includes(ownTeam));
  const team = isOurs ? ownTeam : (info.team_id ?? null);
  if (info.deleted) return { kind: "deactivated", team };
  if (info.is_bot) return { kind: "bot", team };
  if (info.is_stranger) return { kind: "stranger", team };
  if (info.is_restricted || info.is_ultra_restricted) return { kind: "guest", team };
  if (ownTeam === null || team === null) return { kind: "unknown", team };
  return { kind: isOurs ? "member" : "stranger", team };
}

function groupsAmong(
  user: string,
  groupIds: readonly string[],
  known: ReadonlyArray<{ readonly value: readonly string[]; readonly ageMs: number } | null>,
): Groups {
  const ages = known.flatMap((it) => (it ? [it.ageMs] : []));
  return {
    groups: groupIds.filter((_, at) => known[at]?.value.includes(user)),
    ageMs: ages.length === 0 && groupIds.length > 0 ? null : Math.max(0, ...ages),
  };
}

/** Between two, and who they are is said by their accounts: there is nothing to ask. */
function direct(id: string): SlackConversation | null {
  return id.startsWith("D") ? { id, name: null, kind: "direct", isShared: false } : null;
}
