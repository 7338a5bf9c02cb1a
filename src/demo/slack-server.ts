/**
 * The demo's Slack: a server of our own in front of the emulator. It knows Slack's published limits, filters histories
 * as Slack does, and has the user groups that the emulator lacks. The Web API is at /api/, the inspector at /.
 */
import { startEmulator } from "./emulator.ts";
import { type Front, startFront } from "./front.ts";
import { type FrontAnswer, type FrontRequest, type FrontRoute, parseJson, readFields } from "./front-request.ts";
import { refusalOf } from "./slack-limits.ts";

type SlackUserGroup = {
  /** "S0DEVTEAM" */
  readonly id: string;
  readonly handle: string;
  readonly users: readonly string[];
};

export type SlackOptions = {
  /** The bot's token; every other one is refused. */
  readonly token: string;
  readonly botName: string;
  /** Names of public channels, which the bot is in. */
  readonly channels: readonly string[];
  readonly userGroups?: readonly SlackUserGroup[];
};

type SlackMessage = {
  readonly ts: string;
  readonly text: string;
  readonly user?: string;
  readonly blocks?: readonly unknown[];
  readonly metadata?: { readonly event_type: string; readonly event_payload: Readonly<Record<string, unknown>> };
  readonly edited?: { readonly ts: string };
  readonly thread_ts?: string;
};

export type SlackServer = Front & {
  /** What clients call `slackApiUrl`. */
  readonly apiUrl: string;
  /** The id of a channel by its name. */
  channelId(name: string): string;
  /** The page that shows the channel's messages. */
  inspectorUrl(name: string): string;
  /** The channel's messages, oldest first, with their metadata. Asks the API, as anybody could. */
  messages(name: string): Promise<SlackMessage[]>;
};

/** Methods that change nothing; everything else that is answered with `ok` is an effect. */
const READS = /\.(list|info|history|replies|test|get|getPermalink|members|lookupByEmail|getPresence)$/;

/** Starts it on a free port of 127.0.0.1. */
export async function startSlack(options: SlackOptions): Promise<SlackServer> {
  const { token, botName, userGroups = [] } = options;
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

  const limited = (method: "chat.postMessage" | "chat.update"): FrontRoute["handle"] => {
    return (request) => {
      const refusal = refusalOf(method, readFields(request));
      return refusal ? refused(refusal.error, [refusal.detail]) : forward(request);
    };
  };

  async function history(request: FrontRequest): Promise<FrontAnswer> {
    const answer = await forward(request);
    const json = parseAnswer(answer);
    return json?.ok === true ? { status: 200, body: filterHistory(json, readFields(request)) } : answer;
  }

  const listGroups = () => ({ status: 200, body: { ok: true, usergroups: userGroups.map(describeGroup) } });

  function listGroupUsers(request: FrontRequest): FrontAnswer {
    const found = userGroups.find((group) => group.id === readFields(request).usergroup);
    return found ? { status: 200, body: { ok: true, users: found.users } } : refused("no_such_subteam");
  }

  const methods: Readonly<Record<string, FrontRoute["handle"]>> = {
    "chat.postMessage": limited("chat.postMessage"),
    "chat.update": limited("chat.update"),
    "conversations.history": history,
    "conversations.replies": history,
    "usergroups.list": listGroups,
    "usergroups.users.list": listGroupUsers,
    ":method": forward,
  };
  front.serve({
    routes: Object.entries(methods).map(([method, handle]) => {
      return { method: "POST", path: `/api/${method}`, handle: guarded(handle) };
    }),
    otherwise: forward,
    isEffect: ({ method, path }, answer) => method === "POST" && !READS.test(path) && parseAnswer(answer)?.ok === true,
  });

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

  const listed = await ask("conversations.list", { limit: 1000 });
  const ids = new Map((listed.channels as Array<{ name: string; id: string }>).map(({ name, id }) => [name, id]));
  const channelId = (name: string) => {
    const id = ids.get(name);
    if (id === undefined) throw new Error(`there is no channel ${name}`);
    return id;
  };

  return {
    ...front,
    apiUrl: `${front.url}/api/`,
    channelId,
    inspectorUrl: (name) => `${front.url}/?tab=messages&channel=${channelId(name)}`,
    async messages(name) {
      const { messages } = await ask("conversations.history", { channel: channelId(name), limit: 1000 });
      return (messages as SlackMessage[]).toReversed();
    },
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

function refused(error: string, messages?: readonly string[]): FrontAnswer {
  return { status: 200, body: { ok: false, error, ...(messages ? { response_metadata: { messages } } : {}) } };
}

function parseAnswer({ body }: FrontAnswer): Record<string, unknown> | null {
  const json = Buffer.isBuffer(body) ? parseJson(body) : body;
  return json !== null && typeof json === "object" && !Array.isArray(json) ? (json as Record<string, unknown>) : null;
}

/**
 * What the emulator ignores: `oldest`, `latest` (both excluded unless `inclusive`), and that metadata is shown to those
 * only who ask for it. docs.slack.dev/reference/methods/conversations.history
 */
function filterHistory(
  json: Readonly<Record<string, unknown>>,
  fields: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const isInclusive = isTrue(fields.inclusive);
  const oldest = Number(fields.oldest ?? 0);
  const latest = fields.latest === undefined ? Number.POSITIVE_INFINITY : Number(fields.latest);
  const all = json.messages as Array<SlackMessage & Record<string, unknown>>;
  const isWithin = ({ ts }: SlackMessage) =>
    isInclusive ? Number(ts) >= oldest && Number(ts) <= latest : Number(ts) > oldest && Number(ts) < latest;
  const messages = all.filter(isWithin).map((message) => {
    if (isTrue(fields.include_all_metadata)) return message;
    const { metadata: _, ...rest } = message;
    return rest;
  });
  const isPastOldest = all.some(({ ts }) => Number(ts) < oldest);
  const end = isPastOldest ? { has_more: false, response_metadata: { next_cursor: "" } } : {};
  return { ...json, messages, ...end };
}

const isTrue = (value: unknown) => value === true || value === "true" || value === "1" || value === 1;

function describeGroup({ id, handle, users }: SlackUserGroup) {
  return {
    id,
    team_id: "T000000001",
    is_usergroup: true,
    name: handle,
    handle,
    date_delete: 0,
    user_count: users.length,
  };
}
