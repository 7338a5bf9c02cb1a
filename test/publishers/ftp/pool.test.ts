/** The connections of a session: how many there are, what a refused one means, and when they are replaced. */
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { describe, expect, it, vi } from "vitest";
import { OperatorError, RetryLaterError } from "../../../src/errors.ts";
import { UNKNOWN_HOST } from "../../../src/publishers/host-profile.ts";
import { HostFullError } from "../../../src/publishers/publisher.ts";
import { PATIENCE } from "../../patience.ts";
import { describeWith } from "../../servers/available.ts";
import { startProftpd, startPureFtpd, startVsftpd } from "../../servers/debian-ftp.ts";
import { upload } from "../contract.ts";
import { type Script, type ScriptedClient, scriptedFtp } from "./scripted-ftp.ts";
import { daemonForTest, failureOf, ftpTarget, openForTest, QUICK, serverForTest } from "./world.ts";

const files = (count: number) => Array.from({ length: count }, (_, index) => upload(`f${index}`, `content ${index}`));

/** Takes an upload as usual. */
async function store(client: ScriptedClient): Promise<string> {
  await text(await client.data());
  return "226 Thanks";
}

function endlessFile(): Readable {
  return new Readable({
    read() {
      setTimeout(() => this.push(Buffer.alloc(64 * 1024)), 5);
    },
  });
}

describe("a connection that the host refuses beside others", () => {
  it.each(["greeting", "login"] as const)("is a fact that is said once and remembered, at the %s", async (at) => {
    const { server, folder } = await serverForTest();
    const lines: string[] = [];
    const session = await openForTest(ftpTarget(server, { connections: 8 }), { say: (line) => lines.push(line) });
    server.misbehave({ limitConnections: { count: 2, at }, replyDelayMs: 5 });
    await session.upload(files(200), () => {});
    expect(await readdir(folder)).toHaveLength(200);
    expect(lines).toEqual([expect.stringMatching(/allows no more connections .* going on with 2\.$/)]);
    const { connections } = session.profile();
    expect(connections?.max).toBe(2);
    expect(Date.now() - (connections?.atMs ?? 0)).toBeLessThan(10_000);
  });

  it("is one even when the host calls the password wrong", async () => {
    let logins = 0;
    const { port, clients } = await scriptedFtp({
      PASS: () => (++logins === 1 ? "230 Welcome" : "530 Login incorrect."),
      STOR: async (client) => {
        await vi.waitFor(() => expect(logins).toBe(2), PATIENCE);
        return store(client);
      },
    });
    const session = await openForTest(ftpTarget({ port }));
    await session.upload(files(30), () => {});
    expect(session.profile().connections?.max).toBe(1);
    expect(clients).toHaveLength(2);
  });

  it("is not asked for again for ten minutes by the next session, and then it is", async () => {
    const { server } = await serverForTest({ misbehave: { replyDelayMs: 5 } });
    for (const [agoMs, most] of [
      [9 * 60_000, 2],
      [11 * 60_000, 4],
    ] as const) {
      const profile = { ...UNKNOWN_HOST, connections: { max: 2, atMs: Date.now() - agoMs } };
      const session = await openForTest(ftpTarget(server, { connections: 4 }), { profile });
      await session.upload(files(150), () => {});
      expect(server.log.peakConnections).toBe(most);
      await session.close();
    }
  });

  it("says nothing about the limit when it was the network that failed", async () => {
    let greeted = 0;
    const { port } = await scriptedFtp({
      USER: (client) => {
        greeted += 1;
        if (greeted === 2) client.close();
        return "331 Password?";
      },
      STOR: async (client) => {
        await vi.waitFor(() => expect(greeted).toBeGreaterThanOrEqual(2), PATIENCE);
        return store(client);
      },
    });
    const session = await openForTest(ftpTarget({ port }));
    await session.upload(files(30), () => {});
    expect(session.profile().connections).toBeNull();
  });
});

