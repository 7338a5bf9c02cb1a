import { expect, it, onTestFinished } from "vitest";
import { parseConfig } from "../../src/config/load-config.ts";
import { RetryLaterError } from "../../src/errors.ts";
import { resolveTarget } from "../../src/pipeline/prepare-job.ts";
import { createKeeper } from "../secrets/keeper-world.ts";
import { startVault } from "../servers/vault-server.ts";

it("has the password of today from Vault, and waits where Vault is away", async () => {
  const vault = await startVault();
  onTestFinished(() => vault.stop());
  vault.secrets.set("shop", { ftp: "a password" });
  const config = parseConfig(
    `vault: { address: "${vault.address}", token: env:VAULT_TOKEN }
sites: { shop: { repo: acme/shop, publish: "ftps://u@h/", password: "vault:kv/shop#ftp" } }`,
    "the test",
  );
  const [site] = Object.values(config.sites);
  if (!site || !config.vault) throw new Error("the configuration lacks what it says");
  const target = async () => {
    const { keeper } = createKeeper({ env: { VAULT_TOKEN: vault.token }, vault: config.vault ?? null });
    return resolveTarget(site, "sites.shop", keeper.resolve);
  };
  expect(await target()).toMatchObject({ protocol: "ftps", password: "a password" });
  vault.answerAll(503);
  await expect(target()).rejects.toThrow(RetryLaterError);
});
