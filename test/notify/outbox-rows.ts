/** A store of its own for tests of what is told, and what is in its outbox. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SlackNoticeWish, SlackThreadWish } from "../../src/notify/announce.ts";
import { openSqlite } from "../../src/store/sqlite.ts";
import type { Store } from "../../src/store/store.ts";
import { all } from "../../src/store/work.ts";

export type ToldWorld = {
  readonly store: Store;
  /** The notices that are told, oldest first, each as it stands, with how often it was changed. */
  notices(): Promise<Array<SlackNoticeWish & { key: string; versions: number }>>;
  threads(): Promise<Array<SlackThreadWish & { key: string; versions: number }>>;
  stop(): Promise<void>;
};

export async function openToldWorld(): Promise<ToldWorld> {
  const folder = mkdtempSync(join(tmpdir(), "slipway-told-"));
  const store = await openSqlite(join(folder, "told.db"));
  const rows = async <T>(kind: string) => {
    const found = await store.transact((tx) =>
      all(tx.db.selectFrom("outbox").selectAll().where("kind", "=", kind).orderBy("id")),
    );
    return found.map(({ key, desired, desired_version: versions }) => ({
      key,
      versions,
      ...(JSON.parse(desired) as T),
    }));
  };
  return {
    store,
    notices: () => rows<SlackNoticeWish>("slack.notice"),
    threads: () => rows<SlackThreadWish>("slack.thread"),
    async stop() {
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
