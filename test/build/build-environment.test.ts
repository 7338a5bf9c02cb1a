import { expect, test } from "vitest";
import { buildEnvironment } from "../../src/build/build-environment.ts";
import { gitEnvironment } from "../../src/git/git-environment.ts";
import { workerEnvironment } from "../../src/process/environment.ts";

/** What must never reach a worker or a build, whoever set it. */
const CANARIES = [
  "APP_ID",
  "PRIVATE_KEY",
  "PRIVATE_KEY_PATH",
  "WEBHOOK_SECRET",
  "WEBHOOK_SECRET_PREVIOUS",
  "SLACK_BOT_TOKEN",
  "SLACK_SIGNING_SECRET",
  "SLACK_APP_TOKEN",
  "DATABASE_URL",
  "QUEUE_URL",
  "SHOP_FTP_PASSWORD",
  "GITHUB_TOKEN",
  "AWS_SECRET_ACCESS_KEY",
  "NODE_OPTIONS",
  "NODE_AUTH_TOKEN",
  "NPM_TOKEN",
  "npm_config__auth",
  "npm_config__authToken",
  "npm_config_//registry.example.com/:_authToken",
  "npm_config_prefix",
  "npm_config_local_prefix",
  "npm_package_name",
  "LD_PRELOAD",
  "GIT_DIR",
  "GIT_TRACE_CURL",
];
const canaries = Object.fromEntries(CANARIES.map((name) => [name, "canary"]));

const from = {
  ...canaries,
  PATH: "/srv/slipway/node_modules/.bin:node_modules/.bin::.:/usr/lib/node_modules/npm/node_modules/@npmcli/run-script/lib/node-gyp-bin:/usr/bin:/bin",
  LANG: "de_DE.UTF-8",
  HOME: "/home/slipway",
  SSH_AUTH_SOCK: "/run/agent",
  https_proxy: "http://proxy:3128",
  NO_PROXY: "localhost",
  NODE_EXTRA_CA_CERTS: "/etc/ca.pem",
  npm_config_registry: "https://registry.example.com",
  "npm_config_@acme:registry": "https://npm.example.com",
};

function environment(changes: Partial<Parameters<typeof buildEnvironment>[0]> = {}) {
  return buildEnvironment({
    from,
    binFolders: ["/opt/node/bin"],
    homeFolder: "/data/workspaces/d-1/home",
    temporaryFolder: "/data/workspaces/d-1/tmp",
    workFolder: "/data/workspaces/d-1",
    site: "shop",
    commit: "abc",
    branch: "main",
    env: { API_URL: "https://api.example.com" },
    ...changes,
  });
}

test("A build sees exactly these variables", () => {
  expect(environment()).toEqual({
    PATH: "/opt/node/bin:/usr/bin:/bin",
    LANG: "de_DE.UTF-8",
    https_proxy: "http://proxy:3128",
    NO_PROXY: "localhost",
    NODE_EXTRA_CA_CERTS: "/etc/ca.pem",
    npm_config_registry: "https://registry.example.com",
    "npm_config_@acme:registry": "https://npm.example.com",
    HOME: "/data/workspaces/d-1/home",
    TMPDIR: "/data/workspaces/d-1/tmp",
    GIT_CEILING_DIRECTORIES: "/data/workspaces/d-1",
    CI: "true",
    SLIPWAY_SITE: "shop",
    SLIPWAY_COMMIT: "abc",
    SLIPWAY_BRANCH: "main",
    API_URL: "https://api.example.com",
  });
});

test("Neither a worker, nor git, nor a build gets a secret of the service", () => {
  const all = [workerEnvironment(from), gitEnvironment(from, { url: "https://x.example", token: null }), environment()];
  for (const env of all) expect(Object.values(env)).not.toContain("canary");
});

test("A worker keeps what git needs to reach a host, and a build does not get it", () => {
  expect(workerEnvironment(from)).toMatchObject({ HOME: "/home/slipway", SSH_AUTH_SOCK: "/run/agent" });
  expect(environment()).not.toHaveProperty("SSH_AUTH_SOCK");
});

test("A search path that is missing is replaced by the usual one", () => {
  expect(environment({ from: {} }).PATH).toBe("/opt/node/bin:/usr/local/bin:/usr/bin:/bin");
});
