/** Whom the FTP publisher trusts: certificates of a CA, one pinned certificate, and none that somebody else shows. */
import { execFile } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSecureContext, type SecureContextOptions, type SecureVersion, TLSSocket } from "node:tls";
import { promisify } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";
import { type Certificate, createCertificate } from "../../../src/demo/certificate.ts";
import { OperatorError } from "../../../src/errors.ts";
import type { FtpTarget, PublishSession } from "../../../src/publishers/publisher.ts";
import { describeWith } from "../../servers/available.ts";
import { startProftpd, startPureFtpd, startVsftpd } from "../../servers/debian-ftp.ts";
import { upload } from "../contract.ts";
import { daemonForTest, failureOf, ftpTarget, openForTest, serverForTest } from "./world.ts";

const run = promisify(execFile);

/** Signed by itself, as those of `createCertificate`. */
async function makeCertificate(names: string, isExpired = false): Promise<Certificate> {
  const folder = await mkdtemp(join(tmpdir(), "slipway-certificate-"));
  try {
    const [key, request, cert] = ["key.pem", "request.pem", "cert.pem"].map((name) => join(folder, name));
    if (key === undefined || request === undefined || cert === undefined) throw new RangeError();
    const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc"];
    const subject = ["-subj", "/CN=shared.example", "-addext", `subjectAltName=${names}`];
    await run("openssl", ["req", "-new", ...curve, ...subject, "-keyout", key, "-out", request]);
    // Not after a day before now: what openssl makes of -1.
    const days = ["-days", isExpired ? "-1" : "30", "-copy_extensions", "copy"];
    await run("openssl", ["x509", "-req", "-in", request, "-key", key, ...days, "-out", cert]);
    return { key: await readFile(key, "utf8"), cert: await readFile(cert, "utf8") };
  } finally {
    await rm(folder, { recursive: true });
  }
}

const fingerprintOf = ({ cert }: Certificate) =>
  new X509Certificate(cert).fingerprint256.replaceAll(":", "").toLowerCase();

const good = await createCertificate();
const other = await createCertificate();
const strange = await makeCertificate("DNS:shared.example,DNS:www.shared.example");
const expired = await makeCertificate("IP:127.0.0.1", true);
const FTPS = { protocol: "ftps" } as const;

/** Sends and reads over data connections. */
async function use(session: PublishSession): Promise<void> {
  await session.upload([upload("a.txt", "hello"), upload("b.txt", "")], () => {});
  expect((await session.readFile("a.txt", 100))?.toString()).toBe("hello");
  await session.makeFolders(["folder"]);
  expect((await session.list("folder"))?.files.size).toBe(0);
}

async function serverWith(tls: Certificate, options: { implicit?: boolean; requireSessionReuse?: boolean } = {}) {
  const { server } = await serverForTest({ tls, requireTls: true, ...options });
  return (changes: Partial<FtpTarget>) =>
    ftpTarget(server, { ...FTPS, implicit: options.implicit ?? false, ...changes });
}

describe("a certificate", () => {
  it.each([
    ["signed by a CA that the target names", good, { ca: good.cert }],
    ["that is pinned, whoever signed it", good, { fingerprint: fingerprintOf(good) }],
    ["that is pinned, whatever its name", strange, { fingerprint: fingerprintOf(strange) }],
    ["that is pinned, although it has expired", expired, { fingerprint: fingerprintOf(expired) }],
    ["that nobody checks", expired, { insecure: true }],
  ] as const)("is good enough when it is one %s", async (_, certificate, changes) => {
    for (const options of [{}, { requireSessionReuse: true }, { implicit: true }]) {
      const target = await serverWith(certificate, options);
      await use(await openForTest(target(changes)));
    }
  });

  it.each([
    ["is not trusted", good, {}, /127\.0\.0\.1:\d+ is not trusted \(DEPTH_ZERO_SELF_SIGNED_CERT\)/],
    ["is not trusted", good, { ca: other.cert }, /is not trusted \(DEPTH_ZERO_SELF_SIGNED_CERT\)/],
    [
      "has another name",
      strange,
      { ca: strange.cert },
      /made for shared\.example, www\.shared\.example, not for 127\.0\.0\.1/,
    ],
    ["has expired", expired, { ca: expired.cert }, /expired on [A-Z][a-z]{2} /],
    ["is not the pinned one", good, { fingerprint: fingerprintOf(other) }, /is not the pinned one/],
    ["is not the pinned one", good, { fingerprint: fingerprintOf(other), ca: good.cert }, /is not the pinned one/],
  ] as const)("that %s is refused, with the fingerprint to pin", async (_, certificate, changes, text) => {
    for (const implicit of [false, true]) {
      const target = await serverWith(certificate, { implicit });
      const error = await failureOf(target(changes));
      expect(error).toBeInstanceOf(OperatorError);
      expect(error).toMatchObject({ key: "sites.shop.publish" });
      expect(String(error)).toMatch(text);
      expect(String(error)).toContain(`\`fingerprint: ${fingerprintOf(certificate)}\``);
    }
  });

  it("is pinned with an option where the target was named on the command line", async () => {
    const target = await serverWith(good);
    const error = await failureOf(target({ key: "--to" }));
    expect(error).toMatchObject({ key: "--to" });
    expect(String(error)).toContain(`\`--fingerprint ${fingerprintOf(good)}\``);
    expect(String(error)).toContain("`--ca FILE`");
  });

  it("of the operator's own that cannot be read is the operator's to mend", async () => {
    const target = await serverWith(good);
    const ca = "-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n";
    expect(await failureOf(target({ ca }))).toBeInstanceOf(OperatorError);
  });
});

