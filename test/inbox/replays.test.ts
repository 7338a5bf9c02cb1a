/** What comes again under another name, from the front door to the deployment: replays, and what Slipway sent itself. */
import { createHmac } from "node:crypto";
import { join } from "node:path";
import { Webhook } from "standardwebhooks";
import { expect, it, onTestFinished, vi } from "vitest";
import { parseConfig } from "../../src/config/load-config.ts";
import { createHttpServer } from "../../src/http/server.ts";
import { createDeclaredSources } from "../../src/inbox/declared-sources.ts";
import { startDispatch } from "../../src/inbox/dispatch.ts";
import { createIntake } from "../../src/inbox/intake.ts";
import { createLog } from "../../src/log.ts";
import { createMemoryQueue } from "../../src/queue/memory-queue.ts";
import { createLogKeys } from "../../src/secrets/log-keys.ts";
import { secret } from "../../src/secrets/secret.ts";
import { listDeliveries } from "../../src/store/deliveries.ts";
import { listDeployments } from "../../src/store/deployments.ts";
import { wish } from "../../src/store/outbox.ts";
import { openSqlite } from "../../src/store/sqlite.ts";
import { outWish } from "../../src/store/webhooks-out.ts";
import { temporaryFolder } from "../git/git-repository.ts";
import { PATIENCE } from "../patience.ts";
import { openDoor } from "./open-door.ts";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const config = parseConfig(
  `channel: C0OPS
sites:
  shop: { repo: acme/shop, git: "https://lab.example.com/acme/shop.git", publish: "dir:/srv/shop" }
sources:
  own: { kind: standard-webhooks, secret: "env:S", routes: [{ rebuild: { sites: [shop] } }] }
  hub:
    kind: custom
    secret: env:S
    verify: [{ hmac: { header: x-sig } }]
    id: header:x-id
    routes: [{ deploy: { sites: [shop] } }]`,
  "the tests",
);

async function start() {
  const store = await openSqlite(join(temporaryFolder(), "slipway.db"));
  const queue = createMemoryQueue();
  const log = createLog({ level: "silent", pretty: false });
  const list = [{ name: "env:S", secret: secret(SECRET), untilMs: null }];
  const declared = createDeclaredSources({ config, secretsOf: () => () => list, now: Date.now });
  const { door, stop } = await openDoor({ config, sources: declared.resolved });
  const intake = createIntake({ store, queue, log, sources: declared.sources, door });
  const server = createHttpServer(intake.routes, log);
  const port = await server.listen({ host: "127.0.0.1", port: 0 });
  const logKeys = createLogKeys([secret("the secret of the tests")]);
  const { readers, unsignedIds } = declared;
  const dispatch = () =>
    startDispatch({
      ...{ store, queue, log, config, readers, unsignedIds, boot: "b", recent: intake.recent },
      telling: { config, hasSlack: true, hasGithub: false, logKeys },
      people: { directory: null, permissions: { of: () => Promise.reject(new Error("nobody asks")) } as never },
    });
  const running: Array<{ stop(): Promise<void> }> = [];
  onTestFinished(async () => {
    for (const one of running) await one.stop();
    await server.close(0);
    await stop();
    await queue.close();
    await store.close();
  });
  return {
    store,
    async send(name: string, body: string, headers: Record<string, string>) {
      const answer = await fetch(`http://127.0.0.1:${port}/hooks/${name}`, {
        ...{ method: "POST", body },
        headers: { "content-type": "application/json", ...headers },
      });
      return [answer.status, (await answer.text()).replace(/\d+/, "N")];
    },
    /** Has everything worked off; answers with what became of it, the oldest first. */
    async settled() {
      running.push(dispatch());
      const deliveries = () => store.transact((tx) => listDeliveries(tx, { limit: 100 }));
      await vi.waitFor(async () => {
        expect((await deliveries()).every((it) => it.state !== "received")).toBe(true);
      }, PATIENCE);
      return (await deliveries()).reverse();
    },
    deployments: () => store.transact((tx) => listDeployments(tx, { limit: 100 })),
  };
}

const BODY = '{"go":true}';
const signed = { "x-sig": createHmac("sha256", SECRET).update(BODY).digest("hex") };

it("Of the same bytes under many ids at the same moment one deploys, and all others are held", async () => {
  const { send, settled, deployments } = await start();
  const sent = Array.from({ length: 12 }, (_, at) => send("hub", BODY, { ...signed, "x-id": `id-${at}` }));
  expect(new Set((await Promise.all(sent)).map(String))).toEqual(new Set(['200,{"status":"ok","id":N}']));
  const ends = await settled();
  expect(ends.map(({ state }) => state)).toEqual(["done", ...Array.from({ length: 11 }, () => "held")]);
  expect(await deployments()).toHaveLength(1);
});

it("Of the same id at the same moment one deploys, and all are answered alike", async () => {
  const { send, settled, deployments } = await start();
  const sent = Array.from({ length: 12 }, () => send("hub", BODY, { ...signed, "x-id": "one" }));
  expect(new Set((await Promise.all(sent)).map(String))).toEqual(new Set(['200,{"status":"ok","id":N}']));
  expect(await settled()).toMatchObject([{ state: "done", verdict: "new", seen: 12 }]);
  expect(await deployments()).toHaveLength(1);
});

it("What Slipway sent itself does nothing where it comes back, and what another one sent does", async () => {
  const { store, send, settled, deployments } = await start();
  const data = { id: "d-1", site: "shop", state: "live" } as never;
  const event = { type: "deployment.live", timestamp: "2026-12-01T12:00:00.000Z", data } as const;
  const endpoint = { endpoint: "0123456789ab", host: "slipway.example.com", event };
  const out = outWish(endpoint, { subject: "d-1", version: "3", deploymentId: "d-1" });
  await store.transact((tx) => wish(tx, out, 1));
  const body = JSON.stringify(event);
  for (const id of ["msg_0123456789ab_d-1_3", "msg_0123456789ab_d-2_3"]) {
    const now = new Date();
    const headers = {
      ...{ "webhook-id": id, "webhook-timestamp": String(Math.floor(now.getTime() / 1000)) },
      "webhook-signature": new Webhook(SECRET).sign(id, now, body),
    };
    expect((await send("own", body, headers))[0]).toBe(200);
  }
  const [own, other] = await settled();
  expect([own?.state, own?.outcome]).toEqual([
    "done",
    ["skipped: Slipway itself sent this (webhooks in slipway.yaml), and does not answer itself"],
  ]);
  expect(other?.outcome.join()).not.toContain("skipped");
  expect(await deployments()).toHaveLength(1);
});
