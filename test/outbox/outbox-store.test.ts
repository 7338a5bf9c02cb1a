/** What the outbox asks of the store, on both databases. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  claimOutbox,
  findTold,
  nextOutboxMs,
  type OutboxKind,
  type OutboxRow,
  outboxGivenUp,
  outboxPostponed,
  outboxRetry,
  outboxSent,
  type Share,
  type Wish,
  wasTold,
  wish,
} from "../../src/store/outbox.ts";
import { openPostgres } from "../../src/store/postgres.ts";
import { openSqlite } from "../../src/store/sqlite.ts";
import type { Store } from "../../src/store/store.ts";
import {
  countDeadWebhooks,
  isBehind,
  listDeadWebhooks,
  outEventsOf,
  outWish,
  reviveWebhooks,
} from "../../src/store/webhooks-out.ts";
import { postgresFolder, startPostgres, type TestPostgres } from "../servers/postgres.ts";

let server: TestPostgres | undefined;
const folder = mkdtempSync(join(tmpdir(), "slipway-outbox-store-"));
let files = 0;
afterAll(async () => {
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const databases: Array<[name: string, open: () => Promise<Store>]> = [
  ["SQLite", () => openSqlite(join(folder, `${files++}.db`))],
];
if (postgresFolder() !== undefined || process.env.CI) {
  databases.push([
    "Postgres",
    async () => {
      server ??= await startPostgres();
      return openPostgres(await server.createDatabase());
    },
  ]);
}

describe.each(databases)("the outbox's rows on %s", (_, open) => {
  let store: Store;
  beforeEach(async () => {
    store = await open();
  });
  afterEach(() => store.close());

  const want = (key: string, more: Partial<Wish> = {}) =>
    store.transact((tx) => wish(tx, { kind: "slack.deployment", key, deploymentId: null, desired: {}, ...more }, 1));
  const take = (nowMs: number, limit = 10, share?: Share) => {
    const claim = { boot: "b", nowMs, untilMs: nowMs + 10, limit, ...(share && { share }) };
    return store.transact((tx) => claimOutbox(tx, claim));
  };
  const takeOne = async (nowMs: number) => (await take(nowMs, 1))[0] as OutboxRow;

  it("are claimed in the order of who waits for them, whatever came first", async () => {
    for (const key of ["goes on", "ends"]) {
      await want(key);
      const row = await takeOne(10);
      await store.transact((tx) => outboxSent(tx, row.id, 1, { ts: "1" }));
      await want(key, { isUrgent: key === "ends" });
    }
    await want("begins");
    for (const kind of ["slack.answer", "slack.modal"] satisfies OutboxKind[]) await want(kind, { kind });
    const keys = (await take(10)).map(({ key }) => key);
    expect(keys).toEqual(["slack.answer", "slack.modal", "ends", "begins", "goes on"]);
    expect((await take(100, 1)).map(({ key }) => key)).toEqual(["slack.answer"]);
    expect((await take(200, 10, "others")).map(({ key }) => key)).toEqual(["ends", "begins", "goes on"]);
    expect((await take(300, 10, "quick")).map(({ key }) => key)).toEqual(["slack.answer", "slack.modal"]);
  });

  it("are put back without an attempt, until their turn", async () => {
    await want("a");
    const row = await takeOne(10);
    await store.transact((tx) => outboxPostponed(tx, row, 5000));
    expect(await store.transact((tx) => nextOutboxMs(tx, "others"))).toBe(5000);
    expect(await store.transact((tx) => nextOutboxMs(tx, "quick"))).toBeUndefined();
    expect(await take(4999)).toEqual([]);
    expect(await takeOne(5000)).toMatchObject({ attempts: 1, inDoubt: false });
  });

  it("keep their turn when more goes on, and are due at once when it ends", async () => {
    await want("a");
    const row = await takeOne(10);
    await store.transact((tx) => outboxPostponed(tx, row, 5000));
    await want("a", { desired: { step: 2 } });
    expect(await take(4999)).toEqual([]);
    await want("a", { desired: { step: 3 }, isUrgent: true });
    expect(await takeOne(20)).toMatchObject({ desired: { step: 3 }, isUrgent: true });
  });

  it("do not count an attempt that is not to count", async () => {
    await want("a");
    const { id } = await takeOne(10);
    const retry = { notBeforeMs: 20, inDoubt: true, error: "429", isUncounted: true };
    await store.transact((tx) => outboxRetry(tx, id, retry));
    expect(await takeOne(20)).toMatchObject({ attempts: 1, inDoubt: true });
  });

  it("carry until when they are of use and what is told then, as it was wished last", async () => {
    const late = { kind: "slack.answer", key: "late", deploymentId: null, desired: { text: "too late" } } as const;
    await want("a", { notAfterMs: 5, late });
    await want("a", { notAfterMs: 7, late });
    expect(await takeOne(10)).toMatchObject({ notAfterMs: 7, late });
    await want("b");
    expect(await takeOne(10)).toMatchObject({ notAfterMs: null, late: null });
    expect(await store.transact((tx) => findTold(tx, "a"))).toEqual({
      state: "pending",
      remote: null,
      hasFailed: false,
    });
    expect(await store.transact((tx) => findTold(tx, "z"))).toBeNull();
  });

  it("of webhooks wait for those before them of the same deployment, are listed when they are dead, and come back", async () => {
    const tell = (subject: string, version: string) => {
      const data = { id: subject, site: "shop", state: "live" } as never;
      const event = { type: "deployment.live", timestamp: "", data } as const;
      const about = { subject, version, deploymentId: subject };
      return store.transact((tx) => wish(tx, outWish({ endpoint: "e1", host: "h", event }, about), 1));
    };
    await tell("d-1", "1");
    await tell("d-1", "2");
    await tell("d-2", "1");
    expect(await take(10, 10, "others")).toEqual([]);
    const claimed = await take(10, 10, "webhooks");
    const behind = async () => {
      const rows = claimed.map((row) => store.transact((tx) => isBehind(tx, row)));
      return Promise.all(rows);
    };
    expect(await behind()).toEqual([false, true, false]);
    const [head, ...others] = claimed;
    if (!head) throw new Error("none was claimed");
    const retry = { notBeforeMs: 9, inDoubt: true, error: "500" };
    await store.transact((tx) => outboxRetry(tx, head.id, retry));
    expect(await behind()).toEqual([false, false, false]);
    expect(await store.transact((tx) => nextOutboxMs(tx, "webhooks"))).toBe(9);
    expect(await store.transact((tx) => nextOutboxMs(tx, "others"))).toBeUndefined();
    expect((await store.transact((tx) => outEventsOf(tx, "d-1"))).map((it) => it.messageId)).toEqual([
      "msg_e1_d-1_1",
      "msg_e1_d-1_2",
    ]);
    expect(await store.transact((tx) => wasTold(tx, "d-1"))).toBe(false);
    for (const row of others) await store.transact((tx) => outboxGivenUp(tx, row, "dead", "410"));
    expect(await store.transact((tx) => countDeadWebhooks(tx, "e1"))).toBe(2);
    expect(await store.transact((tx) => countDeadWebhooks(tx, "e2"))).toBe(0);
    expect(await store.transact((tx) => listDeadWebhooks(tx, 1))).toMatchObject([{ error: "410", about: "shop" }]);
    expect(await store.transact((tx) => reviveWebhooks(tx, null))).toBe(2);
  });
});
