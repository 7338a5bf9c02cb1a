/** What the App's manifest asks for is what the code needs: each route that is called, each event that is read. */
import { globSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { payloadSchema } from "../../src/github/payloads.ts";
import { secret } from "../../src/secrets/secret.ts";
import { createGithubSource } from "../../src/sources/github.ts";

type Permission = { readonly name: string; readonly level: "read" | "write" } | null;
const needs = (name: string, level: "read" | "write" = "read"): Permission => ({ name, level });

/**
 * The least that GitHub wants for a route; null: the App's own key is enough. The first line that fits counts.
 * docs.github.com/en/rest/authentication/permissions-required-for-github-apps
 */
const ROUTES: ReadonlyArray<[RegExp, Permission]> = [
  [/^\w+ \/app\//, null],
  [/^GET \/repos\/[^/]+\/[^/]+\/collaborators\/[^/]+\/permission$/, needs("metadata")],
  [/^GET \/repos\/[^/]+\/[^/]+\/deployments\b/, needs("deployments")],
  [/^POST \/repos\/[^/]+\/[^/]+\/deployments\b/, needs("deployments", "write")],
  [/^GET \/repos\/[^/]+\/[^/]+\/(commits\/[^/]+\/)?check-runs\b/, needs("checks")],
  [/^(POST|PATCH) \/repos\/[^/]+\/[^/]+\/check-runs\b/, needs("checks", "write")],
  [/^GET \/repos\/[^/]+\/[^/]+\/actions\//, needs("actions")],
];

/** What an App must have to be told: docs.github.com/webhooks/webhook-events-and-payloads. Null: every App is. */
const EVENTS: Readonly<Record<string, Permission>> = {
  push: needs("contents"),
  repository: needs("metadata"),
  workflow_run: needs("actions"),
  // To be told of clicks and of Re-run takes more than to be told of check runs.
  check_run: needs("checks", "write"),
  check_suite: needs("checks"),
  deployment: needs("deployments"),
  deployment_status: needs("deployments"),
  installation: null,
  installation_repositories: null,
  ping: null,
};
/** "GitHub Apps with write-level access for the Checks permission are automatically subscribed" to the check events. */
const UNASKED = ["installation", "installation_repositories", "ping", "check_run", "check_suite"];

/** Every file of the service; the demo's GitHub serves routes, and calls none. */
const sources = globSync("src/**/*.ts")
  .filter((file) => !file.startsWith("src/demo/"))
  .map((file) => readFileSync(file, "utf8"))
  .join("\n");

/** The routes that the code names, "POST /repos/{owner}/{repo}/deployments". */
const called = [
  ...[...sources.matchAll(/["`]((?:GET|POST|PATCH|PUT|DELETE) \/(?:repos|app|orgs|installation|users)\/[^"`\s]+)["`]/g)]
    .map(([, route = ""]) => route)
    .sort(),
  // artifacts/github-api.ts reads with an address of its own.
  ...[...sources.matchAll(/["`](\/actions\/[^"`\s?]+)/g)].map(([, path]) => `GET /repos/{owner}/{repo}${path}`),
];

const manifest = parse(readFileSync("app.yml", "utf8")) as {
  name: string;
  url: string;
  hook_attributes: { url: string; active: boolean };
  default_permissions: Record<string, string>;
  default_events: string[];
};

const isGranted = (permission: Permission) =>
  permission === null ||
  manifest.default_permissions[permission.name] === "write" ||
  manifest.default_permissions[permission.name] === permission.level;

describe("the GitHub App's manifest", () => {
  it("sends webhooks to the path where Slipway takes them", () => {
    const { path } = createGithubSource([secret("any")]);
    expect(new URL(manifest.hook_attributes.url).pathname).toBe(path);
    expect(manifest.hook_attributes.active).toBe(true);
  });

  it("grants what every route that is called needs", () => {
    for (const part of ["/deployments", "/check-runs", "/permission", "/actions/", "/access_tokens"]) {
      expect(called.filter((route) => route.includes(part))).not.toEqual([]);
    }
    const refused = called.filter((route) => {
      const known = ROUTES.find(([pattern]) => pattern.test(route));
      return known === undefined || !isGranted(known[1]);
    });
    expect(refused).toEqual([]);
  });

  it("asks for no permission, and no level of one, that nothing needs", () => {
    const routes = called.map((route) => ROUTES.find(([pattern]) => pattern.test(route))?.[1] ?? null);
    // A clone is no route of the API.
    const used = [...routes, needs("contents"), needs("metadata")].filter((one) => one !== null);
    const least: Record<string, string> = {};
    for (const { name, level } of used) if (least[name] !== "write") least[name] = level;
    expect(manifest.default_permissions).toEqual(least);
  });

  it("asks for the events that are read, as far as its permissions let it", () => {
    const app = readFileSync("src/github/app.ts", "utf8");
    const read = [...new Set([...app.matchAll(/\bapp\.on\("([a-z_]+)/g)].map(([, event = ""]) => event))];
    expect(read).toContain("push");
    expect(read.filter((event) => !(event in EVENTS) || !payloadSchema(event).isUsed)).toEqual([]);
    expect(read.filter((event) => !isGranted(EVENTS[event] ?? null))).toEqual([]);
    const asked = (events: readonly string[]) => events.filter((event) => !UNASKED.includes(event)).sort();
    expect(asked(manifest.default_events)).toEqual(asked(read));
  });
});
