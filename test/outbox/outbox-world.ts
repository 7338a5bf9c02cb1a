/** An outbox on a real store, with one performer that the test gives. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLog } from "../../src/log.ts";
import type { Perform } from "../../src/notify/perform.ts";
import { startOutbox } from "../../src/outbox/outbox.ts";
import type { Pace } from "../../src/outbox/pace.ts";
import type { Loop } from "../../src/queue/loop.ts";
import { createMemoryQueue } from "../../src/queue/memory-queue.ts";
import type { Queue } from "../../src/queue/queue.ts";
import { countOutbox, findTold, type OutboxKind, type Wish, wish } from "../../src/store/outbox.ts";
import { openSqlite } from "../../src/store/sqlite.ts";
import type { Store } from "../../src/store/store.ts";
import type { Work } from "../../src/store/work.ts";

export type OutboxWorld = {
  readonly store: Store;
  readonly queue: Queue;
  /** Starts the outbox; the performer is called with each attempt's row. */
  start(perform: Perform, options?: Partial<Parameters<typeof startOutbox>[0]>): void;
  wish(wanted: Wish): Promise<void>;
  /** How many rows are in each state. */
  states(): Promise<Record<string, number>>;
  /** The state of each of these rows. */
  ends(...keys: string[]): Promise<unknown[]>;
  stop(): Promise<void>;
};

/** Whatever it is, it goes now: how fast Slack is told is tested by itself. */
export const AT_ONCE: Pace = { waitMs: () => 0, pauseMethod: () => {} };

export async function openOutboxWorld(): Promise<OutboxWorld> {
  const folder = mkdtempSync(join(tmpdir(), "slipway-outbox-"));
  const store = await openSqlite(join(folder, "slipway.db"));
  const queue = createMemoryQueue();
  let outbox: Loop | undefined;
  return {
    store,
    queue,
    start(perform, options = {}) {
      const kinds = ["deployment", "notice", "answer", "thread", "modal"].map((kind) => `slack.${kind}`);
      const performers = Object.fromEntries(
        [...kinds, "github.deployment", "github.check", "alertmanager.silence", "webhook.out"].map((kind) => [
          kind,
          perform,
        ]),
      ) as Record<OutboxKind, Perform>;
      const log = createLog({ level: "silent", pretty: false });
      outbox = startOutbox({ store, queue, log, boot: "b", performers, pace: AT_ONCE, ...options });
    },
    async wish(wanted) {
      await store.transact((tx) => wish(tx, wanted, Date.now()));
      queue.nudge("outbox");
    },
    states: () => store.transact(countOutbox),
    ends: (...keys) =>
      store.transact(function* (tx): Work<unknown[]> {
        const states: unknown[] = [];
        for (const key of keys) states.push((yield* findTold(tx, key))?.state);
        return states;
      }),
    async stop() {
      await outbox?.stop();
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A wish for the channel of the shop. */
export function aWish(kind: OutboxKind, key: string, more: Partial<Wish> = {}): Wish {
  const to = { channel: "C0SHOP", user: "U0ALICE", responseUrl: null, thread: null, isDirect: false };
  const desired = kind === "slack.answer" ? { to } : { channel: "C0SHOP" };
  return { kind, key, deploymentId: null, desired, ...more };
}