describe("the first connection", () => {
  it("is asked for again while the host is full, with growing waits", async () => {
    let asked = 0;
    const full: Script = { USER: () => (++asked < 4 ? "421 Too many connections (8) from this IP" : "331 Password?") };
    const { port } = await scriptedFtp(full);
    const lines: string[] = [];
    await openForTest(ftpTarget({ port }), { say: (line) => lines.push(line) });
    expect(asked).toBe(4);
    expect(lines).toEqual([expect.stringMatching(/lets nobody in at the moment .*421 Too many/)]);
  });

  it("is to be tried later when the host stays full", async () => {
    const { port, clients } = await scriptedFtp({ USER: () => "421 Too many connections (8) from this IP" });
    expect(await failureOf(ftpTarget({ port }))).toBeInstanceOf(RetryLaterError);
    expect(clients).toHaveLength(7);
  });

  it("is tried once with a password that was never right", async () => {
    const { port, clients } = await scriptedFtp({ PASS: () => "530 Login incorrect." });
    const error = await failureOf(ftpTarget({ port }));
    expect(error).toBeInstanceOf(OperatorError);
    expect(clients).toHaveLength(1);
  });
});

describe("an upload", () => {
  it("gets as many connections as the operator allows, within seconds", async () => {
    const { server } = await serverForTest({ misbehave: { replyDelayMs: 10 } });
    const session = await openForTest(ftpTarget(server, { connections: 8 }));
    const startedAt = performance.now();
    let reachedMs = Number.POSITIVE_INFINITY;
    await session.upload(files(600), () => {
      if (server.log.peakConnections === 8) reachedMs = Math.min(reachedMs, performance.now() - startedAt);
    });
    expect(reachedMs).toBeLessThan(6000);
    expect(server.log.peakConnections).toBe(8);
  });

  it("begins with as many as the host granted before, where it is worth them", async () => {
    const learned = await serverForTest({ misbehave: { replyDelayMs: 10 } });
    const first = await openForTest(ftpTarget(learned.server));
    await first.upload(files(300), () => {});
    const profile = first.profile();
    expect(profile.granted).toBe(6);
    for (const [count, expected] of [
      [40, 6],
      [10, 3],
      [0, 2],
    ] as const) {
      const { server } = await serverForTest();
      const session = await openForTest(ftpTarget(server), { profile });
      session.prepareUpload?.(count);
      await vi.waitFor(() => expect(server.log.commands.get("PASS")).toBe(expected), PATIENCE);
      await session.upload(files(count), () => {});
      expect(server.log.peakConnections).toBe(expected);
    }
  });

  it("gets more of them as soon as it is known to be larger than it seemed", async () => {
    const { server } = await serverForTest();
    const session = await openForTest(ftpTarget(server), { profile: { ...UNKNOWN_HOST, granted: 6 } });
    session.prepareUpload?.(0);
    await vi.waitFor(() => expect(server.log.commands.get("PASS")).toBe(2), PATIENCE);
    session.prepareUpload?.(40);
    await vi.waitFor(() => expect(server.log.commands.get("PASS")).toBe(6), PATIENCE);
  });

  it("asks for no more than the host granted, when that has become less", async () => {
    const { server } = await serverForTest({ misbehave: { limitConnections: { count: 3, at: "greeting" } } });
    const session = await openForTest(ftpTarget(server), { profile: { ...UNKNOWN_HOST, granted: 6 } });
    session.prepareUpload?.(60);
    await session.upload(files(60), () => {});
    expect(session.profile()).toMatchObject({ granted: 3, connections: { max: 3 } });
  });

  it("gets two or three for ten files, and uses them again", async () => {
    const { server } = await serverForTest({ misbehave: { replyDelayMs: 10 } });
    const session = await openForTest(ftpTarget(server));
    await session.upload(files(10), () => {});
    const first = server.log.peakConnections;
    expect(first === 2 || first === 3).toBe(true);
    await session.upload(files(10), () => {});
    expect(server.log.commands.get("USER")).toBe(server.log.peakConnections);
    expect(server.log.peakConnections).toBeLessThanOrEqual(3);
  });

  it("goes on over new connections when the host says good-bye in the middle", async () => {
    let stores = 0;
    const names: string[] = [];
    const { port } = await scriptedFtp({
      STOR: async (client, name) => {
        stores += 1;
        if (stores % 7 === 3) {
          client.say("421 No transfer timeout (600 seconds): closing control connection");
          client.close();
          return undefined;
        }
        await store(client);
        names.push(name);
        return "226 Thanks";
      },
    });
    const session = await openForTest(ftpTarget({ port }));
    const done: string[] = [];
    await session.upload(files(40), ({ path }) => done.push(path));
    const all = files(40)
      .map(({ path }) => path)
      .sort();
    expect(done.sort()).toEqual(all);
    // Only what was interrupted is repeated.
    expect(names.sort()).toEqual(all);
  });

  it("stops on all connections at once when the host is full", async () => {
    let isLarge = false;
    const { port, clients } = await scriptedFtp({
      STOR: async (client, name) => {
        const data = await client.data();
        if (name === "large") {
          isLarge = true;
          await once(data.resume(), "close");
          return "426 Gone";
        }
        await vi.waitFor(() => expect(isLarge).toBe(true), PATIENCE);
        await text(data);
        return "552 Quota exceeded: [file] won't be saved";
      },
    });
    const session = await openForTest(ftpTarget({ port }), {}, { ...QUICK, stallTimeoutMs: 60_000 });
    // It never ends by itself.
    const endless = { path: "large", size: 1e9, open: () => endlessFile() };
    const startedAt = performance.now();
    const sending = session.upload([endless, ...files(20)], () => {});
    await expect(sending).rejects.toBeInstanceOf(HostFullError);
    expect(performance.now() - startedAt).toBeLessThan(10_000);
    const stores = clients.flatMap(({ received }) => received).filter((line) => line.startsWith("STOR"));
    // One on each connection that was there by then.
    expect(stores.length).toBeLessThanOrEqual(4);
  });

  it("replaces a connection that has become old, between two files", async () => {
    const { server, folder } = await serverForTest({ misbehave: { replyDelayMs: 5 } });
    const session = await openForTest(ftpTarget(server, { connections: 1 }), {}, { ...QUICK, maxAgeMs: 100 });
    await session.upload(files(20), () => {});
    expect(await readdir(folder)).toHaveLength(20);
    expect(server.log.commands.get("USER")).toBeGreaterThan(2);
    expect(server.log.commands.get("STOR")).toBe(20);
    // The server sees a little later that the one before is gone.
    expect(server.log.peakConnections).toBeLessThanOrEqual(3);
  });
});

