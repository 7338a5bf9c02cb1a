/** An FTP server that says what a test wants it to say, for what real servers do only behind strange routers or never. */
import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { onTestFinished } from "vitest";

export type ScriptedClient = {
  /** Sends a reply. */
  say(reply: string): void;
  /** Listens for a data connection, and says on which port. */
  listen(): Promise<number>;
  /** The data connection to that port. */
  data(): Promise<Socket>;
  /** Everything the client has sent so far on this connection. */
  readonly received: string[];
  close(): void;
};

/** Answers commands with this verb: with what it returns, or by itself. */
export type Script = {
  readonly [verb: string]: (
    client: ScriptedClient,
    argument: string,
  ) => string | undefined | Promise<string | undefined>;
};

const USUAL: Script = {
  USER: () => "331 Password?",
  PASS: () => "230 Welcome",
  OPTS: () => "200 UTF-8",
  TYPE: () => "200 Binary",
  FEAT: () => "211 No features",
  PWD: () => '257 "/"',
  CWD: () => "250 There",
  NOOP: () => "200 Still here",
  QUIT: () => "221 Bye",
  EPSV: async (client) => `229 Entering Extended Passive Mode (|||${await client.listen()}|)`,
  STOR: async (client) => {
    const data = await client.data();
    client.say("150 Go on");
    await text(data);
    return "226 Thanks";
  },
};

/** Serves one test. Commands of one connection are answered one after another. */
export async function scriptedFtp(script: Script): Promise<{ port: number; clients: ScriptedClient[] }> {
  const clients: ScriptedClient[] = [];
  const servers = new Set<Server>();
  const sockets = new Set<Socket>();
  const keep = (socket: Socket) => {
    sockets.add(socket.on("error", () => {}));
    socket.once("close", () => sockets.delete(socket));
  };

  async function open(onConnection: (socket: Socket) => void): Promise<number> {
    const server = createServer(onConnection);
    servers.add(server);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return (server.address() as AddressInfo).port;
  }

  const port = await open((socket) => {
    keep(socket);
    socket.setNoDelay(true);
    let data: Promise<Socket> | undefined;
    const client: ScriptedClient = {
      received: [],
      say: (reply) => socket.write(`${reply}\r\n`),
      listen: async () => {
        const { promise, resolve } = Promise.withResolvers<Socket>();
        data = promise;
        return open((connected) => {
          keep(connected);
          resolve(connected);
        });
      },
      data: () => data ?? Promise.reject(new Error("no port is open")),
      close: () => socket.destroy(),
    };
    clients.push(client);
    client.say("220 Hello");
    let answered = Promise.resolve();
    let rest = "";
    socket.setEncoding("utf8").on("data", (chunk) => {
      const lines = (rest + chunk).split("\r\n");
      rest = lines.pop() ?? "";
      client.received.push(...lines);
      for (const line of lines) {
        const [verb = "", ...words] = line.split(" ");
        answered = answered.then(async () => {
          const reply = await (script[verb] ?? USUAL[verb] ?? (() => "500 What?"))(client, words.join(" "));
          if (reply !== undefined) client.say(reply);
        });
        answered.catch(() => socket.destroy());
      }
    });
  });
  onTestFinished(async () => {
    const closed = [...servers].map((server) => once(server, "close"));
    for (const server of servers) server.close();
    for (const socket of sockets) socket.destroy();
    await Promise.all(closed);
  });
  return { port, clients };
}
