/** Whole publishes to real servers with the habits and limits that hosts have. */
import { chmod, mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { createCertificate } from "../../src/demo/certificate.ts";
import { createFtpPublisher } from "../../src/publishers/ftp/ftp.ts";
import type { FtpTarget, Publisher, SftpTarget } from "../../src/publishers/publisher.ts";
import { HostFullError } from "../../src/publishers/publisher.ts";
import { describeWith } from "../servers/available.ts";
import {
  type FtpDaemon,
  type PureFtpdOptions,
  startProftpd,
  startPureFtpd,
  startVsftpd,
} from "../servers/debian-ftp.ts";
import { type OpensshOptions, startOpenssh } from "../servers/openssh.ts";
import { A, B, C, type Files, OWN, useWorld } from "./world.ts";

const world = useWorld();
const password = "the-secret-word";
const QUICK = { retryDelayMs: 20, stallTimeoutMs: 10_000, firstWaitMs: 50 };

/** Starts a server for one test, and answers with a publisher that speaks to it. */
async function start(server: Promise<FtpDaemon>, changes: Partial<FtpTarget> = {}): Promise<Publisher> {
  const { port, user, stop } = await server;
  onTestFinished(stop);
  const trust = { ca: null, fingerprint: null, insecure: false, implicit: false, connections: null };
  const place = { protocol: "ftp", host: "127.0.0.1", port, user, password, folder: "/", key: "sites.shop" } as const;
  return createFtpPublisher({ ...place, ...trust, ...changes }, QUICK);
}

/** The server's account has to reach the folder. */
async function root(): Promise<{ root: string; password: string }> {
  await chmod(world.root, 0o711);
  return { root: world.site, password };
}

async function siteFiles(): Promise<Files> {
  const { ".slipway": _, ...files } = await world.read();
  return files;
}

for (const [daemon, startServer] of [
  ["vsftpd", startVsftpd],
  ["proftpd", startProftpd],
  ["pure-ftpd", startPureFtpd],
] as const) {
  describeWith(daemon, `publishing to ${daemon}`, () => {
    it.each([1, 2, 3])("works with no more than %i connections", async (maxConnections) => {
      const publisher = await start(startServer({ ...(await root()), maxConnections }));
      const many = Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`page-${n}.html`, `<p>${n}</p>`]));
      for (const files of [A, { ...A, ...many }, B]) {
        await world.publish(await world.build(files), { publisher });
        expect(await world.read()).toEqual({ ...files, ...OWN });
      }
    });

    it("says in one line that the account may not write, and leaves nothing", async () => {
      const server = startServer(await root());
      const publisher = await start(server);
      await chmod(world.site, 0o555);
      const error = await world.publish(await world.build(A), { publisher }).catch((thrown: unknown) => thrown);
      await chmod(world.site, 0o755);
      expect(error).toMatchObject({ name: expect.stringMatching(/PermanentError|OperatorError/) });
      expect(String(error)).toMatch(/permission|rights/i);
      expect(await readdir(world.site)).toEqual([]);
    });

    it("brings names that are hard to get across", async () => {
      const publisher = await start(startServer(await root()));
      const files: Files = {
        "index.html": "x",
        "a b/c d.html": "spaces",
        "-dash.html": "dash",
        "50% #1.html": "hash",
        "ä/ü.html": "umlauts",
        "emoji-🚀.html": "emoji",
        "quote\"'.html": "quotes",
        "Case.html": "upper",
        "case.html": "lower",
      };
      await world.publish(await world.build(files), { publisher });
      expect(await siteFiles()).toEqual(files);
      await world.publish(await world.build(A), { publisher });
      expect(await world.read()).toEqual({ ...A, ...OWN });
    });

    it("exchanges whole folders in one write", async () => {
      await mkdir(join(world.site, "httpdocs"));
      const server = await startServer(await root());
      onTestFinished(server.stop);
      const createPublisher = (target: { folder: string }) =>
        createFtpPublisher(
          {
            ...{
              protocol: "ftp",
              host: "127.0.0.1",
              port: server.port,
              user: server.user,
              password,
              key: "sites.shop",
            },
            ...{ ca: null, fingerprint: null, insecure: false, implicit: false, connections: 2, folder: target.folder },
          },
          QUICK,
        );
      const target = { protocol: "dir", folder: "/httpdocs", key: "sites.shop" } as const;
      for (const files of [A, B, C, A]) {
        const rules = { strategy: "swap" } as const;
        await world.publish(await world.build(files), { target, createPublisher, placeInside: false, rules });
        const live = Object.entries(await world.read()).filter(([path]) => /^httpdocs\/(?!\.slipway)/.test(path));
        expect(Object.fromEntries(live.map(([path, content]) => [path.slice(9), content]))).toEqual(files);
      }
    });
  });
}

