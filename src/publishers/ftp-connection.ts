/** One FTP or FTPS connection: logged in, in binary mode, in the target's folder. It stands on basic-ftp's client. */
import { once } from "node:events";
import { isIP } from "node:net";
import { type Readable, Writable } from "node:stream";
import { type ConnectionOptions, createSecureContext, getCACertificates, type SecureContext } from "node:tls";
import { Client, FTPError, type FTPResponse } from "basic-ftp";
import { OperatorError, PermanentError, RetryLaterError } from "../errors.ts";
import { type CommandGroup, deliverWholeLines, type OnReplies, sendCommands } from "./ftp-pipeline.ts";
import { classifyReply, quoteReply } from "./ftp-replies.ts";
import { storeFile } from "./ftp-store.ts";
import type { FtpTarget } from "./publisher.ts";

export type FtpConnection = {
  /** The target's folder as the server calls it. */
  readonly base: string;
  isClosed(): boolean;
  /** See `sendCommands`. */
  run(groups: readonly CommandGroup[], onReplies: OnReplies): Promise<void>;
  /** Throws FTPError for a reply that refuses the file, and any other error when the connection is of no more use. */
  upload(source: Readable, path: string): Promise<void>;
  /** Throws PermanentError when the file is larger than `maxBytes`. */
  download(path: string, maxBytes: number): Promise<Buffer>;
  list(path: string): Promise<Map<string, number>>;
  close(): void;
};

/** How long to stay away from a host that has too many connections, in milliseconds. */
const TOO_MANY_DELAY_MS = 60_000;

export type ConnectOptions = {
  readonly secureContext: SecureContext;
  /** How long a connection may be silent while something is under way. */
  readonly stallTimeoutMs: number;
};

/**
 * Whom to trust. To be made once and shared: reading the system's certificates takes 16 ms, which a data connection for
 * every file would pay each time.
 */
export function trustFor({ ca }: FtpTarget): SecureContext {
  return createSecureContext(ca === null ? {} : { ca: [...getCACertificates("default"), ca] });
}

/**
 * Connects and logs in. Throws OperatorError where only the operator can help, RetryLaterError when the host has too
 * many connections, and a plain Error for the rest, such as a host that cannot be reached.
 */
export async function connectFtp(target: FtpTarget, options: ConnectOptions): Promise<FtpConnection> {
  const { stallTimeoutMs } = options;
  const client = new Client(stallTimeoutMs);
  try {
    await connect(client, target, options);
    await client.login(target.user, target.password);
    return openConnection(client, await settle(client, target), stallTimeoutMs);
  } catch (error) {
    client.close();
    throw explainConnect(error, target);
  }
}

async function connect(client: Client, target: FtpTarget, options: ConnectOptions): Promise<void> {
  const { secureContext, stallTimeoutMs } = options;
  const tls: ConnectionOptions = {
    host: target.host,
    // Server Name Indication carries names only (RFC 6066 section 3).
    ...(isIP(target.host) === 0 && { servername: target.host }),
    secureContext,
  };
  const greeting = target.implicit
    ? client.connectImplicitTLS(target.host, target.port, tls)
    : client.connect(target.host, target.port);
  deliverWholeLines(client.ftp.socket);
  client.ftp.socket.setNoDelay(true);
  await greeting;
  if (target.protocol === "ftps" && !target.implicit) {
    await within(stallTimeoutMs, client.useTLS(tls)).catch((error: unknown) => {
      // 500, 502, 504, 534 …: the server knows no AUTH TLS, or has no certificate (RFC 4217 section 4).
      if (!(error instanceof FTPError) || error.code < 500 || classifyReply(error) === "too-many") throw error;
      const said = `${target.host} does not offer TLS on this port (${quoteReply(error)})`;
      throw new OperatorError(`${target.key}.publish`, said, { cause: error });
    });
    deliverWholeLines(client.ftp.socket);
  }
}