describe("a session that ends", () => {
  it("says good-bye on each of its connections", async () => {
    const { server } = await serverForTest({ misbehave: { replyDelayMs: 5 } });
    const session = await openForTest(ftpTarget(server, { connections: 2 }));
    await session.upload(files(100), () => {});
    await session.close();
    const logins = server.log.commands.get("USER");
    expect(logins).toBeGreaterThan(1);
    await vi.waitFor(() => expect(server.log.commands.get("QUIT")).toBe(logins), PATIENCE);
  });
});

for (const [daemon, start] of [
  ["vsftpd", startVsftpd],
  ["proftpd", startProftpd],
  ["pure-ftpd", startPureFtpd],
] as const) {
  describeWith(daemon, `where ${daemon} allows two connections`, () => {
    it("goes on with those, and says so once", async () => {
      const { server, folder } = await daemonForTest(start, { maxConnections: 2 });
      const lines: string[] = [];
      const session = await openForTest(ftpTarget(server, { connections: 8 }), { say: (line) => lines.push(line) });
      let next = 0;
      // Long enough for a third connection to be asked for.
      while (lines.length === 0 && next < 20) {
        const some = files(400).map(({ path, ...file }) => ({ ...file, path: `${next}-${path}` }));
        await session.upload(some, () => {});
        next += 1;
      }
      expect(lines).toEqual([expect.stringMatching(/allows no more connections/)]);
      expect(session.profile().connections?.max).toBe(2);
      expect(await readdir(folder)).toHaveLength(400 * next);
    });
  });
}
