/** A target on the demo's FTP server or on a real one, for the tests of the FTP publisher's parts. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { createFtpServer, type FtpServerOptions } from "../../../src/demo/ftp/ftp-server.ts";
import { createFtpPublisher, type FtpOptions } from "../../../src/publishers/ftp/ftp.ts";
import type { FtpTarget, OpenOptions, PublishSession } from "../../../src/publishers/publisher.ts";
import type { FtpDaemon, FtpDaemonOptions } from "../../servers/debian-ftp.ts";

export const PASSWORD = "the-secret-word";
export const QUICK: Partial<FtpOptions> = { retryDelayMs: 5, stallTimeoutMs: 5000 };

export function ftpTarget(server: { port: number; user?: string }, changes: Partial<FtpTarget> = {}): FtpTarget {
  return {
    ...{ protocol: "ftp", host: "127.0.0.1", port: server.port, user: server.user ?? "deploy", password: PASSWORD },
    ...{ folder: "/", implicit: false, ca: null, fingerprint: null, insecure: false, connections: null },
    key: "sites.shop",
    ...changes,
  };
}

/** An empty folder for one test. */
async function folderForTest(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "slipway-ftp-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

/** The demo's server for one test. */
export async function serverForTest(options: Partial<FtpServerOptions> = {}) {
  const folder = await folderForTest();
  const server = createFtpServer({ root: folder, user: "deploy", password: PASSWORD, ...options });
  await server.start();
  onTestFinished(() => server.stop());
  return { server, folder };
}

/** A real server for one test. */
export async function daemonForTest<O extends FtpDaemonOptions>(
  start: (options: O) => Promise<FtpDaemon>,
  options: Omit<O, "root" | "password">,
) {
  const folder = await folderForTest();
  const server = await start({ ...options, root: folder, password: PASSWORD } as O);
  onTestFinished(server.stop);
  return { server, folder };
}

/** A session that ends with the test. */
export async function openForTest(
  target: FtpTarget,
  options: OpenOptions = {},
  settings: Partial<FtpOptions> = QUICK,
): Promise<PublishSession> {
  const session = await createFtpPublisher(target, settings).open(options);
  onTestFinished(() => session.close());
  return session;
}

/** What opening fails with. */
export async function failureOf(target: FtpTarget, settings: Partial<FtpOptions> = QUICK): Promise<unknown> {
  const opened = await createFtpPublisher(target, settings)
    .open()
    .catch((error: unknown) => ({ error }));
  if ("error" in opened) return opened.error;
  await opened.close();
  throw new Error("it was opened");
}
