import { createHmac } from "node:crypto";
import { expect, it, onTestFinished } from "vitest";
import { parseConfig } from "../../src/config/load-config.ts";
import { createHttpServer } from "../../src/http/server.ts";
import { createDeclaredSources } from "../../src/inbox/declared-sources.ts";
import { createIntake } from "../../src/inbox/intake.ts";
import { createLog } from "../../src/log.ts";
import { createMemoryQueue } from "../../src/queue/memory-queue.ts";
import { secret } from "../../src/secrets/secret.ts";
import { openSqlite } from "../../src/store/sqlite.ts";
import { openDoor } from "./open-door.ts";

const SECRET = "the secret of this test";
const CONFIG = `sources:
  crm: { kind: custom, secret: env:A, verify: [{ hmac: { header: x-signature } }], id: json:/id, routes: [{ store: true }] }`;

it("A verified delivery without its id is refused, and whoever asks why is told of it", async () => {
  const log = createLog({ level: "silent", pretty: false });
  const config = parseConfig(CONFIG, "the test");
  const active = [{ name: "env:A", secret: secret(SECRET), untilMs: null }];
  const { resolved, sources } = createDeclaredSources({ config, secretsOf: () => () => active, now: Date.now });
  const { door, rejections, stop } = await openDoor({ sources: resolved });
  onTestFinished(stop);
  const store = await openSqlite(":memory:");
  onTestFinished(() => store.close());
  const server = createHttpServer(createIntake({ store, queue: createMemoryQueue(), log, sources, door }).routes, log);
  onTestFinished(() => server.close(0));
  const port = await server.listen({ host: "127.0.0.1", port: 0 });
  const send = (body: string) => {
    const signature = createHmac("sha256", SECRET).update(body).digest("hex");
    const headers = { "content-type": "application/json", "x-signature": signature };
    return fetch(`http://127.0.0.1:${port}/hooks/crm`, { method: "POST", headers, body });
  };
  expect((await send('{"id":1}')).status).toBe(200);
  expect((await send('{"name":"Ada"}')).status).toBe(400);
  expect(rejections.report("crm")).toMatchObject({ counts: { 400: 1 }, last: [{ status: 400, source: "crm" }] });
});
