/** Vault through the keeper, against the documented HTTP API. */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { vaultSettings } from "../../src/config/vault-settings.ts";
import { RetryLaterError } from "../../src/errors.ts";
import { createVaultRequest } from "../../src/secrets/vault-request.ts";
import { PATIENCE } from "../patience.ts";
import { startVault, type VaultOptions, type VaultServer } from "../servers/vault-server.ts";
import { createKeeper, messageOf, reference, secretFolder, wanted } from "./keeper-world.ts";

const ROLE_ID = "287c396a-role";
const SECRET_ID = "ffa85275-secret-id";
const SHOP = "vault:kv/web/shop#ftp";

async function vault(options: VaultOptions = {}): Promise<VaultServer> {
  const server = await startVault({ roleId: ROLE_ID, secretId: SECRET_ID, ...options });
  onTestFinished(() => server.stop());
  server.secrets.set("web/shop", { ftp: "first value", port: 21, nothing: "", nested: {} });
  return server;
}

const byAppRole = ({ address }: VaultServer, more: object = {}) =>
  createKeeper({
    env: { SECRET_ID },
    settings: { address, appRole: { roleId: ROLE_ID, secretId: "env:SECRET_ID" }, ...more },
  });

const byToken = (server: VaultServer, more: object = {}) =>
  createKeeper({
    env: { VAULT_TOKEN: server.token },
    settings: { address: server.address, token: "env:VAULT_TOKEN", ...more },
  });

const read = (world: ReturnType<typeof createKeeper>, text = SHOP) =>
  world.keeper.resolve(reference(text), "sites.shop.password").then((it) => it.reveal());
const refusal = (world: ReturnType<typeof createKeeper>, text = SHOP) =>
  messageOf(world.keeper.resolve(reference(text), "sites.shop.password"));

describe("logging in to Vault", () => {
  it("works with a token, which is looked up first", async () => {
    const server = await vault();
    expect(await read(byToken(server))).toBe("first value");
    expect(server.asked).toEqual(["GET auth/token/lookup-self", "GET kv/data/web/shop"]);
  });

  it("works as an AppRole, once for many secrets, and gives the token back in the end", async () => {
    const server = await vault();
    const world = byAppRole(server);
    server.secrets.set("other", { key: "another" });
    expect(
      await Promise.all([SHOP, "vault:kv/web/shop#port", "vault:kv/other#key"].map((it) => read(world, it))),
    ).toEqual([...["first value", "21", "another"]]);
    await world.keeper.close();
    expect(server.asked.toSorted()).toEqual([
      ...["GET kv/data/other", "GET kv/data/web/shop"],
      ...["POST auth/approle/login", "POST auth/token/revoke-self"],
    ]);
  });

  it("works with the service account of a pod, whose token is read anew for each login", async () => {
    const path = join(secretFolder(), "token");
    const server = await vault({ role: "slipway", jwt: () => readFileSync(path, "utf8") });
    const { address } = server;
    writeFileSync(path, "jwt-one");
    const world = createKeeper({ settings: { address, kubernetes: { role: "slipway", jwt: path } } });
    expect(await read(world)).toBe("first value");
    writeFileSync(path, "jwt-two");
    server.revoke();
    server.secrets.set("late", { key: "later" });
    expect(await read(world, "vault:kv/late#key")).toBe("later");
    expect(server.made).toHaveLength(2);
  });

  it("names the namespace, and trusts the certificate that is named", async () => {
    const folder = secretFolder();
    const files = ["-keyout", join(folder, "key"), "-out", join(folder, "ca")];
    const subject = ["-subj", "/CN=vault", "-addext", "subjectAltName=IP:127.0.0.1"];
    execFileSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", ...subject, ...files], {
      stdio: "ignore",
    });
    const tls = { key: readFileSync(join(folder, "key"), "utf8"), cert: readFileSync(join(folder, "ca"), "utf8") };
    const server = await vault({ namespace: "team/web", tls });
    expect(await read(byAppRole(server, { namespace: "team/web", ca: join(folder, "ca") }))).toBe("first value");
    expect(await refusal(byAppRole(server, { namespace: "team/web" }))).toMatch(
      /^Vault at https:.* is not reached \((DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED\w*)\)$/,
    );
    expect(await refusal(byAppRole(server, { ca: join(folder, "ca") }))).toMatch(/refuses the login \(403\)/);
    expect(await refusal(byAppRole(server, { ca: join(folder, "nope") }))).toMatch(/^vault\.ca: cannot be read/);
  });

  it("is refused with the key to look at, and without what was sent", async () => {
    const server = await vault();
    const { address } = server;
    const settings = { address, appRole: { roleId: ROLE_ID, secretId: "env:SECRET_ID" } };
    const wrong = await refusal(createKeeper({ env: { SECRET_ID: "a wrong one" }, settings }));
    expect(wrong).toBe(
      "vault.appRole: Vault refuses the login (400): the role or its credential is wrong or has ended",
    );
    const elsewhere = { ...settings, appRole: { ...settings.appRole, mount: "other" } };
    expect(await refusal(createKeeper({ env: { SECRET_ID }, settings: elsewhere }))).toMatch(
      /nothing is mounted at auth\/other/,
    );
    expect(await refusal(createKeeper({ settings }))).toMatch(
      /^vault\.appRole\.secretId: the environment variable SECRET_ID/,
    );
    const ended = createKeeper({ env: { VAULT_TOKEN: "hvs.ended" }, settings: { address, token: "env:VAULT_TOKEN" } });
    expect(await refusal(ended)).toMatch(/^vault\.token: Vault does not take the token \(403\)/);
    const broken = createKeeper({
      env: { VAULT_TOKEN: "hvs\nended" },
      settings: { address, token: "env:VAULT_TOKEN" },
    });
    expect(await refusal(broken)).toBe("vault.token: holds characters that no token has");
  });
});

