/** The whole service with a Slack, a GitHub's webhooks, a git repository and a folder as its host: for the tests of the control room. */
import { createHmac, randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { vi } from "vitest";
import { startService } from "../src/app.ts";
import { parseConfig } from "../src/config/load-config.ts";
import { loadEnvironment } from "../src/config/load-environment.ts";
import type { SlackMessage } from "../src/demo/slack/history.ts";
import { createSlackSender, type SlackSender } from "../src/demo/slack/requests.ts";
import { type SlackServer, startSlack } from "../src/demo/slack-server.ts";
import { createLog } from "../src/log.ts";
import { createGitRepository, type GitRepository } from "./git/git-repository.ts";
import { push } from "./inbox/world.ts";

const WEBHOOK_SECRET = "the webhook secret of the test";
const SIGNING_SECRET = "the signing secret of the test";
const TOKEN = "xoxb-of-the-test";

export const ALICE = "U0ALICE";
export const BOB = "U0BOB";
export const DAN = "U0DAN";

export type ControlRoom = {
  readonly slack: SlackServer;
  readonly sender: SlackSender;
  readonly repository: GitRepository;
  /** Ids of the channels. */
  readonly shop: string;
  readonly elsewhere: string;
  live(): string;
  /** Commits and pushes; answers with the commit. */
  push(files: Record<string, string>): Promise<string>;
  github(event: string, payload: unknown): Promise<void>;
  /** Waits until a message in the channel says so; answers with the newest that does. */
  says(text: RegExp): Promise<SlackMessage>;
  /** Waits until that person was told so, in the text or in the blocks; answers with all that they were told. */
  told(user: string, text: RegExp): Promise<string>;
  /** Stops the service and starts it anew, as an operator does who changed something. */
  restart(): Promise<void>;
  stop(): Promise<void>;
};

const PATIENCE = { timeout: 20_000, interval: 30 };

/**
 * Starts it. `keys` is YAML, in braces' style, for more keys of the site; `more` for more of the configuration; `prepare`
 * answers with the service's variables that are to be others.
 */
export async function startControlRoom({
  keys = "",
  more = "",
  prepare = () => ({}),
}: {
  keys?: string;
  more?: string;
  prepare?: (slack: SlackServer) => Readonly<Record<string, string | undefined>>;
} = {}): Promise<ControlRoom> {
  const slack = await startSlack({
    token: TOKEN,
    botName: "slipway",
    channels: ["shop", "elsewhere"],
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
  for (const it of [target, git]) mkdirSync(it);
  const repository = createGitRepository(git);
  repository.commit({ "index.html": "nothing yet" });
  const env = {
    PATH: process.env.PATH,
    ...{ WEBHOOK_SECRET, SLACK_BOT_TOKEN: TOKEN, SLACK_SIGNING_SECRET: SIGNING_SECRET, SLACK_API_URL: slack.apiUrl },
    ...{ HOST: "127.0.0.1", PORT: "0", DATA_DIR: join(folder, "data") },
    ...prepare(slack),
  };
  mkdirSync(env.DATA_DIR);
  const shop = slack.channelId("shop");
  const command = "mkdir dist; cp index.html dist/; cat index.html; grep -qv broken index.html";
  const site = `{ repo: acme/shop, git: "${repository.url}", publish: "dir:${target}", channel: ${shop},
    isolation: none, operators: [${ALICE}, ${BOB}], deployers: [S0DEVS], viewers: members, ${keys}
    build: { command: "${command}", output: dist } }`;
  const start = () =>
    startService({
      environment: loadEnvironment(env),
      config: parseConfig(`sites: { shop: ${site} }\n${more}`, "the test"),
      env,
      log: createLog({ level: "silent", pretty: false }),
    });
  let service = await start();
  env.PORT = String(service.port);
  const url = `http://127.0.0.1:${service.port}`;
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

  let pushes = 0;
  return {
    slack,
    sender,
    repository,
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
    says: (text) =>
      vi.waitFor(async () => {
        const found = (await slack.messages("shop")).findLast((message) => text.test(message.text));
        if (!found) throw new Error(`no message says ${text}`);
        return found;
      }, PATIENCE),
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
    async restart() {
      await service.stop();
      service = await start();
    },
    async stop() {
      await service.stop();
      await slack.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
