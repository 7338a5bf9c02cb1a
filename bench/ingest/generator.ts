/**
 * The load, a process of its own: keep-alive connections that send prepared shots, as fast as answers come or at a
 * steady rate. Prints one JSON line. Arguments: port path secret seconds connections mode rate (0: as fast as it goes)
 * sender (github, where none is said, or generic).
 */
import { connect, type Socket } from "node:net";
import { makeShots, type Shot } from "./payloads.ts";

const [port, path, secret, seconds, connections, mode, rate, sender] = process.argv.slice(2);
const durationMs = Number(seconds) * 1000;
const perSecond = Number(rate);
const lanes = Number(connections);
const prepared = perSecond > 0 ? Math.ceil(perSecond * Number(seconds)) + lanes : Number(seconds) * 12_000;
const who = sender === "generic" ? "generic" : "github";
const shots = makeShots(prepared, secret ?? "", mode === "dup" ? "dup" : "unique", who).map(toRequest);

/** A raw request: a client that costs little leaves the processor to the server. */
function toRequest({ body, headers }: Shot): Buffer {
  const lines = Object.entries({ host: "127.0.0.1", ...headers, "content-length": body.length });
  const head = `POST ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}

const times: number[] = [];
let next = 0;
let refused = 0;
let stopping = false;

function openLane(): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), "127.0.0.1", () => resolve(socket));
    socket.setNoDelay(true);
    socket.once("error", reject);
  });
}

/** Sends one shot and resolves with the time its answer took, in milliseconds. */
function shoot(socket: Socket): Promise<number> {
  return new Promise((resolve) => {
    const shot = shots[next++ % shots.length] as Buffer;
    const startMs = performance.now();
    let text = "";
    const onData = (chunk: Buffer) => {
      text += chunk.toString("latin1");
      const end = text.indexOf("\r\n\r\n");
      if (end < 0) return;
      const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0);
      if (text.length < end + 4 + length) return;
      socket.off("data", onData);
      if (!/^HTTP\/1\.1 2\d\d/.test(text)) refused++;
      resolve(performance.now() - startMs);
    };
    socket.on("data", onData);
    socket.write(shot);
  });
}

const sockets = await Promise.all(Array.from({ length: lanes }, openLane));
const startMs = performance.now();

async function flatOut(socket: Socket): Promise<void> {
  while (!stopping && performance.now() - startMs < durationMs && next < shots.length) times.push(await shoot(socket));
}

/** Each shot has its moment; a lane that is late does not move the moments after it. */
async function steady(socket: Socket, lane: number): Promise<void> {
  for (let i = lane; i < perSecond * Number(seconds); i += lanes) {
    const dueMs = startMs + (i * 1000) / perSecond;
    const waitMs = dueMs - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    times.push(await shoot(socket));
  }
}

await Promise.all(sockets.map((socket, lane) => (perSecond > 0 ? steady(socket, lane) : flatOut(socket))));
stopping = true;
const elapsedMs = performance.now() - startMs;
for (const socket of sockets) socket.destroy();

times.sort((a, b) => a - b);
const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0;
const result = {
  sent: times.length,
  refused,
  perSecond: times.length / (elapsedMs / 1000),
  p50: at(0.5),
  p99: at(0.99),
};
process.stdout.write(`${JSON.stringify(result)}\n`);
