/**
 * The flood, a process of its own: requests that nobody signed, as fast as answers come, over connections that are opened
 * again when the server closes them. Prints one JSON line. Arguments: port path seconds connections kind
 * (unsigned: no signature at all; forged: one that looks right and fits nothing).
 */
import { randomBytes } from "node:crypto";
import { connect } from "node:net";

const [port, path, seconds, connections, kind] = process.argv.slice(2);
const endMs = performance.now() + Number(seconds) * 1000;
const BODY = Buffer.from(JSON.stringify({ type: "flood", text: "x".repeat(7500) }));

function toRequest(): Buffer {
  const signature = `v1,${randomBytes(32).toString("base64")}`;
  const signed =
    kind === "forged"
      ? `webhook-id: m\r\nwebhook-timestamp: ${Math.floor(Date.now() / 1000)}\r\nwebhook-signature: ${signature}\r\nx-hub-signature-256: sha256=${randomBytes(32).toString("hex")}\r\n`
      : "";
  const named = "x-github-event: push\r\nx-github-hook-id: 1\r\nx-github-delivery: flood\r\n";
  const head = `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n${named}${signed}content-length: ${BODY.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), BODY]);
}

const request = toRequest();
const statuses: Record<string, number> = {};

/** One connection, until the server closes it or the time is over. */
function lane(): Promise<void> {
  return new Promise((resolve) => {
    let text = "";
    const socket = connect(Number(port), "127.0.0.1", () => socket.write(request));
    socket.setNoDelay(true);
    socket.on("error", () => {});
    socket.on("close", () => resolve());
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
      const end = text.indexOf("\r\n\r\n");
      const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0);
      if (end < 0 || text.length < end + 4 + length) return;
      const status = text.slice(9, 12);
      statuses[status] = (statuses[status] ?? 0) + 1;
      const isOver = performance.now() >= endMs || /connection: close/i.test(text.slice(0, end));
      text = "";
      if (isOver) socket.destroy();
      else socket.write(request);
    });
  });
}

async function again(): Promise<void> {
  while (performance.now() < endMs) await lane();
}

const startMs = performance.now();
await Promise.all(Array.from({ length: Number(connections) }, again));
const sent = Object.values(statuses).reduce((sum, it) => sum + it, 0);
const perSecond = sent / ((performance.now() - startMs) / 1000);
process.stdout.write(`${JSON.stringify({ sent, perSecond, statuses })}\n`);
