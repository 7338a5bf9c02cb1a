/** Data connections: what is sent when, and how the publisher gets them through routers and rules of hosts. */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { describe, expect, it, onTestFinished } from "vitest";
import { createCertificate } from "../../../src/demo/certificate.ts";
import { PermanentError } from "../../../src/errors.ts";
import { UNKNOWN_HOST } from "../../../src/publishers/host-profile.ts";
import { describeWith } from "../../servers/available.ts";
import { startProftpd, startPureFtpd, startVsftpd } from "../../servers/debian-ftp.ts";
import { upload, writeForAll } from "../contract.ts";
import { startDelayingProxy } from "./delaying-proxy.ts";
import { type ScriptedClient, scriptedFtp } from "./scripted-ftp.ts";
import { daemonForTest, ftpTarget, openForTest, serverForTest } from "./world.ts";

const certificate = await createCertificate();
const files = (count: number) => Array.from({ length: count }, (_, index) => upload(`f${index}`, `content ${index}`));

/** Everything but what a login takes. */
function transfersOf(client: ScriptedClient | undefined): string[] {
  return client?.received.filter((line) => /^(EPSV|PASV|STOR|RETR|NOOP|DELE)/.test(line)) ?? [];
}

describe("a file that is sent over FTP", () => {
  it("is on its way before the server says that it may come, and nothing else is said meanwhile", async () => {
    let content = "";
    const { port, clients } = await scriptedFtp({
      STOR: async (client) => {
        // Only when all is there: a client that waits for 150 would wait for ever.
        content = await text(await client.data());
        const said = client.received.at(-1);
        client.say("150 Go on");
        return said?.startsWith("STOR") ? "226 Thanks" : `550 You said ${said}`;
      },
    });
    const session = await openForTest(ftpTarget({ port }));
    await session.upload([upload("a.txt", "content")], () => {});
    expect(content).toBe("content");
    expect(transfersOf(clients[0])).toEqual(["EPSV", "STOR a.txt"]);
  });

  it("is there whole, of any size and without any bytes", async () => {
    const { server, folder } = await serverForTest();
    const session = await openForTest(ftpTarget(server));
    const sizes = [0, 1, 65_535, 65_536, 65_537, 131_072, 3_000_000];
    const contents = sizes.map((size) => Buffer.from(Uint8Array.from({ length: size }, (_, index) => index % 251)));
    const inPieces = (content: Buffer) => () =>
      Readable.from(Array.from({ length: 10 }, (_, part) => content.subarray(part * 400_000, (part + 1) * 400_000)));
    await session.upload(
      contents.map((content, index) => ({ path: `f${index}`, size: content.length, open: inPieces(content) })),
      () => {},
    );
    for (const [index, content] of contents.entries()) {
      expect(content.equals(await readFile(join(folder, `f${index}`)))).toBe(true);
    }
  });

  it("is not counted as sent when the server has said no in the meantime, and the connection goes on", async () => {
    const { port, clients } = await scriptedFtp({
      STOR: async (client, name) => {
        const data = await client.data();
        if (name === "no.txt") {
          // As ProFTPD does it: the data connection is reset before the reason is told.
          data.resetAndDestroy();
          return "550 no.txt: Overwrite permission denied";
        }
        await text(data);
        return "226 Thanks";
      },
      DELE: () => "550 No such file",
    });
    const session = await openForTest(ftpTarget({ port }));
    const refused = session.upload([upload("no.txt", "x".repeat(500_000))], () => {});
    await expect(refused).rejects.toBeInstanceOf(PermanentError);
    await session.upload([upload("yes.txt", "x")], () => {});
    expect(clients).toHaveLength(1);
    // The refusal has nothing to do with how the data connection was asked for.
    expect(transfersOf(clients[0])).not.toContain("PASV");
  });
});

describe("the way to ask for a data connection", () => {
  const foreign = async (client: ScriptedClient) => {
    const port = await client.listen();
    return `227 Entering Passive Mode (10,9,8,7,${port >> 8},${port & 255})`;
  };

  it("is PASV where EPSV is unknown, without a lost file and whatever address the server names", async () => {
    const { port, clients } = await scriptedFtp({ EPSV: () => "500 Unknown command", PASV: foreign });
    const session = await openForTest(ftpTarget({ port }));
    await session.upload(files(2).slice(0, 1), () => {});
    await session.upload(files(2).slice(1), () => {});
    expect(clients).toHaveLength(1);
    expect(transfersOf(clients[0])).toEqual(["EPSV", "PASV", "STOR f0", "PASV", "STOR f1"]);
    expect(session.profile().passive).toBe("PASV");
  });

  it.each([
    ["nobody listens there", async (client: ScriptedClient) => `229 Passive (|||${await deadPort(client)}|)`],
    ["the server cannot listen", () => "425 Cannot open a data connection"],
  ])("is the other one after a failure, when %s", async (_, EPSV) => {
    const STOR = async (client: ScriptedClient) => {
      if (!client.received.includes("PASV")) return "425 Nobody came";
      await text(await client.data());
      return "226 Thanks";
    };
    const { port } = await scriptedFtp({ EPSV, PASV: foreign, STOR });
    const session = await openForTest(ftpTarget({ port }));
    await session.upload(files(1), () => {});
    expect(session.profile().passive).toBe("PASV");
  });

  it("is remembered for the next session, and forgotten when it works no more", async () => {
    const { port, clients } = await scriptedFtp({ PASV: () => "500 Not here" });
    const session = await openForTest(ftpTarget({ port }), { profile: { ...UNKNOWN_HOST, passive: "PASV" } });
    await session.upload(files(1), () => {});
    expect(transfersOf(clients[0])[0]).toBe("PASV");
    expect(session.profile().passive).toBe("EPSV");
  });
});