describe("the token of Vault", () => {
  it("is renewed before its lease ends, and goes on to work", async () => {
    const server = await vault({ lease: 1 });
    const world = byAppRole(server);
    await read(world);
    const renewals = () => server.asked.filter((it) => it === "POST auth/token/renew-self").length;
    await vi.waitFor(() => expect(renewals()).toBeGreaterThan(1), PATIENCE);
    server.secrets.set("late", { key: "later" });
    expect(await read(world, "vault:kv/late#key")).toBe("later");
    expect(server.made).toHaveLength(1);
  });

  it("is followed by a new login where its renewal is refused", async () => {
    const server = await vault({ lease: 1 });
    const world = byAppRole(server);
    await read(world);
    server.refuseRenewals();
    await vi.waitFor(() => expect(server.made.length).toBeGreaterThan(1), PATIENCE);
  });

  it("is followed by a new login before its end where it cannot be renewed", async () => {
    const server = await vault({ lease: 1, renewable: false });
    await read(byAppRole(server));
    await vi.waitFor(() => expect(server.made.length).toBeGreaterThan(1), PATIENCE);
    expect(server.asked).not.toContain("POST auth/token/renew-self");
  });

  it("is read anew from its file when the one before has ended", async () => {
    const server = await vault();
    const path = join(secretFolder(), "token");
    writeFileSync(path, server.token);
    const world = createKeeper({ settings: { address: server.address, token: `file:${path}` } });
    await read(world);
    const login = await fetch(`${server.address}/v1/auth/approle/login`, {
      method: "POST",
      headers: { "x-vault-request": "true", "content-type": "application/json" },
      body: JSON.stringify({ role_id: ROLE_ID, secret_id: SECRET_ID }),
    });
    const next = (await login.json()) as { auth: { client_token: string } };
    server.revoke(server.token);
    writeFileSync(path, `${next.auth.client_token}\n`);
    server.secrets.set("late", { key: "later" });
    expect(await read(world, "vault:kv/late#key")).toBe("later");
  });

  it("stands in no log and no error, whatever fails", async () => {
    const server = await vault({ lease: 1 });
    const world = byAppRole(server, { refresh: "50ms" });
    await world.keeper.open([wanted(SHOP)]);
    server.answerAll(503);
    await vi.waitFor(() => expect(world.count("could not be renewed")).toBeGreaterThan(0), PATIENCE);
    const said = world.logged() + (await refusal(world, "vault:kv/other#key"));
    for (const value of [SECRET_ID, "first value", ...server.made]) expect(said).not.toContain(value);
  });
});

