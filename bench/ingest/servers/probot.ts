/**
 * Probot's own server as an App runs it, with an empty handler, which keeps nothing; with DURABLE=1 the handler makes
 * one durable insert.
 */
import { generateKeyPairSync } from "node:crypto";
import Database from "better-sqlite3";
import { Probot, Server } from "probot";

const secret = process.env.WEBHOOK_SECRET ?? "";
const isDurable = process.env.DURABLE === "1";
const { privateKey } = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  privateKeyEncoding: { type: "pkcs1", format: "pem" },
  publicKeyEncoding: { type: "spki", format: "pem" },
});
const server = new Server({
  host: "127.0.0.1",
  port: Number(process.env.PORT),
  Probot: Probot.defaults({ appId: 1, privateKey, secret }),
  webhookPath: "/api/github/webhooks",
});
await server.load((app) => {
  if (!isDurable) {
    app.on("push", async () => {});
    return;
  }
  const database = new Database(`${process.env.DATA_DIR}/probot.db`);
  database.pragma("journal_mode = WAL");
  database.pragma("synchronous = FULL");
  database.exec("CREATE TABLE deliveries (id TEXT PRIMARY KEY, body TEXT)");
  const insert = database.prepare("INSERT INTO deliveries VALUES (?, ?) ON CONFLICT DO NOTHING");
  app.on("push", async (context) => void insert.run(context.id, JSON.stringify(context.payload)));
});
await server.start();
console.log("ready");
