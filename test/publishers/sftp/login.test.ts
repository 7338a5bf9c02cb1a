/** Whom the SFTP publisher trusts, how it logs in, and what it says when it cannot. */
import { execFile, execFileSync } from "node:child_process";
import { createPublicKey } from "node:crypto";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import ssh2 from "ssh2";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { OperatorError, PermanentError } from "../../../src/errors.ts";
import { UNKNOWN_HOST } from "../../../src/publishers/host-profile.ts";
import type { OpenOptions, SftpTarget } from "../../../src/publishers/publisher.ts";
import { createSftpPublisher } from "../../../src/publishers/sftp/sftp.ts";
import { PATIENCE } from "../../patience.ts";
import { describeWith } from "../../servers/available.ts";
import { createKeyPair, type KeyPair } from "../../servers/openssh.ts";
import { PASSWORD, QUICK, startFor, targetFor, temporaryFolder } from "./world.ts";

/** Opens and closes a session; answers with what was learned, or with what `open` threw. */
async function tryOpen(target: SftpTarget, options: OpenOptions = {}) {
  try {
    const session = await createSftpPublisher(target, QUICK).open(options);
    await session.close();
    return session.profile();
  } catch (error) {
    expect(String(error)).not.toContain(PASSWORD);
    return error as Error;
  }
}

function count(text: string, pattern: RegExp): number {
  return text.split("\n").filter((line) => pattern.test(line)).length;
}

/** The line for authorized_keys, as RFC 4253 section 6.6, RFC 5656 section 3.1 and RFC 8709 section 4 write keys. */
function publicKeyOf(pem: string): string {
  const { kty, n = "", e = "", x = "", y = "" } = createPublicKey(pem).export({ format: "jwk" });
  const bytes = (part: string) => Buffer.from(part, "base64url");
  const number = (part: string) => Buffer.concat([Buffer.alloc((bytes(part)[0] ?? 0) >> 7), bytes(part)]);
  const point = Buffer.concat([Buffer.from([4]), bytes(x), bytes(y)]);
  const [type, ...parts] =
    kty === "RSA"
      ? (["ssh-rsa", number(e), number(n)] as const)
      : kty === "EC"
        ? (["ecdsa-sha2-nistp256", "nistp256", point] as const)
        : (["ssh-ed25519", bytes(x)] as const);
  const blob = [type, ...parts].flatMap((part) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(part.length);
    return [length, Buffer.from(part)];
  });
  return `${type} ${Buffer.concat(blob).toString("base64")}`;
}

describeWith("sshd", "the host's key", () => {
  it("is accepted when it is the pinned one, and remembered", async () => {
    const { server } = await startFor();
    expect(await tryOpen(targetFor(server))).toMatchObject({ hostKey: server.fingerprints[0] });
  });

  it("may be any of the keys the host has", async () => {
    const hostKeys = [createKeyPair("ed25519"), createKeyPair("ecdsa"), createKeyPair("rsa")];
    const { server } = await startFor({ hostKeys });
    for (const hostKey of server.fingerprints) {
      expect(await tryOpen(targetFor(server, { hostKey }))).toMatchObject({ hostKey });
    }
  });

  it("is refused when it is another than the pinned one, and the password is not sent", async () => {
    const { server } = await startFor({ hostKeys: [createKeyPair("ed25519"), createKeyPair("rsa")] });
    const hostKey = `SHA256:${"A".repeat(43)}`;
    const error = await tryOpen(targetFor(server, { hostKey, acceptNewHostKey: true }));
    expect(error).toBeInstanceOf(OperatorError);
    expect(error).toMatchObject({ key: "sites.shop.hostKey" });
    expect(String(error)).toContain(hostKey);
    expect(String(error)).toContain(server.fingerprints[0]);
    await vi.waitFor(() => expect(server.log()).toMatch(/preauth/), PATIENCE);
    expect(server.log()).not.toMatch(/password|slipway/);
  });

  it("is refused when none is pinned, with what to write, for a site and for the command line", async () => {
    const { server } = await startFor();
    const [shown] = server.fingerprints;
    const site = await tryOpen(targetFor(server, { hostKey: null }));
    expect(site).toMatchObject({ name: "OperatorError", key: "sites.shop.hostKey" });
    expect(String(site)).toContain(`hostKey: ${shown}`);
    const line = await tryOpen(targetFor(server, { hostKey: null, key: "--to" }));
    expect(line).toMatchObject({ name: "OperatorError", key: "--host-key" });
    expect(String(line)).toContain(`--host-key ${shown}`);
    expect(server.log()).not.toMatch(/password|slipway/);
  });

  it("is taken when a new one may be, and from then on has to be the same", async () => {
    const { server } = await startFor();
    const target = targetFor(server, { hostKey: null, acceptNewHostKey: true });
    const learned = await tryOpen(target);
    expect(learned).toMatchObject({ hostKey: server.fingerprints[0] });
    expect(await tryOpen(target, { profile: { ...UNKNOWN_HOST, hostKey: server.fingerprints[0] ?? null } })).toEqual(
      learned,
    );
    const changed = await tryOpen(target, { profile: { ...UNKNOWN_HOST, hostKey: `SHA256:${"B".repeat(43)}` } });
    expect(changed).toMatchObject({ name: "OperatorError", key: "sites.shop.hostKey" });
  });
});

