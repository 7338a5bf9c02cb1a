/**
 * The demo's world on localhost: a GitHub, a Slack, a git repository, an FTPS host, a web server over the host's
 * folder, and Slipway itself, started as anybody starts it and told nothing that a user could not configure.
 */
import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ownFile } from "../process/own-file.ts";
import { type Certificate, createCertificate } from "./certificate.ts";
import { freePort } from "./free-port.ts";
import { createFtpServer, type FtpServer } from "./ftp/ftp-server.ts";
import { createDemoRepository, type DemoRepository } from "./git-repository.ts";
import { type GithubServer, startGithub } from "./github-server.ts";
import { createSlackSender, type SlackSender } from "./slack/requests.ts";
import { type SlackServer, startSlack } from "./slack-server.ts";
import { startSlipway } from "./slipway.ts";
import { startWebServer, type WebServer } from "./web-server.ts";

/** Everybody but Slipway itself, and what Slipway has to be told about them. */
export type Partners = {
  readonly github: GithubServer;
  readonly slack: SlackServer;
  readonly slackToken: string;
  /** What people do in Slack, sent as Slack sends it. */
  readonly sender: SlackSender;
  readonly ftp: FtpServer;
  readonly ftpPassword: string;
  readonly certificate: Certificate;
  readonly web: WebServer;
  readonly repository: DemoRepository;
  readonly slipwayUrl: string;
  /** The folder that everything is in. */
  readonly folder: string;
  /** Slipway's environment variables. */
  readonly settings: Readonly<Record<string, string>>;
  /** Ends everything and removes the folder. */
  stop(): Promise<void>;
};

export type World = Partners;

export const CHANNEL = "shop";
export const REPOSITORY = { owner: "acme", name: "shop", id: 4_200_042 };
/** People in the demo's Slack: an operator of the shop, a developer, a guest. */
export const ALICE = "U0ALICE";
const DAN = "U0DAN";
export const GUEST = "U0GUS";
const DEVELOPERS = "S0DEVTEAM";
export const FTP_USER = "deploy";
const INSTALLATION_ID = 77_001;
const APP_ID = 31_337;

/**
 * Starts the world around the example site in `siteFolder`. `siteKeys` is YAML for more keys of the site; `onLog` gets the
 * lines of Slipway's own log.
 */
export async function startWorld(options: {
  siteFolder: string;
  siteKeys?: string;
  onLog(line: string): void;
}): Promise<World> {
  const partners = await startPartners(options);
  try {
    const slipway = await startSlipway(partners, { onLog: options.onLog });
    return {
      ...partners,
      async stop() {
        await slipway.stop();
        await partners.stop();
      },
    };
  } catch (error) {
    await partners.stop();
    throw error;
  }
}

/** A host that is there already, in place of the demo's own: the folder that its web server serves, and the account. */
export type Host = {
  readonly root: string;
  readonly publish: string;
  readonly password: string;
  readonly certificate: Certificate;
};

/** Starts everybody but Slipway, and writes its configuration; `siteKeys` is YAML for more keys of the site. */
export async function startPartners(options: {
  readonly siteFolder: string;
  readonly siteKeys?: string;
  readonly host?: Host;
}): Promise<Partners> {
  const teardowns: Array<() => unknown> = [];
  const stop = async () => {
    for (const teardown of teardowns.splice(0).reverse()) await teardown();
  };
  try {
    const folder = await mkdtemp(join(tmpdir(), "slipway-demo-"));
    teardowns.push(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }));
    const root = join(folder, "host");
    await mkdir(join(root, "httpdocs"), { recursive: true });
    const webhookSecret = randomBytes(24).toString("hex");
    const ownPassword = randomBytes(12).toString("base64url");
    const slackToken = `xoxb-demo-${randomBytes(12).toString("hex")}`;
    const port = await freePort();
    const slipwayUrl = `http://127.0.0.1:${port}`;

    const certificate = await createCertificate();
    const repository = await createDemoRepository({ folder: join(folder, "git"), from: options.siteFolder });
    const github = await startGithub({
      appId: APP_ID,
      webhookSecret,
      hookUrl: `${slipwayUrl}/api/github/webhooks`,
      installationId: INSTALLATION_ID,
      repos: [REPOSITORY],
    });
    teardowns.push(() => github.stop());
    const slack = await startSlack({
      token: slackToken,
      botName: "slipway",
      channels: [CHANNEL],
      users: [
        { id: ALICE, name: "alice" },
        { id: DAN, name: "dan" },
        { id: GUEST, name: "gus", kind: "guest" },
      ],
      userGroups: [{ id: DEVELOPERS, handle: "devs", users: [DAN] }],
    });
    teardowns.push(() => slack.stop());
    const signingSecret = randomBytes(16).toString("hex");
    const sender = createSlackSender({ url: `${slipwayUrl}/slack/events`, signingSecret, slack });
    const ftp = createFtpServer({
      root,
      user: FTP_USER,
      password: ownPassword,
      tls: certificate,
      requireTls: true,
    });
    await ftp.start();
    teardowns.push(() => ftp.stop());
    const host = options.host ?? {
      root: join(root, "httpdocs"),
      publish: `ftps://${FTP_USER}@localhost:${ftp.port}/httpdocs`,
      password: ownPassword,
      certificate,
    };
    const web = await startWebServer({ root: host.root });
    teardowns.push(() => web.stop());

    await writeFile(join(folder, "ca.pem"), host.certificate.cert);
    await writeFile(
      join(folder, "slipway.yaml"),
      `url: ${slipwayUrl}
sources:
  cms: { kind: standard-webhooks, secret: env:CMS_SECRET, sites: [shop], quiet: 1s }
  monitoring: { kind: alertmanager, secret: env:ALERTS_TOKEN, sites: [shop] }
sites:
  shop:
    repo: ${REPOSITORY.owner}/${REPOSITORY.name}
    git: ${repository.url}
    publish: ${host.publish}
    password: env:SHOP_FTP_PASSWORD
    ca: ${join(folder, "ca.pem")}
    confirm: { url: "${web.url}" }
    channel: ${slack.channelId(CHANNEL)}
    viewers: members
    deployers: [${DEVELOPERS}]
    operators: [${ALICE}]
${options.siteKeys ?? ""}`,
    );
    const settings = {
      WEBHOOK_SECRET: webhookSecret,
      APP_ID: String(github.appId),
      PRIVATE_KEY: github.privateKey,
      GITHUB_API_URL: github.url,
      SLACK_BOT_TOKEN: slackToken,
      SLACK_SIGNING_SECRET: signingSecret,
      SLACK_API_URL: `${slack.url}/api/`,
      SHOP_FTP_PASSWORD: host.password,
      CMS_SECRET: `whsec_${randomBytes(32).toString("base64")}`,
      ALERTS_TOKEN: randomBytes(24).toString("hex"),
      HOST: "127.0.0.1",
      PORT: String(port),
      DATA_DIR: join(folder, "data"),
      SLIPWAY_CONFIG: join(folder, "slipway.yaml"),
    };
    return {
      github,
      slack,
      slackToken,
      sender,
      ftp,
      ftpPassword: ownPassword,
      certificate,
      web,
      repository,
      slipwayUrl,
      folder,
      settings,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The example site of that name. */
export function siteFolder(name: string): string {
  return ownFile(`demo/sites/${name}`);
}
