/** The whole service with a Slack, a GitHub's webhooks, a git repository and a folder as its host: for the tests of the control room. */
import { createHmac, randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { pino } from "pino";
import { vi } from "vitest";
import { startService } from "../src/app.ts";
import { callOperation } from "../src/cli/control.ts";
import type { OperationName } from "../src/commands/operations.ts";
import { parseConfig } from "../src/config/load-config.ts";
import { loadEnvironment } from "../src/config/load-environment.ts";
import { type GithubServer, startGithub } from "../src/demo/github-server.ts";
import type { SlackMessage } from "../src/demo/slack/history.ts";
import { createSlackSender, type SlackSender } from "../src/demo/slack/requests.ts";
import { type SlackServer, startSlack } from "../src/demo/slack-server.ts";
import { createGitRepository, type GitRepository } from "./git/git-repository.ts";
import { push } from "./inbox/world.ts";
import { createSecretScan } from "./secret-scan.ts";

const WEBHOOK_SECRET = "the webhook secret of the test";
const SIGNING_SECRET = "the signing secret of the test";
const TOKEN = "xoxb-of-the-test";
/** None of these may be written down anywhere but in the deliveries, as they came. */
export const SECRETS = [WEBHOOK_SECRET, SIGNING_SECRET, TOKEN];

export const ALICE = "U0ALICE";
export const BOB = "U0BOB";
export const DAN = "U0DAN";

export type ControlRoom = {
  readonly slack: SlackServer;
  /** Where the service listens, before and after it is started anew. */
  readonly url: string;
  readonly sender: SlackSender;
  readonly repository: GitRepository;
  /** GitHub's API, where the App is installed. Throws where there is none. */
  readonly hub: GithubServer;
  /** Ids of the channels. */
  readonly shop: string;
  /** The channel of the site vault, of which Bob alone may know anything. */
  readonly elsewhere: string;
  live(): string;
  /** Commits and pushes; answers with the commit. */
  push(files: Record<string, string>): Promise<string>;
  /** Has vault deployed; answers with the deployment. */
  deployVault(): Promise<string>;
  github(event: string, payload: unknown): Promise<void>;
  /** Waits until a message in the channel, no reply to one, says so; answers with the newest that does. */
  says(text: RegExp, channel?: string): Promise<SlackMessage>;
  /** The texts of the messages in a channel, by its name, no replies, oldest first. */
  texts(channel: string): Promise<string[]>;
  /** Waits until that person was told so, in the text or in the blocks; answers with all that they were told. */
  told(user: string, text: RegExp): Promise<string>;
  /** All that was logged, and all that the records say in words. */
  written(): string;
  /** As the command line asks, through the socket in the data folder. */
  ask(operation: OperationName, input?: unknown): Promise<unknown>;
  /** Stops the service and starts it anew, as an operator does who changed something. */
  restart(): Promise<void>;
  /** The same in two steps: nobody listens until it is up again. */
  down(): Promise<void>;
  up(): Promise<void>;
  stop(): Promise<void>;
};

const isNoReply = ({ ts, thread_ts }: SlackMessage) => thread_ts === undefined || thread_ts === ts;
const PATIENCE = { timeout: 60_000, interval: 30 };

/**
 * Starts it. `keys` is YAML, in braces' style, for more keys of the site, in front of them; `more` for more of the
 * configuration, `sites` for more sites; `command` builds; with `hasApp` Slipway is a GitHub App; `channels` are there beside
 * shop, elsewhere and third; `secrets` are variables of the service that nobody may ever read; `prepare` answers with the
 * service's variables that are to be others.
 */
export async function startControlRoom({
  keys = "",
  more = "",
  sites = "",
  channels = [],
  secrets = {},
  command = "mkdir dist; cp index.html dist/; cat index.html; grep -qv broken index.html",
  hasApp = false,
  prepare = () => ({}),
}: {
  readonly keys?: string;
  readonly more?: string;
  readonly sites?: string;
  readonly channels?: readonly string[];
  readonly secrets?: Readonly<Record<string, string>>;
  readonly command?: string;
  readonly hasApp?: boolean;
  readonly prepare?: (slack: SlackServer) => Readonly<Record<string, string | undefined>>;
} = {}): Promise<ControlRoom> {
  const scan = createSecretScan({
    ...{ WEBHOOK_SECRET, SLACK_SIGNING_SECRET: SIGNING_SECRET, SLACK_BOT_TOKEN: TOKEN },
    ...secrets,
  });
  const hub = hasApp ? await startHub() : null;
  if (hub) scan.add("PRIVATE_KEY", hub.privateKey);
  const allChannels = ["shop", "elsewhere", "third", ...channels];
  const slack = await startSlack({
    token: TOKEN,
    botName: "slipway",
    channels: allChannels,
    users: [
      ...[ALICE, BOB, DAN].map((id) => ({ id, name: id.slice(2).toLowerCase() })),
      { id: "U0GUEST", name: "gus", kind: "guest" },
      { id: "U0ROBOT", name: "robo", kind: "bot" },
      { id: "U0FAR", name: "faye", kind: "stranger" },
    ],
    userGroups: [{ id: "S0DEVS", handle: "devs", users: [DAN] }],
  });
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "slipway-control-room-")));
  const [target, git] = [join(folder, "target"), join(folder, "git")];
  for (const it of [target, git, join(folder, "vault")]) mkdirSync(it);
  const repository = createGitRepository(git);
  repository.commit({ "index.html": "nothing yet" });
  const env = {
    PATH: process.env.PATH,
    ...{ WEBHOOK_SECRET, SLACK_BOT_TOKEN: TOKEN, SLACK_SIGNING_SECRET: SIGNING_SECRET, SLACK_API_URL: slack.apiUrl },
    ...{ HOST: "127.0.0.1", PORT: "0", DATA_DIR: join(folder, "data") },
    ...(hub && { APP_ID: String(hub.appId), PRIVATE_KEY: hub.privateKey, GITHUB_API_URL: hub.url }),
    ...secrets,
    ...prepare(slack),
  };
  mkdirSync(env.DATA_DIR);
  const shop = slack.channelId("shop");
  const site = `{ repo: acme/shop, git: "${repository.url}", publish: "dir:${target}", channel: ${shop},
    isolation: none, operators: [${ALICE}, ${BOB}], deployers: [S0DEVS], viewers: members, ${keys}
    build: { command: "${command}", output: dist } }`;
  const vault = `{ repo: acme/vault, git: "${repository.url}", publish: "dir:${join(folder, "vault")}",
    channel: ${slack.channelId("elsewhere")}, isolation: none, operators: [${BOB}],
    build: { command: "mkdir dist; cp index.html dist/; echo the words of the vault", output: dist } }`;
  const logged: string[] = [];
  const took = (line: string) => {
    logged.push(line);
    scan.saw("the log", line);
  };
  const log = pino({ level: "trace" }, { write: took });
  const config = parseConfig(`sites: { shop: ${site}, vault: ${vault}, ${sites} }\n${more}`, "the test");
  const start = () => startService({ environment: loadEnvironment(env), config, env, log });
  let service = await start();
  env.PORT = String(service.port);
  const url = `http://127.0.0.1:${service.port}`;
  hub?.setHookUrl(`${url}/api/github/webhooks`);
  const sender = createSlackSender({ url: `${url}/slack/events`, signingSecret: SIGNING_SECRET, slack });

  async function github(event: string, payload: unknown): Promise<void> {
    const body = JSON.stringify(payload);
    const signature = createHmac("sha256", WEBHOOK_SECRET).update(body).digest("hex");
    const answer = await fetch(`${url}/api/github/webhooks`, {
      method: "POST",
      body,
      headers: {
        ...{ "content-type": "application/json", "x-github-event": event, "x-github-delivery": randomUUID() },
        "x-hub-signature-256": `sha256=${signature}`,
      },
    });
    if (!answer.ok) throw new Error(`Slipway answers ${answer.status}`);
  }

  /** A deployment of vault that is over, by the buttons of its message. */
  async function vaultDeployment(): Promise<string> {
    const messages = await slack.messages("elsewhere");
    const id = messages.map((it) =>
      it.text.includes("is live") ? /d-\w+-\w{4}/.exec(JSON.stringify(it.blocks)) : null,
    );
    const [found] = id.find((it) => it !== null) ?? [];
    if (found === undefined) throw new Error("vault is not live");
    return found;
  }

  let pushes = 0;
  const newsIn = async (channel: string) => (await slack.messages(channel)).filter(isNoReply);

  return {
    ...{ slack, url },
    sender,
    repository,
    get hub() {
      if (!hub) throw new Error("Slipway is no GitHub App here");
      return hub;
    },
    shop,
    elsewhere: slack.channelId("elsewhere"),
    live: () => readFileSync(join(target, "index.html"), "utf8"),
    github,
    async push(files) {
      const after = repository.commit(files);
      pushes += 1;
      const repo = { id: 42, full_name: "acme/shop", pushed_at: 1_700_000_000 + pushes };
      await github("push", push({ after, repository: repo }));
      return after;
    },
    async deployVault() {
      const repo = { id: 43, full_name: "acme/vault", pushed_at: 1_600_000_000 };
      await github("push", push({ after: repository.git("rev-parse", "HEAD"), repository: repo }));
      return vi.waitFor(vaultDeployment, PATIENCE);
    },
    says: (text, channel = "shop") =>
      vi.waitFor(async () => {
        const all = await newsIn(channel);
        const found = all.findLast((it) => text.test(it.text));
        if (!found)
          throw new Error(
            `no message says ${text} but ${all
              .slice(-4)
              .map((it) => it.text)
              .join(" | ")}`,
          );
        return found;
      }, PATIENCE),
    texts: async (channel) => (await newsIn(channel)).map(({ text }) => text),
    ask: (operation, input = {}) => callOperation({ environment: loadEnvironment(env), config }, operation, input),
    told: (user, text) =>
      vi.waitFor(() => {
        const all = slack
          .ephemerals()
          .filter((it) => it.user === user)
          .map((it) => `${it.text} ${JSON.stringify(it.blocks)}`);
        if (!all.some((it) => text.test(it)))
          throw new Error(`${user} was not told ${text} but ${all.slice(-3).join(" | ")}`);
        return all.join("\n");
      }, PATIENCE),
    written() {
      const records = new Database(join(env.DATA_DIR, "slipway.db"), { readonly: true });
      const rows = ["outcome from deliveries", "last_error from outbox", "* from audit", "* from deployments"].map(
        (what) => records.prepare(`select ${what}`).all(),
      );
      records.close();
      return logged.join("") + JSON.stringify(rows);
    },
    async restart() {
      await service.stop();
      service = await start();
    },
    down: () => service.stop(),
    async up() {
      service = await start();
    },
    async stop() {
      await service.stop();
      await scan.sawSlack(slack, allChannels);
      scan.sawDatabase(join(env.DATA_DIR, "slipway.db"));
      await slack.stop();
      await hub?.stop();
      rmSync(folder, { recursive: true, force: true });
      scan.check();
    },
  };
}

/** The App is installed on acme/shop, where ada is an administrator, grace may write and rita may read. */
const startHub = () =>
  startGithub({
    ...{ appId: 4242, webhookSecret: WEBHOOK_SECRET, installationId: 9 },
    repos: [{ owner: "acme", name: "shop", id: 42 }],
    collaborators: { ada: "admin", grace: "write", rita: "read" },
  });
