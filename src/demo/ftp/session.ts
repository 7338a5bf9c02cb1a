/** One client's control connection: its lines come in, are carried out one after another, and are answered in order. */
import type { Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { type SecureContext, TLSSocket } from "node:tls";
import type { FtpLog } from "./log.ts";
import type { MisbehaviourState } from "./misbehaviour.ts";
import { createPassive, type Passive } from "./passive.ts";
import { fillReply, type Replies, type ReplyName, type ReplyValues } from "./replies.ts";
import type { ServedFolder } from "./served-folder.ts";

/** What all sessions of a server share. */
export type ServerContext = {
  readonly user: string;
  readonly password: string;
  readonly replies: Replies;
  readonly files: ServedFolder;
  readonly secureContext: SecureContext | undefined;
  readonly requireTls: boolean;
  readonly requireSessionReuse: boolean;
  /** Whether SIZE is refused in ASCII mode, as ProFTPD does. */
  readonly refusesSizeInAscii: boolean;
  readonly knowsMlsd: boolean;
  readonly showsDotsInNames: boolean;
  readonly log: FtpLog;
  misbehaviour(): MisbehaviourState;
  /** How many control connections there are now. */
  openConnections(): number;
};

/** What one client has said so far. */
export type Session = {
  readonly server: ServerContext;
  readonly passive: Passive;
  user: string | undefined;
  isLoggedIn: boolean;
  isSecure: boolean;
  isPrivate: boolean;
  isBinary: boolean;
  folder: string;
  renameFrom: string | undefined;
  restartAt: number;
  /** Sends a reply of the server's flavour. */
  reply(name: ReplyName, values?: ReplyValues): Promise<void>;
  /** Sends a reply as it is, with its code and without the line end. */
  replyText(text: string): Promise<void>;
  /** The rest of the control connection is encrypted. To be called right after the reply that says so. */
  secure(): void;
  /** Closes the control connection; what was written still arrives. */
  end(): void;
  /** Closes the control connection at once. */
  abort(): void;
  /** Waits until the client has gone. */
  hang(): Promise<void>;
};

/** vsftpd's limit. */
const MAX_LINE_LENGTH = 4096;

/** Lines read ahead of the one being carried out; more wait in the socket. */
const MAX_LINES_AHEAD = 1000;

export type CarryOut = (session: Session, verb: string, argument: string) => Promise<void>;

/** Serves the connection. Resolves when it has ended. */
export async function runSession(
  server: ServerContext,
  connection: Socket,
  implicit: boolean,
  carryOut: CarryOut,
): Promise<void> {
  let socket = connection;
  let text = "";
  let lines: string[] = [];
  let isWorking = false;
  let isEnding = false;
  let isSilent = false;
  const passive = createPassive(connection.remoteAddress ?? "");
  const ended = new Promise<void>((resolve) => connection.once("close", () => resolve()));

  const session: Session = {
    server,
    passive,
    user: undefined,
    isLoggedIn: false,
    isSecure: false,
    isPrivate: false,
    // RFC 959 section 5.1: ASCII until the client says otherwise.
    isBinary: false,
    folder: "/",
    renameFrom: undefined,
    restartAt: 0,
    reply: (name, values = {}) => send(fillReply(server.replies[name], values)),
    replyText: (reply) => send(`${reply}\r\n`),
    secure() {
      stopListening();
      // Whatever came in clear behind AUTH TLS is not the client's word (RFC 4217 section 15.1, and STARTTLS at large).
      text = "";
      lines = [];
      socket = new TLSSocket(socket, { isServer: true, secureContext: server.secureContext });
      session.isSecure = true;
      listen();
    },
    end() {
      isEnding = true;
      socket.end();
    },
    abort: () => connection.destroy(),
    async hang() {
      isSilent = true;
      await ended;
    },
  };

  async function send(reply: string): Promise<void> {
    const { replyDelayMs } = server.misbehaviour().current;
    if (replyDelayMs) await delay(replyDelayMs);
    // Without its 150 a client would never begin the transfer whose end is to be kept from it.
    if (isSilent && !reply.startsWith("1")) return;
    if (socket.writable) socket.write(reply);
  }

  function listen(): void {
    // Names may hold any letter (RFC 2640), and a letter may be parted by a packet.
    socket.setEncoding("utf8");
    socket.on("data", onData);
    socket.on("error", () => connection.destroy());
  }

  function stopListening(): void {
    socket.removeListener("data", onData);
  }

  function onData(chunk: string): void {
    const parts = (text + chunk).split(/\r?\n/);
    text = parts.pop() ?? "";
    lines.push(...parts);
    if (text.length > MAX_LINE_LENGTH) {
      void session.reply("lineTooLong");
      session.end();
      return;
    }
    if (lines.length > MAX_LINES_AHEAD) socket.pause();
    work().catch(() => session.abort());
  }

  async function work(): Promise<void> {
    if (isWorking) return;
    isWorking = true;
    while (lines.length > 0 && !isEnding && !connection.destroyed) {
      await carryOutLine(lines.shift() ?? "");
      if (lines.length === 0) socket.resume();
    }
    // Nobody who says good-bye waits for the answer.
    if (connection.destroyed && lines.at(-1) === "QUIT") server.log.countCommand("QUIT", "");
    isWorking = false;
  }

  async function carryOutLine(line: string): Promise<void> {
    const space = line.indexOf(" ");
    const verb = (space < 0 ? line : line.slice(0, space)).toUpperCase();
    const argument = space < 0 ? "" : line.slice(space + 1);
    server.log.countCommand(verb, verb === "PASS" ? "***" : argument);
    const how = server.misbehaviour().interruptionOf(verb);
    if (how === "close") return session.abort();
    if (how === "hang") return session.hang();
    if (how === "close-after") isSilent = true;
    await carryOut(session, verb, argument);
    if (how === "close-after") session.abort();
  }

  connection.setNoDelay(true);
  if (implicit) session.secure();
  else listen();
  const { limitConnections } = server.misbehaviour().current;
  if (limitConnections?.at === "greeting" && server.openConnections() > limitConnections.count) {
    await session.reply("tooManyConnections", { limit: limitConnections.count });
    session.end();
  } else await session.reply("greeting");
  await ended;
  passive.destroy();
}
