import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import Database from "better-sqlite3";
import { expect, it } from "vitest";
import { temporaryFolder } from "./git/git-repository.ts";
import { createSecretScan } from "./secret-scan.ts";

const VALUE = "the secret ä/+ of this test";

it.each([
  ["as it is", VALUE],
  ["in JSON in JSON", JSON.stringify(JSON.stringify({ value: VALUE }))],
  ["in a URL", `https://x/?a=${encodeURIComponent(VALUE)}&b`],
  ["in a form", new URLSearchParams({ a: VALUE }).toString()],
  ["in hexadecimal", `0x${Buffer.from(VALUE).toString("hex")}`],
  ["in Basic authentication", `Basic ${Buffer.from(`someone:${VALUE}`).toString("base64")}`],
  ["in base64 within something", Buffer.from(`ab${VALUE}c`).toString("base64url")],
])("a secret that is written down %s is found, and named without its value", (_, text) => {
  const scan = createSecretScan({ WEBHOOK_SECRET: VALUE, OTHER: "another secret" });
  scan.saw("the log", "nothing to see");
  scan.saw("the log", `something before ${text} and after`);
  expect(() => scan.check()).toThrow(/^secrets were written down: WEBHOOK_SECRET stands in the log$/);
});

it("nothing is found where there is nothing", () => {
  const scan = createSecretScan({ WEBHOOK_SECRET: VALUE });
  scan.saw("the log", VALUE.slice(0, -3) + VALUE.slice(3));
  scan.check();
  expect(() => createSecretScan({ SHORT: "short" })).toThrow(/SHORT is too short to be looked for/);
});

it("a secret in a row of the database is found, but for the bodies of deliveries", () => {
  const path = join(temporaryFolder(), "a.db");
  const records = new Database(path);
  records.exec(
    "create table deliveries (key text, body blob, request text); create table outbox (id integer, last_error text)",
  );
  const insert = records.prepare("insert into deliveries values (?, ?, ?)");
  insert.run("1", Buffer.from(VALUE), "{}");
  const clean = createSecretScan({ WEBHOOK_SECRET: VALUE });
  clean.sawDatabase(path);
  clean.check();
  insert.run("2", Buffer.from(""), JSON.stringify({ headers: { authorization: VALUE } }));
  records.prepare("insert into outbox values (1, ?)").run(`failed for ${VALUE}`);
  records.close();
  const scan = createSecretScan({ WEBHOOK_SECRET: VALUE });
  scan.sawDatabase(path);
  expect(() => scan.check()).toThrow(
    "secrets were written down: WEBHOOK_SECRET stands in a row of the database (deliveries.request); WEBHOOK_SECRET stands in a row of the database (outbox.last_error)",
  );
});

it("a secret in any answer of this process is found, in its headers and in its body", async () => {
  const server = createServer((request, response) => {
    if (request.url === "/head") response.writeHead(200, { "x-secret": encodeURIComponent(VALUE) }).end();
    else response.end(request.url === "/body" ? `well ${VALUE}` : "nothing");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const ask = async (path: string) => {
    const scan = createSecretScan({ WEBHOOK_SECRET: VALUE });
    await (await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`)).text();
    return scan;
  };
  (await ask("/none")).check();
  for (const path of ["/head", "/body"]) {
    const scan = await ask(path);
    expect(() => scan.check()).toThrow(`WEBHOOK_SECRET stands in an answer to GET ${path}`);
  }
  await new Promise((resolve) => server.close(resolve));
});