describeWith("sshd", "the login", () => {
  it("tries a wrong password exactly once, and names the setting", async () => {
    const { server } = await startFor({ asks: "either" });
    const wrong = { password: "not-the-secret-word" };
    expect(await tryOpen(targetFor(server, wrong))).toMatchObject({
      name: "OperatorError",
      key: "sites.shop.password",
    });
    await vi.waitFor(() => expect(server.log()).toMatch(/Failed/), PATIENCE);
    expect(count(server.log(), /Failed (password|keyboard)/)).toBe(1);
    expect(count(server.log(), /Connection from/)).toBe(1);
    expect(await tryOpen(targetFor(server, { ...wrong, key: "--to" }))).toMatchObject({ key: "SLIPWAY_PASSWORD" });
  });

  it("answers a host that asks for the password interactively, and a wrong one only once", async () => {
    const { server } = await startFor({ asks: "keyboard-interactive" });
    expect(await tryOpen(targetFor(server))).not.toBeInstanceOf(Error);
    expect(await tryOpen(targetFor(server, { password: "wrong" }))).toMatchObject({ key: "sites.shop.password" });
    await vi.waitFor(() => expect(server.log()).toMatch(/Failed/), PATIENCE);
    expect(count(server.log(), /PAM: Authentication failure/)).toBeLessThanOrEqual(1);
    expect(count(server.log(), /Failed keyboard/)).toBe(1);
  });

  it.each(["ed25519", "ecdsa", "rsa"] as const)("takes an encrypted %s key", async (type) => {
    const key = createKeyPair(type, "opensesame");
    const { server } = await startFor({ publicKey: key.public });
    const login = { password: null, privateKey: `${key.private}\n`, passphrase: "opensesame" };
    expect(await tryOpen(targetFor(server, login))).not.toBeInstanceOf(Error);
  });

  it.each([
    ["RSA", ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]],
    ["ECDSA", ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]],
    ["Ed25519", ["-algorithm", "ED25519"]],
  ])("takes an %s key as OpenSSL writes it, encrypted and not", async (_, args) => {
    const pem = execFileSync("openssl", ["genpkey", ...args]).toString();
    const hide = ["pkcs8", "-topk8", "-passout", "pass:opensesame"];
    const encrypted = execFileSync("openssl", hide, { input: pem }).toString();
    const { server } = await startFor({ publicKey: publicKeyOf(pem) });
    for (const changes of [{ privateKey: pem }, { privateKey: encrypted, passphrase: "opensesame" }]) {
      expect(await tryOpen(targetFor(server, { password: null, ...changes }))).not.toBeInstanceOf(Error);
    }
    const locked = targetFor(server, { password: null, privateKey: encrypted, passphrase: "wrong" });
    expect(await tryOpen(locked)).toMatchObject({ key: "sites.shop.passphrase" });
  });

  it("takes a key before a password, and both where the host wants both", async () => {
    const key = createKeyPair();
    const { server } = await startFor({ publicKey: key.public });
    expect(await tryOpen(targetFor(server, { privateKey: key.private }))).not.toBeInstanceOf(Error);
    await vi.waitFor(() => expect(server.log()).toMatch(/Accepted/), PATIENCE);
    expect(server.log()).toMatch(/Accepted publickey/);
    const strict = await startFor({ publicKey: key.public, authenticationMethods: "publickey,password" });
    expect(await tryOpen(targetFor(strict.server, { privateKey: key.private }))).not.toBeInstanceOf(Error);
  });

  it("goes on with the password when the host does not know the key", async () => {
    const { server } = await startFor({ publicKey: createKeyPair().public });
    expect(await tryOpen(targetFor(server, { privateKey: createKeyPair().private }))).not.toBeInstanceOf(Error);
  });

  it("takes the keys of an agent, and says so when there is none", async () => {
    const key = createKeyPair();
    const { server } = await startFor({ publicKey: key.public });
    const agent = await startAgent(key);
    expect(await tryOpen(targetFor(server, { password: null, agent }))).not.toBeInstanceOf(Error);
    const missing = { agent: join(agent, "missing") };
    expect(await tryOpen(targetFor(server, { ...missing, password: null }))).toMatchObject({
      name: "OperatorError",
      key: "sites.shop.agent",
    });
    expect(await tryOpen(targetFor(server, missing))).not.toBeInstanceOf(Error);
  });

  it("says which setting is wrong when a key cannot be used", async () => {
    const key = createKeyPair("ed25519", "opensesame");
    const { server } = await startFor({ publicKey: createKeyPair().public });
    const keyOf = async (changes: Partial<SftpTarget>) => {
      const error = await tryOpen(targetFor(server, { password: null, ...changes }));
      expect(error).toBeInstanceOf(OperatorError);
      expect(String(error)).not.toContain("opensesame");
      return (error as OperatorError).key;
    };
    expect(await keyOf({ privateKey: key.private })).toBe("sites.shop.passphrase");
    expect(await keyOf({ privateKey: key.private, passphrase: "opensesame!" })).toBe("sites.shop.passphrase");
    expect(await keyOf({ privateKey: key.private, key: "--to" })).toBe("SLIPWAY_KEY_PASSPHRASE");
    expect(await keyOf({ privateKey: "no key at all" })).toBe("sites.shop.privateKey");
    expect(await keyOf({ privateKey: key.public, key: "--to" })).toBe("--key");
    expect(server.log()).not.toMatch(/Connection from/);
    expect(await keyOf({ privateKey: createKeyPair().private })).toBe("sites.shop.privateKey");
  });
});

