/** What an FTP server does about TLS that it insists on: RFC 4217, and the reuse of sessions for data connections. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { type Certificate, createCertificate } from "../../src/demo/certificate.ts";
import type { ConformanceServer } from "./ftp-conformance.ts";
import { connectRaw, type RawFtpClient } from "./raw-ftp-client.ts";

export type TlsConformanceOptions = {
  /** The code that a login in the clear gets. */
  readonly tlsRequiredCode: number;
  /** The code that a data connection without a resumed session gets; undefined where that is allowed. */
  readonly reuseRequiredCode: number | undefined;
  start(root: string, tls: Certificate): Promise<ConformanceServer>;
};

/** Declares the tests; to be called inside a `describe`. */
export function ftpTlsConformance({ tlsRequiredCode, reuseRequiredCode, start }: TlsConformanceOptions): void {
  let root = "";
  let ca = "";
  let server: ConformanceServer;
  let clients: RawFtpClient[] = [];

  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), "slipway-ftps-"));
    const certificate = await createCertificate();
    ca = certificate.cert;
    server = await start(root, certificate);
  });
  afterAll(async () => {
    await server?.stop();
    rmSync(root, { recursive: true, force: true });
  });
  afterEach(() => {
    for (const client of clients) client.close();
    clients = [];
  });

  async function connect(): Promise<RawFtpClient> {
    const client = await connectRaw(server.port);
    clients.push(client);
    await client.reply();
    return client;
  }

  async function login(resume: boolean): Promise<RawFtpClient> {
    const client = await connect();
    await client.startTls({ ca, resume });
    expect(await client.login(server.user, server.password)).toMatchObject({ code: 230 });
    await client.command("TYPE I");
    return client;
  }

  it("offers AUTH TLS, and lets nobody log in without it", async () => {
    const client = await connect();
    expect((await client.command("FEAT")).text).toContain("\r\n AUTH TLS");
    expect(await client.command(`USER ${server.user}`)).toMatchObject({ code: tlsRequiredCode });
  });

  it("moves files both ways through TLS", async () => {
    const client = await login(true);
    expect((await client.upload("STOR page", "hello")).map(({ code }) => code)).toEqual([150, 226]);
    expect(readFileSync(join(root, "page"), "utf8")).toBe("hello");
    expect((await client.download("RETR page")).content).toBe("hello");
    expect((await client.download("LIST")).content).toContain("page");
  });

  it("takes no file in the clear", async () => {
    const client = await login(true);
    const unprotected = await client.command("PROT C");
    // ProFTPD refuses at once, the others when the transfer comes.
    if (unprotected.code === 534) return;
    const data = await client.openData();
    expect((await client.command("STOR clear")).code).toBeGreaterThanOrEqual(500);
    data.destroy();
  });

  it(`${reuseRequiredCode ? "insists that" : "does not care whether"} data connections resume a session`, async () => {
    const client = await login(false);
    const replies = await client.upload("STOR other", "hello").catch(async () => [await client.reply()]);
    expect(replies.at(-1)).toMatchObject({ code: reuseRequiredCode ?? 226 });
  });
}
