/** News that come in storms, and the one message that then stands for all of them. */
import fc from "fast-check";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { parseConfig } from "../../src/config/load-config.ts";
import type { Digest } from "../../src/model/notice.ts";
import { closeQuietDigests, digestWhereSlow, type News, openDigest, tellNews } from "../../src/notify/digest.ts";
import { all } from "../../src/store/work.ts";
import { openToldWorld, type ToldWorld } from "./outbox-rows.ts";

let world: ToldWorld;
beforeAll(async () => {
  world = await openToldWorld();
});
afterEach(() =>
  world.store.transact(function* (tx) {
    for (const table of ["outbox", "channel_news", "digests"] as const) yield* all(tx.db.deleteFrom(table));
  }),
);
afterAll(() => world.stop());

const news = (topic: string, part: Partial<News> = {}): News => ({
  ...{ channel: "C0CI", setting: "ci.0.channel", topic, title: `about ${topic}`, state: "bad", url: null },
  wish: {
    ...{ kind: "slack.notice", key: `notice:${topic}:C0CI`, deploymentId: null },
    desired: { channel: "C0CI", notice: { about: "site_paused", site: "shop", reason: `${topic} ${part.state}` } },
  },
  ...part,
});
const tell = (topic: string, nowMs: number, part: Partial<News> = {}) =>
  world.store.transact((tx) => tellNews(tx, news(topic, part), nowMs));
const close = (nowMs: number) => world.store.transact((tx) => closeQuietDigests(tx, nowMs));

async function storm(topics: number, nowMs: number): Promise<void> {
  for (let n = 1; n <= topics; n++) await tell(`t${n}`, nowMs);
}
const keys = async () => (await world.notices()).map(({ key }) => key);
async function digests(): Promise<Array<{ key: string; digest: Digest }>> {
  const found = await world.notices();
  return found.flatMap(({ key, notice }) => (notice.about === "digest" ? [{ key, digest: notice.digest }] : []));
}

describe("news of a channel", () => {
  it("have a message each, as long as few are new, and later news of the same edit it", async () => {
    await storm(5, 1000);
    await tell("t1", 2000, { state: "good" });
    expect(await keys()).toEqual([1, 2, 3, 4, 5].map((n) => `notice:t${n}:C0CI`));
    expect(await world.notices()).toMatchObject([{ versions: 2, notice: { reason: "t1 good" } }, {}, {}, {}, {}]);
    await tell("t6", 61_001);
    expect(await keys()).toHaveLength(6);
    expect(await digests()).toEqual([]);
  });

  it("of which too many are new go into one message, while those that have one of their own keep it", async () => {
    await storm(8, 1000);
    await tell("t2", 1500, { state: "good" });
    await tell("t7", 1600, { state: "good", title: "t7 again", url: "https://e.example/7" });
    expect(await digests()).toMatchObject([
      {
        key: expect.stringMatching(/^notice:digest \d+:C0CI$/),
        digest: {
          ...{ sinceMs: 1000, endedAtMs: null },
          groups: [
            { title: "t7 again", count: 2, state: "good", url: "https://e.example/7" },
            { title: "about t6", count: 1, state: "bad", url: null },
            { title: "about t8", count: 1, state: "bad", url: null },
          ],
        },
      },
    ]);
    expect(await keys()).toHaveLength(6);
    expect((await world.notices())[1]).toMatchObject({ versions: 2, notice: { reason: "t2 good" } });
  });

  it("of other channels are no storm of this one", async () => {
    await storm(5, 1000);
    await tell("t6", 1000, { channel: "C0OTHER" });
    expect(await digests()).toEqual([]);
  });
});

