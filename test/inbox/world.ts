/** A front door with a real store behind it, for the tests of the inbox: what GitHub and Slack would talk to. */
import { createHmac, randomUUID } from "node:crypto";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sign } from "@octokit/webhooks-methods";
import { pino } from "pino";
import { parseConfig } from "../../src/config/load-config.ts";
import type { Config } from "../../src/config/schema.ts";
import { createPermissions } from "../../src/github/permissions.ts";
import { createGithub } from "../../src/github/probot.ts";
import { createGithubReader } from "../../src/github/reader.ts";
import { createHttpServer } from "../../src/http/server.ts";
import { startDispatch } from "../../src/inbox/dispatch.ts";
import { createIntake } from "../../src/inbox/intake.ts";
import type { Delivery } from "../../src/model/delivery.ts";
import { createMemoryQueue } from "../../src/queue/memory-queue.ts";
import type { Queue } from "../../src/queue/queue.ts";
import { createLogKeys } from "../../src/secrets/log-keys.ts";
import { secret } from "../../src/secrets/secret.ts";
import { createBoltApp } from "../../src/slack/bolt-app.ts";
import { createDirectory } from "../../src/slack/directory.ts";
import { createSlackReader } from "../../src/slack/reader.ts";
import { createGithubSource } from "../../src/sources/github.ts";
import { createSlackSource } from "../../src/sources/slack.ts";
import type { Source } from "../../src/sources/source.ts";
import { listDeliveries } from "../../src/store/deliveries.ts";
import { listDeployments } from "../../src/store/deployments.ts";
import { openSqlite } from "../../src/store/sqlite.ts";
import type { Store } from "../../src/store/store.ts";
import { createSecretScan } from "../secret-scan.ts";
import { openDoor } from "./open-door.ts";

export const WEBHOOK_SECRET = "the secret of the tests";
const SIGNING_SECRET = "the signing secret of the tests";
const BOT_TOKEN = "xoxb-test";

const CONFIG = parseConfig(
  `
url: https://deploy.example.com
channel: C0OPS
sites:
  shop: { repo: acme/shop, branch: main, publish: "dir:/srv/shop", channel: "#shop", deployers: [U0ALICE] }
`,
  "the tests",
);

export type InboxWorld = {
  readonly store: Store;
  readonly queue: Queue;
  readonly url: string;
  /** Sends a signed delivery; answers with its status. */
  send(event: string, payload: unknown, headers?: Record<string, string>): Promise<number>;
  /** Sends what Slack would, signed. */
  sendSlack(body: string, headers?: Record<string, string>): Promise<{ status: number; text: string }>;
  deliveries(): Promise<Array<Omit<Delivery, "body">>>;
  deployments(): ReturnType<typeof allDeployments>;
  stop(): Promise<void>;
};

const allDeployments = (store: Store) => store.transact((tx) => listDeployments(tx, { limit: 1000 }));

/** Starts it. With `dispatch: false` deliveries are only recorded; with `slack: false` there is no signing secret. */
export async function startInbox(
  options: { dispatch?: boolean; config?: Config; at?: string; slack?: boolean; slackApiUrl?: string } = {},
): Promise<InboxWorld> {
  const config = options.config ?? CONFIG;
  const folder = mkdtempSync(join(tmpdir(), "slipway-inbox-"));
  const database = join(options.at ?? folder, "slipway.db");
  const store = await openSqlite(database);
  const queue = createMemoryQueue();
  const scan = createSecretScan({ WEBHOOK_SECRET, SLACK_SIGNING_SECRET: SIGNING_SECRET, SLACK_BOT_TOKEN: BOT_TOKEN });
  const log = pino({ level: "trace" }, { write: (line: string) => scan.saw("the log", line) });
  const secrets = [secret(WEBHOOK_SECRET)];
  const sources: Source[] = [createGithubSource(secrets)];
  if (options.slack !== false) sources.push(createSlackSource([secret(SIGNING_SECRET)]));
  const guards = await openDoor();
  const intake = createIntake({ store, queue, log, sources, door: guards.door });
  const server = createHttpServer(intake.routes, log);
  const port = await server.listen({ host: "127.0.0.1", port: 0 });
  // Where none is given nobody listens: reading what Slack sends asks nothing of it.
  const bolt = { botToken: secret(BOT_TOKEN), apiUrl: options.slackApiUrl ?? "http://127.0.0.1:1/api/", log };
  const github = createGithub({ githubApp: null, githubApiUrl: "http://127.0.0.1:1", webhookSecrets: secrets });
  const dispatch =
    options.dispatch === false
      ? undefined
      : startDispatch({
          store,
          queue,
          log,
          config,
          telling: { config, hasSlack: true, hasButtons: true, hasGithub: true, logKeys: createLogKeys(secrets) },
          readers: new Map([
            ["github", createGithubReader((emit) => github.load(emit))],
            ["slack", createSlackReader(() => createBoltApp(bolt))],
          ]),
          people: {
            directory: createDirectory({ ...bolt, requestMs: 1000 }),
            permissions: createPermissions({ octokitFor: github.octokitFor, log, now: Date.now }),
          },
          boot: randomUUID(),
          recent: intake.recent,
        });
  const url = `http://127.0.0.1:${port}/api/github/webhooks`;

  return {
    store,
    queue,
    url,
    async send(event, payload, headers = {}) {
      const body = typeof payload === "string" ? payload : JSON.stringify(payload);
      const answer = await fetch(url, {
        method: "POST",
        body,
        headers: {
          "content-type": "application/json",
          "x-github-event": event,
          "x-github-delivery": randomUUID(),
          "x-github-hook-id": "1",
          "x-hub-signature-256": await sign(WEBHOOK_SECRET, body),
          ...headers,
        },
      });
      await answer.arrayBuffer();
      return answer.status;
    },
    async sendSlack(body, headers = {}) {
      const time = String(Math.floor(Date.now() / 1000));
      const signature = createHmac("sha256", SIGNING_SECRET).update(`v0:${time}:${body}`).digest("hex");
      const answer = await fetch(`http://127.0.0.1:${port}/slack/events`, {
        method: "POST",
        body,
        headers: {
          "content-type": "application/x-www-form-urlencoded",
          "x-slack-request-timestamp": time,
          "x-slack-signature": `v0=${signature}`,
          ...headers,
        },
      });
      return { status: answer.status, text: await answer.text() };
    },
    deliveries: () => store.transact((tx) => listDeliveries(tx, { limit: 1000 })),
    deployments: () => allDeployments(store),
    async stop() {
      await dispatch?.stop();
      await server.close(0);
      await guards.stop();
      await queue.close();
      await store.close();
      // A world that came after on the same folder may have removed it.
      if (existsSync(database)) scan.sawDatabase(database);
      rmSync(folder, { recursive: true, force: true });
      scan.check();
    },
  };
}

/** A push as GitHub sends it, with whatever else is given. */
export function push(given: Record<string, unknown> = {}): Record<string, unknown> {
  const after = String(given.after ?? "1".repeat(40));
  return {
    ref: "refs/heads/main",
    before: "0".repeat(40),
    after,
    deleted: false,
    forced: false,
    head_commit: { id: after, message: "Fix the footer\n\nLong text", author: { name: "Alice", username: "alice" } },
    repository: { id: 42, full_name: "acme/shop", pushed_at: 1_700_000_000 },
    installation: { id: 9 },
    ...given,
  };
}
