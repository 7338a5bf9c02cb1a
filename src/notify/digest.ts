/**
 * News that may come in storms (CI, alerts): each topic has a message of its own, until too many come at once. From then
 * on one message, which is edited, tells all that is new in the channel, until it has been quiet for a while.
 */
import type { Config } from "../config/schema.ts";
import {
  type ChannelNews,
  countNewTopics,
  digestOf,
  endDigest,
  findOpenDigest,
  insertDigest,
  type KnownDigest,
  lockChannel,
  quietDigests,
  recordNews,
  touchDigest,
} from "../store/digests.ts";
import { isWished, type Wish, wish } from "../store/outbox.ts";
import type { Tx, Work } from "../store/work.ts";
import { announceNotice, noticeKey, type SlackThreadWish } from "./announce.ts";

export type News = ChannelNews & {
  /** The key of slipway.yaml that names the channel. */
  readonly setting: string;
  /** The message that the topic has, or would have, of its own. */
  readonly wish: Wish;
};

/** More new messages than this in a channel within `WINDOW_MS` are a storm. */
const MAX_NEW_MESSAGES = 5;
const WINDOW_MS = 60_000;
/** After this long without news a digest ends. */
const QUIET_MS = 300_000;
/** Titles come from outside. */
const MAX_TITLE_CHARS = 300;

/**
 * Tells a channel something: in the topic's own message where there is one, else in a digest where one goes on, or
 * begins with it.
 */
export function* tellNews(tx: Tx, news: News, nowMs: number): Work<void> {
  const { channel, setting } = news;
  yield* lockChannel(tx, channel);
  const item = { ...news, title: [...news.title].slice(0, MAX_TITLE_CHARS).join("") };
  const digest = (yield* isWished(tx, news.wish.key)) ? undefined : yield* digestFor(tx, channel, setting, nowMs);
  yield* recordNews(tx, item, digest?.id ?? null, nowMs);
  if (!digest) return yield* wish(tx, news.wish, nowMs);
  yield* touchDigest(tx, digest.id, nowMs);
  yield* showDigest(tx, digest, nowMs);
  if (news.state === "bad") yield* pingOnce(tx, digest, item, nowMs);
}

/**
 * Has all that is new in the channel told in one message from now on: Slack takes no more. It is posted when there is
 * something to tell.
 */
export function* openDigest(tx: Tx, channel: string, setting: string, nowMs: number): Work<void> {
  yield* lockChannel(tx, channel);
  const open = yield* openOne(tx, channel, nowMs);
  if (open) yield* touchDigest(tx, open.id, nowMs);
  else yield* insertDigest(tx, channel, setting, nowMs);
}

/** The same where Slack said so; `channel` is as slipway.yaml calls it. What is said to one person alone is no news. */
export function* digestWhereSlow(tx: Tx, config: NamingChannels, channel: string, nowMs: number): Work<void> {
  const setting = namedChannels(config).find((it) => it.channel === channel)?.setting;
  if (setting !== undefined) yield* openDigest(tx, channel, setting, nowMs);
}

type NamingChannels = Pick<Config, "channel" | "sites" | "sources" | "ci">;

/** Every channel that news go to, with the key that names it. */
function namedChannels({ channel: own, sites, sources, ci }: NamingChannels) {
  return [
    ...Object.entries(sites).map(([name, { channel }]) => ({ channel, setting: `sites.${name}.channel` })),
    { channel: own, setting: "channel" },
    ...ci.map(({ channel }, index) => ({ channel, setting: `ci.${index}.channel` })),
    ...Object.entries(sources).flatMap(([name, { channel, routes = [] }]) => [
      { channel, setting: `sources.${name}.channel` },
      ...routes.flatMap(({ alert, notice }, index) => [
        { channel: alert?.channel, setting: `sources.${name}.routes.${index}.alert.channel` },
        { channel: notice?.channel, setting: `sources.${name}.routes.${index}.notice.channel` },
      ]),
    ]),
  ];
}

/** Ends the digests that have been quiet for long enough. Answers with what it did, in sentences. */
export function* closeQuietDigests(tx: Tx, nowMs: number): Work<string[]> {
  const closed: string[] = [];
  for (const { id, channel } of yield* quietDigests(tx, nowMs - QUIET_MS)) {
    yield* lockChannel(tx, channel);
    // It may have been ended, or found something to tell, while this waited for the channel.
    const open = yield* findOpenDigest(tx, channel);
    if (open?.id !== id || open.lastAtMs > nowMs - QUIET_MS) continue;
    yield* close(tx, open, nowMs);
    closed.push(`ended the digest ${id} of ${channel}`);
  }
  return closed;
}

/** The digest that tells what has no message of its own; undefined where it gets one. */
function* digestFor(tx: Tx, channel: string, setting: string, nowMs: number): Work<KnownDigest | undefined> {
  const open = yield* openOne(tx, channel, nowMs);
  if (open) return open;
  const isStorm = (yield* countNewTopics(tx, channel, nowMs - WINDOW_MS)) >= MAX_NEW_MESSAGES;
  return isStorm ? yield* insertDigest(tx, channel, setting, nowMs) : undefined;
}

/** The digest that goes on. One that should have ended by now is ended first. */
function* openOne(tx: Tx, channel: string, nowMs: number): Work<KnownDigest | undefined> {
  const open = yield* findOpenDigest(tx, channel);
  if (!open || open.lastAtMs > nowMs - QUIET_MS) return open;
  yield* close(tx, open, nowMs);
  return undefined;
}

function* close(tx: Tx, { id }: KnownDigest, nowMs: number): Work<void> {
  const ended = yield* endDigest(tx, id, nowMs);
  if (ended) yield* showDigest(tx, ended, nowMs);
}

function* showDigest(tx: Tx, digest: KnownDigest, nowMs: number): Work<void> {
  const told = yield* digestOf(tx, digest);
  if (told.groups.length === 0) return;
  const { channel, setting } = digest;
  yield* wish(tx, announceNotice({ about: "digest", setting, digest: told }, causeOf(digest), channel), nowMs);
}

const causeOf = ({ id }: KnownDigest) => `digest ${id}`;

/** An edit notifies nobody: the first bad news of a digest are told in its thread too, where the channel sees them. */
function* pingOnce(tx: Tx, digest: KnownDigest, { title, url }: ChannelNews, nowMs: number): Work<void> {
  const { channel, setting } = digest;
  const cause = causeOf(digest);
  const key = `worst:${cause}:${channel}`;
  if (yield* isWished(tx, key)) return;
  const parentKey = noticeKey(cause, channel);
  const reply = { kind: "worst", title, url } as const;
  const desired: SlackThreadWish = { channel, setting, parentKey, isBroadcast: true, reply };
  yield* wish(tx, { kind: "slack.thread", key, deploymentId: null, desired }, nowMs);
}
