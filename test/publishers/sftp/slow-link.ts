/** Stands between a client and any TCP server: delays what passes, holds it back, or cuts, as a test says. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export type SlowLink = {
  readonly port: number;
  /** How many connections there were. */
  connections(): number;
  /** Resets all connections at this moment; what is under way is lost. New ones work. */
  cut(): void;
  /** From now on nothing comes from the server any more on the connections there are; what is sent reaches it. */
  holdReplies(): void;
  /** From now on new connections are accepted, and nothing more. */
  silence(): void;
  /** How many ends of connections are open. */
  ends(): number;
  stop(): Promise<void>;
};

/** Delays each direction by `delayMs` / 2, so that a round trip takes `delayMs` longer; any amount may be under way. */
export async function startSlowLink(serverPort: number, delayMs = 0): Promise<SlowLink> {
  const open = new Set<Socket>();
  const timers = new Set<NodeJS.Timeout>();
  let count = 0;
  const held = new Set<Socket>();
  const upstreams = new Set<Socket>();
  let isSilent = false;

  function later(work: () => void): void {
    if (delayMs === 0) {
      work();
      return;
    }
    const timer = setTimeout(() => {
      timers.delete(timer);
      work();
    }, delayMs / 2);
    timers.add(timer);
  }

  function watch(socket: Socket): void {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
    socket.on("error", () => {});
    socket.setNoDelay(true);
  }

  function relay(from: Socket, to: Socket): void {
    from.on("data", (chunk) => {
      if (!held.has(from)) later(() => to.write(chunk));
    });
    from.on("end", () => later(() => to.end()));
    from.on("close", () => later(() => to.destroy()));
  }

  const server = createServer((client) => {
    count += 1;
    if (isSilent) {
      watch(client.resume());
      return;
    }
    const upstream = connect(serverPort, "127.0.0.1");
    watch(client);
    watch(upstream);
    upstreams.add(upstream);
    relay(client, upstream);
    relay(upstream, client);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");

  return {
    port: (server.address() as AddressInfo).port,
    connections: () => count,
    cut() {
      for (const socket of open) socket.resetAndDestroy();
    },
    holdReplies() {
      for (const upstream of upstreams) held.add(upstream);
    },
    silence() {
      isSilent = true;
    },
    ends: () => open.size,
    async stop() {
      server.close();
      for (const timer of timers) clearTimeout(timer);
      for (const socket of open) socket.destroy();
      if (server.listening || open.size > 0) await once(server, "close");
    },
  };
}
