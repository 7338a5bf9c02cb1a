/**
 * A far-away FTP server: stands between a client and a server on 127.0.0.1, control and data connections alike, and lets
 * everything take its time. A handshake through a proxy takes none, so what a client sends on a new connection waits
 * until the handshake of a real link would be over.
 */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

export type DelayingProxy = {
  /** A loopback address of its own, so that data ports keep their numbers (EPSV tells nothing else). */
  readonly host: string;
  readonly port: number;
  /** Connections to the control port, all others, and packets of commands, as far as they came one by one. */
  readonly counts: { control: number; data: number; chunks: number };
  stop(): Promise<void>;
};

const HOST = "127.0.0.2";

/** Starts the proxy. `roundTripMs` is the whole round trip. */
export async function startDelayingProxy(serverPort: number, roundTripMs: number): Promise<DelayingProxy> {
  const oneWayMs = roundTripMs / 2;
  const listening = new Map<number, Server>();
  const open = new Set<Socket>();
  const stop = new AbortController();
  const counts = { control: 0, data: 0, chunks: 0 };

  /** Hands on what comes from one side, in order, `oneWayMs` later, and nothing before `fromMs`. */
  function relay(from: Socket, to: Socket, fromMs: number, seen: () => void): void {
    let last = Promise.resolve();
    const later = (work: () => void) => {
      const dueMs = Math.max(performance.now(), fromMs) + oneWayMs;
      last = last
        .then(() => delay(Math.max(0, dueMs - performance.now()), undefined, { signal: stop.signal }))
        .then(work);
      last.catch(() => {});
    };
    from.on("data", (chunk) => {
      seen();
      later(() => to.write(chunk));
    });
    from.on("end", () => later(() => to.end()));
    from.on("error", () => to.destroy());
    from.on("close", () => later(() => to.destroy()));
  }

  function pass(client: Socket, port: number): void {
    const isControl = port === serverPort;
    counts[isControl ? "control" : "data"] += 1;
    const server = connect({ port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
    client.setNoDelay(true);
    for (const socket of [client, server]) open.add(socket.once("close", () => open.delete(socket)));
    const handshakeOverMs = performance.now() + roundTripMs;
    relay(client, server, handshakeOverMs, () => {
      if (isControl) counts.chunks += 1;
    });
    // The server hears of the connection half a round trip later still.
    relay(server, client, handshakeOverMs + oneWayMs, isControl ? listenToo : () => {});
  }

  async function listen(port: number): Promise<void> {
    const server = createServer({ allowHalfOpen: true }, (client) => {
      if (port !== serverPort) {
        server.close();
        listening.delete(port);
      }
      pass(client, port);
    });
    listening.set(port, server);
    server.listen(port, HOST);
    await once(server, "listening");
  }

  /** What the server says may be the number of a new port; encrypted or not, it listens there before it says so. */
  function listenToo(): void {
    for (const port of portsOf("127.0.0.1")) {
      // Somebody else's port, perhaps, on every address.
      if (!listening.has(port)) listen(port).catch(() => listening.delete(port));
    }
  }

  await listen(serverPort);
  return {
    host: HOST,
    port: serverPort,
    counts,
    async stop() {
      stop.abort();
      const closed = [...listening.values()]
        .filter(({ listening }) => listening)
        .map((server) => once(server, "close"));
      for (const server of listening.values()) server.close();
      for (const socket of open) socket.destroy();
      await Promise.all(closed);
    },
  };
}

/** The ports on which somebody listens, at this address alone. proc(5): local address, remote address, state; 0A is LISTEN. */
function portsOf(address: string): number[] {
  const bytes = address.split(".").reverse();
  const hex = bytes.map((byte) => Number(byte).toString(16).padStart(2, "0").toUpperCase()).join("");
  const listeners = readFileSync("/proc/net/tcp", "latin1").matchAll(
    new RegExp(`: ${hex}:([0-9A-F]{4}) [0-9A-F:]+ 0A `, "g"),
  );
  return [...listeners].map(([, port = ""]) => Number.parseInt(port, 16));
}
