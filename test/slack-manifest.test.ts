import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Manifest } from "@slack/web-api/dist/types/request/manifest.d.ts";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { slackManifest } from "../src/cli/slack-manifest.ts";
import { VERBS } from "../src/model/command.ts";
import { secret } from "../src/secrets/secret.ts";
import { createSlackSource } from "../src/sources/slack.ts";

const text = readFileSync("slack-manifest.yaml", "utf8");
const manifest = parse(text) as Manifest;
const { features, settings } = manifest;
const commands = features?.slash_commands ?? [];
const scopes = (manifest.oauth_config?.scopes?.bot ?? []) as string[];

/** What needs each scope: a method that is called, or an event or command that arrives. docs.slack.dev/reference/scopes */
const USES: Readonly<Record<string, string>> = {
  "app_mentions:read": "app_mention",
  "channels:history": "conversations.history",
  "channels:read": "conversations.info",
  "chat:write": "chat.postMessage",
  commands: "/deploy",
  "groups:history": "conversations.history",
  "groups:read": "conversations.info",
  "im:history": "message.im",
  "usergroups:read": "usergroups.list",
  "users:read": "users.info",
};

describe("slack-manifest.yaml", () => {
  it("is what `slipway slack-manifest` prints where no address is known", () => {
    expect(text).toBe(slackManifest({ url: null, isSocket: false }));
  });

  it("sends everything to the path where Slipway takes it", () => {
    const urls = [
      settings?.event_subscriptions?.request_url,
      settings?.interactivity?.request_url,
      ...commands.map(({ url }) => url),
    ];
    expect(new Set(urls)).toEqual(new Set([`https://slipway.example.com${createSlackSource([secret("any")]).path}`]));
    expect(settings).toMatchObject({
      event_subscriptions: { bot_events: ["app_mention", "message.im"] },
      ...{ interactivity: { is_enabled: true }, socket_mode_enabled: false, org_deploy_enabled: false },
      token_rotation_enabled: false,
    });
  });

  it("has a command for each of the verbs that are most used, whose name is the verb", () => {
    const verbs = commands.map(({ command }) => command.slice(1));
    expect(verbs).toEqual(["deploy", "redeploy", "rebuild", "rollback"]);
    expect(verbs.filter((verb) => !VERBS.some((known) => known === verb))).toEqual([]);
    expect(commands.every(({ command, should_escape }) => command.startsWith("/") && should_escape === true)).toBe(
      true,
    );
  });

  it("keeps Slack's limits", () => {
    expect(manifest.display_information.name.length).toBeLessThanOrEqual(35);
    expect(manifest.display_information.description?.length).toBeLessThanOrEqual(140);
    expect(manifest.display_information.background_color).toMatch(/^#[0-9a-f]{6}$/);
    expect(features?.bot_user).toEqual({ display_name: "slipway", always_online: true });
    for (const { command, description, usage_hint = "" } of commands) {
      expect(command.length).toBeLessThanOrEqual(32);
      expect(description.length).toBeLessThanOrEqual(2000);
      expect(usage_hint.length).toBeLessThanOrEqual(1000);
    }
  });

  it("lets people write to the bot", () => {
    expect(features?.app_home).toMatchObject({ messages_tab_enabled: true, messages_tab_read_only_enabled: false });
  });

  it("asks for the scopes that are used, sorted, each with what it is for, and for no other", () => {
    expect(scopes).toEqual(Object.keys(USES).toSorted());
    for (const scope of scopes) expect(text).toMatch(new RegExp(`^ +- ${scope} +# .{10,}$`, "m"));
    const source = readdirSync("src", { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith(".ts") && !path.startsWith("demo") && !path.endsWith("slack-manifest.ts"))
      .map((path) => readFileSync(join("src", path), "utf8"))
      .join("\n");
    const methods = scopes.map((scope) => USES[scope] ?? "").filter((use) => /^[a-z]+\.[a-zA-Z]+$/.test(use));
    const called = methods.filter((method) => method !== "message.im");
    expect(called.filter((method) => !source.includes(`"${method}"`))).toEqual([]);
    const arriving: string[] = [
      ...(settings?.event_subscriptions?.bot_events ?? []),
      ...commands.map((it) => it.command),
    ];
    const heard = scopes.map((scope) => USES[scope] ?? "").filter((use) => !called.includes(use));
    expect(heard.filter((use) => !arriving.includes(use))).toEqual([]);
  });
});