async function deadPort(client: ScriptedClient): Promise<number> {
  // The port below is as good as any: what matters is that nothing listens there.
  const port = await client.listen();
  const data = client.data();
  data.catch(() => {});
  return port === 1 ? 2 : 1;
}

describe("a transfer that stands still", () => {
  it("is ended and tried again, however long the others take", async () => {
    let stores = 0;
    const { port } = await scriptedFtp({
      STOR: async (client) => {
        stores += 1;
        if (stores === 1) return undefined;
        await text(await client.data());
        return "226 Thanks";
      },
    });
    const session = await openForTest(ftpTarget({ port }), {}, { stallTimeoutMs: 200, retryDelayMs: 5 });
    await session.upload(files(1), () => {});
    expect(stores).toBe(2);
  });

  it("is none while it moves, even when the whole takes longer than it may stand still", async () => {
    let stores = 0;
    const { port } = await scriptedFtp({
      STOR: async (client) => {
        stores += 1;
        const data = await client.data();
        for await (const _ of data) await new Promise((resolve) => setTimeout(resolve, 25));
        return "226 Thanks";
      },
    });
    const session = await openForTest(ftpTarget({ port }), {}, { stallTimeoutMs: 2000, retryDelayMs: 5 });
    const startedAt = performance.now();
    await session.upload([upload("large", Buffer.alloc(8_000_000))], () => {});
    expect(performance.now() - startedAt).toBeGreaterThan(2000);
    expect(stores).toBe(1);
  });
});

const DAEMONS = [
  ["vsftpd", startVsftpd],
  ["proftpd", startProftpd],
  ["pure-ftpd", startPureFtpd],
] as const;

for (const [daemon, start] of DAEMONS) {
  describeWith(daemon, `through a long way to ${daemon}`, () => {
    it.each([false, true])("200 renames take a few round trips, with TLS: %s", async (isTls) => {
      const { server, folder } = await daemonForTest(start, isTls ? { tls: certificate } : {});
      for (let index = 0; index < 205; index += 1) await writeForAll(folder, nameOf(index), "x");
      const proxy = await startDelayingProxy(server.port, 50);
      onTestFinished(proxy.stop);
      const secured = isTls ? ({ protocol: "ftps", insecure: true } as const) : {};
      const session = await openForTest(ftpTarget(server, { host: proxy.host, ...secured }));
      const moves = Array.from({ length: 205 }, (_, index) => ({
        from: nameOf(index),
        to: `live-${index}-with-a-name-of-usual-length.html`,
        replaces: false,
      }));
      const rename = async (some: typeof moves) => {
        const startedAt = performance.now();
        await session.rename(some);
        return performance.now() - startedAt;
      };
      let oneMs = 0;
      for (const move of moves.splice(200)) oneMs += (await rename([move])) / 5;
      // Measured against single ones, so that a busy machine slows both.
      expect((await rename(moves)) / oneMs).toBeLessThan(isTls ? 30 : 16);
      expect(proxy.counts.control).toBe(1);
    });

    it("a file takes three round trips, or four where the server itself waits for one", async () => {
      const { server } = await daemonForTest(start, {});
      // So long that what a busy machine adds to a file is little beside it.
      const roundTripMs = 250;
      const proxy = await startDelayingProxy(server.port, roundTripMs);
      onTestFinished(proxy.stop);
      const session = await openForTest(ftpTarget(server, { host: proxy.host, connections: 1 }));
      await session.upload(files(1), () => {});
      const limit = daemon === "vsftpd" ? 4.8 : 3.8;
      let fewest = Number.POSITIVE_INFINITY;
      let uploads = 0;
      // What a busy machine adds, it does not add each time.
      while (fewest >= limit && uploads < 3) {
        const startedAt = performance.now();
        await session.upload(files(4), () => {});
        uploads += 1;
        fewest = Math.min(fewest, (performance.now() - startedAt) / 4 / roundTripMs);
      }
      expect(fewest).toBeLessThan(limit);
      expect(proxy.counts).toMatchObject({ control: 1, data: 1 + 4 * uploads });
    });
  });
}

function nameOf(index: number): string {
  return `staged-${String(index).padStart(4, "0")}-0123456789`;
}