describe("a digest", () => {
  it("notifies once, of the first bad news in it, where the channel sees it", async () => {
    await storm(5, 1000);
    await tell("t6", 1000, { state: "good" });
    expect(await world.threads()).toEqual([]);
    await tell("t7", 1000, { url: "https://e.example/7" });
    await tell("t8", 1000);
    const [{ key: parentKey } = { key: "" }] = await digests();
    expect(await world.threads()).toMatchObject([
      {
        ...{ versions: 1, channel: "C0CI", setting: "ci.0.channel", parentKey, isBroadcast: true },
        reply: { kind: "worst", title: "about t7", url: "https://e.example/7" },
      },
    ]);
  });

  it("ends after five quiet minutes, with a last edit, once", async () => {
    await storm(6, 1000);
    await tell("t7", 200_000);
    expect(await close(499_999)).toEqual([]);
    expect(await close(500_000)).toEqual([expect.stringMatching(/^ended the digest \d+ of C0CI$/)]);
    expect(await close(900_000)).toEqual([]);
    expect(await digests()).toMatchObject([{ digest: { endedAtMs: 500_000, groups: [{}, {}] } }]);
    await tell("t6", 600_000, { state: "good" });
    expect((await keys()).at(-1)).toBe("notice:t6:C0CI");
  });

  it("that nobody ended in time is ended by what comes next", async () => {
    await storm(6, 1000);
    await tell("t9", 400_000);
    expect(await digests()).toMatchObject([{ digest: { endedAtMs: 400_000, groups: [{ title: "about t6" }] } }]);
    expect((await keys()).at(-1)).toBe("notice:t9:C0CI");
  });

  it("begins at once where Slack takes no more, and is posted when there is something to tell", async () => {
    const open = (nowMs: number) => world.store.transact((tx) => openDigest(tx, "C0CI", "ci.0.channel", nowMs));
    await open(1000);
    await open(2000);
    expect(await keys()).toEqual([]);
    await tell("t1", 3000);
    expect(await digests()).toMatchObject([{ digest: { sinceMs: 1000, groups: [{ title: "about t1" }] } }]);
    await close(400_000);
    await open(500_000);
    expect(await close(900_000)).toHaveLength(1);
    expect(await keys()).toHaveLength(1);
  });

  const config = parseConfig(
    `
channel: C0OWN
sites: { shop: { repo: acme/shop, publish: "dir:/srv/shop", channel: C0SHOP } }
ci: [{ channel: C0CI }]
sources:
  metrics: { kind: alertmanager, secret: env:TOKEN, channel: C0METRICS }
  routed:
    kind: alertmanager
    secret: env:TOKEN
    routes: [{ alert: { channel: C0ROUTE } }, { notice: { channel: C0NOTES } }]`,
    "the tests",
  );

  it.each([
    ["C0OWN", "channel"],
    ["C0SHOP", "sites.shop.channel"],
    ["C0CI", "ci.0.channel"],
    ["C0METRICS", "sources.metrics.channel"],
    ["C0ROUTE", "sources.routed.routes.0.alert.channel"],
    ["C0NOTES", "sources.routed.routes.1.notice.channel"],
  ])("begins where Slack takes no more in %s, which %s names", async (channel, setting) => {
    await world.store.transact((tx) => digestWhereSlow(tx, config, channel, 1000));
    await tell("t1", 2000, { channel });
    expect(await world.notices()).toMatchObject([{ channel, notice: { about: "digest", setting } }]);
  });

  it("never begins for what is said to one person alone", async () => {
    await world.store.transact((tx) => digestWhereSlow(tx, config, "D0ALICE", 1000));
    await tell("t1", 2000, { channel: "D0ALICE" });
    expect(await digests()).toEqual([]);
  });

  it("names a hundred groups and counts the rest, so that nothing is lost", async () => {
    await storm(5 + 130, 1000);
    const [{ digest } = { digest: null }] = await digests();
    expect(digest?.groups).toHaveLength(101);
    expect(digest?.groups.at(-1)).toEqual({ title: "30 more", count: 30, state: "bad", url: null });
  });
});

it("Whatever comes, all of it is in a message of its own or counted in a digest", async () => {
  const item = fc.record({
    topic: fc.integer({ min: 1, max: 12 }),
    afterMs: fc.constantFrom(0, 0, 0, 1000, 30_000, 400_000),
    state: fc.constantFrom("bad" as const, "good" as const),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(item, { maxLength: 40 }), async (items) => {
      let nowMs = 1000;
      for (const { topic, afterMs, state } of items) {
        nowMs += afterMs;
        await tell(`t${topic}`, nowMs, { state });
        if (topic % 3 === 0) await close(nowMs);
      }
      await close(nowMs + 300_000);
      const told = await world.notices();
      const own = told.filter(({ notice }) => notice.about !== "digest").reduce((sum, it) => sum + it.versions, 0);
      const counted = (await digests()).flatMap(({ digest }) => digest.groups.map(({ count }) => count));
      expect(own + counted.reduce((sum, count) => sum + count, 0)).toBe(items.length);
      expect((await digests()).every(({ digest }) => digest.endedAtMs !== null)).toBe(true);
      expect((await world.threads()).every(({ versions }) => versions === 1)).toBe(true);
      await world.store.transact(function* (tx) {
        for (const table of ["outbox", "channel_news", "digests"] as const) yield* all(tx.db.deleteFrom(table));
      });
    }),
    { numRuns: 60 },
  );
});
