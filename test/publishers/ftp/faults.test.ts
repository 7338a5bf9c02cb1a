/** The FTP publisher against a server that fails on command. */
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { createCertificate } from "../../../src/demo/certificate.ts";
import { createFtpServer, type FtpServerOptions, type Misbehaviour } from "../../../src/demo/ftp/ftp-server.ts";
import { OperatorError, PermanentError, RetryLaterError } from "../../../src/errors.ts";
import { createFtpPublisher, type FtpOptions } from "../../../src/publishers/ftp/ftp.ts";
import type { FtpTarget } from "../../../src/publishers/publisher.ts";
import { testPublisher, upload, writeForAll } from "../contract.ts";
import { ftpTarget, PASSWORD, QUICK } from "./world.ts";

const tls = await createCertificate();

async function start(options: Partial<FtpServerOptions> = {}, changes: Partial<FtpTarget> = {}, settings = QUICK) {
  const folder = await mkdtemp(join(tmpdir(), "slipway-faults-"));
  const server = createFtpServer({ root: folder, user: "deploy", password: PASSWORD, ...options });
  await server.start();
  const target = ftpTarget(server, changes);
  async function stop(): Promise<void> {
    await server.stop();
    await rm(folder, { recursive: true });
  }
  const publisherAt = (below: string) => createFtpPublisher({ ...target, folder: `/${below}` }, settings);
  return { server, folder, stop, publisherAt, publisher: createFtpPublisher(target, settings) };
}

/** As `start`, for one test: opens a session, and everything ends with the test. */
async function open(misbehaviour: Misbehaviour = {}, settings: Partial<FtpOptions> = {}) {
  const started = await start({}, {}, { ...QUICK, ...settings });
  const lines: string[] = [];
  const session = await started.publisher.open({ say: (line) => lines.push(line) });
  started.server.misbehave(misbehaviour);
  onTestFinished(async () => {
    await session.close();
    await started.stop();
  });
  return { ...started, session, lines };
}

const FTPS = { protocol: "ftps", ca: tls.cert } as const;
testPublisher("our own server", () => start());
testPublisher("our own server, as ProFTPD without AllowOverwrite", () =>
  start({ flavour: "proftpd", misbehave: { refuseOverwrite: "both" } }),
);
testPublisher("our own server, as Pure-FTPd", () => start({ flavour: "pureftpd" }));
testPublisher("our own server with TLS", () => start({ tls, requireTls: true, requireSessionReuse: true }, FTPS));
testPublisher("our own server with implicit TLS", () => start({ tls, implicit: true }, { ...FTPS, implicit: true }));

