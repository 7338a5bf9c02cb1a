import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { secret } from "../../src/secrets/secret.ts";
import { createGithubSource } from "../../src/sources/github.ts";

describe("the GitHub App's manifest", () => {
  const manifest = parse(readFileSync("app.yml", "utf8")) as {
    name: string;
    url: string;
    hook_attributes: { url: string; active: boolean };
    default_permissions: Record<string, string>;
    default_events: string[];
  };

  it("sends webhooks to the path where Slipway takes them", () => {
    const { path } = createGithubSource([secret("any")]);
    expect(new URL(manifest.hook_attributes.url).pathname).toBe(path);
    expect(manifest.hook_attributes.active).toBe(true);
  });

  it("asks for the permissions that are used, and for no other", () => {
    expect(manifest.default_permissions).toEqual({
      metadata: "read",
      contents: "read",
      deployments: "write",
      checks: "write",
      actions: "read",
    });
    expect(manifest.default_events).toEqual([
      "push",
      "workflow_run",
      "check_suite",
      "check_run",
      "deployment",
      "repository",
    ]);
  });
});
