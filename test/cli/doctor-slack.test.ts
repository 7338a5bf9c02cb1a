/** What the doctor says of Slack, against real servers that answer as Slack, or as Slipway, do. */
import { createServer } from "node:http";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Finding } from "../../src/cli/doctor/finding.ts";
import { checkRequestUrl } from "../../src/cli/doctor/request-url.ts";
import { checkSlack } from "../../src/cli/doctor/slack.ts";
import { checkSlackSettings } from "../../src/cli/doctor/slack-settings.ts";
import { SCOPES } from "../../src/cli/slack-manifest.ts";
import { parseConfig } from "../../src/config/load-config.ts";
import { type Environment, loadEnvironment } from "../../src/config/load-environment.ts";
import { freePort } from "../../src/demo/free-port.ts";
import { startSlack } from "../../src/demo/slack-server.ts";
import { createHttpServer } from "../../src/http/server.ts";
import { createIntake } from "../../src/inbox/intake.ts";
import { createLog } from "../../src/log.ts";
import { secret } from "../../src/secrets/secret.ts";
import { createSlackSource } from "../../src/sources/slack.ts";
import { openDoor } from "../inbox/open-door.ts";
import { listen, type SlackMethods, startSlackWebApi } from "./slack-web-api.ts";

const BOT_TOKEN = "xoxb-the-bots";
const APP_TOKEN = "xapp-the-apps";
const SIGNING_SECRET = "the signing secret of the tests";

const SOCKET = { SLACK_APP_TOKEN: APP_TOKEN };

function environmentOf(apiUrl: string, variables: Record<string, string> = {}): Environment {
  return loadEnvironment({
    ...{ WEBHOOK_SECRET: "a secret of the tests", SLACK_BOT_TOKEN: BOT_TOKEN, SLACK_API_URL: apiUrl },
    ...variables,
  });
}

const configOf = (yaml: string) => parseConfig(yaml, "slipway.yaml");
const site = (keys: string) => `shop: { repo: acme/shop, publish: "dir:/srv/shop", ${keys} }`;
const of = (findings: readonly Finding[], about: string) => findings.filter((finding) => finding.about === about);
const says = (findings: readonly Finding[], about: string) =>
  of(findings, about).map(({ state, says, advice }) => [state, says, ...(advice === null ? [] : [advice])].join(": "));

/** Slack, asked with such an installation about such a configuration. */
async function examine(options: {
  methods?: SlackMethods;
  headers?: Record<string, string>;
  yaml?: string;
  variables?: Record<string, string>;
}) {
  const { methods = {}, headers, yaml = "sites: {}", variables } = options;
  const slack = await startSlackWebApi(methods, headers);
  const findings = await checkSlack(environmentOf(slack.apiUrl, variables), configOf(yaml));
  // Whatever is found, no secret is in it.
  expect(JSON.stringify(findings)).not.toMatch(/xoxb-the|xapp-the|the signing secret/);
  return { findings, asked: slack.asked };
}

