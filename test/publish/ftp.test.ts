/** Publishing over FTP, with a server that fails on command. */
import { chmod } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { createCertificate } from "../../src/demo/certificate.ts";
import { createFtpServer, type FtpServer, type Misbehaviour } from "../../src/demo/ftp/ftp-server.ts";
import { OperatorError } from "../../src/errors.ts";
import { createFtpPublisher, type FtpOptions } from "../../src/publishers/ftp/ftp.ts";
import type { Publisher } from "../../src/publishers/publisher.ts";
import { describeWith } from "../servers/available.ts";
import { startProftpd, startPureFtpd, startVsftpd } from "../servers/debian-ftp.ts";
import { A, B, C, OWN, useWorld } from "./world.ts";

const world = useWorld();

describe("publishing over FTP", () => {
  let server: FtpServer;
  beforeEach(async () => {
    server = createFtpServer({ root: world.site, user: "deploy", password: "the-secret-word" });
    await server.start();
  });
  afterEach(() => server.stop());

  function ftp(options: Partial<FtpOptions> = {}, password = "the-secret-word"): Publisher {
    const address = { protocol: "ftp", host: "127.0.0.1", port: server.port, folder: "/", implicit: false } as const;
    const trust = { ca: null, fingerprint: null, insecure: false, connections: null };
    const target = { ...address, ...trust, user: "deploy", password, key: "sites.shop" };
    return createFtpPublisher(target, { retryDelayMs: 5, stallTimeoutMs: 5000, ...options });
  }

  /** Puts release A on the host as if it had always been there, and forgets what the server saw. */
  async function begin(misbehaviour: Misbehaviour): Promise<void> {
    server.misbehave(null);
    await world.wipe();
    await world.publish(await world.build(A));
    server.log.reset();
    server.misbehave(misbehaviour);
  }

  it("sends only what changed", async () => {
    await begin({});
    await world.publish(await world.build(B), { publisher: ftp() });
    expect(await world.read()).toEqual({ ...B, ...OWN });
    expect(server.log.stored.filter(({ path }) => /\/s-\w+\/[a-z0-9]{12,}/.test(path))).toHaveLength(7);
  });

  it("asks a host that is up to date for no more than a few sizes", async () => {
    await begin({});
    await world.publish(await world.build(A), { publisher: ftp() });
    const { commands } = server.log;
    expect(["RETR", "STOR", "RNTO", "DELE", "MKD", "RMD"].map((verb) => commands.get(verb))).toEqual(
      Array(6).fill(undefined),
    );
    expect(server.log.connections).toBe(1);
  });

  it("notices a file that arrived short although the server said it was done", async () => {
    await begin({ cutUpload: { nth: 2, afterBytes: 1, how: "done" } });
    await world.publish(await world.build(B), { publisher: ftp() });
    expect(await world.read()).toEqual({ ...B, ...OWN });
    expect(world.lines.some((line) => line.includes("arrived incomplete"))).toBe(true);
  });

  it("goes on when the server closes the connection in the middle of a file", async () => {
    await begin({ cutUpload: { nth: 3, afterBytes: 2, how: "close" } });
    await world.publish(await world.build(B), { publisher: ftp() });
    expect(await world.read()).toEqual({ ...B, ...OWN });
  });

  it("says in one line which key is wrong when the password is", async () => {
    await begin({});
    const error = await world
      .publish(await world.build(B), { publisher: ftp({}, "not-the-word") })
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(OperatorError);
    expect(String(error)).toMatch(/^OperatorError: sites\.shop\.password: .+$/);
    expect(String(error)).not.toContain("not-the-word");
    expect(server.log.commands.get("PASS")).toBe(1);
  });

  it("leaves the live site whole when the disk is full", async () => {
    await begin({ refuse: { verb: "STOR", nth: 4, reply: "452 No space left on device" } });
    await expect(world.publish(await world.build(B), { publisher: ftp() })).rejects.toThrow(/no room/);
    const live = Object.entries(await world.read()).filter(([path]) => !path.startsWith(".slipway"));
    expect(Object.fromEntries(live)).toEqual(A);
  });

  it.each(["close", "close-after"] as const)(
    "ends with the release, whichever command is lost: %s",
    async (how) => {
      for (let nth = 1; ; nth += 1) {
        // The first commands belong to the login, which is not repeated.
        await begin({ interrupt: { nth: nth + 7, how } });
        await world.publish(await world.build(B), { publisher: ftp({ maxConnections: 1 }) });
        expect(await world.read(), `command ${nth + 7} of ${server.log.lines.length}`).toEqual({ ...B, ...OWN });
        if (server.log.connections === 1) return expect(nth).toBeGreaterThan(60);
      }
    },
    120_000,
  );

  it("ends with the release on a host where a rename may not replace a file", async () => {
    for (let nth = 20; nth < 110; nth += 5) {
      await begin({ refuseOverwrite: "both", interrupt: { nth, how: "close-after" } });
      await world.publish(await world.build(B), { publisher: ftp() });
      expect(await world.read(), `command ${nth}`).toEqual({ ...B, ...OWN });
    }
  }, 60_000);
});

const tls = await createCertificate();
const password = "the-secret-word";
const DAEMONS = [
  ["vsftpd", "vsftpd with TLS", () => startVsftpd({ root: world.site, password, tls }), true],
  ["proftpd", "ProFTPD with TLS", () => startProftpd({ root: world.site, password, tls }), true],
  ["pure-ftpd", "Pure-FTPd with TLS", () => startPureFtpd({ root: world.site, password, tls }), true],
  [
    "proftpd",
    "ProFTPD without AllowOverwrite",
    () => startProftpd({ root: world.site, password, allowOverwrite: false }),
    false,
  ],
] as const;

for (const [daemon, name, startServer, secure] of DAEMONS) {
  describeWith(daemon, `publishing to ${name}`, () => {
    it("goes forth and back between releases, even where files and folders swap names", async () => {
      // The server's account has to reach the folder.
      await chmod(world.root, 0o711);
      const server = await startServer();
      onTestFinished(server.stop);
      const publisher = createFtpPublisher({
        ...{ protocol: secure ? "ftps" : "ftp", ca: secure ? tls.cert : null, implicit: false, key: "sites.shop" },
        ...{ fingerprint: null, insecure: false, connections: null },
        ...{ host: "127.0.0.1", port: server.port, user: server.user, password, folder: "/" },
      });
      for (const files of [A, B, C, A, A]) {
        await world.publish(await world.build(files), { publisher });
        expect(await world.read()).toEqual({ ...files, ...OWN });
      }
      expect(world.lines.at(-1)).toMatch(/^Nothing to do/);
    });
  });
}
