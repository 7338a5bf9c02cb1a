/** Opens single ports of this machine to builds: where the operator's own registry or proxy listens on it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, type Server, type Socket } from "node:net";
import type { Environment } from "../process/environment.ts";
import { ownProgram } from "../process/own-file.ts";
import type { OpenedHosts } from "./opened-hosts.ts";
import { toolEnvironment } from "./programs.ts";
import { UnavailableError } from "./unavailable.ts";

export type ForwardedPorts = { close(): Promise<void> };

/** Listens inside at the same addresses and ports, and connects each client to the real ones. `enter` leads inside. */
export async function forwardPorts(
  ports: OpenedHosts["ports"],
  enter: readonly string[],
  env: Environment,
): Promise<ForwardedPorts> {
  const servers: Server[] = [];
  const sockets = new Set<Socket>();
  if (ports.length > 0) servers.push(...(await listenInside(ports, enter, env)));
  for (const [index, server] of servers.entries()) {
    const place = ports[index];
    if (!place) continue;
    server.on("connection", (inside: Socket) => {
      const outside = connect({ host: place.address, port: place.port });
      for (const socket of [inside, outside]) {
        sockets.add(socket);
        socket
          .on("error", () => {})
          .once("close", () => {
            sockets.delete(socket);
            inside.destroy();
            outside.destroy();
          });
      }
      inside.pipe(outside).pipe(inside);
    });
  }
  return {
    async close() {
      for (const socket of sockets) socket.destroy();
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
}

async function listenInside(
  ports: OpenedHosts["ports"],
  enter: readonly string[],
  env: Environment,
): Promise<Server[]> {
  const [file = "", ...args] = enter;
  const places = ports.map(({ address, port }) => `${address}:${port}`);
  const child = spawn(file, [...args, process.execPath, ownProgram("sandbox/listen-inside"), ...places], {
    env: toolEnvironment(env),
    cwd: "/",
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  const servers: Server[] = [];
  let text = "";
  child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
  });
  child.on("message", (message: { index: number }, server) => {
    servers[message.index] = server as Server;
  });
  const [code] = (await once(child, "close")) as [number | null];
  if (code === 0 && servers.length === ports.length) return servers;
  for (const server of servers) server.close();
  throw new UnavailableError(
    `${places.join(", ")} of npm's configuration could not be opened to builds (${text.trim().slice(-300)})`,
    "let the registry or proxy listen on another machine, or on a port above 1023",
  );
}
