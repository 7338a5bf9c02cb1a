/** The FTP publisher against real servers, as they are and with connections that break. */
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, onTestFinished } from "vitest";
import { createCertificate } from "../../../src/demo/certificate.ts";
import { OperatorError, PermanentError, RetryLaterError } from "../../../src/errors.ts";
import { createFtpPublisher, type FtpOptions } from "../../../src/publishers/ftp/ftp.ts";
import type { FtpTarget } from "../../../src/publishers/publisher.ts";
import { describeWith } from "../../servers/available.ts";
import { type FtpDaemon, startProftpd, startPureFtpd, startVsftpd } from "../../servers/debian-ftp.ts";
import { testPublisher, upload, writeForAll } from "../contract.ts";
import { type Cut, type CuttingProxy, startCuttingProxy } from "../cutting-proxy.ts";
import { ftpTarget, PASSWORD, QUICK } from "./world.ts";

const certificate = await createCertificate();

type StartOptions = { root: string; password: string };

function temporaryFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), "slipway-ftp-"));
}

/** A server for one test, which ends with it. */
async function startFor<O extends StartOptions>(
  start: (options: O) => Promise<FtpDaemon>,
  options: Omit<O, keyof StartOptions>,
) {
  const root = await temporaryFolder();
  const server = await start({ ...options, root, password: PASSWORD } as O);
  onTestFinished(async () => {
    await server.stop();
    await rm(root, { recursive: true });
  });
  return { folder: root, server };
}

async function empty(folder: string): Promise<void> {
  for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true });
}

const KINDS = [
  ["vsftpd", "vsftpd", startVsftpd, false],
  ["vsftpd", "vsftpd with TLS and required session reuse", startVsftpd, true],
  ["proftpd", "ProFTPD", startProftpd, false],
  ["proftpd", "ProFTPD with TLS", startProftpd, true],
  [
    "proftpd",
    "ProFTPD without AllowOverwrite",
    (o: StartOptions) => startProftpd({ ...o, allowOverwrite: false }),
    false,
  ],
  ["pure-ftpd", "Pure-FTPd", startPureFtpd, false],
  ["pure-ftpd", "Pure-FTPd with TLS", startPureFtpd, true],
] as const;

for (const [daemon, name, startServer, tls] of KINDS) {
  describeWith(daemon, `over ${name}`, () => {
    let folder: string;
    let server: FtpDaemon;
    beforeAll(async () => {
      folder = await temporaryFolder();
      server = await startServer({ root: folder, password: PASSWORD, ...(tls && { tls: certificate }) });
    });
    afterAll(async () => {
      await server?.stop();
      await rm(folder, { recursive: true });
    });
    testPublisher(name, async () => {
      await empty(folder);
      const security = tls ? ({ protocol: "ftps", ca: certificate.cert } as const) : {};
      const publisherAt = (below: string) => at(`/${below}`);
      const at = (path: string) => createFtpPublisher(ftpTarget(server, { ...security, folder: path }), QUICK);
      return { publisher: at("/"), publisherAt, folder, stop: async () => {} };
    });
  });
}

