/** An SFTP server for one test, and targets on it. */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { SftpTarget } from "../../../src/publishers/publisher.ts";
import type { SftpOptions } from "../../../src/publishers/sftp/sftp.ts";
import { type OpensshDaemon, type OpensshOptions, startOpenssh } from "../../servers/openssh.ts";
import { type SlowLink, startSlowLink } from "./slow-link.ts";

export const PASSWORD = "the-secret-word";
export const QUICK: Partial<SftpOptions> = { retryDelayMs: 20, stallTimeoutMs: 10_000 };

/** A target with the server's key pinned, logging in by password. */
export function targetFor(
  server: Pick<OpensshDaemon, "port" | "user" | "fingerprints">,
  changes: Partial<SftpTarget> = {},
): SftpTarget {
  return {
    protocol: "sftp",
    host: "127.0.0.1",
    port: server.port,
    user: server.user,
    folder: "/",
    password: PASSWORD,
    privateKey: null,
    passphrase: null,
    agent: null,
    hostKey: server.fingerprints[0] ?? null,
    acceptNewHostKey: false,
    connections: null,
    key: "sites.shop",
    ...changes,
  };
}

export function temporaryFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), "slipway-sftp-"));
}

/** A server that ends with the test. `folder` is where the account lands. */
export async function startFor(
  options: Omit<OpensshOptions, "root"> = {},
): Promise<{ readonly folder: string; readonly server: OpensshDaemon }> {
  const folder = await temporaryFolder();
  const server = await startOpenssh({ password: PASSWORD, ...options, root: folder });
  onTestFinished(async () => {
    await server.stop();
    await rm(folder, { recursive: true });
  });
  return { folder, server };
}

/** A link that ends with the test. */
export async function linkTo(port: number, delayMs = 0): Promise<SlowLink> {
  const link = await startSlowLink(port, delayMs);
  onTestFinished(() => link.stop());
  return link;
}

export async function empty(folder: string): Promise<void> {
  for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true });
}
