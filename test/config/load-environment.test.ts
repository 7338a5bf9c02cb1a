import { generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { loadEnvironment } from "../../src/config/load-environment.ts";

const WEBHOOK_SECRET = "0123456789abcdef";
const privateKey = generateKeyPairSync("rsa", { modulusLength: 2048 })
  .privateKey.export({ type: "pkcs1", format: "pem" })
  .toString();

describe("the environment", () => {
  it("needs a webhook secret of 16 bytes that is not Probot's default, and names the variable", () => {
    expect(() => loadEnvironment({})).toThrow(/WEBHOOK_SECRET: is not set/);
    expect(() => loadEnvironment({ WEBHOOK_SECRET: "" })).toThrow(/WEBHOOK_SECRET: is not set/);
    expect(() => loadEnvironment({ WEBHOOK_SECRET: "123456789012345" })).toThrow(
      /WEBHOOK_SECRET: is shorter than 16 bytes/,
    );
    expect(() => loadEnvironment({ WEBHOOK_SECRET: "development" })).toThrow(
      /WEBHOOK_SECRET: is Probot's well-known default/,
    );
    expect(() => loadEnvironment({ WEBHOOK_SECRET, WEBHOOK_SECRET_PREVIOUS: "short" })).toThrow(
      /WEBHOOK_SECRET_PREVIOUS: is shorter/,
    );
    expect(loadEnvironment({ WEBHOOK_SECRET, WEBHOOK_SECRET_PREVIOUS: "" }).webhookSecrets).toHaveLength(1);
    expect(
      loadEnvironment({ WEBHOOK_SECRET, WEBHOOK_SECRET_PREVIOUS: "fedcba9876543210" }).webhookSecrets,
    ).toHaveLength(2);
  });

  it("runs without an App and without Slack, and takes both when they are there", () => {
    expect(loadEnvironment({ WEBHOOK_SECRET })).toMatchObject({ githubApp: null, slack: null, port: 3000 });
    const forms = [privateKey, privateKey.replaceAll("\n", "\\n"), Buffer.from(privateKey).toString("base64")];
    for (const PRIVATE_KEY of forms) {
      const { githubApp } = loadEnvironment({ WEBHOOK_SECRET, APP_ID: "7", PRIVATE_KEY, SLACK_BOT_TOKEN: "xoxb-1" });
      expect(githubApp?.appId).toBe(7);
      expect(githubApp?.privateKey.reveal()).toContain("BEGIN RSA PRIVATE KEY");
    }
  });

  it("takes Slack's signing secrets, the one before too, and none when they are empty", () => {
    const slack = (env: NodeJS.ProcessEnv) =>
      loadEnvironment({ WEBHOOK_SECRET, SLACK_BOT_TOKEN: "xoxb-1", ...env }).slack;
    const SLACK_SIGNING_SECRET = "8f742231b10e8888abcd99yyyzzz85a5";
    const both = slack({ SLACK_SIGNING_SECRET, SLACK_SIGNING_SECRET_PREVIOUS: "the one before that" });
    const revealed = both?.signingSecrets.map((it) => it.reveal());
    expect(revealed).toEqual([SLACK_SIGNING_SECRET, "the one before that"]);
    expect(slack({ SLACK_SIGNING_SECRET: "", SLACK_SIGNING_SECRET_PREVIOUS: "" })?.signingSecrets).toEqual([]);
    expect(() => slack({ SLACK_SIGNING_SECRET: "short" })).toThrow(
      /SLACK_SIGNING_SECRET: is shorter than 16 bytes; copy it whole/,
    );
    expect(() => slack({ SLACK_SIGNING_SECRET_PREVIOUS: SLACK_SIGNING_SECRET })).toThrow(
      /SLACK_SIGNING_SECRET: is not set/,
    );
    expect(() => loadEnvironment({ WEBHOOK_SECRET, SLACK_SIGNING_SECRET })).toThrow(/SLACK_BOT_TOKEN: is not set/);
  });

  it("takes the token of Socket Mode beside the bot's, and no other token in its place", () => {
    const slack = (env: NodeJS.ProcessEnv) => loadEnvironment({ WEBHOOK_SECRET, ...env }).slack;
    expect(slack({ SLACK_BOT_TOKEN: "xoxb-1", SLACK_APP_TOKEN: "xapp-1" })?.appToken?.reveal()).toBe("xapp-1");
    expect(slack({ SLACK_BOT_TOKEN: "xoxb-1", SLACK_APP_TOKEN: "" })?.appToken).toBeNull();
    expect(slack({ SLACK_BOT_TOKEN: "xoxb-1" })?.appToken).toBeNull();
    const wrong = () => slack({ SLACK_BOT_TOKEN: "xoxb-1", SLACK_APP_TOKEN: "xoxb-hunter2" });
    expect(wrong).toThrow(/SLACK_APP_TOKEN: is no app-level token, which begins with xapp-/);
    expect(wrong).not.toThrow(/hunter2/);
    expect(() => slack({ SLACK_APP_TOKEN: "xapp-1" })).toThrow(/SLACK_BOT_TOKEN: is not set, but SLACK_APP_TOKEN is/);
  });

  it("tells all problems at once and never quotes a secret", () => {
    const env = {
      PORT: "99999",
      APP_ID: "x",
      PRIVATE_KEY: "hunter2",
      GITHUB_API_URL: "nope",
      LOG_LEVEL: "loud",
      SLACK_API_URL: "http://x/",
      QUEUE_URL: "redis://x",
      DATABASE_URL: "mysql://x",
    };
    let message = "";
    try {
      loadEnvironment(env as NodeJS.ProcessEnv);
    } catch (error) {
      message = (error as Error).message;
    }
    const names = [
      "WEBHOOK_SECRET",
      "PORT",
      "APP_ID",
      "PRIVATE_KEY",
      "GITHUB_API_URL",
      "LOG_LEVEL",
      "SLACK_API_URL",
      "QUEUE_URL",
      "DATABASE_URL",
    ];
    for (const name of names) expect(message).toContain(`  ${name}: `);
    expect(message).not.toContain("hunter2");
  });

  it("finds the database from its URL", () => {
    const database = (DATABASE_URL: string) => loadEnvironment({ WEBHOOK_SECRET, DATABASE_URL }).database;
    expect(database("sqlite:/var/slipway.db")).toEqual({ kind: "sqlite", path: "/var/slipway.db" });
    expect(database("file:///var/slipway.db")).toEqual({ kind: "sqlite", path: "/var/slipway.db" });
    expect(JSON.stringify(database("postgres://u:pw@h/db"))).toBe('{"kind":"postgres","url":"[secret]"}');
  });
});
