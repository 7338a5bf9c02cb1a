/** The passive side of a data connection: a port is opened for one client, who then connects (RFC 959 section 4.1.2). */
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";

export type Passive = {
  /** Opens a new port on the loopback interface, in place of an older one. */
  listen(): Promise<number>;
  isListening(): boolean;
  /** The client's connection; each is handed out once. Rejects when none comes, or not in time. */
  accept(): Promise<Socket>;
  /** Closes the port and a connection that nobody has accepted. */
  close(): void;
  /** Closes all of that and the connections that were accepted. */
  destroy(): void;
};

/** How long a client may take to connect, in milliseconds. */
const ACCEPT_TIMEOUT_MS = 10_000;

/** Connections from other addresses are turned away (RFC 2577 section 3). */
export function createPassive(remoteAddress: string): Passive {
  let server: Server | undefined;
  let connected: Promise<Socket> | undefined;
  const accepted = new Set<Socket>();

  function close(): void {
    connected?.then((socket) => socket.destroy()).catch(() => {});
    connected = undefined;
    server?.close();
    server = undefined;
  }

  return {
    async listen() {
      close();
      const opened = createServer({ pauseOnConnect: true });
      server = opened;
      connected = new Promise((resolve, reject) => {
        opened.on("connection", (socket) => {
          socket.on("error", () => {});
          if (socket.remoteAddress !== remoteAddress) return socket.destroy();
          opened.close();
          resolve(socket);
        });
        opened.once("close", () => reject(new Error("the port was closed")));
      });
      connected.catch(() => {});
      opened.listen(0, "127.0.0.1");
      await once(opened, "listening");
      const address = opened.address();
      return typeof address === "object" && address ? address.port : 0;
    },
    isListening: () => connected !== undefined,
    async accept() {
      const socket = connected;
      connected = undefined;
      if (!socket) throw new Error("no port is open");
      const opened = server;
      const timer = setTimeout(() => opened?.close(), ACCEPT_TIMEOUT_MS);
      try {
        const taken = await socket;
        accepted.add(taken);
        taken.once("close", () => accepted.delete(taken));
        return taken;
      } finally {
        clearTimeout(timer);
      }
    },
    close,
    destroy() {
      close();
      for (const socket of accepted) socket.destroy();
    },
  };
}
