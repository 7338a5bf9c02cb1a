/** One FTP or FTPS connection: logged in, in binary mode, in the target's folder. It stands on basic-ftp's client. */
import { once } from "node:events";
import type { Readable } from "node:stream";
import { connect as connectTls, TLSSocket } from "node:tls";
import { Client, FTPError, type FTPResponse } from "basic-ftp";
import type { FtpTarget } from "../publisher.ts";
import { explainConnect, explainGreeting, explainNoTls } from "./connect-error.ts";
import type { HostFacts } from "./facts.ts";
import type { FtpFeatures } from "./features.ts";
import { ftpName } from "./path.ts";
import { type CommandGroup, deliverWholeLines, type OnReplies, sendCommands } from "./pipeline.ts";
import { classifyReply } from "./replies.ts";
import { type SettledFtp, settleFtp } from "./settle.ts";
import { storeFile } from "./store.ts";
import { retrieveFile, retrieveListing } from "./transfer.ts";
import { type FtpTrust, rememberTrust } from "./trust.ts";

export type FtpConnection = {
  /** The target's folder as the server calls it. */
  readonly base: string;
  /** Whether the folder above it can be entered. */
  readonly hasFolderAbove: boolean;
  readonly features: FtpFeatures;
  /** A path of the publish as the argument of a command. Throws PermanentError for what is no such path. */
  name(path: string): string;
  isClosed(): boolean;
  /** For how long the server has not said a word, in milliseconds. */
  silentMs(): number;
  /** See `sendCommands`. */
  run(groups: readonly CommandGroup[], onReplies: OnReplies): Promise<void>;
  /** Throws FTPError for a reply that refuses the file, and any other error when the connection is of no more use. */
  upload(source: Readable, path: string): Promise<void>;
  /** Throws PermanentError when the file is larger than `maxBytes`. */
  download(path: string, maxBytes: number): Promise<Buffer>;
  /** Sends a command that is answered by a listing. Throws FTPError for a reply that refuses it. */
  list(command: string): Promise<{ readonly text: string; readonly reply: FTPResponse }>;
  close(): void;
};

export type ConnectOptions = {
  readonly trust: FtpTrust;
  /** How long a connection may be silent while something is under way. */
  readonly stallTimeoutMs: number;
  readonly facts: HostFacts;
};

/**
 * Connects and logs in. Throws OperatorError where only the operator can help, RetryLaterError when the host has too
 * many connections, and a plain Error for the rest, such as a host that cannot be reached.
 */
export async function connectFtp(target: FtpTarget, options: ConnectOptions): Promise<FtpConnection> {
  const client = new Client(options.stallTimeoutMs);
  try {
    await connect(client, target, options);
    await client.login(target.user, target.password);
    return openConnection(client, await settleFtp(client, target, options.facts), options);
  } catch (error) {
    client.close();
    throw explainConnect(error, target);
  }
}

async function connect(client: Client, target: FtpTarget, { trust, stallTimeoutMs }: ConnectOptions): Promise<void> {
  const { ftp } = client;
  // Whom to trust is asked once the certificate is known, so that the refusal can name it.
  const unchecked = { ...trust.tls, rejectUnauthorized: false };
  const greeting = target.implicit
    ? client.connectImplicitTLS(target.host, target.port, unchecked)
    : client.connect(target.host, target.port);
  const { socket } = ftp;
  if (socket instanceof TLSSocket) {
    socket.once("secureConnect", () => {
      const problem = trust.problemOf(socket);
      if (problem) ftp.closeWithError(problem);
    });
  }
  deliverWholeLines(socket);
  socket.setNoDelay(true);
  refuseOtherProtocols(client, target);
  await greeting;
  if (target.protocol === "ftps") {
    if (!target.implicit) await startTls(client, target, trust, stallTimeoutMs);
    if (ftp.socket instanceof TLSSocket) trust.learnFrom(ftp.socket);
    ftp.tlsOptions = trust.tls;
    rememberTrust(client, trust);
  }
}

/** Without this, the wait for FTP's greeting would last until it times out. */
function refuseOtherProtocols(client: Client, target: FtpTarget): void {
  const { socket } = client.ftp;
  let text = "";
  const look = (chunk: unknown) => {
    text += String(chunk);
    if (text.length < 4) return;
    socket.removeListener("data", look);
    if (!/^\d{3}[ -]/.test(text)) client.ftp.closeWithError(explainGreeting(text, target));
  };
  socket.on("data", look);
}

async function startTls(client: Client, target: FtpTarget, trust: FtpTrust, stallTimeoutMs: number): Promise<void> {
  await client.send("AUTH TLS").catch((error: unknown) => {
    if (!(error instanceof FTPError) || error.code < 500 || classifyReply(error) === "too-many") throw error;
    throw explainNoTls(error, target);
  });
  const socket = connectTls({ ...trust.tls, rejectUnauthorized: false, socket: client.ftp.socket });
  const late = AbortSignal.timeout(stallTimeoutMs);
  await once(socket, "secureConnect", { signal: late }).catch((error: unknown) => {
    socket.destroy();
    throw late.aborted ? new Error("The TLS handshake took too long.") : error;
  });
  // It takes the place of the one below at once, so that closing the client closes it, too.
  client.ftp.socket = socket;
  const problem = trust.problemOf(socket);
  if (problem) throw problem;
  deliverWholeLines(socket);
}

function openConnection(client: Client, settled: SettledFtp, options: ConnectOptions): FtpConnection {
  const { stallTimeoutMs, facts } = options;
  let heardAtMs = performance.now();
  const name = (path: string) => ftpName(settled, path);
  return {
    ...settled,
    name,
    isClosed: () => client.closed,
    silentMs: () => performance.now() - heardAtMs,
    close: () => client.close(),

    async run(groups, onReplies) {
      const hear: OnReplies = (group, replies) => {
        heardAtMs = performance.now();
        onReplies(group, replies);
      };
      await sendCommands(client, groups, hear, { facts });
    },

    upload: (source, path) => storeFile(client, source, name(path), stallTimeoutMs, facts),
    download: (path, maxBytes) => retrieveFile(client, name(path), maxBytes, stallTimeoutMs, facts),
    list: (command) => retrieveListing(client, command, stallTimeoutMs, facts),
  };
}
