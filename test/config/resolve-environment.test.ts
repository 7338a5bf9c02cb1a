import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pino } from "pino";
import { expect, it, onTestFinished } from "vitest";
import { checkSettings } from "../../src/cli/doctor/settings.ts";
import { checkAllSettings, loadSettings } from "../../src/cli/settings.ts";
import { loadEnvironment } from "../../src/config/load-environment.ts";
import { resolveEnvironment } from "../../src/config/resolve-environment.ts";
import { createKeeper, messageOf, secretFolder } from "../secrets/keeper-world.ts";
import { startVault } from "../servers/vault-server.ts";

const SECRET = "the secret of these tests";

/** A folder with slipway.yaml, a file with the secret, and a helper that is in PATH. */
function folderWith(yaml: string) {
  const folder = secretFolder();
  writeFileSync(join(folder, "slipway.yaml"), yaml);
  writeFileSync(join(folder, "hook"), `${SECRET}\n`);
  writeFileSync(
    join(folder, "vaulty"),
    `#!/bin/sh\n[ "$1" = tell ] && echo "from the helper" && exit 0\necho "no: $1" >&2\nexit 3\n`,
  );
  chmodSync(join(folder, "vaulty"), 0o755);
  return { folder, env: { PATH: `${folder}:/usr/bin:/bin`, SLIPWAY_CONFIG: join(folder, "slipway.yaml") } };
}

it("puts values where variables hold references, and leaves all else as it is", async () => {
  const { folder, env } = folderWith("");
  const { keeper } = createKeeper({ env });
  const given = {
    ...{
      ...env,
      WEBHOOK_SECRET: `file:${folder}/hook`,
      SLACK_BOT_TOKEN: "exec:vaulty tell",
      DATABASE_URL: "file:/data/x.db",
    },
    ...{ SLACK_SIGNING_SECRET: "a literal value, long", SHOP_PASSWORD: "exec:vaulty tell", PRIVATE_KEY: "" },
  };
  const resolved = await resolveEnvironment(given, keeper.resolve);
  expect(resolved).toEqual({ ...given, WEBHOOK_SECRET: SECRET, SLACK_BOT_TOKEN: "from the helper" });
  expect(loadEnvironment(resolved).database).toEqual({ kind: "sqlite", path: "/data/x.db" });
});

it("names every variable whose secret is not there", async () => {
  const { env } = folderWith("");
  const { keeper } = createKeeper({ env });
  const given = { WEBHOOK_SECRET: "file:/nope", SLACK_BOT_TOKEN: "exec:vaulty hunter2", DATABASE_URL: "vault:kv/x" };
  expect((await messageOf(resolveEnvironment(given, keeper.resolve))).split("\n").toSorted()).toEqual([
    "  DATABASE_URL: names no field of a secret in Vault; write vault:mount/path#field",
    "  SLACK_BOT_TOKEN: vaulty failed with exit code 3",
    "  WEBHOOK_SECRET: the file /nope cannot be read (ENOENT)",
    "The environment has 3 problems:",
  ]);
});

it("finds the environment's secrets in the Vault that slipway.yaml names, for every command", async () => {
  const vault = await startVault();
  vault.secrets.set("slipway", { webhook: SECRET });
  const { env } = folderWith(`vault: { address: "${vault.address}", token: env:VAULT_TOKEN }`);
  const given = { ...env, VAULT_TOKEN: vault.token, WEBHOOK_SECRET: "vault:kv/slipway#webhook" };
  const { environment, config } = await loadSettings(given);
  expect(environment.webhookSecrets.map((it) => it.reveal())).toEqual([SECRET]);
  expect(config.vault?.refresh).toBe(300_000);
  vault.answerAll(503);
  expect(await messageOf(loadSettings(given))).toMatch(
    /WEBHOOK_SECRET: Vault at .* is sealed, or down for maintenance \(503\)/,
  );
  await vault.stop();
});

it("waits for a Vault that is away where the service starts, and says so", async () => {
  const vault = await startVault();
  onTestFinished(() => vault.stop());
  vault.secrets.set("slipway", { webhook: SECRET });
  const { env } = folderWith(`vault: { address: "${vault.address}", token: env:VAULT_TOKEN }`);
  const given = { ...env, VAULT_TOKEN: vault.token, WEBHOOK_SECRET: "vault:kv/slipway#webhook" };
  vault.answerAll(503);
  const said = Promise.withResolvers<string>();
  const waitingLog = pino({ level: "warn" }, { write: said.resolve });
  const loading = loadSettings(given, { waitingLog });
  expect(await said.promise).toContain("Vault is away; it is waited for, for 15 seconds");
  vault.answerAll(null);
  expect((await loading).environment.webhookSecrets.map((it) => it.reveal())).toEqual([SECRET]);
});

it("looks at variables and files for every command, and at everything for the check and the doctor", async () => {
  const site = `repo: acme/shop, publish: "ftps://u@h/", password: "exec:vaulty hunter2"`;
  const { env, folder } = folderWith(`sites: { shop: { ${site}, build: { secrets: { KEY: env:SHOP_KEY } } } }`);
  const given = { ...env, WEBHOOK_SECRET: `file:${folder}/hook` };
  expect(await messageOf(loadSettings(given))).toMatch(
    / {2}sites\.shop\.build\.secrets\.KEY: the environment variable SHOP_KEY/,
  );
  const whole = { ...given, SHOP_KEY: "x" };
  await loadSettings(whole);
  expect(await messageOf(checkAllSettings(whole))).toBe(
    "What slipway.yaml names as secrets has a problem:\n  sites.shop.password: vaulty failed with exit code 3",
  );
  const { findings } = await checkSettings(whole);
  const about = (key: string) => findings.find((it) => it.about === key);
  expect(about("sites.shop.password")).toMatchObject({
    says: "vaulty failed with exit code 3",
    advice: "it said: no: hunter2",
  });
  expect(about("secrets")?.says).toBe("found: sites.shop.build.secrets.KEY");
});

it("has the doctor look at what opens repositories, asks senders and signs webhooks, by their keys", async () => {
  const { env } = folderWith(`sites:
  lab: { repo: g/lab, git: "https://h/g/lab.git", gitToken: env:GONE, publish: "dir:/srv/lab" }
  key: { repo: g/key, git: "git@h:g/key.git", deployKey: env:GONE, publish: "dir:/srv/key" }
sources:
  am: { kind: alertmanager, secret: env:GONE, sites: [lab], silence: { url: "https://am.example.com", token: env:GONE } }
webhooks:
  - { url: "https://example.com/hook", secret: env:GONE }
`);
  const { findings } = await checkSettings({ ...env, WEBHOOK_SECRET: SECRET });
  const bad = findings.filter((it) => it.state === "bad");
  for (const { says } of bad) expect(says).toContain("the environment variable GONE is empty or missing");
  expect(bad.map((it) => it.about)).toEqual([
    ...["sites.lab.gitToken", "sites.key.deployKey", "sources.am.secret", "sources.am.silence.token"],
    "webhooks.0.secret",
  ]);
});