describe("the doctor asks Slack about the token", () => {
  test("and says who it is, that every scope is there, and nothing of clocks that agree", async () => {
    const { findings } = await examine({});
    expect(findings).toEqual([
      expect.objectContaining({ state: "good", says: "Slack knows it as slipway in Acme (T0ACME)" }),
      expect.objectContaining({ about: "scopes", state: "good" }),
    ]);
  });

  test("and names the scopes that are missing, and those that are too many", async () => {
    const some = SCOPES.filter((scope) => scope !== "commands" && scope !== "users:read");
    const { findings } = await examine({
      headers: { "x-oauth-scopes": ["identify", ...some, "files:write"].join(", ") },
    });
    expect(says(findings, "scopes")).toEqual([
      "bad: are missing: commands, users:read: add under OAuth & Permissions, or paste slack-manifest.yaml, and reinstall the app",
      "note: Slipway does not use files:write",
    ]);
    const silent = await examine({ headers: { "x-oauth-scopes": "" } });
    expect(says(silent.findings, "SLACK_BOT_TOKEN")).toContain("note: Slack did not say which scopes it has");
  });

  test("and asks for nothing more where it is refused", async () => {
    const { findings, asked } = await examine({
      methods: { "auth.test": () => ({ error: "account_inactive" }) },
      yaml: `{ channel: C0123OPS, sites: {} }`,
    });
    expect(says(findings, "SLACK_BOT_TOKEN")).toEqual([
      expect.stringMatching(/^bad: Slack does not accept it \(account_inactive\): copy the Bot User OAuth Token/),
    ]);
    expect(asked).toEqual(["auth.test"]);
  });

  test("and tells a refusal from an answer that is not Slack's, and from none", async () => {
    const strange = await examine({ methods: { "auth.test": () => 502 } });
    expect(says(strange.findings, "SLACK_BOT_TOKEN")).toEqual(["warning: Slack answers 502 to auth.test"]);
    const nowhere = environmentOf(`http://127.0.0.1:${await freePort()}/api/`);
    expect(says(await checkSlack(nowhere, null), "SLACK_BOT_TOKEN")).toEqual([
      expect.stringMatching(/^warning: Slack cannot be asked: 127\.0\.0\.1:\d+: .*ECONNREFUSED/),
    ]);
  });

  test("and sees that the bot is in another workspace than the one that slack.team names", async () => {
    const yaml = "{ slack: { team: T0OTHER }, sites: {} }";
    expect(says((await examine({ yaml })).findings, "slack.team")).toEqual([
      expect.stringMatching(/^bad: is T0OTHER, and the bot is in T0ACME/),
    ]);
    expect(says((await examine({ yaml: yaml.replace("OTHER", "ACME") })).findings, "slack.team")).toEqual([]);
  });

  test("and compares the clocks", async () => {
    const at = (ms: number) => examine({ headers: { date: new Date(Date.now() + ms).toUTCString() } });
    expect(says((await at(-120_000)).findings, "clock")).toEqual([expect.stringMatching(/^warning: is 2 .*ahead of/)]);
    expect(says((await at(3_600_000)).findings, "clock")).toEqual([
      expect.stringMatching(
        /^bad: is .* behind Slack's: what Slack sends is refused, as from the future: let this mach/,
      ),
    ]);
    expect(says((await at(-3_600_000)).findings, "clock")).toEqual([
      expect.stringMatching(/^bad: is .* ahead of Slack's: what Slack sends is refused, as too old: let this machine/),
    ]);
    expect(says((await at(2000)).findings, "clock")).toEqual([]);
  });
});

describe("the doctor asks Slack about Socket Mode", () => {
  test("with the app's own token, and does not connect", async () => {
    const open = (_: unknown, token: string) =>
      token === APP_TOKEN ? { url: "wss://127.0.0.1/never" } : { error: "not_allowed_token_type" };
    const { findings, asked } = await examine({ methods: { "apps.connections.open": open }, variables: SOCKET });
    expect(says(findings, "SLACK_APP_TOKEN")).toEqual(["good: Slack opens a socket for it"]);
    expect(asked.filter((method) => method === "apps.connections.open")).toHaveLength(1);
    expect(JSON.stringify(findings)).not.toContain("wss:");
  });

  test("and names the scope that such a token needs", async () => {
    const refused = (error: string) =>
      examine({ methods: { "apps.connections.open": () => ({ error }) }, variables: SOCKET });
    expect(says((await refused("missing_scope")).findings, "SLACK_APP_TOKEN")).toEqual([
      expect.stringMatching(/^bad: .*\(missing_scope\): make an app-level token with the scope connections:write/),
    ]);
    expect(says((await refused("invalid_auth")).findings, "SLACK_APP_TOKEN")).toEqual([
      expect.stringMatching(/^bad: .*\(invalid_auth\): copy the app-level token, which begins with xapp-/),
    ]);
  });
});

describe("the doctor asks Slack about channels", () => {
  const channels: Record<string, Record<string, unknown>> = {
    C0GOOD: { name: "good", is_member: true },
    C0OUT: { name: "out", is_member: false },
    C0OLD: { name: "old", is_member: false, is_archived: true },
    C0BOTH: { name: "both", is_member: true, is_ext_shared: true },
    C0MEET: { name: "meet", is_member: true, is_ext_shared: true },
    C0CMD: { name: "cmd", is_member: false },
  };
  const info = ({ channel = "" }) =>
    channels[channel] ? { channel: channels[channel] } : { error: "channel_not_found" };
  const yaml = `
    channel: C0GOOD
    sites: { ${site("channel: C0GOOD")}, b: { repo: acme/b, publish: "dir:/srv/b", channel: C0OUT } }
    ci: [{ channel: C0OLD }, { channel: C0BOTH }, { channel: "by-name" }, { channel: C0NONE }]
    slack: { channels: [C0CMD], sharedChannels: [C0MEET] }`;

  test("once for each, and says which do not work and what to do", async () => {
    const { findings, asked } = await examine({ methods: { "conversations.info": info }, yaml });
    expect(asked.filter((it) => it.startsWith("conversations.info")).toSorted()).toEqual(
      ["C0BOTH", "C0CMD", "C0GOOD", "C0MEET", "C0NONE", "C0OLD", "C0OUT"].map((id) => `conversations.info ${id}`),
    );
    expect(says(findings, "channel, sites.shop.channel")).toEqual(["good: #good, and the bot is in it"]);
    expect(says(findings, "sites.b.channel")).toEqual([
      "bad: the bot is not in #out and cannot post there: /invite @slipway in #out",
    ]);
    expect(says(findings, "ci.0.channel")).toEqual(["bad: #old is archived: unarchive it, or name another channel"]);
    expect(says(findings, "ci.1.channel")).toEqual([
      "good: #both, and the bot is in it",
      expect.stringMatching(/^warning: #both is shared with other workspaces .*: add C0BOTH to slack.sharedChannels/),
    ]);
    expect(says(findings, "ci.3.channel")).toEqual([
      expect.stringMatching(
        /^bad: Slack knows no channel C0NONE, or it is private and the bot is not in it: copy the id/,
      ),
    ]);
    expect(says(findings, "slack.channels")).toEqual([
      expect.stringMatching(/^warning: the bot is not in #cmd: commands work there, mentions do not/),
    ]);
    expect(says(findings, "slack.sharedChannels")).toEqual(["good: #meet, and the bot is in it"]);
  });

  test("and says once that a scope is missing for it", async () => {
    const refuse = () => ({ error: "missing_scope", needed: "channels:read,groups:read" });
    const { findings } = await examine({ methods: { "conversations.info": refuse }, yaml });
    expect(findings.filter(({ says }) => says.includes("channels:read"))).toEqual([
      expect.objectContaining({ about: "channels", state: "warning" }),
    ]);
  });

  test("of the demo's Slack, with which the demo works", async () => {
    const slack = await startSlack({
      ...{ token: BOT_TOKEN, botName: "slipway", channels: ["shop"] },
      userGroups: [{ id: "S0DEVTEAM", handle: "devs", users: ["U000000001"] }],
    });
    onTestFinished(() => slack.stop());
    const yaml = `sites: { ${site(`channel: ${slack.channelId("shop")}, operators: [U000000001, S0DEVTEAM]`)} }`;
    const findings = await checkSlack(environmentOf(slack.apiUrl), configOf(yaml));
    expect(says(findings, "sites.shop.channel")).toEqual(["good: #shop, and the bot is in it"]);
    expect(says(findings, "people")).toEqual(["good: Slack knows the 1 user and 1 group of slipway.yaml"]);
  });
});

describe("the doctor asks Slack about people", () => {
  const users: Record<string, Record<string, unknown>> = {
    U0ALICE: { name: "alice", deleted: false },
    U0GONE: { name: "gone", deleted: true },
    U0GUEST: { name: "guest", is_restricted: true },
    U0BOT: { name: "bot\u001b[31m", is_bot: true },
    U0THEIRS: { name: "theirs", is_stranger: true },
  };
  const methods: SlackMethods = {
    "users.info": ({ user = "" }) => (users[user] ? { user: users[user] } : { error: "user_not_found" }),
    "usergroups.list": () => ({
      usergroups: [
        { id: "S0DEVS", handle: "devs", date_delete: 0, user_count: 3 },
        { id: "S0OLD", handle: "old", date_delete: 1_700_000_000, user_count: 3 },
        { id: "S0EMPTY", handle: "empty", date_delete: 0, user_count: "0" },
      ],
    }),
  };

  test("and says who may ask for nothing, and why", async () => {
    const yaml = `
      sites: { ${site("deployers: [U0GONE, U0BOT, S0OLD, S0EMPTY], operators: [S0NONE, U0ALICE, S0DEVS, 'github:carol']")} }
      slack: { viewers: [U0GUEST], deployers: [U0NOBODY, U0ALICE] }
      people: { U0THEIRS: { github: them } }`;
    const { findings, asked } = await examine({ methods, yaml });
    expect(says(findings, "sites.shop.deployers")).toEqual([
      expect.stringMatching(/^warning: U0GONE \(gone\) is deactivated, and may ask for nothing: take the id out/),
      expect.stringMatching(/^warning: U0BOT \(bot.*\) is a bot/),
      expect.stringMatching(/^warning: S0OLD \(@old\) is disabled/),
      expect.stringMatching(/^warning: S0EMPTY \(@empty\) has no members/),
    ]);
    expect(says(findings, "slack.viewers")).toEqual([expect.stringMatching(/U0GUEST \(guest\) is a guest/)]);
    expect(says(findings, "slack.deployers")).toEqual([expect.stringMatching(/U0NOBODY is nobody whom Slack knows/)]);
    expect(says(findings, "sites.shop.operators")).toEqual([expect.stringMatching(/S0NONE is no user group/)]);
    expect(says(findings, "people")).toEqual([
      expect.stringMatching(/U0THEIRS \(theirs\) belongs to another workspace/),
    ]);
    // Each person once, and no GitHub login.
    expect(asked.filter((it) => it === "users.info U0ALICE")).toHaveLength(1);
    expect(asked.join()).not.toContain("carol");
  });

  test("and says that all are there, or that nobody can be looked up", async () => {
    const yaml = `sites: { ${site("operators: [U0ALICE, S0DEVS]")} }`;
    expect(says((await examine({ methods, yaml })).findings, "people")).toEqual([
      "good: Slack knows the 1 user and 1 group of slipway.yaml",
    ]);
    const refuse = () => ({ error: "missing_scope", needed: "users:read" });
    expect(says((await examine({ methods: { ...methods, "users.info": refuse }, yaml })).findings, "people")).toEqual([
      "warning: cannot be looked up without the scope users:read",
    ]);
  });
});

describe("the doctor asks Slipway as Slack does", () => {
  /** The road in, as Slipway has it. Nothing can be recorded: there is no store. */
  async function startRoadIn(...secrets: string[]): Promise<string> {
    const log = createLog({ level: "silent", pretty: false });
    const sources = secrets.length > 0 ? [createSlackSource(secrets.map(secret))] : [];
    const { door, stop } = await openDoor();
    onTestFinished(stop);
    const { routes } = createIntake({ store: null as never, queue: null as never, log, sources, door });
    const server = createHttpServer(routes, log);
    const port = await server.listen({ host: "127.0.0.1", port: 0 });
    onTestFinished(() => server.close(0));
    return `http://127.0.0.1:${port}`;
  }
  const check = async (url: string) => {
    const { state, says, advice } = await checkRequestUrl(url, secret(SIGNING_SECRET));
    return `${state}: ${says}: ${advice ?? ""}`;
  };

  test("and is answered where the signing secret is the same, also while it is rotated", async () => {
    expect(await check(`${await startRoadIn(SIGNING_SECRET)}/`)).toMatch(/^good: .*\/slack\/events answers as/);
    expect(await check(await startRoadIn("another signing secret", SIGNING_SECRET))).toMatch(/^good/);
  });

  test("and tells another secret from none, and from something else that answers", async () => {
    expect(await check(await startRoadIn("another signing secret"))).toMatch(/^bad: another signing secret answers at/);
    expect(await check(await startRoadIn())).toMatch(/^bad: what answers .* is not Slipway, or has no signing secret/);
    const answers = (status: number, headers = {}) =>
      listen(createServer((_, response) => void response.writeHead(status, headers).end("hello")));
    expect(await check(await answers(200))).toMatch(/^bad: something that is not Slipway answers/);
    expect(await check(await answers(502))).toMatch(/^bad: .* answers 502: look at the log/);
    expect(await check(await answers(301, { location: "https://www.example.com/secret" }))).toMatch(
      /^bad: .* only leads on to https:\/\/www\.example\.com \(301\): Slack follows no redirects/,
    );
    expect(await check(`http://127.0.0.1:${await freePort()}`)).toMatch(
      /^warning: .* cannot be reached from here: .*ECONNREFUSED.*: start Slipway, and let Slack reach it/,
    );
  });

  test("only where Slack sends to an address", async () => {
    const url = await startRoadIn(SIGNING_SECRET);
    const variables = { SLACK_SIGNING_SECRET: SIGNING_SECRET };
    const yaml = `{ url: "${url}", sites: {} }`;
    expect(says((await examine({ yaml, variables })).findings, "request URL")).toEqual([
      expect.stringMatching(/^good/),
    ]);
    expect(says((await examine({ yaml })).findings, "request URL")).toEqual([]);
    const methods = { "apps.connections.open": () => ({ url: "wss://127.0.0.1/" }) };
    const socket = await examine({ yaml, variables: { ...variables, ...SOCKET }, methods });
    expect(says(socket.findings, "request URL")).toEqual([]);
  });
});

describe("the doctor sees in the settings alone", () => {
  const slackUrl = "http://127.0.0.1:1/api/";
  const signed = environmentOf(slackUrl, { SLACK_SIGNING_SECRET: SIGNING_SECRET });
  const look = (yaml: string, environment = signed) => checkSlackSettings(environment, configOf(yaml));
  const https = "url: https://deploy.example.com";

  test("that nothing arrives without a signing secret, unless a socket is opened", () => {
    const yaml = `{ ${https}, sites: {} }`;
    expect(says(look(yaml, environmentOf(slackUrl)), "SLACK_SIGNING_SECRET")).toEqual([
      expect.stringMatching(/^warning: is not set, and neither is SLACK_APP_TOKEN: messages carry no buttons/),
    ]);
    expect(look(yaml, environmentOf(slackUrl, SOCKET))).toEqual([]);
    expect(look(yaml)).toEqual([]);
    expect(look(yaml, { ...signed, slack: null })).toEqual([]);
  });

  test("that Slack sends to https alone", () => {
    const yaml = "{ url: 'http://deploy.example.com', sites: {} }";
    expect(says(look(yaml), "request URL")).toEqual([expect.stringMatching(/^warning: is an http address/)]);
    expect(look(yaml, environmentOf(slackUrl, SOCKET))).toEqual([]);
  });

  test("which channels are named instead of being called by their id", () => {
    const yaml = `{ ${https}, channel: "#ops", sites: {}, ci: [{ channel: "#ops" }, { channel: C0123CI }] }`;
    expect(look(yaml)).toEqual([
      expect.objectContaining({
        about: "channel, ci.0.channel",
        state: "warning",
        advice: expect.stringMatching(/C0123ABCD/),
      }),
    ]);
  });

  test("which sites nobody may command, and who is missing", () => {
    const roles = (keys: string, more = "") => says(look(`{ ${https}, sites: { ${site(keys)} } ${more} }`), "roles");
    expect(roles("")).toEqual([
      expect.stringMatching(/^warning: nobody may command shop from Slack: add ids of Slack users or groups to slack/),
    ]);
    expect(roles("operators: ['github:carol']")).toEqual([expect.stringMatching(/^warning/)]);
    expect(roles("deployers: [U0ALICE]")).toEqual([
      "note: nobody may roll back shop from Slack, or resume and unlock what others hold: no operators",
    ]);
    expect(roles("", ", slack: { operators: [S0OPS] }")).toEqual([]);
  });

  test("that a second person needs two, and githubWrite a login", () => {
    const second = (operators: string) =>
      says(look(`{ ${https}, sites: { ${site(`secondPerson: true, operators: ${operators}`)} } }`), "secondPerson");
    expect(second("[U0ALICE]")).toEqual([expect.stringMatching(/^warning: shop wants a second person/)]);
    expect([second("[U0ALICE, U0BOB]"), second("[S0OPS]")]).toEqual([[], []]);

    const keys = "githubWrite: true, operators: [U0ALICE, U0BOB]";
    expect(says(look(`{ ${https}, sites: { ${site(keys)} }, people: { U0BOB: { github: bob } } }`), "people")).toEqual([
      expect.stringMatching(/^warning: nobody knows who U0ALICE is on GitHub/),
    ]);
  });
});
