/** The SFTP publisher against a real OpenSSH server. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import type { SftpTarget } from "../../../src/publishers/publisher.ts";
import { createSftpPublisher } from "../../../src/publishers/sftp/sftp.ts";
import { describeWith } from "../../servers/available.ts";
import {
  createKeyPair,
  type OpensshDaemon,
  type OpensshOptions,
  type SshDaemon,
  startOpenssh,
} from "../../servers/openssh.ts";
import { startProftpdSftp } from "../../servers/proftpd-sftp.ts";
import { testPublisher } from "../contract.ts";
import { empty, PASSWORD, QUICK, targetFor, temporaryFolder } from "./world.ts";

const key = createKeyPair();

const KINDS: ReadonlyArray<readonly [string, Omit<OpensshOptions, "root">, Partial<SftpTarget>]> = [
  ["OpenSSH with a password", { password: PASSWORD }, {}],
  ["OpenSSH with a key", { publicKey: key.public }, { password: null, privateKey: key.private }],
  [
    "a server that cannot rename over a file",
    { password: PASSWORD, subsystem: "internal-sftp -u 022 -P posix-rename" },
    {},
  ],
];

describeWith("proftpd", "ProFTPD's SFTP", () => {
  let folder: string;
  let server: SshDaemon;
  beforeAll(async () => {
    folder = await temporaryFolder();
    server = await startProftpdSftp({ root: folder, password: PASSWORD });
  });
  afterAll(async () => {
    await server?.stop();
    if (folder) await rm(folder, { recursive: true });
  });

  testPublisher("ProFTPD's SFTP", async () => ({
    publisher: createSftpPublisher(targetFor(server), QUICK),
    publisherAt: (below) => createSftpPublisher(targetFor(server, { folder: `/${below}` }), QUICK),
    folder,
    stop: () => empty(folder),
  }));
});

for (const [title, options, changes] of KINDS) {
  describeWith("sshd", title, () => {
    let folder: string;
    let server: OpensshDaemon;
    beforeAll(async () => {
      folder = await temporaryFolder();
      server = await startOpenssh({ ...options, root: folder });
    });
    afterAll(async () => {
      await server?.stop();
      if (folder) await rm(folder, { recursive: true });
    });

    testPublisher(title, async () => ({
      publisher: createSftpPublisher(targetFor(server, changes), QUICK),
      publisherAt: (below) =>
        createSftpPublisher(targetFor(server, { ...changes, folder: join(folder, below) }), QUICK),
      folder,
      stop: () => empty(folder),
    }));
  });
}
