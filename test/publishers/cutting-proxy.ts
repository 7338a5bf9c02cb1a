/** Stands between a client and an FTP server's control port and cuts connections where a test says so. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export type CuttingProxy = {
  readonly port: number;
  /** Every command that clients sent, in order, over all connections. Readable for plain FTP only. */
  readonly commands: string[];
  /** How many control connections there were. */
  connections(): number;
  stop(): Promise<void>;
};

export type Cut = {
  /** Counts commands (or replies) that match; the connection dies at the `at`-th one, before it gets through. */
  readonly side: "command" | "reply";
  readonly matching: RegExp;
  readonly at: number;
};

/** Starts the proxy. Each cut happens once. Data connections do not pass through it (EPSV names a port only). */
export async function startCuttingProxy(serverPort: number, cuts: readonly Cut[] = []): Promise<CuttingProxy> {
  const commands: string[] = [];
  const open = new Set<Socket>();
  let count = 0;
  const left = cuts.map((cut) => ({ ...cut, seen: 0, done: false }));

  function relay(from: Socket, to: Socket, side: Cut["side"], destroy: () => void): void {
    let rest = "";
    from.on("data", (chunk) => {
      const lines = (rest + String(chunk)).split("\r\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        if (side === "command") commands.push(line);
        const due = left.filter((cut) => !cut.done && cut.side === side && cut.matching.test(line));
        for (const cut of due) cut.seen += 1;
        const cut = due.find(({ seen, at }) => seen === at);
        if (cut !== undefined) {
          cut.done = true;
          return destroy();
        }
        to.write(`${line}\r\n`);
      }
    });
    from.on("close", () => to.destroy());
    from.on("error", () => {});
  }

  const server = createServer((client) => {
    count += 1;
    const upstream = connect(serverPort, "127.0.0.1");
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.once("close", () => open.delete(socket));
      socket.setEncoding("utf8");
      socket.setNoDelay(true);
    }
    const destroy = () => {
      client.destroy();
      upstream.destroy();
    };
    relay(client, upstream, "command", destroy);
    relay(upstream, client, "reply", destroy);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");

  return {
    port: (server.address() as AddressInfo).port,
    commands,
    connections: () => count,
    async stop() {
      server.close();
      for (const socket of open) socket.destroy();
      await once(server, "close");
    },
  };
}
