/** When the bodies of deliveries are forgotten, by what their source is for. */
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { parseConfig } from "../../src/config/load-config.ts";
import { createForgetChore } from "../../src/inbox/forget-old-bodies.ts";
import { resolveSources } from "../../src/presets/resolve-source.ts";
import { claimDeliveries, finishDelivery, listDeliveries } from "../../src/store/deliveries.ts";
import { recordDelivery } from "../../src/store/record-delivery.ts";
import { openSqlite } from "../../src/store/sqlite.ts";
import { all, type Work } from "../../src/store/work.ts";
import { temporaryFolder } from "../git/git-repository.ts";

const DAY_MS = 86_400_000;
const { sources } = parseConfig(
  `channel: C0OPS
sites:
  shop: { repo: acme/shop, git: "https://lab.example.com/acme/shop.git", publish: "dir:/srv/shop" }
sources:
  cms: { kind: datocms, secret: "env:S", routes: [{ rebuild: { sites: [shop] } }] }
  pay: { kind: stripe, secret: "env:S", routes: [{ notice: {} }] }`,
  "the tests",
);

it("Bodies are forgotten after 14 days, those of notes and of sources that are declared no more after 7", async () => {
  const store = await openSqlite(join(temporaryFolder(), "slipway.db"));
  onTestFinished(() => store.close());
  await store.transact(function* (tx): Work<void> {
    for (const source of ["github", "cms", "pay", "gone"])
      yield* recordDelivery(tx, {
        source,
        key: "a",
        event: "e",
        digest: source,
        body: Buffer.from("said"),
        receivedAtMs: 1,
      });
    for (const one of yield* claimDeliveries(tx, { boot: "b", nowMs: 1, untilMs: 2, limit: 9 }))
      yield* finishDelivery(tx, one, { state: "done", outcome: [], nowMs: 1 });
  });
  const chore = createForgetChore(resolveSources(sources));
  const roundAt = async (nowMs: number) => {
    await store.transact((tx) => chore(tx, { nowMs, random: () => 0, cause: "clock" }));
    const kept = await store.transact((tx) => all(tx.db.selectFrom("deliveries").select(["source", "body"])));
    return kept.filter(({ body }) => body.length > 0).map(({ source }) => source);
  };
  expect(await roundAt(7 * DAY_MS)).toEqual(["github", "cms", "pay", "gone"]);
  expect(await roundAt(8 * DAY_MS)).toEqual(["github", "cms"]);
  expect(await roundAt(14 * DAY_MS)).toEqual(["github", "cms"]);
  expect(await roundAt(15 * DAY_MS)).toEqual([]);
  expect(await store.transact((tx) => listDeliveries(tx, { limit: 9 }))).toHaveLength(4);
});
