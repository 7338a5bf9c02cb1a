/** From a host's name to an SSH connection that is logged in (RFC 4253, RFC 4252), over ssh2's client. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { Client, ServerHostKeyAlgorithm } from "ssh2";
import { OperatorError, PermanentError, RetryLaterError } from "../../errors.ts";
import { operatorKey } from "../operator-key.ts";
import type { SftpTarget } from "../publisher.ts";
import { algorithmsOfOtherKeys, type HostTrust } from "./host-key.ts";
import type { Login } from "./login.ts";
import type { Ssh2 } from "./private-key.ts";

export type HandshakeOptions = {
  readonly ssh2: Ssh2;
  readonly trust: HostTrust;
  readonly login: () => Login;
  /** How long the host may be silent, or take for the login. */
  readonly stallTimeoutMs: number;
  /** Ends the connection, whether it is being made or used. */
  readonly signal?: AbortSignal | undefined;
};

export type LoggedIn = {
  readonly client: Client;
  readonly socket: Socket;
  /** How the host introduced itself: "SSH-2.0-OpenSSH_9.2p1 Debian-2". */
  readonly banner: string;
};

/** How long to stay away from a host that has too many connections, in milliseconds. */
const TOO_MANY_DELAY_MS = 60_000;

/** SSH_MSG_DISCONNECT's reasons (RFC 4253 section 11.1). OpenSSH says 2 to "Too many authentication failures". */
const DISCONNECT = { protocolError: 2, tooManyConnections: 12, noMoreMethods: 14, illegalUser: 15 } as const;

/** The host showed another key than the one that is pinned. */
type Mismatch = { readonly key: Buffer; readonly error: OperatorError };

/**
 * Connects and logs in. Throws OperatorError where only the operator can help, RetryLaterError when the host has too
 * many connections, and a plain Error for the rest, such as a host that cannot be reached.
 */
export async function logIn(target: SftpTarget, options: HandshakeOptions): Promise<LoggedIn> {
  const first = await attempt(target, options);
  if ("client" in first) return first;
  // A host has several keys and shows the one of the kind that is asked for: the pinned one may be another.
  if (options.trust.expected() !== null) {
    for (const algorithms of algorithmsOfOtherKeys(first.key)) {
      const other = await attempt(target, options, algorithms).catch((error: unknown) => {
        if (error instanceof NoSuchKeyError) return undefined;
        throw error;
      });
      if (other !== undefined && "client" in other) return other;
    }
  }
  throw first.error;
}

/** The host ended the handshake before it had shown a key: it has none of the kind that was asked for. */
class NoSuchKeyError extends Error {
  override readonly name = "NoSuchKeyError";
}

async function attempt(
  target: SftpTarget,
  { ssh2, trust, login: startLogin, stallTimeoutMs, signal }: HandshakeOptions,
  serverHostKey?: readonly ServerHostKeyAlgorithm[],
): Promise<LoggedIn | Mismatch> {
  const socket = await openSocket(target, stallTimeoutMs, signal);
  const client = new ssh2.Client();
  const login = startLogin();
  let mismatch: Mismatch | undefined;
  let isTrusted = false;
  // Also for errors that come when nobody waits any more.
  client.on("error", () => {});
  try {
    const banner = listenForBanner(socket, target);
    const ready = whenReady(client, target, login);
    ready.catch(() => {});
    client.connect({
      sock: socket,
      username: target.user,
      readyTimeout: stallTimeoutMs,
      authHandler: login.handler,
      hostVerifier: (key: Buffer) => {
        const error = trust.judge(key);
        if (error !== undefined) mismatch = { key, error };
        isTrusted = error === undefined;
        return isTrusted;
      },
      ...(serverHostKey !== undefined && { algorithms: { serverHostKey: [...serverHostKey] } }),
    });
    await Promise.race([ready, banner.refused]);
    return { client, socket, banner: banner.text() };
  } catch (error) {
    socket.destroy();
    if (mismatch !== undefined) return mismatch;
    if (serverHostKey !== undefined && !isTrusted) throw new NoSuchKeyError();
    throw explain(error, target, login);
  }
}

async function openSocket(target: SftpTarget, timeoutMs: number, signal?: AbortSignal): Promise<Socket> {
  const socket = connect({ host: target.host, port: target.port, ...(signal !== undefined && { signal }) });
  // Small requests have to leave at once; the kernel watches a connection that is idle for long.
  socket.setNoDelay(true);
  socket.setKeepAlive(true, 30_000);
  const late = new Error(`no answer within ${timeoutMs / 1000} s`);
  socket.setTimeout(timeoutMs, () => socket.destroy(late));
  try {
    await once(socket, "connect");
  } catch (error) {
    throw explain(error, target, undefined);
  }
  socket.setTimeout(0);
  return socket;
}

/**
 * Reads along until the host has introduced itself. An FTP server greets with "220 …" (RFC 959 section 5.4) and then
 * waits, as an SSH client does, which would otherwise end as a mere timeout.
 */
function listenForBanner(socket: Socket, target: SftpTarget): { refused: Promise<never>; text(): string } {
  let text = "";
  const refused = new Promise<never>((_, reject) => {
    socket.on("data", function read(chunk) {
      text += chunk.toString("latin1");
      if (/^[245]\d\d[ -]/.test(text)) {
        const advice = `${target.host}:${target.port} answers like an FTP server: this is FTP; write ftps://`;
        reject(new OperatorError(operatorKey(target, "publish"), advice));
      }
      if (!/^SSH-.*\n/m.test(text) && text.length < MAX_BANNER_LENGTH) return;
      text = /^SSH-[^\r\n]*/m.exec(text)?.[0] ?? "";
      socket.off("data", read);
    });
    // ssh2 sets the socket flowing once it is ready itself; a listener alone must not.
    socket.pause();
  });
  refused.catch(() => {});
  return { refused, text: () => text };
}

/** Lines may come before the introduction (RFC 4253 section 4.2); more than this are of no interest. */
const MAX_BANNER_LENGTH = 16 * 1024;

function whenReady(client: Client, target: SftpTarget, login: Login): Promise<void> {
  return new Promise((resolve, reject) => {
    client.once("ready", resolve);
    client.once("close", () => reject(new Error("the host closed the connection")));
    client.on("change password", () => {
      const said = `${target.host} wants ${target.user} to choose a new password first`;
      reject(new OperatorError(operatorKey(target, "password"), said));
    });
    client.on("error", (error: Error & { level?: string }) => {
      // ssh2 goes on with the next method by itself.
      if (error.level === "agent") login.agentFailed();
      else reject(error);
    });
  });
}

/** Turns a failed connect into the error that says who can mend it. */
function explain(error: unknown, target: SftpTarget, login: Login | undefined): Error {
  if (error instanceof PermanentError) return error;
  const { level, code } = error as { level?: string; code?: unknown };
  if (code === DISCONNECT.tooManyConnections) {
    return new RetryLaterError(TOO_MANY_DELAY_MS, `${target.host} has too many connections`, { cause: error });
  }
  const endings: unknown[] = [DISCONNECT.protocolError, DISCONNECT.noMoreMethods, DISCONNECT.illegalUser];
  if (level === "client-authentication" || (login?.hasBegun() && endings.includes(code))) {
    if (login !== undefined) return login.explain();
  }
  const reason = typeof code === "string" ? code : error instanceof Error ? error.message : String(error);
  return new Error(`Cannot connect to ${target.host}:${target.port}: ${reason}`, { cause: error });
}