describeWith("vsftpd", "the FTP publisher", () => {
  let folder: string;
  let server: FtpDaemon;
  let proxy: CuttingProxy | undefined;
  beforeEach(async () => {
    folder = await temporaryFolder();
    server = await startVsftpd({ root: folder, password: PASSWORD });
  });
  afterEach(async () => {
    await proxy?.stop();
    proxy = undefined;
    await server.stop();
    await rm(folder, { recursive: true });
  });

  async function through(cuts: readonly Cut[], options: Partial<FtpOptions> = {}) {
    proxy = await startCuttingProxy(server.port, cuts);
    const target = ftpTarget({ ...server, port: proxy.port });
    return { proxy, publisher: createFtpPublisher(target, { ...QUICK, ...options }) };
  }

  it("tries a wrong password once and names its key, never the password", async () => {
    const { proxy: seen } = await through([]);
    const target = ftpTarget({ ...server, port: seen.port }, { password: "wrong-pass" });
    const error = await createFtpPublisher(target, QUICK)
      .open()
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(OperatorError);
    expect(error).toMatchObject({ key: "sites.shop.password" });
    expect(String(error)).not.toContain("wrong-pass");
    expect(String(error).split("\n")).toHaveLength(1);
    expect(seen.commands.filter((command) => command.startsWith("PASS"))).toHaveLength(1);
  });

  it("names the key of the folder when it is missing, and where the account lands", async () => {
    const error = await createFtpPublisher(ftpTarget(server, { folder: "/nowhere" }), QUICK)
      .open()
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(OperatorError);
    expect(String(error)).toMatch(/sites\.shop\.publish: .*\/nowhere.*lands in "\/"/);
  });

  it("works in a folder below", async () => {
    await writeForAll(folder, "httpdocs/my site/there", "");
    const session = await createFtpPublisher(ftpTarget(server, { folder: "/httpdocs/my site" }), QUICK).open();
    await session.makeFolders(["a"]);
    await session.upload([upload("a/x.txt", "x")], () => {});
    await session.close();
    expect(await readFile(join(folder, "httpdocs/my site/a/x.txt"), "utf8")).toBe("x");
  });

  it("says that a host without TLS has none, when ftps is asked for", async () => {
    const opening = createFtpPublisher(ftpTarget(server, { protocol: "ftps" }), QUICK).open();
    await expect(opening).rejects.toThrow(/sites\.shop\.publish: .*does not offer TLS/);
  });

  it("may be tried again when nobody listens", async () => {
    const { proxy: gone } = await through([]);
    await gone.stop();
    proxy = undefined;
    const error = await createFtpPublisher(ftpTarget({ ...server, port: gone.port }), QUICK)
      .open()
      .catch((thrown: unknown) => thrown);
    expect(error).not.toBeInstanceOf(PermanentError);
    expect(String(error)).toContain("ECONNREFUSED");
  });

  it("sends hundreds of renames without waiting for each", async () => {
    const { proxy: seen, publisher } = await through([]);
    for (let index = 0; index < 200; index += 1) await writeForAll(folder, `s${index}`, String(index));
    const session = await publisher.open();
    const startedAt = performance.now();
    await session.rename(
      Array.from({ length: 200 }, (_, index) => ({ from: `s${index}`, to: `t${index}`, replaces: false })),
    );
    expect(performance.now() - startedAt).toBeLessThan(5000);
    await session.close();
    expect((await readdir(folder)).every((name) => name.startsWith("t"))).toBe(true);
    expect(seen.connections()).toBe(1);
  });

  it.each([
    ["before a command", { side: "command", matching: /^RNTO/, at: 40 }],
    ["between RNFR and RNTO", { side: "command", matching: /^RNTO/, at: 17 }],
    ["before a reply came back", { side: "reply", matching: /^250 Rename/, at: 21 }],
  ] as const)("goes on when the connection is lost in the middle of renames, %s", async (_, cut) => {
    const { proxy: seen, publisher } = await through([cut]);
    for (let index = 0; index < 100; index += 1) {
      await writeForAll(folder, `s${index}`, `new ${index}`);
      if (index % 2 === 0) await writeForAll(folder, `t${index}`, "old");
    }
    const session = await publisher.open();
    await session.rename(
      Array.from({ length: 100 }, (_, index) => ({ from: `s${index}`, to: `t${index}`, replaces: index % 2 === 0 })),
    );
    await session.close();
    expect(seen.connections()).toBe(2);
    const names = await readdir(folder);
    expect(names).toHaveLength(100);
    for (let index = 0; index < 100; index += 1) {
      expect(await readFile(join(folder, `t${index}`), "utf8")).toBe(`new ${index}`);
    }
  });

  it.each(["SIZE", "DELE", "MKD", "STOR", "RETR"])("goes on when the connection is lost at %s", async (command) => {
    const { proxy: seen, publisher } = await through([{ side: "command", matching: new RegExp(`^${command}`), at: 1 }]);
    await writeForAll(folder, "there", "there");
    const lines: string[] = [];
    const session = await publisher.open({ say: (line) => lines.push(line) });
    await session.makeFolders(["a", "a/b"]);
    await session.upload([upload("a/b/x", "content")], () => {});
    expect(await session.sizes(["a/b/x"])).toEqual([7]);
    expect((await session.readFile("a/b/x", 100))?.toString()).toBe("content");
    await session.remove(["there"]);
    await session.close();
    expect(await readdir(folder)).toEqual(["a"]);
    expect(seen.connections()).toBe(2);
    expect(lines.length).toBeLessThanOrEqual(1);
  });

  it("gives up after a bounded number of tries", async () => {
    const cuts = Array.from(
      { length: 20 },
      (_, index) => ({ side: "command", matching: /^STOR/, at: index + 1 }) as const,
    );
    const { proxy: seen, publisher } = await through(cuts, { maxTries: 3 });
    const session = await publisher.open();
    await expect(session.upload([upload("x", "x")], () => {})).rejects.toThrow();
    await session.close();
    expect(seen.commands.filter((command) => command.startsWith("STOR"))).toHaveLength(3);
  });

  it("stops in the middle of an upload when it is closed", async () => {
    const session = await (await through([])).publisher.open();
    const files = Array.from({ length: 500 }, (_, index) => upload(`f${index}`, "x"));
    let done = 0;
    const uploading = session.upload(files, () => {
      done += 1;
      if (done === 10) void session.close();
    });
    await expect(uploading).rejects.toThrow();
    expect(done).toBeLessThan(20);
  });
});

