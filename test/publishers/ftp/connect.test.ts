/** Settings that do not fit the host: one clear error each, at once, that says what to write instead. */
import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { createCertificate } from "../../../src/demo/certificate.ts";
import { OperatorError } from "../../../src/errors.ts";
import type { FtpTarget } from "../../../src/publishers/publisher.ts";
import { describeWith } from "../../servers/available.ts";
import { startProftpd, startPureFtpd, startVsftpd } from "../../servers/debian-ftp.ts";
import { startCuttingProxy } from "../cutting-proxy.ts";
import { daemonForTest, failureOf, ftpTarget, openForTest, PASSWORD, serverForTest } from "./world.ts";

const tls = await createCertificate();
const DAEMONS = [
  ["vsftpd", startVsftpd],
  ["proftpd", startProftpd],
  ["pure-ftpd", startPureFtpd],
] as const;

/** The failure as one line, when it comes long before anything times out. */
async function clearFailureOf(target: FtpTarget): Promise<OperatorError> {
  const startedAt = performance.now();
  const error = await failureOf(target, { stallTimeoutMs: 30_000 });
  expect(performance.now() - startedAt).toBeLessThan(10_000);
  expect(error).toBeInstanceOf(OperatorError);
  expect(String(error).split("\n")).toHaveLength(1);
  expect(String(error)).not.toContain(PASSWORD);
  return error as OperatorError;
}

/** Says one thing to whoever connects. */
async function serverThatSays(...lines: string[]): Promise<{ port: number }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on("error", () => {}));
    for (const line of lines) socket.write(line);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return { port: (server.address() as AddressInfo).port };
}

for (const [daemon, start] of DAEMONS) {
  describeWith(daemon, `settings that do not fit ${daemon}`, () => {
    it("say to write ftps where the host insists on TLS", async () => {
      const { server } = await daemonForTest(start, { tls });
      expect(await clearFailureOf(ftpTarget(server))).toMatchObject({
        key: "sites.shop.publish",
        message: expect.stringMatching(/insists on TLS; write ftps:\/\//),
      });
    });

    it("say that the host has no TLS", async () => {
      const { server } = await daemonForTest(start, {});
      expect(await clearFailureOf(ftpTarget(server, { protocol: "ftps" }))).toMatchObject({
        key: "sites.shop.publish",
        message: expect.stringMatching(/does not offer TLS on this port .*write ftp:\/\/ and `plain: true`/),
      });
      const implicit = await clearFailureOf(ftpTarget(server, { protocol: "ftps", implicit: true }));
      expect(implicit.message).toMatch(/does not begin with TLS; remove `\?implicit`/);
    });

    it("name the password, which is asked for once", async () => {
      const { server } = await daemonForTest(start, {});
      const proxy = await startCuttingProxy(server.port);
      onTestFinished(proxy.stop);
      const target = ftpTarget({ ...server, port: proxy.port }, { password: "wrong-pass" });
      const error = await clearFailureOf(target);
      expect(error.key).toBe("sites.shop.password");
      expect(error.message).not.toContain("wrong-pass");
      expect(proxy.commands.filter((command) => command.startsWith("PASS"))).toHaveLength(1);
    });

    it("name the folder that is missing, and where the account lands", async () => {
      const { server } = await daemonForTest(start, {});
      const error = await clearFailureOf(ftpTarget(server, { folder: "/no/such place" }));
      expect(error.message).toMatch(/sites\.shop\.publish: .*has no folder \/no\/such place .*lands in "\/"/);
    });
  });
}

describe("settings that do not fit", () => {
  it.each(["ftp", "ftps"] as const)("say to write sftp where %s meets SSH", async (protocol) => {
    // In two packets: a first look at one letter tells nothing.
    const server = await serverThatSays("S", "SH-2.0-OpenSSH_9.2p1 Debian-2\r\n");
    const error = await clearFailureOf(ftpTarget(server, { protocol }));
    expect(error.message).toMatch(/127\.0\.0\.1:\d+ is SSH, not FTP; write sftp:\/\//);
  });

  it("say so where something else listens", async () => {
    const server = await serverThatSays("* OK IMAP4rev1 ready\r\n");
    expect((await clearFailureOf(ftpTarget(server))).message).toMatch(/is no FTP server/);
  });

  it("are called by their options on the command line", async () => {
    const { server } = await serverForTest({ misbehave: { refuseLogin: true } });
    expect(await clearFailureOf(ftpTarget(server, { key: "--to" }))).toMatchObject({ key: "SLIPWAY_PASSWORD" });
    const noTls = await clearFailureOf(ftpTarget(server, { key: "--to", protocol: "ftps" }));
    expect(noTls.message).toMatch(/^--to: .*`--plain`/);
  });
});

describe("the folder above", () => {
  const open = async (server: { port: number; user?: string }, folder: string) => {
    const proxy = await startCuttingProxy(server.port);
    onTestFinished(proxy.stop);
    const session = await openForTest(ftpTarget({ ...server, port: proxy.port }, { folder }));
    return { session, commands: proxy.commands };
  };

  it("is found along the way, and the session ends up in its own folder", async () => {
    const { server, folder } = await serverForTest();
    await mkdir(join(folder, "a/b"), { recursive: true });
    const { session, commands } = await open({ port: server.port }, "/a/b/");
    expect(session.hasFolderAbove).toBe(true);
    expect(commands.filter((command) => command.startsWith("CWD"))).toEqual(["CWD /a", "CWD /a/b"]);
    expect(await session.makeFolders(["here", "../above"])).toEqual(["here", "../above"]);
    expect(commands.slice(-2)).toEqual(["MKD here", "MKD /a/above"]);
  });

  it("is none for an account that lands in the root", async () => {
    const { server } = await serverForTest();
    const { session, commands } = await open({ port: server.port }, "/");
    expect(session.hasFolderAbove).toBe(false);
    expect(commands.filter((command) => command.startsWith("CWD"))).toEqual([]);
    await expect(session.sizes(["../a"])).rejects.toThrow(/not a path inside the target/);
  });

  it("is not used when it may not be entered", async () => {
    const { server, folder } = await serverForTest({
      misbehave: { refuse: { verb: "CWD", path: /^\/a$/, reply: "550 Failed to change directory." } },
    });
    await mkdir(join(folder, "a/b"), { recursive: true });
    const { session } = await open({ port: server.port }, "/a/b");
    expect(session.hasFolderAbove).toBe(false);
    expect(await session.makeFolders(["here"])).toEqual(["here"]);
    expect(server.log.lines.at(-1)).toBe("MKD here");
  });
});

describeWith("vsftpd", "an account that is not kept in its folder", () => {
  it("lands below the root, and reaches the folder above", async () => {
    const { server, folder } = await daemonForTest(startVsftpd, { chroot: false });
    const session = await openForTest(ftpTarget(server));
    expect(session.hasFolderAbove).toBe(true);
    expect(await session.makeFolders(["here"])).toEqual(["here"]);
    expect(await session.sizes([`../${folder.split("/").at(-1)}/here`])).toEqual([undefined]);
    expect((await session.list("here"))?.isComplete).toBe(true);
  });
});
