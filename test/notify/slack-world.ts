/** The demo's Slack with the real performers before it, for tests of what Slack is told. */
import { type SlackServer, startSlack } from "../../src/demo/slack-server.ts";
import { createLog } from "../../src/log.ts";
import { createSlackPerformers } from "../../src/notify/slack.ts";
import { secret } from "../../src/secrets/secret.ts";
import { createSlackClient } from "../../src/slack/slack-client.ts";
import type { Told } from "../../src/store/outbox.ts";

const TOKEN = "xoxb-of-the-test";

export type SlackWorld = {
  readonly slack: SlackServer;
  readonly perform: ReturnType<typeof createSlackPerformers>;
  /** The id of the one channel. */
  readonly channel: string;
  /** How other wishes stand, by key: what the performers find. */
  readonly told: Map<string, Told>;
  /** Asks Slack as somebody else. */
  ask(method: string, fields?: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>>;
  /** A member of the channel: the bot itself is the only user there. */
  member(): Promise<string>;
};

/** Starts it; whoever does stops `slack`. */
export async function startSlackWorld(): Promise<SlackWorld> {
  const slack = await startSlack({ token: TOKEN, botName: "slipway", channels: ["deploys"] });
  const log = createLog({ level: "silent", pretty: false });
  const client = createSlackClient({ botToken: secret(TOKEN), apiUrl: slack.apiUrl, log });
  const told = new Map<string, Told>();
  const perform = createSlackPerformers({
    slack: client,
    log,
    findTold: async (key) => told.get(key) ?? null,
    lookAgainMs: 10,
  });
  async function ask(method: string, fields = {}): Promise<Record<string, unknown>> {
    const response = await fetch(`${slack.apiUrl}${method}`, {
      method: "POST",
      headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
      body: JSON.stringify(fields),
    });
    return (await response.json()) as Record<string, unknown>;
  }
  return {
    slack,
    perform,
    channel: slack.channelId("deploys"),
    told,
    ask,
    member: async () => String((await ask("auth.test")).user_id),
  };
}
