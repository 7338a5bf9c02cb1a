/** The whole service, from a refused first publish over a click in Slack to the live site. */
import { createHmac } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pino } from "pino";
import { expect, onTestFinished, test, vi } from "vitest";
import { startService } from "../src/app.ts";
import { parseConfig } from "../src/config/load-config.ts";
import { loadEnvironment } from "../src/config/load-environment.ts";
import { startSlack } from "../src/demo/slack-server.ts";
import { createGitRepository, temporaryFolder } from "./git/git-repository.ts";
import { push } from "./inbox/world.ts";
import { createSecretScan } from "./secret-scan.ts";
import { clickPayload, formOf } from "./slack/click.ts";

const WEBHOOK_SECRET = "the webhook secret of the test";
const SLACK_SIGNING_SECRET = "the signing secret of the test";
const TOKEN = "xoxb-of-the-test";

type Sent = { text: string; blocks: Array<{ type: string; elements?: Array<Record<string, unknown>> }> };

/** Starts the service on a folder that holds a file of somebody else. */
async function start() {
  const user = "U0ALICE";
  const users = [{ id: user, name: "alice" }];
  const slack = await startSlack({ token: TOKEN, botName: "slipway", channels: ["shop"], users });
  onTestFinished(() => slack.stop());
  const repository = createGitRepository();
  repository.commit({ "index.html": "ours" });
  const folder = temporaryFolder();
  const builds = join(folder, "builds");
  const target = join(folder, "target");
  mkdirSync(target);
  writeFileSync(join(target, "index.html"), "theirs");
  const env = {
    PATH: process.env.PATH,
    ...{ WEBHOOK_SECRET, SLACK_BOT_TOKEN: TOKEN, SLACK_SIGNING_SECRET, SLACK_API_URL: slack.apiUrl },
    ...{ HOST: "127.0.0.1", PORT: "0", DATA_DIR: join(folder, "data") },
  };
  mkdirSync(env.DATA_DIR);
  const command = `echo built >> ${builds}; mkdir dist; cp index.html dist/`;
  const site = `{ repo: acme/shop, git: "${repository.url}", publish: "dir:${target}", channel: shop, deployers: [${user}],
    isolation: none, build: { command: "${command}", output: dist } }`;
  const scan = createSecretScan({ WEBHOOK_SECRET, SLACK_BOT_TOKEN: TOKEN, SLACK_SIGNING_SECRET });
  // After it has stopped: hooks run in reverse.
  onTestFinished(async () => {
    await scan.sawSlack(slack, ["shop"]);
    scan.sawDatabase(join(env.DATA_DIR, "slipway.db"));
    scan.check();
  });
  const service = await startService({
    environment: loadEnvironment(env),
    config: parseConfig(`sites: { shop: ${site} }`, "the test"),
    env,
    log: pino({ level: "trace" }, { write: (line: string) => scan.saw("the log", line) }),
  });
  onTestFinished(() => service.stop());

  const post = async (path: string, body: string, headers: Record<string, string>) => {
    const answer = await fetch(`http://127.0.0.1:${service.port}${path}`, { method: "POST", body, headers });
    expect([answer.status, await answer.text()]).toEqual([200, path === "/slack/events" ? "" : '{"ok":true}']);
  };
  return {
    repository,
    builds: () => readFileSync(builds, "utf8").split("\n").length - 1,
    live: () => readFileSync(join(target, "index.html"), "utf8"),
    messages: () => slack.messages("shop") as Promise<unknown> as Promise<Sent[]>,
    whispers: () => slack.ephemerals().map(({ text }) => text),
    push() {
      const body = JSON.stringify(push());
      const signature = createHmac("sha256", WEBHOOK_SECRET).update(body).digest("hex");
      const event = {
        "x-github-event": "push",
        "x-github-delivery": "1",
        "x-hub-signature-256": `sha256=${signature}`,
      };
      return post("/api/github/webhooks", body, { "content-type": "application/json", ...event });
    },
    click(button: Record<string, unknown>, triggerId: string) {
      const deployment = String(button.value);
      const actionId = String(button.action_id);
      const channel = slack.channelId("shop");
      const click = { deployment, actionId, user, channel, team: slack.teamId, triggerId };
      const body = formOf(clickPayload(click, { response_url: slack.responseUrl(user, channel) }));
      const time = String(Math.floor(Date.now() / 1000));
      const signature = createHmac("sha256", SLACK_SIGNING_SECRET).update(`v0:${time}:${body}`).digest("hex");
      return post("/slack/events", body, {
        "content-type": "application/x-www-form-urlencoded",
        ...{ "x-slack-request-timestamp": time, "x-slack-signature": `v0=${signature}` },
      });
    },
  };
}

/** The button that agrees. */
const buttonIn = ({ blocks }: Sent) =>
  blocks
    .flatMap(({ type, elements = [] }) => (type === "actions" ? elements : []))
    .find(({ action_id }) => action_id === "slipway.adopt");

test("A release that met files of others is published, as it was built, once somebody says so with the button in Slack", {
  timeout: 200_000,
}, async () => {
  const world = await start();
  await world.push();
  const button = await vi.waitFor(
    async () => {
      const [message] = await world.messages();
      expect(message?.text).toContain("shop failed");
      const found = message && buttonIn(message);
      if (!found) throw new Error("no button yet");
      return found;
    },
    { timeout: 60_000, interval: 50 },
  );
  expect(world.live()).toBe("theirs");
  // Nobody has agreed to anything about this one.
  world.repository.commit({ "index.html": "newer" });

  await world.click(button, "1.2.3");
  await world.click(button, "1.2.3");
  await vi.waitFor(
    async () => {
      const messages = await world.messages();
      expect(messages.map(({ text }) => text)).toEqual([
        expect.stringContaining("shop failed"),
        expect.stringContaining("shop is live"),
      ]);
      expect(messages.map(buttonIn)).toEqual([undefined, undefined]);
      expect(JSON.stringify(messages[0]?.blocks)).toContain("answered by alice (Slack U");
      expect(JSON.stringify(messages[1]?.blocks)).toContain("asked for by alice (Slack U");
      expect(world.whispers()).toEqual([expect.stringContaining("it replaces 1 file of others")]);
    },
    { timeout: 60_000, interval: 50 },
  );
  expect([world.live(), world.builds()]).toEqual(["ours", 1]);

  await world.click(button, "4.5.6");
  await vi.waitFor(() => expect(world.whispers()).toHaveLength(2), { timeout: 60_000, interval: 50 });
  expect(world.whispers()[1]).toMatch(/^This was overtaken: d-.*, which alice .* asked for, is newer, and is live\.$/);
  expect(await world.messages()).toHaveLength(2);
});
