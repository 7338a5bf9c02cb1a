/** A store, an outbox with a clock of its own, and endpoints that get what happens. */
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { parseConfig } from "../../../src/config/load-config.ts";
import type { Config } from "../../../src/config/schema.ts";
import { createLog } from "../../../src/log.ts";
import type { Deployment } from "../../../src/model/deployment.ts";
import { tellAlertOut } from "../../../src/notify/outgoing/announce-out.ts";
import { createWebhookPerformer } from "../../../src/notify/outgoing/send-webhook.ts";
import { tellDeadWebhook } from "../../../src/notify/outgoing/tell-dead-webhook.ts";
import { type Telling, tellDeployment } from "../../../src/notify/tell.ts";
import { createOutbox, type OutboxDeps } from "../../../src/outbox/outbox.ts";
import { createMemoryQueue } from "../../../src/queue/memory-queue.ts";
import { createLogKeys } from "../../../src/secrets/log-keys.ts";
import { secret } from "../../../src/secrets/secret.ts";
import { resolveSecret } from "../../../src/secrets/secret-reference.ts";
import { freeClaims } from "../../../src/store/claims.ts";
import { claimOutbox, countOutbox, nextOutboxMs } from "../../../src/store/outbox.ts";
import { openSqlite } from "../../../src/store/sqlite.ts";
import { isBehind, listDeadWebhooks, reviveWebhooks } from "../../../src/store/webhooks-out.ts";
import type { Work } from "../../../src/store/work.ts";
import { temporaryFolder } from "../../git/git-repository.ts";
import { aDeployment } from "../deployment.ts";

export const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
export const OLD_SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const ENV = { NEW: SECRET, OLD: OLD_SECRET, SHORT: "whsec_c2hvcnQ=", PLAIN: "a-string-of-more-than-16-bytes" };

export const START = Date.parse("2026-12-01T12:00:00Z");
/** Longer than the outbox waits for whoever is in front. */
const A_WHILE_MS = 1000;

function configOf(webhooks: string): Config {
  return parseConfig(
    `channel: C0OPS
sites:
  shop: { repo: acme/shop, publish: "dir:/srv/shop", confirm: { url: "https://shop.example.com" } }
  docs: { repo: acme/docs, publish: "dir:/srv/docs" }
webhooks: [${webhooks}]`,
    "the tests",
  );
}

export async function openOutgoingWorld(webhooks: string, { requestMs = 5000 } = {}) {
  const config = configOf(webhooks);
  const store = await openSqlite(join(temporaryFolder(), "slipway.db"));
  const queue = createMemoryQueue();
  onTestFinished(async () => {
    await queue.close();
    await store.close();
  });
  const telling: Telling = {
    config,
    hasSlack: true,
    hasGithub: false,
    logKeys: createLogKeys([secret("of the tests")]),
  };
  const log = createLog({ level: "silent", pretty: false });
  const clock = { nowMs: START };
  const now = () => clock.nowMs;

  const createSender = () =>
    createWebhookPerformer({
      ...{ outgoing: config.webhooks, now, requestMs },
      resolve: (reference, setting) => resolveSecret(reference, setting, ENV),
      isBehind: (row) => store.transact((tx) => isBehind(tx, row)),
    });

  /** As one start of Slipway has it. */
  function start(boot = "b") {
    const slack = async () => ({ kind: "sent", remote: {} }) as const;
    const performers = { ...createSender(), "slack.deployment": slack, "slack.notice": slack, "slack.thread": slack };
    const outbox = createOutbox({
      ...{ store, queue, log, boot, now },
      performers: performers as unknown as OutboxDeps["performers"],
      pace: { waitMs: () => 0, pauseMethod: () => {} },
      random: () => 0.5,
      onGivenUp: (tx, row, reason, nowMs) => tellDeadWebhook(tx, telling, row, reason, nowMs),
    });
    return outbox;
  }
  let outbox = start();

  /** Works off what is due within that time, at its time. */
  async function pass(ms: number): Promise<void> {
    const endMs = clock.nowMs + ms;
    for (;;) {
      await outbox.round();
      await outbox.settled();
      const dueMs = await store.transact((tx) => nextOutboxMs(tx));
      if (dueMs === undefined || dueMs > endMs) break;
      clock.nowMs = Math.max(clock.nowMs, dueMs);
    }
    clock.nowMs = endMs;
  }

  return {
    config,
    store,
    clock,
    pass,
    settle: () => pass(A_WHILE_MS),
    restart() {
      outbox = start("b2");
    },
    /** The request is answered, and Slipway is killed before it wrote that down. */
    async sendAndDie(): Promise<void> {
      const claim = { boot: "b", nowMs: now(), untilMs: now() + 120_000, limit: 50, share: "webhooks" } as const;
      const send = createSender()["webhook.out"];
      for (const row of await store.transact((tx) => claimOutbox(tx, claim))) await send(row, async () => {});
      await store.transact(freeClaims);
    },
    tell: (part: Partial<Deployment>) =>
      store.transact((tx) => tellDeployment(tx, telling, aDeployment(part), { nowMs: now() })),
    tellAlert: (...args: Parameters<typeof tellAlertOut> extends [unknown, unknown, ...infer Rest] ? Rest : never) =>
      store.transact((tx) => tellAlertOut(tx, config.webhooks, ...args)),
    dead: () => store.transact((tx) => listDeadWebhooks(tx, 100)),
    revive: (id: number | null) => store.transact((tx) => reviveWebhooks(tx, id)),
    states: () => store.transact(countOutbox),
    /** The notices in the channel of Slipway's own news, as they stand now. */
    notices: () =>
      store.transact(function* (tx): Work<Array<{ channel: string; notice: unknown }>> {
        const rows = (yield tx.db
          .selectFrom("outbox")
          .select("desired")
          .where("kind", "=", "slack.notice")
          .compile()) as Array<{ desired: string }>;
        return rows.map(({ desired }) => JSON.parse(desired));
      }),
  };
}
