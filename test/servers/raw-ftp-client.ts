/** A very small FTP client for tests that look at the exchange itself: it sends what it is told and hides no reply. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { buffer } from "node:stream/consumers";
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from "node:tls";

export type RawReply = {
  readonly code: number;
  /** The text behind the code; a reply of several lines keeps its line ends. */
  readonly text: string;
};

export type RawFtpClient = {
  /** The next reply; rejects when the connection ends without one. */
  reply(): Promise<RawReply>;
  /** Sends the commands in one write and waits for one reply to each. */
  send(...commands: string[]): Promise<RawReply[]>;
  /** Sends one command and waits for its reply. */
  command(command: string): Promise<RawReply>;
  login(user: string, password: string): Promise<RawReply>;
  /** EPSV, and a connection to the port it names. */
  openData(): Promise<Socket>;
  /** Sends EPSV and the command in one write; then connects. The replies to the command are still to come. */
  openDataAfter(command: string): Promise<Socket>;
  /** EPSV and the command; answers with the replies to the command: 150 and 226, or one that refuses. */
  upload(command: string, content: string): Promise<RawReply[]>;
  download(command: string): Promise<{ replies: RawReply[]; content: string }>;
  /**
   * AUTH TLS, PBSZ, PROT P: from then on everything is encrypted. Data connections resume the control connection's
   * session, if `resume` is not false.
   */
  startTls(options: ConnectionOptions & { readonly resume?: boolean }): Promise<void>;
  /** Resolves when the server has closed the connection. */
  ended(): Promise<void>;
  close(): void;
};

/** Connects to 127.0.0.1. The greeting is the first reply. */
export async function connectRaw(port: number): Promise<RawFtpClient> {
  let socket: Socket = connect(port, "127.0.0.1");
  let tls: { options: ConnectionOptions; session: Buffer | undefined } | undefined;
  let text = "";
  let isEnded = false;
  let wake = () => {};
  const replies: RawReply[] = [];

  function listen(): void {
    socket.on("data", (chunk) => {
      text += String(chunk);
      for (let found = nextReply(text); found; found = nextReply(text)) {
        replies.push(found.reply);
        text = found.rest;
      }
      wake();
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      isEnded = true;
      wake();
    });
  }

  async function reply(): Promise<RawReply> {
    for (;;) {
      const next = replies.shift();
      if (next) return next;
      if (isEnded) throw new Error("the server closed the control connection");
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }

  async function send(...commands: string[]): Promise<RawReply[]> {
    socket.write(commands.map((command) => `${command}\r\n`).join(""));
    const answers: RawReply[] = [];
    for (const _ of commands) answers.push(await reply());
    return answers;
  }

  async function command(line: string): Promise<RawReply> {
    socket.write(`${line}\r\n`);
    return reply();
  }

  async function connectData(answer: RawReply): Promise<Socket> {
    const port = /\|\|\|(\d+)\|/.exec(answer.text)?.[1];
    if (!port) throw new Error(`EPSV: ${answer.code} ${answer.text}`);
    const data = connect(Number(port), "127.0.0.1");
    data.on("error", () => {});
    await once(data, "connect");
    return data;
  }

  async function openData(): Promise<Socket> {
    return connectData(await command("EPSV"));
  }

  /** Over TLS the server's part of the handshake begins after its 150, so this has to come then. */
  async function protect(data: Socket): Promise<Socket> {
    if (!tls) return data;
    const secured = connectTls({ ...tls.options, ...(tls.session && { session: tls.session }), socket: data });
    await once(secured, "secureConnect");
    return secured;
  }

  async function transfer(line: string, work: (data: Socket) => Promise<void>): Promise<RawReply[]> {
    const data = await openData();
    const first = await command(line);
    if (first.code >= 200) {
      data.destroy();
      return [first];
    }
    await work(await protect(data));
    return [first, await reply()];
  }

  listen();
  await once(socket, "connect");
  return {
    reply,
    send,
    command,
    openData,
    async openDataAfter(line) {
      socket.write(`EPSV\r\n${line}\r\n`);
      return connectData(await reply());
    },
    async login(user, password) {
      await command(`USER ${user}`);
      return command(`PASS ${password}`);
    },
    upload(line, content) {
      return transfer(line, async (data) => {
        data.end(content);
        data.resume();
        await once(data, "close");
      });
    },
    async download(line) {
      let content = "";
      const answers = await transfer(line, async (data) => {
        content = String(await buffer(data));
      });
      return { replies: answers, content };
    },
    async startTls({ resume = true, ...options }) {
      const answer = await command("AUTH TLS");
      if (answer.code !== 234) throw new Error(`AUTH TLS: ${answer.code} ${answer.text}`);
      socket.removeAllListeners("data");
      // `host` makes Node take the control connection's session for the data connection.
      const full = { host: "127.0.0.1", ...options };
      const secured: TLSSocket = connectTls({ ...full, socket });
      const state: typeof tls = { options: full, session: undefined };
      secured.on("session", (session) => {
        if (resume) state.session = session;
      });
      await once(secured, "secureConnect");
      tls = state;
      socket = secured;
      listen();
      await send("PBSZ 0", "PROT P");
    },
    async ended() {
      if (!socket.destroyed) await once(socket, "close");
    },
    close() {
      socket.destroy();
    },
  };
}

/** The first whole reply in `text` (RFC 959 section 4.2: "123-" opens one of several lines, "123 " ends it). */
function nextReply(text: string): { reply: RawReply; rest: string } | undefined {
  const lines = text.split("\r\n");
  const code = lines[0]?.slice(0, 3) ?? "";
  const isOpen = lines[0]?.[3] === "-";
  const last = isOpen ? lines.findIndex((line, index) => index > 0 && line.startsWith(`${code} `)) : 0;
  // The last piece has no line end yet.
  if (last < 0 || last >= lines.length - 1) return undefined;
  const body = lines.slice(0, last + 1).map((line, index) => (index === 0 || index === last ? line.slice(4) : line));
  return { reply: { code: Number(code), text: body.join("\r\n") }, rest: lines.slice(last + 1).join("\r\n") };
}