for (const [daemon, start] of [
  ["vsftpd", startVsftpd],
  ["proftpd", startProftpd],
  ["pure-ftpd", startPureFtpd],
] as const) {
  describeWith(daemon, `a pinned certificate on ${daemon}`, () => {
    it("is enough for control and data connections", async () => {
      const { server } = await daemonForTest(start, { tls: strange });
      await use(await openForTest(ftpTarget(server, { ...FTPS, fingerprint: fingerprintOf(strange) })));
      expect(await failureOf(ftpTarget(server, { ...FTPS, fingerprint: fingerprintOf(good) }))).toBeInstanceOf(
        OperatorError,
      );
    });
  });
}

describeWith("vsftpd", "the first handshake with a host that takes one curve only", () => {
  it("is repeated once, and never again for whoever knows which curve that is", async () => {
    const { server } = await daemonForTest(startVsftpd, { tls: good });
    const { port, hellos } = await countClientHellos(server.port);
    const target = ftpTarget({ port, user: server.user }, { ...FTPS, ca: good.cert });
    const first = await openForTest(target);
    expect(hellos()).toBe(2);
    const profile = first.profile();
    expect(profile.curve).toBe("prime256v1");
    await openForTest(target, { profile });
    expect(hellos()).toBe(3);
    const misled = await openForTest(target, { profile: { ...profile, curve: "secp384r1" } });
    expect(misled.profile().curve).toBe("prime256v1");
  });
});

/** Passes a control connection on, and counts TLS's ClientHello in it (RFC 8446 section 4: type 1 in a record of type 22). */
async function countClientHellos(to: number) {
  let hellos = 0;
  const proxy = createServer((client) => {
    const host = connect(to, "127.0.0.1");
    for (const socket of [client, host]) socket.on("error", () => {});
    client.on("data", (bytes) => {
      // The second one may follow a record that means nothing (type 20, six bytes; appendix D.4).
      const at = bytes[0] === 20 ? 6 : 0;
      if (bytes[at] === 22 && bytes[at + 5] === 1) hellos += 1;
    });
    client.pipe(host).pipe(client);
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  onTestFinished(() => void proxy.close());
  return { port: (proxy.address() as AddressInfo).port, hellos: () => hellos };
}

describe("somebody who took over the data connection's port", () => {
  it.each([
    ["a pinned certificate", { fingerprint: fingerprintOf(good) }, /is not the pinned one/],
    ["the CA of the target", { ca: good.cert }, /self-signed certificate/],
  ] as const)("gets no file and gives none: %s", async (_, changes, text) => {
    for (const version of ["TLSv1.3", "TLSv1.2"] as const) await failToSteal(version, changes, text);
  });

  async function failToSteal(version: SecureVersion, changes: Partial<FtpTarget>, text: RegExp): Promise<void> {
    const thief = await startServerWithThief(good, { ...other, maxVersion: version });
    const session = await openForTest(ftpTarget(thief, { ...FTPS, ...changes }), {}, { maxTries: 1 });
    await expect(session.upload([upload("secret.txt", "secret")], () => {})).rejects.toThrow(text);
    await expect(session.readFile("a.txt", 100)).rejects.toThrow(text);
    await expect(session.list("folder")).rejects.toThrow(text);
    expect(thief.connections()).toBe(3);
    expect(thief.stolen()).toBe("");
  }
});

/** An FTPS server that shows one certificate on control connections and another on data connections. */
async function startServerWithThief(control: Certificate, data: SecureContextOptions) {
  const sockets = new Set<Socket>();
  let stolen = "";
  let connections = 0;
  const keep = (socket: Socket) => sockets.add(socket.on("error", () => {}));

  const thief = createServer((plain) => {
    keep(plain);
    connections += 1;
    const socket = new TLSSocket(plain, { isServer: true, secureContext: createSecureContext(data) });
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      stolen += String(chunk);
    });
    // As a listing or a file would come.
    socket.end("type=file;size=1; a\r\n");
  });
  thief.listen(0, "127.0.0.1");
  await once(thief, "listening");
  const port = () => (thief.address() as AddressInfo).port;

  const replies: Record<string, () => string> = {
    USER: () => "331 Password",
    PASS: () => "230 Welcome",
    PWD: () => '257 "/"',
    FEAT: () => "211-Features\r\n MLST type*;size*;\r\n211 End",
    SIZE: () => "213 20",
    EPSV: () => `229 Entering (|||${port()}|)`,
    STOR: () => "150 Go on\r\n226 Done",
    RETR: () => "150 Here it is\r\n226 Done",
    MLSD: () => "150 Here it is\r\n226 Done",
  };
  const server = createServer((plain) => {
    keep(plain);
    plain.write("220 Hello\r\n");
    plain.once("data", () => {
      plain.write("234 Go on\r\n");
      const socket = new TLSSocket(plain, { isServer: true, secureContext: createSecureContext(control) });
      socket.on("error", () => {});
      socket.on("data", (chunk) => {
        for (const line of String(chunk).split("\r\n").filter(Boolean)) {
          const verb = line.split(" ")[0] ?? "";
          socket.write(`${(replies[verb] ?? (() => "200 Fine"))()}\r\n`);
        }
      });
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await Promise.all([thief, server].map((one) => new Promise((resolve) => one.close(resolve))));
  });
  return { port: (server.address() as AddressInfo).port, stolen: () => stolen, connections: () => connections };
}