describe("an upload that goes wrong", () => {
  const files = Array.from({ length: 6 }, (_, index) => upload(`f${index}`, `content ${index}`.repeat(1000)));

  it.each(["aborted", "close", "hang"] as const)(
    "is sent again when the server cuts it and does this: %s",
    async (how) => {
      const { session, folder } = await open({ cutUpload: { nth: 3, afterBytes: 5000, how } }, { stallTimeoutMs: 400 });
      const done: string[] = [];
      await session.upload(files, ({ path }) => done.push(path));
      expect(done.sort()).toEqual(files.map(({ path }) => path));
      for (const [index, { path }] of files.entries()) {
        expect(await readFile(join(folder, path), "utf8")).toBe(`content ${index}`.repeat(1000));
      }
    },
  );

  it("is believed when the server says it is done, until the sizes are asked for", async () => {
    const { session } = await open({ cutUpload: { nth: 2, afterBytes: 5000, how: "done" } });
    await session.upload(files, () => {});
    expect((await session.sizes(files.map(({ path }) => path))).sort()).toEqual([5000, 9000, 9000, 9000, 9000, 9000]);
  });

  it.each(["552 Quota exceeded: [f0] won't be saved", "452 No space left on device", "451 Disk quota exceeded"])(
    "is given up at once when there is no room: %s",
    async (reply) => {
      const { session, server } = await open({ refuse: { verb: "STOR", reply } });
      const failed = session.upload(files.slice(0, 1), () => {});
      await expect(failed).rejects.toBeInstanceOf(PermanentError);
      await expect(failed).rejects.toThrow(/no room/);
      expect(server.log.commands.get("STOR")).toBe(1);
    },
  );

  it("is given up when the host refuses the name", async () => {
    const { session } = await open({ refuse: { verb: "STOR", reply: "553 Prohibited file name: f0" } });
    const failed = session.upload(files.slice(0, 1), () => {});
    await expect(failed).rejects.toThrow(/refuses f0: 553 Prohibited/);
    await expect(failed).rejects.toBeInstanceOf(PermanentError);
  });

  it("is tried a bounded number of times", async () => {
    const { session, server } = await open(
      { refuse: { verb: "STOR", reply: "425 No data connection" } },
      { maxTries: 3 },
    );
    await expect(session.upload(files.slice(0, 1), () => {})).rejects.toThrow(/425/);
    expect(server.log.commands.get("STOR")).toBe(3);
  });

  it("goes on with the connections there are when more are refused", async () => {
    for (const at of ["greeting", "login"] as const) {
      const { session, folder, lines } = await open({ limitConnections: { count: 1, at }, replyDelayMs: 5 });
      const many = Array.from({ length: 30 }, (_, index) => upload(`f${index}`, "x"));
      await session.upload(many, () => {});
      expect(await readdir(folder)).toHaveLength(30);
      expect(lines).toEqual([expect.stringMatching(/no more connections/)]);
    }
  });
});

describe("a batch of renames", () => {
  const moves = Array.from({ length: 60 }, (_, index) => ({
    from: `s${index}`,
    to: `t${index}`,
    replaces: index % 2 === 0,
  }));

  const verbs = ["RNFR", "RNTO", "DELE"];
  const ways = ["close", "close-after", "hang"] as const;
  const cases = verbs.flatMap((verb) =>
    ways.flatMap((how) => [false, true].map((refuses) => ({ verb, how, refuses }))),
  );

  it.each(cases)(
    "ends exactly once done: $verb $how, overwriting refused: $refuses",
    async ({ verb, how, refuses }) => {
      const overwrite = refuses ? ({ refuseOverwrite: "rename" } as const) : {};
      const { session, folder } = await open(
        { ...overwrite, interrupt: { nth: 11, verb, how } },
        { stallTimeoutMs: 400 },
      );
      for (const { from, to, replaces } of moves) {
        await writeForAll(folder, from, `new ${to}`);
        if (replaces) await writeForAll(folder, to, "old");
      }
      await session.rename(moves);
      expect((await readdir(folder)).sort()).toEqual(moves.map(({ to }) => to).sort());
      for (const { to } of moves) expect(await readFile(join(folder, to), "utf8")).toBe(`new ${to}`);
    },
  );
});

describe("a host that will not let us in", () => {
  it("is asked once for a password it refuses", async () => {
    const { publisher, server, stop } = await start({ misbehave: { refuseLogin: true } });
    onTestFinished(stop);
    const error = await publisher.open().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(OperatorError);
    expect(error).toMatchObject({ key: "sites.shop.password" });
    expect(String(error)).not.toContain(PASSWORD);
    expect(server.log.commands.get("PASS")).toBe(1);
  });

  it("is left alone for a while when it has too many connections", async () => {
    for (const at of ["greeting", "login"] as const) {
      const { publisher, stop } = await start({ misbehave: { limitConnections: { count: 0, at } } });
      onTestFinished(stop);
      await expect(publisher.open()).rejects.toBeInstanceOf(RetryLaterError);
    }
  });

  it("is given up when it never says a word", async () => {
    const silent = { misbehave: { interrupt: { verb: "USER", how: "hang" } } } as const;
    const { publisher, stop } = await start(silent, {}, { ...QUICK, stallTimeoutMs: 200 });
    onTestFinished(stop);
    await expect(publisher.open()).rejects.toThrow(/Cannot connect/);
  });
});