describeWith("pure-ftpd", "publishing to Pure-FTPd", () => {
  const pure = async (options: Partial<PureFtpdOptions>) => start(startPureFtpd({ ...(await root()), ...options }));

  it("stops at a quota with the old site as it was and nothing staged, and goes on when there is room", async () => {
    const publisher = await pure({ quota: { files: 1000, bytes: 200_000 } });
    await world.publish(await world.build(A), { publisher });
    const big: Files = { ...B, "film.bin": "x".repeat(150_000), "film-2.bin": "y".repeat(150_000) };
    const error = await world.publish(await world.build(big), { publisher }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(HostFullError);
    const afterwards = async () => {
      const { ".ftpquota": _, ...files } = await world.read();
      return files;
    };
    expect(await afterwards()).toEqual({ ...A, ...OWN });
    await world.publish(await world.build(B), { publisher });
    expect(await afterwards()).toEqual({ ...B, ...OWN });
  });

  it("overwrites where nothing can be renamed, says that it is not atomic, and removes what is gone", async () => {
    const publisher = await pure({ forbidsRenames: true });
    for (const files of [A, B, C, A]) {
      await world.publish(await world.build(files), { publisher });
      expect(await siteFiles()).toEqual(files);
      expect(world.lines.some((line) => line.includes("cannot be atomic"))).toBe(true);
    }
  });

  it("takes a lock over where nothing can be renamed", async () => {
    const publisher = await pure({ forbidsRenames: true });
    await world.publish(await world.build(A), { publisher });
    await mkdir(join(world.site, ".slipway/lock"));
    await chmod(join(world.site, ".slipway/lock"), 0o777);
    await world.publish(await world.build(B), { publisher });
    expect(await siteFiles()).toEqual(B);
    expect(await readdir(join(world.site, ".slipway"))).not.toContain("lock");
  });

  it("does without .htaccess where names may not begin with a dot, or says that the account may not write", async () => {
    const publisher = await pure({ forbidsDotFiles: true });
    const error = await world.publish(await world.build(A), { publisher }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: "PermanentError" });
    expect(String(error).split("\n")).toHaveLength(1);
  });

  it("is not misled by listings that are cut short", async () => {
    const publisher = await pure({ maxListed: 2 });
    for (const files of [A, B, C, A]) {
      await world.publish(await world.build(files), { publisher });
      expect(await world.read()).toEqual({ ...files, ...OWN });
    }
  });
});

describeWith("proftpd", "publishing to ProFTPD", () => {
  it.each([
    ["with HiddenStores", { hiddenStores: true }],
    ["with digests", { digests: true }],
    ["without AllowOverwrite", { allowOverwrite: false }],
  ])("%s goes forth and back", async (_, options) => {
    const publisher = await start(startProftpd({ ...(await root()), ...options }));
    for (const files of [A, B, C, A]) {
      await world.publish(await world.build(files), { publisher });
      expect(await world.read()).toEqual({ ...files, ...OWN });
    }
  });

  it("without MKD says what it may not do", async () => {
    const publisher = await start(startProftpd({ ...(await root()), denied: ["MKD", "XMKD"] }));
    await expect(world.publish(await world.build(A), { publisher })).rejects.toMatchObject({ name: "PermanentError" });
  });
});

describeWith("sshd", "publishing over SFTP", () => {
  async function sftp(changes: Partial<SftpTarget> = {}, options: Partial<OpensshOptions> = {}) {
    await chmod(world.root, 0o711);
    const server = await startOpenssh({ ...options, root: world.site, password });
    onTestFinished(server.stop);
    const { port, user, fingerprints } = server;
    const login = { password, privateKey: null, passphrase: null, agent: null, acceptNewHostKey: false };
    const place = { protocol: "sftp", host: "127.0.0.1", port, user, folder: "/", key: "sites.shop" } as const;
    const target: SftpTarget = { ...place, ...login, hostKey: fingerprints[0] ?? null, connections: null, ...changes };
    return { target, createPublisher: undefined };
  }

  it("goes forth and back", async () => {
    const place = await sftp();
    for (const files of [A, B, C, A]) {
      await world.publish(await world.build(files), place);
      expect(await world.read()).toEqual({ ...files, ...OWN });
    }
  });

  it.each(["swap", "symlink"] as const)("exchanges the whole folder by %s", async (strategy) => {
    const place = await sftp();
    // As the account sees it: sshd keeps nobody in a folder.
    const target: SftpTarget = { ...place.target, folder: `${world.site}/httpdocs` };
    for (const files of [A, B, C, A]) {
      const rules = { strategy };
      await world.publish(await world.build(files), { target, placeInside: false, rules });
      const live = await readAll(join(world.site, "httpdocs"));
      expect(live).toEqual(files);
    }
  });

  async function readAll(folder: string): Promise<Files> {
    const files: Record<string, string> = {};
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name).slice(folder.length + 1);
      if (entry.isFile() && !path.startsWith(".slipway")) files[path] = await readFile(join(folder, path), "utf8");
    }
    return files;
  }
});

describeWith("vsftpd", "publishing to vsftpd with TLS", () => {
  it("works with a pinned certificate of another name", async () => {
    const tls = await createCertificate();
    const { X509Certificate } = await import("node:crypto");
    const fingerprint = new X509Certificate(tls.cert).fingerprint256.replaceAll(":", "").toLowerCase();
    const server = startVsftpd({ ...(await root()), tls });
    const publisher = await start(server, { protocol: "ftps", fingerprint });
    await world.publish(await world.build(A), { publisher });
    expect(await world.read()).toEqual({ ...A, ...OWN });
    const { port } = await server;
    const other = await start(Promise.resolve({ ...(await server), port, stop: async () => {} }), {
      ...{ protocol: "ftps", fingerprint: "0".repeat(64) },
    });
    await expect(world.publish(await world.build(B), { publisher: other })).rejects.toThrow(/fingerprint/);
  });
});
