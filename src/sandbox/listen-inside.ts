/**
 * A process inside of a build's network that does one thing: it listens where it is told (ADDRESS:PORT …), hands the
 * listening sockets to its parent, which is outside, and ends.
 */
import { createServer, type Server } from "node:net";

const servers = await Promise.all(process.argv.slice(2).map(listen));
for (const [index, server] of servers.entries()) {
  // The socket is the parent's once the callback came: child_process, subprocess.send().
  await new Promise((resolve) => process.send?.({ index }, server, {}, resolve));
}
// Its own copies of the sockets would keep it.
process.exit(0);

function listen(place: string): Promise<Server> {
  const colon = place.lastIndexOf(":");
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(Number(place.slice(colon + 1)), place.slice(0, colon), () => resolve(server));
  });
}
