/**
 * Slack's side of Socket Mode for the tests: apps.connections.open, and a WebSocket of which every frame is under the
 * test's control. RFC 6455; docs.slack.dev/apis/events-api/using-socket-mode.
 */
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";

export type SocketServer = {
  readonly apiUrl: string;
  /** What apps.connections.open was asked with: the authorization header of each request. */
  readonly opened: string[];
  /** What the next ones answer, each once; without any it is the address of the WebSocket. */
  readonly answers: Array<{
    readonly status?: number;
    readonly headers?: Record<string, string>;
    readonly body: unknown;
  }>;
  /** What clients sent, parsed. */
  readonly received: Array<{ envelope_id: string; payload: unknown }>;
  /** Whether a connection that is made is greeted. */
  greets: boolean;
  connections(): number;
  /** Sends to the newest connection: an object as JSON, text as it is. */
  send(message: object | string): void;
  /** Cuts every connection without a good-bye. */
  cut(): void;
  stop(): Promise<void>;
};

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const [TEXT, CLOSE, PING, PONG] = [1, 8, 9, 10];

export async function startSocketServer(): Promise<SocketServer> {
  const sockets = new Set<Duplex>();
  const state: SocketServer = {
    apiUrl: "",
    opened: [],
    answers: [],
    received: [],
    greets: true,
    connections: () => sockets.size,
    send(message) {
      const socket = [...sockets].at(-1);
      if (!socket) throw new Error("nobody is connected");
      socket.write(frame(TEXT, Buffer.from(typeof message === "string" ? message : JSON.stringify(message))));
    },
    cut() {
      for (const socket of sockets) socket.destroy();
    },
    async stop() {
      state.cut();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  const server = createServer((request, response) => {
    request.resume().on("end", () => {
      state.opened.push(request.headers.authorization ?? "");
      const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/link`;
      const { status = 200, headers = {}, body } = state.answers.shift() ?? { body: { ok: true, url } };
      response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
    });
  });
  server.on("upgrade", (request, socket: Duplex) => {
    const accept = createHash("sha1").update(`${request.headers["sec-websocket-key"]}${GUID}`).digest("base64");
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => sockets.delete(socket));
    readFrames(socket, (opcode, data) => {
      if (opcode === TEXT) state.received.push(JSON.parse(data.toString("utf8")));
      if (opcode === PING) socket.write(frame(PONG, data));
      if (opcode === CLOSE) socket.end(frame(CLOSE, data));
    });
    if (state.greets) socket.write(frame(TEXT, Buffer.from('{"type":"hello","num_connections":1}')));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return Object.assign(state, { apiUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/` });
}

/** A frame of a server: whole, and not masked. */
function frame(opcode: number, data: Buffer): Buffer {
  const head =
    data.length < 126 ? Buffer.from([0x80 | opcode, data.length]) : Buffer.alloc(data.length < 65_536 ? 4 : 10);
  if (data.length >= 126) {
    head[0] = 0x80 | opcode;
    head[1] = data.length < 65_536 ? 126 : 127;
    if (data.length < 65_536) head.writeUInt16BE(data.length, 2);
    else head.writeBigUInt64BE(BigInt(data.length), 2);
  }
  return Buffer.concat([head, data]);
}

/** Frames of a client: masked, and in these tests never in parts. */
function readFrames(socket: Duplex, take: (opcode: number, data: Buffer) => void): void {
  let rest = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    for (;;) {
      if (rest.length < 2) return;
      const short = (rest[1] ?? 0) & 0x7f;
      const headBytes = short === 126 ? 4 : short === 127 ? 10 : 2;
      if (rest.length < headBytes + 4) return;
      const size = short === 126 ? rest.readUInt16BE(2) : short === 127 ? Number(rest.readBigUInt64BE(2)) : short;
      const start = headBytes + 4;
      if (rest.length < start + size) return;
      const mask = rest.subarray(headBytes, start);
      const data = Buffer.from(rest.subarray(start, start + size).map((byte, at) => byte ^ (mask[at % 4] ?? 0)));
      const opcode = (rest[0] ?? 0) & 0x0f;
      rest = rest.subarray(start + size);
      take(opcode, data);
    }
  });
}
