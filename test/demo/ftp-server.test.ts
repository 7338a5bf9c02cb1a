/** The demo's FTP server: it speaks like the real ones (which are asked, too), fails on command, and suits basic-ftp. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { Client } from "basic-ftp";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Certificate, createCertificate } from "../../src/demo/certificate.ts";
import { createFtpServer, type FtpServer, type FtpServerOptions } from "../../src/demo/ftp/ftp-server.ts";
import { createServedFolder } from "../../src/demo/ftp/served-folder.ts";
import { PATIENCE } from "../patience.ts";
import { describeWith } from "../servers/available.ts";
import { startProftpd, startPureFtpd, startVsftpd } from "../servers/debian-ftp.ts";
import { type ConformanceServer, ftpConformance } from "../servers/ftp-conformance.ts";
import { ftpLimitConformance } from "../servers/ftp-limit-conformance.ts";
import { ftpTlsConformance } from "../servers/ftp-tls-conformance.ts";
import { connectRaw, type RawFtpClient } from "../servers/raw-ftp-client.ts";

const USER = { user: "slipway", password: "a-password" };

async function startOurs(options: Omit<FtpServerOptions, "user" | "password">): Promise<ConformanceServer> {
  const server = createFtpServer({ ...options, ...USER });
  await server.start();
  return { port: server.port, ...USER, stop: () => server.stop() };
}

for (const flavour of ["vsftpd", "proftpd", "pureftpd"] as const) {
  describe(`the demo's FTP server as ${flavour}`, () => {
    ftpConformance({ flavour, start: (root) => startOurs({ root, flavour }) });
  });
}

describe("the demo's FTP server as a ProFTPD that replaces nothing", () => {
  const misbehave = { refuseOverwrite: "both" } as const;
  const start = (root: string) => startOurs({ root, flavour: "proftpd", misbehave });
  ftpConformance({ flavour: "proftpd", overwrites: false, start });
});

describeWith("vsftpd", "vsftpd", () => {
  ftpConformance({ flavour: "vsftpd", start: (root) => startVsftpd({ root, ...USER }) });
});

describeWith("proftpd", "ProFTPD", () => {
  ftpConformance({ flavour: "proftpd", start: (root) => startProftpd({ root, ...USER }) });
});

describeWith("proftpd", "ProFTPD that replaces nothing", () => {
  const start = (root: string) => startProftpd({ root, ...USER, allowOverwrite: false });
  ftpConformance({ flavour: "proftpd", overwrites: false, start });
});

describeWith("pure-ftpd", "Pure-FTPd", () => {
  ftpConformance({ flavour: "pureftpd", start: (root) => startPureFtpd({ root, ...USER }) });
});

describe("the demo's FTP server with a limit", () => {
  for (const [flavour, at] of [
    ["vsftpd", "greeting"],
    ["proftpd", "login"],
    ["pureftpd", "greeting"],
  ] as const) {
    ftpLimitConformance({
      flavour,
      at,
      start: (root, count) => startOurs({ root, flavour, misbehave: { limitConnections: { count, at } } }),
    });
  }
});

describeWith("vsftpd", "vsftpd with a limit", () => {
  const start = (root: string, maxConnections: number) => startVsftpd({ root, maxConnections, ...USER });
  ftpLimitConformance({ flavour: "vsftpd", at: "greeting", start });
});

describeWith("proftpd", "ProFTPD with a limit", () => {
  const start = (root: string, maxConnections: number) => startProftpd({ root, maxConnections, ...USER });
  ftpLimitConformance({ flavour: "proftpd", at: "login", start });
});

describeWith("pure-ftpd", "Pure-FTPd with a limit", () => {
  const start = (root: string, maxConnections: number) => startPureFtpd({ root, maxConnections, ...USER });
  ftpLimitConformance({ flavour: "pureftpd", at: "greeting", start });
});

describe("the demo's FTP server with TLS", () => {
  const settings = { requireTls: true, requireSessionReuse: true };
  const start = (root: string, tls: Certificate) => startOurs({ root, tls, ...settings });
  ftpTlsConformance({ tlsRequiredCode: 530, reuseRequiredCode: 522, start });
});

describeWith("vsftpd", "vsftpd with TLS", () => {
  const start = (root: string, tls: Certificate) => startVsftpd({ root, tls, ...USER });
  ftpTlsConformance({ tlsRequiredCode: 530, reuseRequiredCode: 522, start });
});

describeWith("proftpd", "ProFTPD with TLS", () => {
  const start = (root: string, tls: Certificate) => startProftpd({ root, tls, ...USER });
  ftpTlsConformance({ tlsRequiredCode: 550, reuseRequiredCode: 425, start });
});

describeWith("pure-ftpd", "Pure-FTPd with TLS", () => {
  const start = (root: string, tls: Certificate) => startPureFtpd({ root, tls, ...USER });
  ftpTlsConformance({ tlsRequiredCode: 421, reuseRequiredCode: undefined, start });
});

describe("the demo's FTP server", () => {
  let root: string;
  let server: FtpServer;
  let clients: RawFtpClient[] = [];

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "slipway-ftp-"));
  });
  afterEach(async () => {
    for (const client of clients) client.close();
    clients = [];
    await server.stop();
    rmSync(root, { recursive: true, force: true });
  });

  async function start(options: Partial<FtpServerOptions> = {}): Promise<void> {
    server = createFtpServer({ root, ...USER, ...options });
    await server.start();
  }

  async function connect(): Promise<RawFtpClient> {
    const client = await connectRaw(server.port);
    clients.push(client);
    return client;
  }

  async function login(): Promise<RawFtpClient> {
    const client = await connect();
    await client.reply();
    await client.login(USER.user, USER.password);
    await client.command("TYPE I");
    return client;
  }

  const stored = (name: string) => readFileSync(join(root, name), "utf8");

  it("counts commands, files, bytes and connections", async () => {
    await start();
    const [first, second] = [await login(), await login()];
    await first.upload("STOR a", "12345");
    await second.upload("STOR b", "123");
    await second.upload("STOR none/c", "123");
    expect(server.log.stored).toEqual([
      { path: "/a", bytes: 5 },
      { path: "/b", bytes: 3 },
    ]);
    expect(server.log.bytesReceived).toBe(8);
    expect(server.log.commands.get("STOR")).toBe(3);
    expect(server.log).toMatchObject({ connections: 2, openConnections: 2, peakConnections: 2 });
    expect(server.log.lines).toContain("PASS ***");
    expect(server.log.lines.join("\n")).not.toContain(USER.password);
    server.log.reset();
    expect(server.log).toMatchObject({ stored: [], bytesReceived: 0, openConnections: 2, peakConnections: 2 });
  });

  it("answers 226 to an upload of which it kept only the beginning", async () => {
    await start({ misbehave: { cutUpload: { nth: 2, afterBytes: 3, how: "done" } } });
    const client = await login();
    for (const name of ["a", "b", "c"]) {
      expect((await client.upload(`STOR ${name}`, "12345")).map(({ code }) => code)).toEqual([150, 226]);
    }
    expect([stored("a"), stored("b"), stored("c")]).toEqual(["12345", "123", "12345"]);
  });

  it("cuts the upload of a path, and says so, until it is told to stop", async () => {
    await start({ misbehave: { cutUpload: { path: /\.html$/, afterBytes: 2, how: "aborted" } } });
    const client = await login();
    expect((await client.upload("STOR a.css", "12345")).at(-1)).toMatchObject({ code: 226 });
    expect((await client.upload("STOR a.html", "12345")).at(-1)).toMatchObject({ code: 426 });
    expect(stored("a.html")).toBe("12");
    server.misbehave(null);
    expect((await client.upload("STOR a.html", "12345")).at(-1)).toMatchObject({ code: 226 });
  });

  it("closes the control connection in the middle of a file", async () => {
    await start({ misbehave: { cutUpload: { nth: 1, afterBytes: 2, how: "close" } } });
    const client = await login();
    // Which of the two it is depends on what was still to be read.
    await expect(client.upload("STOR a", "12345")).rejects.toThrow(/closed|ECONNRESET/);
    expect(stored("a")).toBe("12");
  });

  it("falls silent in the middle of a file", async () => {
    await start({ misbehave: { cutUpload: { nth: 1, afterBytes: 2, how: "hang" } } });
    const client = await login();
    const data = await client.openData();
    await client.command("STOR a");
    data.write("12345");
    await expect.poll(() => stored("a"), PATIENCE).toBe("12");
    expect(await Promise.race([client.reply().catch(() => "closed"), (await login()).command("NOOP")])).toEqual({
      code: 200,
      text: "NOOP ok.",
    });
    expect(data.closed).toBe(false);
  });

  it.each([
    { how: "close", isDone: false },
    { how: "close-after", isDone: true },
  ] as const)("loses the reply to a command ($how)", async ({ how, isDone }) => {
    await start({ misbehave: { interrupt: { verb: "RNTO", nth: 2, how } } });
    const client = await login();
    await client.send("MKD a", "RNFR a", "RNTO b", "RNFR b");
    await expect(client.command("RNTO c")).rejects.toThrow("closed");
    await expect.poll(() => existsSync(join(root, "c")), PATIENCE).toBe(isDone);
    // Only that once.
    const again = await login();
    expect((await again.send("MKD x", "RNFR x", "RNTO y")).at(-1)).toMatchObject({ code: 250 });
  });

  it("keeps the final reply to an upload to itself, but not its 150", async () => {
    await start({ misbehave: { interrupt: { verb: "STOR", nth: 1, how: "close-after" } } });
    const client = await login();
    await expect(client.upload("STOR a", "12345")).rejects.toThrow("closed");
    expect(stored("a")).toBe("12345");
  });

  it("falls silent at the nth command", async () => {
    await start({ misbehave: { interrupt: { nth: 4, how: "hang" } } });
    const client = await login();
    const silence = client.command("MKD a").catch(() => "closed");
    expect((await (await login()).command("NOOP")).code).toBe(200);
    expect(existsSync(join(root, "a"))).toBe(false);
    client.close();
    expect(await silence).toBe("closed");
  });

  it("refuses the right password", async () => {
    await start({ misbehave: { refuseLogin: true } });
    const client = await connect();
    await client.reply();
    expect(await client.login(USER.user, USER.password)).toEqual({ code: 530, text: "Login incorrect." });
  });

  it("answers a command with the reply that it was given", async () => {
    const reply = "552 Quota exceeded: [b] won't be saved";
    await start({ misbehave: { refuse: { verb: "STOR", path: /^\/b$/, nth: 1, reply } } });
    const client = await login();
    expect((await client.upload("STOR a", "x")).at(-1)).toMatchObject({ code: 226 });
    expect(await client.upload("STOR b", "x")).toEqual([{ code: 552, text: reply.slice(4) }]);
    expect((await client.upload("STOR b", "x")).at(-1)).toMatchObject({ code: 226 });
  });

  it("takes its time to reply", async () => {
    await start();
    const client = await login();
    server.misbehave({ replyDelayMs: 100 });
    const startedMs = performance.now();
    await client.send("NOOP", "NOOP");
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(195);
  });

  it("carries out nothing that came after QUIT", async () => {
    await start();
    const client = await login();
    await client.send("QUIT", "MKD late").catch(() => {});
    await client.ended();
    expect(existsSync(join(root, "late"))).toBe(false);
  });

  it("carries out nothing that came in the clear behind AUTH TLS", async () => {
    await start({ tls: await createCertificate() });
    const client = await connect();
    await client.reply();
    await client.send(`USER ${USER.user}`, `PASS ${USER.password}`);
    expect(await client.command("AUTH TLS\r\nMKD injected")).toMatchObject({ code: 234 });
    client.close();
    await expect.poll(() => server.log.openConnections, PATIENCE).toBe(0);
    expect(existsSync(join(root, "injected"))).toBe(false);
  });

  it("ends a connection that sends a line without an end", async () => {
    await start();
    const client = await login();
    expect(await client.command("x".repeat(10_000))).toMatchObject({ code: 500 });
  });

  it("closes all connections when it is stopped, those in the middle of a file, too", async () => {
    await start();
    const client = await login();
    const data = await client.openData();
    await client.command("STOR a");
    await server.stop();
    await client.ended();
    if (!data.closed) await new Promise((resolve) => data.once("close", resolve));
    await start();
  });

  it("follows no symbolic link out of its folder", async () => {
    const outside = mkdtempSync(join(tmpdir(), "slipway-outside-"));
    writeFileSync(join(outside, "secret"), "secret");
    symlinkSync(outside, join(root, "folder"));
    symlinkSync(join(outside, "secret"), join(root, "file"));
    await start();
    const client = await login();
    for (const path of ["file", "folder/secret"]) {
      expect((await client.download(`RETR ${path}`)).replies).toMatchObject([{ code: 550 }]);
      expect(await client.upload(`STOR ${path}`, "x")).toMatchObject([{ code: 553 }]);
    }
    expect(await client.command("CWD folder")).toMatchObject({ code: 550 });
    expect(await client.command("DELE folder/secret")).toMatchObject({ code: 550 });
    expect(await client.command("MKD folder/new")).toMatchObject({ code: 550 });
    expect(readFileSync(join(outside, "secret"), "utf8")).toBe("secret");
    rmSync(outside, { recursive: true });
  });

  it("locates every path inside its folder", async () => {
    await start();
    mkdirSync(join(root, "a"));
    const files = createServedFolder(root);
    const segment = fc.oneof(fc.constantFrom("..", ".", "", "a", "..a", "\\..", "%2e%2e"), fc.string());
    await fc.assert(
      fc.asyncProperty(fc.array(segment, { maxLength: 6 }), async (segments) => {
        const found = await files.locate(segments.join("/")).catch(() => root);
        expect(found === root || found.startsWith(`${root}/`)).toBe(true);
      }),
    );
  });

  it("keeps its root", async () => {
    await start();
    const client = await login();
    expect(await client.send("RMD /", "RNFR /", "DELE /")).toMatchObject([{ code: 550 }, { code: 550 }, { code: 550 }]);
    expect(existsSync(root)).toBe(true);
  });

  it.each([
    { mode: "in the clear", secure: false },
    { mode: "with AUTH TLS", secure: true },
    { mode: "with implicit TLS", secure: "implicit" },
  ] as const)("serves basic-ftp $mode", async ({ secure }) => {
    const tls = await createCertificate();
    const encrypted = { tls, requireTls: true, requireSessionReuse: true, implicit: secure === "implicit" };
    await start(secure ? encrypted : {});
    const client = new Client();
    try {
      const secureOptions = { ca: tls.cert, host: "127.0.0.1" };
      await client.access({ host: "127.0.0.1", port: server.port, ...USER, secure, secureOptions });
      await client.ensureDir("/site/assets");
      const content = "x".repeat(300_000);
      await client.uploadFrom(Readable.from([content]), "größe 1.txt");
      await client.rename("größe 1.txt", "b.txt");
      expect(await client.size("b.txt")).toBe(300_000);
      expect((await client.list()).map(({ name, size, isFile }) => ({ name, size, isFile }))).toEqual([
        { name: "b.txt", size: 300_000, isFile: true },
      ]);
      let received = "";
      const sink = new Writable({
        write(chunk, _encoding, done) {
          received += String(chunk);
          done();
        },
      });
      await client.downloadTo(sink, "b.txt");
      expect(received).toBe(content);
    } finally {
      client.close();
    }
  });
});
