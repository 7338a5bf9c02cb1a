import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { CompiledQuery } from "kysely";
import { afterAll, describe, expect, it } from "vitest";
import { OperatorError } from "../../src/errors.ts";
import { refuseNetworkFileSystem } from "../../src/store/file-system.ts";
import { recordDelivery } from "../../src/store/record-delivery.ts";
import { findSite, listSites, setGithubPause } from "../../src/store/sites.ts";
import { openSqlite } from "../../src/store/sqlite.ts";
import type { Work } from "../../src/store/work.ts";
import { storeContract } from "./contract.ts";

const folder = mkdtempSync(join(tmpdir(), "slipway-sqlite-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

storeContract("SQLite", { create: async () => join(folder, "contract.db"), open: openSqlite });

describe("SQLite alone", () => {
  it("has work on disk, in the write-ahead log, by the time it answers", async () => {
    const path = join(folder, "durable.db");
    const store = await openSqlite(path);
    const digest = "a digest that is looked for on disk";
    const body = Buffer.from("{}");
    await store.transact((tx) =>
      recordDelivery(tx, { source: "s", key: "1/a", event: "e", digest, body, receivedAtMs: 1 }),
    );
    expect(readFileSync(`${path}-wal`).includes(digest)).toBe(true);
    await store.close();
  });

  it("lets many that wait share one commit, within a bound", async () => {
    const path = join(folder, "group.db");
    const store = await openSqlite(path);
    const order: number[] = [];
    const insert = (n: number) =>
      store
        .transact((tx) =>
          recordDelivery(tx, {
            source: "s",
            key: `1/${n}`,
            event: "e",
            digest: `${n}`,
            body: Buffer.alloc(10),
            receivedAtMs: 1,
          }),
        )
        .then(() => order.push(n));
    await Promise.all(Array.from({ length: 300 }, (_, n) => insert(n)));
    expect(order).toEqual(Array.from({ length: 300 }, (_, n) => n));
    await store.close();
  });

  it("undoes only the work that failed when many share a commit, and commits the rest in order", async () => {
    const store = await openSqlite(join(folder, "failing.db"));
    const results = await Promise.allSettled(
      Array.from({ length: 200 }, (_, n) =>
        store.transact(function* (tx): Work<number> {
          yield* setGithubPause(tx, `site-${n}`, "because");
          if (n % 50 === 7) throw new Error(`no ${n}`);
          return n;
        }),
      ),
    );
    expect(results.map((it) => (it.status === "fulfilled" ? it.value : String(it.reason)))).toEqual(
      Array.from({ length: 200 }, (_, n) => (n % 50 === 7 ? `Error: no ${n}` : n)),
    );
    expect(await store.transact((tx) => listSites(tx))).toHaveLength(196);
    await store.close();
  });

  it("flushes the log for whoever does not say that it may wait, alone or among others, and also after a failure", async () => {
    const path = join(folder, "lazy.db");
    const store = await openSqlite(path);
    // What is in force inside the transaction: 1 is NORMAL, 2 is FULL (https://sqlite.org/pragma.html#pragma_synchronous).
    const inForce = (isLazy: boolean) =>
      store.transact(
        function* (): Work<unknown> {
          return (yield CompiledQuery.raw("PRAGMA synchronous"))[0]?.synchronous;
        },
        { isLazy },
      );
    expect(await inForce(false)).toBe(2);
    expect(await inForce(true)).toBe(1);
    expect(await Promise.all([inForce(true), inForce(false), inForce(true)])).toEqual([2, 2, 2]);
    expect(await Promise.all([inForce(true), inForce(true)])).toEqual([1, 1]);
    const failing = () =>
      store.transact(function* (): Work<void> {
        yield CompiledQuery.raw("no SQL");
      });
    expect(await Promise.all([inForce(true), failing().catch(() => "failed"), inForce(false)])).toEqual([
      2,
      "failed",
      2,
    ]);
    expect(await inForce(true)).toBe(1);
    expect(await inForce(false)).toBe(2);
    await store.close();
  });

  it("says to each that waits why nothing can be written, and goes on when it can again", async () => {
    const path = join(folder, "locked.db");
    const store = await openSqlite(path);
    const other = new Database(path);
    other.exec("BEGIN IMMEDIATE");
    const waiting = ["one", "two", "three"].map((site) => store.transact((tx) => setGithubPause(tx, site, "because")));
    const results = await Promise.allSettled(waiting);
    expect(results.map((it) => it.status === "rejected" && it.reason.code)).toEqual(Array(3).fill("SQLITE_BUSY"));
    other.exec("COMMIT");
    other.close();
    await store.transact((tx) => setGithubPause(tx, "one", "because"));
    expect(await store.transact((tx) => listSites(tx))).toHaveLength(1);
    await store.close();
  });

  it("answers with an error once it is closed, instead of waiting for ever", async () => {
    const store = await openSqlite(join(folder, "closed.db"));
    await store.close();
    await expect(store.transact((tx) => findSite(tx, "shop"))).rejects.toThrow("closed");
  });

  it("refuses network file systems and says what to do", () => {
    const nfs = 0x6969;
    expect(() => refuseNetworkFileSystem("/mnt/share", nfs)).toThrow(OperatorError);
    expect(() => refuseNetworkFileSystem("/mnt/share", nfs)).toThrow(/DATA_DIR: \/mnt\/share is on NFS.*DATABASE_URL/);
    expect(() => refuseNetworkFileSystem("/mnt/share", 0xff534d42 | 0)).toThrow(/CIFS/);
    expect(() => refuseNetworkFileSystem(folder)).not.toThrow();
  });
});