for (const [daemon, startServer] of [
  ["vsftpd", startVsftpd],
  ["proftpd", startProftpd],
  ["pure-ftpd", startPureFtpd],
] as const) {
  describeWith(daemon, `where ${daemon} allows few connections`, () => {
    it("asks to come back later when there is none left", async () => {
      const { server } = await startFor(startServer, { maxConnections: 1 });
      const first = await createFtpPublisher(ftpTarget(server), QUICK).open();
      const second = createFtpPublisher(ftpTarget(server), QUICK).open();
      await expect(second).rejects.toBeInstanceOf(RetryLaterError);
      await first.close();
    });
  });

  describeWith(daemon, `where ${daemon} insists on TLS`, () => {
    it("tells the operator to write ftps, and trusts no unknown certificate", async () => {
      const { server } = await startFor(startServer, { tls: certificate });
      // Pure-FTPd takes its time, some seconds, to refuse a password.
      const patient = { ...QUICK, stallTimeoutMs: 20_000 };
      const open = (changes: Partial<FtpTarget>) => createFtpPublisher(ftpTarget(server, changes), patient).open();
      await expect(open({})).rejects.toThrow(/sites\.shop\.publish: .*ftps:\/\//);
      await expect(open({})).rejects.toBeInstanceOf(OperatorError);
      await expect(open({ protocol: "ftps" })).rejects.toThrow(/sites\.shop\.publish: .*certificate .*not trusted/);
      const wrong = open({ protocol: "ftps", ca: certificate.cert, password: "wrong" });
      await expect(wrong).rejects.toMatchObject({ key: "sites.shop.password" });
    });
  });
}

describeWith("proftpd", "where a rename may not replace a file", () => {
  it("removes and renames in one piece, keeps the order, and learns it once", async () => {
    const { folder, server } = await startFor(startProftpd, { allowOverwrite: false });
    const proxy = await startCuttingProxy(server.port);
    onTestFinished(proxy.stop);
    for (let index = 0; index < 20; index += 1) {
      await writeForAll(folder, `s${index}`, `new ${index}`);
      if (index !== 0) await writeForAll(folder, `t${index}`, "old");
    }
    const session = await createFtpPublisher(ftpTarget({ ...server, port: proxy.port }), QUICK).open();
    await session.rename(
      Array.from({ length: 20 }, (_, index) => ({ from: `s${index}`, to: `t${index}`, replaces: index !== 0 })),
    );
    await session.close();
    for (let index = 0; index < 20; index += 1) {
      expect(await readFile(join(folder, `t${index}`), "utf8")).toBe(`new ${index}`);
    }
    const renames = proxy.commands.filter((command) => command.startsWith("RNTO")).map((command) => command.slice(6));
    // t1 was tried without removing first; from then on it is known.
    expect(renames.map(Number)).toEqual([0, 1, ...Array.from({ length: 19 }, (_, index) => index + 1)]);
  });
});