/** Binary mode, encrypted transfers, the right folder, in one round trip. Answers with the folder's name. */
async function settle(client: Client, target: FtpTarget): Promise<string> {
  const encrypt = target.protocol === "ftps" ? ["PBSZ 0", "PROT P"] : [];
  const enter = target.folder === "/" ? [] : [`CWD ${target.folder}`];
  const commands = ["OPTS UTF8 ON", "TYPE I", ...encrypt, "PWD", ...enter, "PWD"];
  const replies = new Map<string, FTPResponse>();
  let landedIn = "";
  await sendCommands(
    client,
    commands.map((command) => [command]),
    (index, [reply]) => {
      const command = commands[index];
      if (command === undefined || reply === undefined) return;
      if (command === "PWD" && landedIn === "") landedIn = folderIn(reply);
      replies.set(command, reply);
    },
  );
  const refused = (command: string) => {
    const reply = replies.get(command);
    return reply !== undefined && classifyReply(reply) !== "fine" ? reply : undefined;
  };
  const key = `${target.key}.publish`;
  const noEncryption = refused("PROT P");
  if (noEncryption) {
    throw new OperatorError(key, `${target.host} does not encrypt file transfers (${quoteReply(noEncryption)})`);
  }
  const noFolder = refused(`CWD ${target.folder}`);
  if (noFolder) {
    const there = `the account lands in ${JSON.stringify(landedIn)}`;
    throw new OperatorError(
      key,
      `${target.host} has no folder ${target.folder} for this account (${quoteReply(noFolder)}; ${there}). Create it or correct the path`,
    );
  }
  const noBinary = refused("TYPE I") ?? refused("PWD");
  if (noBinary) throw new Error(`${target.host} cannot be worked with: ${quoteReply(noBinary)}`);
  const last = replies.get("PWD");
  return last === undefined ? landedIn : folderIn(last);
}

/** The folder in `257 "/a ""quoted"" name" is the current directory` (RFC 959 appendix II). */
function folderIn(reply: FTPResponse): string {
  return (/"((?:[^"]|"")*)"/.exec(reply.message)?.[1] ?? "").replaceAll('""', '"');
}

function openConnection(client: Client, base: string, stallTimeoutMs: number): FtpConnection {
  return {
    base,
    isClosed: () => client.closed,
    close: () => client.close(),
    run: (groups, onReplies) => sendCommands(client, groups, onReplies),

    async upload(source, path) {
      try {
        // A file that cannot be read here is no fault of the host: it fails before anything is sent.
        await once(source, "readable");
        await storeFile(client, source, ftpPath(path), stallTimeoutMs);
      } finally {
        source.destroy();
      }
    },

    async download(path, maxBytes) {
      const chunks: Buffer[] = [];
      let bytes = 0;
      let tooLarge: PermanentError | undefined;
      const sink = new Writable({
        write(chunk: Buffer, _encoding, done) {
          bytes += chunk.length;
          if (bytes > maxBytes) tooLarge = new PermanentError(`${path} is larger than ${maxBytes} bytes`);
          else chunks.push(chunk);
          done(tooLarge ?? null);
        },
      });
      await client.downloadTo(sink, ftpPath(path)).catch((error: unknown) => {
        throw tooLarge ?? error;
      });
      return Buffer.concat(chunks);
    },

    async list(path) {
      const entries = await client.list(ftpPath(path));
      return new Map(entries.filter(({ isFile }) => isFile).map(({ name, size }) => [name, size]));
    },
  };
}

/** A path as a command's argument: a leading space or dash would be trimmed or taken for an option. */
export function ftpPath(path: string): string {
  return /^[\s-]/.test(path) ? `./${path}` : path;
}

/** Turns a failed connect into the error that says who can mend it. Never quotes the password. */
function explainConnect(error: unknown, target: FtpTarget): Error {
  if (error instanceof PermanentError) return error;
  if (error instanceof FTPError) return explainRefusal(error, target);
  const code = (error as NodeJS.ErrnoException | null)?.code ?? "";
  const where = `${target.host}:${target.port}`;
  // The codes of OpenSSL's certificate checks (X509_verify_cert_error_string) and Node's own for a wrong name.
  if (/CERT|ISSUER|LEAF_SIGNATURE|INVALID_CA|PATH_LENGTH/.test(code)) {
    return new OperatorError(
      `${target.key}.publish`,
      `the certificate of ${where} is not trusted (${code}); use the name the certificate is made for, or trust its CA with \`ca\``,
      { cause: error },
    );
  }
  const reason = code || (error instanceof Error ? error.message : String(error));
  return new Error(`Cannot connect to ${where}: ${withoutPassword(reason, target)}`, { cause: error });
}

function explainRefusal(error: FTPError, target: FtpTarget): Error {
  const said = withoutPassword(quoteReply(error), target);
  switch (classifyReply(error)) {
    case "too-many":
      return new RetryLaterError(TOO_MANY_DELAY_MS, `${target.host} has too many connections: ${said}`);
    case "needs-tls":
      return new OperatorError(`${target.key}.publish`, `${target.host} insists on TLS; write ftps:// (${said})`);
    case "login-refused":
      return new OperatorError(
        `${target.key}.password`,
        `${target.host} does not let ${target.user} in with this password (${said})`,
      );
    default:
      return new Error(`${target.host} answered: ${said}`);
  }
}

/** Some servers repeat what they were sent. */
function withoutPassword(text: string, { password }: FtpTarget): string {
  return password === "" ? text : text.replaceAll(password, "[secret]");
}

/** Rejects after `limitMs`: basic-ftp waits for a TLS handshake without a limit. */
async function within<T>(limitMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("The TLS handshake took too long.")), limitMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
