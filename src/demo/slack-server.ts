/**
 * The demo's Slack: a server of our own in front of the emulator. It knows Slack's published limits, filters histories
 * as Slack does, and has what the emulator lacks: people of several kinds, user groups, dialogs, addresses for answers,
 * direct messages. The Web API is at /api/, the inspector at /.
 */
import { startEmulator } from "./emulator.ts";
import { type Front, startFront } from "./front.ts";
import { type FrontAnswer, type FrontRequest, type FrontRoute, parseJson, readFields } from "./front-request.ts";
import { createSlackDirect } from "./slack/direct.ts";
import { filterHistory, isTrue, type SlackMessage } from "./slack/history.ts";
import { renderInspector } from "./slack/inspector.ts";
import { refusalOf } from "./slack/limits.ts";
import type { InspectedView } from "./slack/modal-picture.ts";
import { describeGroup, describePerson, type SlackPerson, type SlackUserGroup } from "./slack/people.ts";
import { createSlackPrivate, refused, type SlackEphemeral, type SlackModal } from "./slack/private.ts";

export type SlackOptions = {
  /** The bot's token; every other one is refused. */
  readonly token: string;
  readonly botName: string;
  /** Names of public channels, which the bot is in. */
  readonly channels: readonly string[];
  /** Those of them that are shared with another workspace. */
  readonly sharedChannels?: readonly string[];
  readonly userGroups?: readonly SlackUserGroup[];
  /** People besides the bot; all are in every channel. */
  readonly users?: readonly SlackPerson[];
  /** What the bot's token may do, as auth.test tells. It is told, and not enforced. */
  readonly scopes?: readonly string[];
};

export type SlackServer = Front & {
  /** What clients call `slackApiUrl`. */
  readonly apiUrl: string;
  /** The workspace, and the bot's own user. */
  readonly teamId: string;
  readonly botUserId: string;
  /** The id of a channel by its name. */
  channelId(name: string): string;
  /** The page that shows the channel's messages. */
  inspectorUrl(name: string): string;
  /** The channel's messages and the replies in its threads, oldest first, with their metadata. */
  messages(name: string): Promise<SlackMessage[]>;
  /** What people are called; their id where they are nobody's. */
  nameOf(user: string): string;
  /** The conversation of the bot and that person, and what the bot wrote there. */
  directId(user: string): string;
  directMessages(user: string): readonly SlackMessage[];
  /** What only one person saw, oldest first. */
  ephemerals(): readonly SlackEphemeral[];
  /** The dialogs that were opened, oldest first. */
  modals(): readonly SlackModal[];
  /** As in `SlackPrivate`. */
  close(dialog: string): void;
  trigger(user: string): string;
  responseUrl(user: string, channel: string): string;
};

/** Methods that change nothing; everything else that is answered with `ok` is an effect. */
const READS = /\.(list|info|history|replies|test|get|getPermalink|members|lookupByEmail|getPresence)$/;

const SCOPES = [
  ...["chat:write", "commands", "app_mentions:read", "im:history", "users:read", "usergroups:read"],
  ...["channels:read", "groups:read", "channels:history", "groups:history"],
];

