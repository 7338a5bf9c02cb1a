/**
 * A small FTP and FTPS server on 127.0.0.1, for the demo and for tests: it serves one folder to one user, speaks like
 * vsftpd, ProFTPD or Pure-FTPd, counts what it sees, and fails on command. It is no server for the internet.
 *
 *     const server = createFtpServer({ root, user: "demo", password: "secret", tls: await createCertificate() });
 *     await server.start();                              // server.port is set from here on
 *     server.misbehave({ cutUpload: { nth: 3, afterBytes: 100, how: "done" } });
 *     … server.log.stored, server.log.commands.get("STOR"), server.log.peakConnections …
 *     server.misbehave(null);
 *     await server.stop();                               // closes all connections, too
 */
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { createSecureContext } from "node:tls";
import { carryOut } from "./commands.ts";
import { createFtpLog, type FtpLog } from "./log.ts";
import { createMisbehaviourState, type Misbehaviour } from "./misbehaviour.ts";
import { type Flavour, REPLIES } from "./replies.ts";
import { createServedFolder } from "./served-folder.ts";
import { runSession, type ServerContext } from "./session.ts";

export type { Misbehaviour } from "./misbehaviour.ts";

export type FtpServerOptions = {
  /** The folder that clients see as "/"; nothing outside can be reached. */
  readonly root: string;
  readonly user: string;
  readonly password: string;
  /** 0, the default, takes a free one. */
  readonly port?: number;
  /** Key and certificate in PEM; with them AUTH TLS is offered. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** TLS from the first byte on, in place of AUTH TLS. Needs `tls`. */
  readonly implicit?: boolean;
  /** Refuses logins and data without TLS. */
  readonly requireTls?: boolean;
  /** Data connections have to resume a TLS session, as vsftpd and ProFTPD want it by default. */
  readonly requireSessionReuse?: boolean;
  /** Whose words it uses; vsftpd's are the default. */
  readonly flavour?: Flavour;
  readonly misbehave?: Misbehaviour;
};

export type FtpServer = {
  /** 0 until started. */
  readonly port: number;
  readonly log: FtpLog;
  start(): Promise<void>;
  /** Closes the port and all connections. */
  stop(): Promise<void>;
  /** Replaces the misbehaviour and begins to count anew; null ends it. */
  misbehave(misbehaviour: Misbehaviour | null): void;
};

export function createFtpServer(options: FtpServerOptions): FtpServer {
  const { tls, flavour = "vsftpd", implicit = false } = options;
  const log = createFtpLog();
  const connections = new Set<Socket>();
  let misbehaviour = createMisbehaviourState(options.misbehave ?? {});
  let port = 0;

  const context: ServerContext = {
    user: options.user,
    password: options.password,
    replies: REPLIES[flavour],
    files: createServedFolder(options.root),
    // One context for all connections: a session of the control connection can be resumed on a data connection.
    secureContext: tls && createSecureContext({ ...tls, sessionIdContext: "slipway-ftp" }),
    requireTls: options.requireTls ?? false,
    requireSessionReuse: options.requireSessionReuse ?? false,
    refusesSizeInAscii: flavour === "proftpd",
    knowsMlsd: flavour !== "vsftpd",
    showsDotsInNames: flavour === "pureftpd",
    log,
    misbehaviour: () => misbehaviour,
    openConnections: () => connections.size,
  };

  const server = createServer((socket) => {
    connections.add(socket);
    log.countConnection(1);
    socket.once("close", () => {
      connections.delete(socket);
      log.countConnection(-1);
    });
    void runSession(context, socket, implicit, carryOut);
  });

  return {
    get port() {
      return port;
    },
    log,
    async start() {
      server.listen(options.port ?? 0, "127.0.0.1");
      await once(server, "listening");
      const address = server.address();
      port = typeof address === "object" && address ? address.port : 0;
    },
    async stop() {
      const closed = once(server, "close");
      server.close();
      for (const socket of connections) socket.destroy();
      await closed;
    },
    misbehave(next) {
      misbehaviour = createMisbehaviourState(next ?? {});
    },
  };
}