describeWith("sshd", "a host where SFTP does not work", () => {
  it("names the setting when the folder is missing or is a file, and tells where the account lands", async () => {
    const { server, folder } = await startFor();
    const missing = await tryOpen(targetFor(server, { folder: join(folder, "missing") }));
    expect(missing).toMatchObject({ name: "OperatorError", key: "sites.shop.publish" });
    expect(String(missing)).toContain(`lands in "${folder}"`);
    expect(await tryOpen(targetFor(server, { folder: "/etc/hostname" }))).toMatchObject({ key: "sites.shop.publish" });
  });

  it.each([
    ["serves no SFTP", null],
    ["prints a greeting instead", "echo This account is not available."],
    ["ends at once", "false"],
  ])("says so when it %s", async (_, subsystem) => {
    const { server } = await startFor({ subsystem });
    const error = await tryOpen(targetFor(server));
    expect(error).toMatchObject({ name: "OperatorError", key: "sites.shop.publish" });
    expect(String(error)).toContain("serves no SFTP");
  });
});

describe("a port where no SSH server is", () => {
  it("tells an FTP server by its greeting, and sends it nothing secret", async () => {
    const received: string[] = [];
    const port = await startListener((socket) => {
      socket.on("data", (chunk) => received.push(String(chunk)));
      socket.write("220-Welcome to Pure-FTPd\r\n220 You will be disconnected after 15 minutes.\r\n");
    });
    const error = await tryOpen(targetFor({ port, user: "slipway", fingerprints: [] }));
    expect(error).toMatchObject({ name: "OperatorError", key: "sites.shop.publish" });
    expect(String(error)).toContain("this is FTP; write ftps://");
    expect(received.join("")).not.toContain(PASSWORD);
  });

  it("may be tried again when nobody listens, the host hangs up, or its name is not known", async () => {
    const port = await startListener((socket) => socket.end("Exceeded MaxStartups\r\n"));
    const server = { port, user: "slipway", fingerprints: [] };
    const closed = targetFor({ ...server, port: await freedPort() });
    for (const target of [targetFor(server), closed, targetFor(server, { host: "no-such-host.invalid" })]) {
      const error = await tryOpen(target);
      expect(error).toBeInstanceOf(Error);
      expect(error).not.toBeInstanceOf(PermanentError);
    }
  });

  it("is given up after a while when it says nothing", async () => {
    const port = await startListener(() => {});
    const target = targetFor({ port, user: "slipway", fingerprints: [] });
    const opening = createSftpPublisher(target, { stallTimeoutMs: 200 }).open();
    await expect(opening).rejects.toThrow(/Cannot connect/);
  });
});

it("is not loaded for those who publish over FTP", async () => {
  const script =
    "await import('./src/publishers/create-publisher.ts'); const { createRequire } = await import('node:module');" +
    "console.log(Object.keys(createRequire(import.meta.filename).cache).filter((path) => path.includes('/ssh2/')).length)";
  const cwd = join(import.meta.dirname, "..", "..", "..");
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script], { cwd });
  expect(stdout.trim()).toBe("0");
});

/** A server that does with each connection what a test says. Answers with its port. */
async function startListener(onConnection: (socket: Socket) => void): Promise<number> {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on("error", () => {});
    onConnection(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

async function freedPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** An SSH agent with one key. Answers with its socket's path. */
async function startAgent(pair: KeyPair): Promise<string> {
  const key = ssh2.utils.parseKey(pair.private);
  if (key instanceof Error) throw key;
  const folder = await temporaryFolder();
  const path = join(folder, "agent");
  const server = createServer((socket) => {
    const protocol = new ssh2.AgentProtocol(false);
    socket.on("error", () => {});
    protocol.on("identities", (request) => protocol.getIdentitiesReply(request, [key]));
    protocol.on("sign", (request, _key, data) => protocol.signReply(request, key.sign(data)));
    socket.pipe(protocol).pipe(socket);
  });
  server.listen(path);
  await once(server, "listening");
  onTestFinished(async () => {
    server.close();
    await rm(folder, { recursive: true });
  });
  return path;
}
