/**
 * From the click on "Roll back" in Slack's dialog to the earlier release live, on the whole service: run by run.ts at the
 * client's end of the link, with the server as JSON in its first argument and the number of rounds in its second.
 */
import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { freePort } from "../../src/demo/free-port.ts";
import { createSlackSender } from "../../src/demo/slack/requests.ts";
import { startSlack } from "../../src/demo/slack-server.ts";
import { startSlipway } from "../../src/demo/slipway.ts";
import type { Server } from "./servers.ts";
import { median } from "./table.ts";

const PAGES = 50;
const READING_MS = 1500;
const ALICE = "U0ALICE";
const SECRET = "the signing secret of the benchmark";
const TOKEN = "xoxb-of-the-benchmark";

const server = JSON.parse(process.argv[2] ?? "") as Server;
const rounds = Number(process.argv[3] ?? 3);
const work = mkdtempSync(join(tmpdir(), "slipway-click-"));
const repository = join(work, "git");
mkdirSync(join(repository, "site"), { recursive: true });
const git = (...args: string[]) => execFileSync("git", ["-C", repository, ...args], { stdio: "pipe" });

/** Each page has its version in it, and the rest is alike: about 10 kB. */
function commit(version: string): void {
  const rest = `<p>${"Lorem ipsum dolor sit amet. ".repeat(360)}</p>`;
  for (let page = 0; page < PAGES; page++) {
    writeFileSync(join(repository, "site", `page-${page}.html`), `<h1>${version} ${page}</h1>${rest}`);
  }
  git("add", "--all");
  git("-c", "user.name=Ada", "-c", "user.email=ada@example.com", "commit", "--quiet", "-m", version);
}

/** How many pages on the host show this version. */
function shown(version: string): number {
  let count = 0;
  for (let page = 0; page < PAGES; page++) {
    try {
      if (readFileSync(join(server.root, `page-${page}.html`), "utf8").startsWith(`<h1>${version} `)) count += 1;
    } catch {
      // Not there yet.
    }
  }
  return count;
}

async function until(holds: () => boolean | Promise<boolean>, everyMs: number): Promise<void> {
  const deadlineMs = performance.now() + 60_000;
  while (!(await holds())) {
    if (performance.now() > deadlineMs) throw new Error("it did not come about within a minute");
    await delay(everyMs);
  }
}

git("init", "--quiet", "--initial-branch=main");
const slack = await startSlack({
  token: TOKEN,
  botName: "slipway",
  channels: ["shop"],
  users: [{ id: ALICE, name: "alice" }],
});
const channel = slack.channelId("shop");
const fingerprint = server.protocol === "ftps" ? new X509Certificate(server.certificate).fingerprint256 : "";
const login = {
  ftp: "password: env:HOST_PASSWORD, plain: true",
  // The certificate is of another name.
  ftps: `password: env:HOST_PASSWORD, fingerprint: "${fingerprint}"`,
  sftp: `privateKey: file:${server.keyFile}, hostKey: "${server.hostKey}"`,
}[server.protocol];
const folder = server.protocol === "sftp" ? server.root : "/";
writeFileSync(
  join(work, "slipway.yaml"),
  `sites: { shop: { repo: acme/shop, git: "file://${repository}", channel: ${channel}, operators: [${ALICE}],
  publish: "${server.protocol}://${server.user}@${server.host}:${server.port}${folder}", ${login}, isolation: none,
  build: { command: "mkdir dist; cp site/* dist/", output: dist } } }`,
);
const port = await freePort();
const settings = {
  ...{ WEBHOOK_SECRET: "the webhook secret of it", SLACK_BOT_TOKEN: TOKEN, SLACK_SIGNING_SECRET: SECRET },
  ...{ SLACK_API_URL: slack.apiUrl, HOST: "127.0.0.1", PORT: String(port), DATA_DIR: join(work, "data") },
  ...{ SLIPWAY_CONFIG: join(work, "slipway.yaml"), HOST_PASSWORD: server.password },
};
commit("A");
const program = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
const service = await startSlipway({ folder: work, settings }, { program });
try {
  const sender = createSlackSender({
    url: `http://127.0.0.1:${port}/slack/events`,
    signingSecret: SECRET,
    slack,
  });
  const command = (text: string) => sender.command({ user: ALICE, channel, command: "/deploy", text });
  const saysLast = async (text: RegExp) => text.test((await slack.messages("shop")).at(-1)?.text ?? "");
  const deploy = async (version: string) => {
    const before = (await slack.messages("shop")).length;
    await command("deploy shop");
    await until(async () => (await slack.messages("shop")).length > before && saysLast(/shop is live/), 50);
    if (shown(version) !== PAGES) throw new Error(`${version} is not live`);
  };
  await deploy("A");
  const lastPage: number[] = [];
  const message: number[] = [];
  for (let round = 0; round < rounds; round++) {
    commit(`B${round}`);
    await command("resume");
    await deploy(`B${round}`);
    const opened = slack.modals().length;
    await command("rollback shop");
    await until(() => slack.modals().length > opened, 5);
    const view = slack.modals()[opened];
    if (!view) throw new Error("no dialog");
    // Nobody reads and fills in a dialog faster.
    await delay(READING_MS);
    const startMs = performance.now();
    // The dialog proposes the release before the live one.
    await sender.submit({ user: ALICE, view, values: {} });
    await until(() => shown("A") === PAGES, 10);
    lastPage.push((performance.now() - startMs) / 1000);
    await until(() => saysLast(/rolled back/), 10);
    message.push((performance.now() - startMs) / 1000);
    console.log(
      `last page live ${lastPage.at(-1)?.toFixed(2)} s after the click, told after ${message.at(-1)?.toFixed(2)} s`,
    );
  }
  console.log(
    `from the click to ${PAGES} pages live: ${median(lastPage).toFixed(2)} s, goal ≤ 4 s; told after ${median(message).toFixed(2)} s`,
  );
} finally {
  await service.stop();
  await slack.stop();
  rmSync(work, { recursive: true, force: true });
}