describe("a secret in Vault", () => {
  it.each([
    ["vault:kv/web/shop#user", "kv/web/shop in Vault has no field user"],
    ["vault:kv/web/shop#nothing", "kv/web/shop in Vault has no field nothing"],
    ["vault:kv/web/shop#nested", "kv/web/shop in Vault has no text in the field nested"],
    ["vault:kv/web/shop#__proto__", "kv/web/shop in Vault has no field __proto__"],
    [
      "vault:kv/nope#x",
      "there is nothing at kv/nope in Vault (404): it was never written, was deleted, or kv is no KV engine of version 2",
    ],
    [
      "vault:kv/deleted#x",
      "there is nothing at kv/deleted in Vault (404): it was never written, was deleted, or kv is no KV engine of version 2",
    ],
    [
      "vault:kv/forbidden/x#y",
      "Vault does not let Slipway read kv/forbidden/x (403); its policy has to allow read on kv/data/forbidden/x",
    ],
  ])("that is not there is named: %s", async (text, sentence) => {
    const server = await vault();
    server.secrets.set("deleted", null);
    expect(await refusal(byAppRole(server), text)).toBe(`sites.shop.password: ${sentence}`);
  });

  it("is not read from an engine of version 1", async () => {
    const server = await vault();
    expect(await refusal(byAppRole(server), "vault:old/shop#password")).toMatch(/none of a KV engine of version 2/);
  });

  it("whose path has spaces and signs is found", async () => {
    const server = await vault();
    server.secrets.set("my shop/ä&b=c", { "the key": "found" });
    expect(await read(byAppRole(server), "vault:kv/my shop/ä&b=c#the key")).toBe("found");
  });

  it("is read again at an interval, and keeps its last value while Vault is away, which is said once", async () => {
    const server = await vault();
    const world = byAppRole(server, { refresh: "30ms" });
    await world.keeper.open([wanted(SHOP)]);
    const now = world.values(SHOP);
    expect(now()).toEqual(["first value"]);
    server.secrets.set("web/shop", { ftp: "second value" });
    await vi.waitFor(() => expect(now()).toEqual(["second value"]), PATIENCE);
    server.answerAll(503);
    await vi.waitFor(() => expect(world.count("its last value stays in use")).toBe(1), PATIENCE);
    const asked = server.asked.length;
    await vi.waitFor(() => expect(server.asked.length).toBeGreaterThan(asked + 3), PATIENCE);
    expect(now()).toEqual(["second value"]);
    server.answerAll(null);
    server.secrets.set("web/shop", { ftp: "third value" });
    await vi.waitFor(() => expect(now()).toEqual(["third value"]), PATIENCE);
    expect([world.count("its last value stays in use"), world.count("is there again")]).toEqual([1, 1]);
    expect(world.logged()).not.toMatch(/first value|second value|third value/);
  });

  it.each([412, 429, 472, 473, 474, 500, 502, 503])("may be asked for later when a node answers %i", async (status) => {
    const server = await vault();
    server.answerAll(status);
    const world = byAppRole(server);
    const error = await world.keeper.resolve(reference(SHOP), "k").catch((it: unknown) => it);
    expect(error).toBeInstanceOf(RetryLaterError);
    expect(String(error)).toMatch(new RegExp(`^RetryLaterError: Vault at http://127.0.0.1:\\d+ .*\\(${status}\\)$`));
  });

  it("is never looked for where a redirect leads", async () => {
    const server = await vault();
    server.answerAll(307);
    expect(await refusal(byAppRole(server))).toMatch(/^vault\.address: answers with a redirect \(307\)/);
  });

  it("is waited for when the service starts, for a while", async () => {
    const server = await vault();
    server.answerAll(503);
    const world = byAppRole(server);
    expect(await messageOf(world.keeper.open([wanted(SHOP)]))).toMatch(/sources\.shop\.secret: Vault at .* is sealed/);
    const settings = { address: server.address, appRole: { roleId: ROLE_ID, secretId: "env:SECRET_ID" } };
    const patient = createKeeper({ env: { SECRET_ID }, settings, patienceMs: 20_000 });
    const opening = patient.keeper.open([wanted(SHOP)]);
    const asked = server.asked.length;
    await vi.waitFor(() => expect(server.asked.length).toBeGreaterThan(asked), PATIENCE);
    server.answerAll(null);
    await opening;
    expect(patient.values(SHOP)()).toEqual(["first value"]);
    expect(patient.count("Vault is away; it is waited for, for 20 seconds")).toBe(1);
  });

  it("is not waited for when Slipway stops, and nothing is said of it", async () => {
    const server = await vault();
    const world = byAppRole(server, { refresh: "20ms" });
    await world.keeper.open([wanted(SHOP)]);
    server.hang(true);
    const asked = server.asked.length;
    await vi.waitFor(() => expect(server.asked.length).toBeGreaterThan(asked), PATIENCE);
    const beganMs = performance.now();
    await world.keeper.close();
    expect(performance.now() - beganMs).toBeLessThan(6000);
    expect(world.logged()).toBe("");
  });

  it("is not waited for longer than the limit of one request", async () => {
    const server = await vault();
    server.hang(true);
    const ask = createVaultRequest({ address: server.address }, { timeLimitMs: 200 });
    await expect(ask({ method: "GET", path: "kv/data/x", token: null })).rejects.toThrow(
      /is not reached \(no answer within 0\.2 seconds\)/,
    );
  });
});

describe("vault in slipway.yaml", () => {
  const problem = (settings: object) =>
    vaultSettings
      .safeParse(settings)
      .error?.issues.map((it) => it.message)
      .join("; ");
  const token = "env:VAULT_TOKEN";

  it("names one way to log in, over TLS, with what does not lie in Vault itself", () => {
    expect(problem({ address: "https://v", token })).toBeUndefined();
    expect(problem({ address: "http://127.0.0.1:8200", token })).toBeUndefined();
    expect(problem({ address: "http://vault:8200", plain: true, token })).toBeUndefined();
    expect(problem({ address: "http://vault:8200", token })).toMatch(/sends secrets unencrypted/);
    expect(problem({ address: "https://v" })).toMatch(/has to name one of token, appRole and kubernetes/);
    expect(problem({ address: "https://v", token, kubernetes: { role: "x" } })).toMatch(/has to name one of/);
    expect(problem({ address: "https://v", token: "vault:kv/x#y" })).toMatch(/what Slipway logs in to Vault with/);
    expect(problem({ address: "https://v", token: "hvs.hunter2" })).toMatch(/is not a reference/);
    expect(problem({ address: "https://v", token, namespace: "a b" })).toMatch(/is no namespace/);
  });
});
