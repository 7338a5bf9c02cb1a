/** The ceiling: a bare node:http server that verifies and commits in groups to SQLite, and does nothing else. */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";
import Database from "better-sqlite3";

const secret = process.env.WEBHOOK_SECRET ?? "";
const database = new Database(`${process.env.DATA_DIR}/ceiling.db`);
database.pragma("journal_mode = WAL");
database.pragma("synchronous = FULL");
database.exec("CREATE TABLE deliveries (n INTEGER PRIMARY KEY, id TEXT UNIQUE, digest TEXT, body BLOB)");
const insert = database.prepare("INSERT INTO deliveries (id, digest, body) VALUES (?, ?, ?) ON CONFLICT DO NOTHING");
const begin = database.prepare("BEGIN IMMEDIATE");
const commit = database.prepare("COMMIT");

let waiting: Array<{ id: string; digest: string; body: Buffer; done: () => void }> = [];

function commitGroup(): void {
  const group = waiting;
  waiting = [];
  begin.run();
  for (const { id, digest, body } of group) insert.run(id, digest, body);
  commit.run();
  for (const { done } of group) done();
}

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const body = Buffer.concat(chunks);
    const given = Buffer.from(String(request.headers["x-hub-signature-256"]).slice(7), "hex");
    const expected = createHmac("sha256", secret).update(body).digest();
    if (given.length !== expected.length || !timingSafeEqual(given, expected))
      return void response.writeHead(401).end();
    if (waiting.length === 0) setImmediate(commitGroup);
    waiting.push({
      id: String(request.headers["x-github-delivery"]),
      digest: createHash("sha256").update(body).digest("hex"),
      body,
      done: () => response.writeHead(200, { "content-type": "application/json" }).end('{"ok":true}'),
    });
  });
});
server.listen(Number(process.env.PORT), "127.0.0.1", () => console.log("ready"));
