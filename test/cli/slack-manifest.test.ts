/** `slipway slack-manifest` as a process. */
import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { newAppLink, slackManifest } from "../../src/cli/slack-manifest.ts";
import { BUILT_PROGRAM } from "../built-program.ts";
import { temporaryFolder } from "../git/git-repository.ts";

/** Runs it in a folder with such a slipway.yaml, or with none. */
function run(yaml: string | null, ...args: string[]) {
  const folder = temporaryFolder();
  if (yaml !== null) writeFileSync(join(folder, "slipway.yaml"), yaml);
  return new Promise<{ code: number; out: string; told: string }>((resolve) => {
    const options = { cwd: folder, env: { PATH: process.env.PATH } };
    execFile(process.execPath, [BUILT_PROGRAM, "slack-manifest", ...args], options, (error, out, told) => {
      resolve({ code: typeof error?.code === "number" ? error.code : 0, out, told });
    });
  });
}

describe("slipway slack-manifest", () => {
  test("prints it with the operator's address, and nothing else where no person looks", async () => {
    const { code, out, told } = await run("url: https://deploy.acme.example/");
    expect([code, told]).toEqual([0, ""]);
    expect(out).toContain('request_url: "https://deploy.acme.example/slack/events"');
    expect(out).not.toContain("slipway.example.com");
    expect(parse(out)).toEqual(parse(slackManifest({ url: "https://deploy.acme.example", isSocket: false })));
  });

  test("prints the file with its placeholder where there is no address yet, and says so", async () => {
    const none = await run(null);
    expect([none.code, none.out]).toEqual([0, readFileSync("slack-manifest.yaml", "utf8")]);
    expect(none.told).toContain("replace https://slipway.example.com by where Slack reaches Slipway");
    const http = await run("url: http://deploy.acme.example");
    expect(http.told).toBe("url: is no https address, and Slack sends to no other; --socket needs none\n");
  });

  test("prints no address at all for Socket Mode", async () => {
    const { out, told } = await run("url: https://deploy.acme.example/", "--socket");
    const manifest = parse(out);
    expect(manifest.settings).toEqual({
      event_subscriptions: { bot_events: ["app_mention", "message.im"] },
      interactivity: { is_enabled: true },
      ...{ socket_mode_enabled: true, org_deploy_enabled: false, token_rotation_enabled: false },
    });
    expect([out.includes("acme.example"), told]).toEqual([false, ""]);
    expect(out).toContain("connections:write");
  });

  test("offers a link that says the same, short enough for a browser", () => {
    const manifest = slackManifest({ url: "https://deploy.acme.example", isSocket: false });
    const link = new URL(newAppLink(manifest));
    expect(`${link.origin}${link.pathname}`).toBe("https://api.slack.com/apps");
    expect(link.searchParams.get("new_app")).toBe("1");
    expect(parse(link.searchParams.get("manifest_yaml") ?? "")).toEqual(parse(manifest));
    // Spaces as %20: whoever reads an address need not take + for one.
    expect(link.search).not.toContain("+");
    expect(link.href.length).toBeLessThan(4000);
  });
});
