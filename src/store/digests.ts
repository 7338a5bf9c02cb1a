/** What channels were told, by topic, and the digests that stand for many messages. */
import type { Selectable } from "kysely";
import type { Digest } from "../model/notice.ts";
import { lockName } from "./lock-name.ts";
import type { Tables } from "./tables.ts";
import { all, first, type Tx, type Work } from "./work.ts";

/** One thing that a channel is told. */
export type ChannelNews = {
  readonly channel: string;
  /** What it is about: all news of one topic belong together. */
  readonly topic: string;
  readonly title: string;
  readonly state: "bad" | "good";
  readonly url: string | null;
};

export type KnownDigest = {
  readonly id: number;
  readonly channel: string;
  /** The key of slipway.yaml that names the channel. */
  readonly setting: string;
  readonly openedAtMs: number;
  /** When the last of its news came. */
  readonly lastAtMs: number;
  readonly endedAtMs: number | null;
};

/** One transaction at a time decides how a channel is told something. */
export const lockChannel = (tx: Tx, channel: string) => lockName(tx, `news of channel ${channel}`);

/** Keeps what a channel is told; `digestId` names the digest that tells it, null: it has a message of its own. */
export function* recordNews(tx: Tx, news: ChannelNews, digestId: number | null, nowMs: number): Work<void> {
  const { channel, topic, title, state, url } = news;
  yield* all(
    tx.db.insertInto("channel_news").values({ channel, topic, title, state, url, digest_id: digestId, at: nowMs }),
  );
}

/** Whether the channel was told anything of the topic. */
export function* hasNews(tx: Tx, channel: string, topic: string): Work<boolean> {
  const query = tx.db.selectFrom("channel_news").select("id").where("channel", "=", channel);
  return (yield* first(query.where("topic", "=", topic).limit(1))) !== undefined;
}

/** How many topics got a message of their own since then. */
export function* countNewTopics(tx: Tx, channel: string, sinceMs: number): Work<number> {
  const begun = tx.db
    .selectFrom("channel_news as later")
    .select("later.topic")
    .where("later.channel", "=", channel)
    .where("later.digest_id", "is", null)
    .where("later.at", ">", sinceMs)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom("channel_news as earlier")
            .select("earlier.id")
            .where("earlier.channel", "=", channel)
            .where("earlier.digest_id", "is", null)
            .where("earlier.at", "<=", sinceMs)
            .whereRef("earlier.topic", "=", "later.topic"),
        ),
      ),
    )
    .groupBy("later.topic");
  return (yield* all(begun)).length;
}

/** The digest of the channel that goes on; undefined where none does. */
export function* findOpenDigest(tx: Tx, channel: string): Work<KnownDigest | undefined> {
  const query = tx.db.selectFrom("digests").selectAll().where("channel", "=", channel).where("ended_at", "is", null);
  const row = yield* first(query.orderBy("id", "desc").limit(1));
  return row && toDigest(row);
}

export function* insertDigest(tx: Tx, channel: string, setting: string, nowMs: number): Work<KnownDigest> {
  const values = { channel, setting, opened_at: nowMs, last_at: nowMs, ended_at: null };
  const row = yield* first(tx.db.insertInto("digests").values(values).returningAll());
  if (!row) throw new Error(`a digest for ${channel} was not inserted`);
  return toDigest(row);
}

/** Something came for the digest. */
export function* touchDigest(tx: Tx, id: number, nowMs: number): Work<void> {
  yield* all(tx.db.updateTable("digests").set({ last_at: nowMs }).where("id", "=", id).where("last_at", "<", nowMs));
}

/** Ends a digest. Answers undefined where it has ended before. */
export function* endDigest(tx: Tx, id: number, nowMs: number): Work<KnownDigest | undefined> {
  const query = tx.db.updateTable("digests").set({ ended_at: nowMs }).where("id", "=", id);
  const row = yield* first(query.where("ended_at", "is", null).returningAll());
  return row && toDigest(row);
}

/** The digests that go on although nothing came since then. */
export function* quietDigests(tx: Tx, sinceMs: number): Work<KnownDigest[]> {
  const open = tx.db.selectFrom("digests").selectAll().where("ended_at", "is", null);
  return (yield* all(open.where("last_at", "<=", sinceMs).orderBy("channel").orderBy("id"))).map(toDigest);
}

/** A digest names so many groups; what is in the others is counted in one more. */
const MAX_GROUPS = 100;

/** What a digest tells by now. The counts of its groups add up to all that came. */
export function* digestOf(tx: Tx, { id, channel, openedAtMs, endedAtMs }: KnownDigest): Work<Digest> {
  const ofDigest = tx.db.selectFrom("channel_news").where("channel", "=", channel).where("digest_id", "=", id);
  const topics = ofDigest
    .select([(is) => is.fn.max("id").as("last"), (is) => is.fn.countAll<number>().as("count")])
    .groupBy("topic")
    .as("topics");
  const rows = yield* all(
    tx.db
      .selectFrom("channel_news")
      .innerJoin(topics, "topics.last", "channel_news.id")
      .select(["title", "state", "url", "topics.count as count"])
      .orderBy("topics.count", "desc")
      .orderBy("channel_news.id"),
  );
  const groups = rows.map(({ title, state, url, count }): Group => {
    return { title, count: Number(count), state: state as Group["state"], url };
  });
  return {
    sinceMs: openedAtMs,
    endedAtMs,
    groups: [...groups.slice(0, MAX_GROUPS), ...rest(groups.slice(MAX_GROUPS))],
  };
}

type Group = Digest["groups"][number];

function rest(groups: readonly Group[]): Group[] {
  if (groups.length === 0) return [];
  const state = groups.some((group) => group.state === "bad") ? "bad" : "good";
  const count = groups.reduce((sum, group) => sum + group.count, 0);
  return [{ title: `${groups.length} more`, count, state, url: null }];
}

/** Forgets what channels were told before this time, and the digests that had ended by then. */
export function* forgetNews(tx: Tx, beforeMs: number): Work<void> {
  yield* all(tx.db.deleteFrom("digests").where("ended_at", "<", beforeMs));
  yield* all(tx.db.deleteFrom("channel_news").where("at", "<", beforeMs));
}

function toDigest(row: Selectable<Tables["digests"]>): KnownDigest {
  const { id, channel, setting, opened_at: openedAtMs, last_at: lastAtMs, ended_at: endedAtMs } = row;
  return { id, channel, setting, openedAtMs, lastAtMs, endedAtMs };
}