/** Starts it on a free port of 127.0.0.1. */
export async function startSlack(options: SlackOptions): Promise<SlackServer> {
  const { token, botName, userGroups = [], users = [], sharedChannels = [], scopes = SCOPES } = options;
  const front = await startFront();
  const seed = {
    tokens: { [token]: { login: botName, scopes: [] } },
    slack: {
      team: { name: "Slipway demo", domain: "slipway-demo" },
      users: [{ name: botName, real_name: botName }],
      channels: options.channels.map((name) => ({ name })),
    },
  };
  const emulator = await startEmulator("slack", seed, front);

  /** Asks the emulator itself, so that the counts are the clients' alone. */
  async function ask(method: string, fields: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>> {
    const answer = await emulator.forward({
      method: "POST",
      path: `/api/${method}`,
      query: new URLSearchParams(),
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      params: {},
      body: Buffer.from(JSON.stringify(fields)),
    });
    const json = parseAnswer(answer);
    if (json?.ok !== true) throw new Error(`the emulator answers ${String(json?.error)} to ${method}`);
    return json;
  }

  const me = await ask("auth.test", {});
  const [teamId, botUserId] = [String(me.team_id), String(me.user_id)];
  const listed = await ask("conversations.list", { limit: 1000 });
  const ids = new Map((listed.channels as Array<{ name: string; id: string }>).map(({ name, id }) => [name, id]));
  const channelId = (name: string) => {
    const id = ids.get(name);
    if (id === undefined) throw new Error(`there is no channel ${name}`);
    return id;
  };
  const shared = new Set(sharedChannels.map(channelId));
  const people = new Map(users.map((person) => [person.id, person]));
  const personal = createSlackPrivate(`${front.url}/response`);
  const direct = createSlackDirect([...people.keys()], botUserId);
  const broadcasts = new Set<string>();

  /** Hands a request on; a method that the emulator lacks is one that Slack does not know. */
  async function forward(request: FrontRequest): Promise<FrontAnswer> {
    const answer = await emulator.forward(request);
    return answer.status === 404 && request.path.startsWith("/api/") ? refused("unknown_method") : answer;
  }

  const guarded = (handle: FrontRoute["handle"]): FrontRoute["handle"] => {
    return (request) => {
      const given = tokenOf(request);
      if (given === "") return refused("not_authed");
      return given === token ? handle(request) : refused("invalid_auth");
    };
  };

  async function post(request: FrontRequest): Promise<FrontAnswer> {
    const fields = readFields(request);
    const refusal = refusalOf("chat.postMessage", fields);
    if (refusal) return refused(refusal.error, [refusal.detail]);
    if (direct.isDirect(fields.channel)) return direct.post(fields);
    const answer = await forward(request);
    const { ts } = parseAnswer(answer) ?? {};
    if (typeof ts === "string" && isTrue(fields.reply_broadcast)) broadcasts.add(ts);
    return answer;
  }

  function update(request: FrontRequest): FrontAnswer | Promise<FrontAnswer> {
    const fields = readFields(request);
    const refusal = refusalOf("chat.update", fields);
    if (refusal) return refused(refusal.error, [refusal.detail]);
    return direct.isDirect(fields.channel) ? direct.update(fields) : forward(request);
  }

  function postEphemeral(request: FrontRequest): FrontAnswer | Promise<FrontAnswer> {
    const fields = readFields(request);
    const isHere = people.has(String(fields.user)) && [...ids.values()].includes(String(fields.channel));
    return isHere ? personal.postEphemeral(fields) : forward(request);
  }

  async function history(request: FrontRequest): Promise<FrontAnswer> {
    const fields = readFields(request);
    if (direct.isDirect(fields.channel)) return { status: 200, body: filterHistory(direct.history(fields), fields) };
    const answer = await forward(request);
    const json = parseAnswer(answer);
    return json?.ok === true ? { status: 200, body: filterHistory(json, fields) } : answer;
  }

  function userInfo(request: FrontRequest): FrontAnswer | Promise<FrontAnswer> {
    const person = people.get(String(readFields(request).user));
    return person ? { status: 200, body: { ok: true, user: describePerson(person, teamId) } } : forward(request);
  }

  async function conversationInfo(request: FrontRequest): Promise<FrontAnswer> {
    const { channel } = readFields(request);
    if (direct.isDirect(channel)) return { status: 200, body: { ok: true, channel: { id: channel, is_im: true } } };
    const answer = await forward(request);
    const json = parseAnswer(answer);
    if (json?.ok !== true) return answer;
    const isShared = shared.has(String(channel));
    const told = { ...(json.channel as object), is_shared: isShared, is_ext_shared: isShared, is_org_shared: false };
    return { status: 200, body: { ...json, channel: told } };
  }

  function listGroupUsers(request: FrontRequest): FrontAnswer {
    const found = userGroups.find((group) => group.id === readFields(request).usergroup);
    return found ? { status: 200, body: { ok: true, users: found.users } } : refused("no_such_subteam");
  }

  const methods: Readonly<Record<string, FrontRoute["handle"]>> = {
    "auth.test": async (request) => {
      const answer = await forward(request);
      return { ...answer, headers: { ...answer.headers, "x-oauth-scopes": scopes.join(",") } };
    },
    "chat.postMessage": post,
    "chat.update": update,
    "chat.postEphemeral": postEphemeral,
    "conversations.history": history,
    "conversations.replies": history,
    "conversations.info": conversationInfo,
    "users.info": userInfo,
    "usergroups.list": () => {
      return { status: 200, body: { ok: true, usergroups: userGroups.map((it) => describeGroup(it, teamId)) } };
    },
    "usergroups.users.list": listGroupUsers,
    "views.open": (request) => personal.openView(readFields(request)),
    ":method": forward,
  };
  front.serve({
    routes: [
      ...Object.entries(methods).map(([method, handle]) => {
        return { method: "POST", path: `/api/${method}`, handle: guarded(handle) };
      }),
      { method: "GET", path: "/", handle: inspect },
      {
        method: "POST",
        path: "/response/:id",
        handle: (request) => personal.respond(request.params.id ?? "", readFields(request)),
      },
    ],
    otherwise: forward,
    isEffect: ({ method, path }, answer) => method === "POST" && !READS.test(path) && parseAnswer(answer)?.ok === true,
  });

  async function messages(name: string): Promise<SlackMessage[]> {
    const channel = channelId(name);
    const { messages: first } = await ask("conversations.history", { channel, limit: 1000 });
    const all = await Promise.all(
      (first as Array<SlackMessage & { reply_count?: number }>).map(async (message) => {
        if (!message.reply_count) return [message];
        const { messages: thread } = await ask("conversations.replies", { channel, ts: message.ts });
        return thread as SlackMessage[];
      }),
    );
    return all
      .flat()
      .map((it): SlackMessage => (broadcasts.has(it.ts) ? { ...it, reply_broadcast: true } : it))
      .sort((a, b) => (a.ts < b.ts ? -1 : 1));
  }

  /** The page for people: what the channels, and each person alone, see. */
  async function inspect({ query }: FrontRequest): Promise<FrontAnswer> {
    const channels = options.channels.map(async (name) => ({
      id: channelId(name),
      name,
      messages: (await messages(name)).map((it) => ({ ...it, isBroadcast: it.reply_broadcast })),
    }));
    const page = renderInspector({
      channels: await Promise.all(channels),
      ephemerals: personal.ephemerals,
      modals: personal.modals
        .filter(({ isOpen }) => isOpen)
        .map(({ user, view }) => ({ user, view: view as InspectedView })),
      selected: query.get("channel"),
      names: { [botUserId]: botName, ...Object.fromEntries(users.map(({ id, name }) => [id, name])) },
      refreshS: 2,
    });
    return { status: 200, headers: { "content-type": "text/html; charset=utf-8" }, body: Buffer.from(page) };
  }

  return {
    ...front,
    apiUrl: `${front.url}/api/`,
    teamId,
    botUserId,
    channelId,
    inspectorUrl: (name) => `${front.url}/?channel=${channelId(name)}`,
    messages,
    nameOf: (user) => people.get(user)?.name ?? user,
    directId: direct.channelOf,
    directMessages: (user) => direct.messages(direct.channelOf(user)),
    ephemerals: () => personal.ephemerals,
    modals: () => personal.modals,
    close: personal.close,
    trigger: personal.trigger,
    responseUrl: personal.responseUrl,
    async stop() {
      await front.stop();
      await emulator.stop();
    },
  };
}

/** Slack takes the token from the header or from the form. */
function tokenOf(request: FrontRequest): string {
  const header = (request.headers.authorization ?? "").replace(/^bearer\s+/i, "");
  return header || String(readFields(request).token ?? "");
}

function parseAnswer({ body }: FrontAnswer): Record<string, unknown> | null {
  const json = Buffer.isBuffer(body) ? parseJson(body) : body;
  return json !== null && typeof json === "object" && !Array.isArray(json) ? (json as Record<string, unknown>) : null;
}
