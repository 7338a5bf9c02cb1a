/**
 * Tells Slack: one message per deployment, posted once and edited through its stages; one message per notice; and what
 * only one person is to see, at most once.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { AmbiguousError, describeError, PermanentError } from "../errors.ts";
import type { Place, Posted, SlackClient, SlackMessage } from "../slack/slack-client.ts";
import type { OutboxKind, OutboxRow } from "../store/outbox.ts";
import type { SlackAnswerWish, SlackDeploymentWish, SlackNoticeWish } from "./announce.ts";
import { wordAnswer } from "./answer-wording.ts";
import { wordDeployment } from "./deployment-wording.ts";
import { wordNotice } from "./notice-wording.ts";
import type { Perform, Performed } from "./perform.ts";

/** What the outbox remembers: where the message is, and whether it stands in for one that was deleted. */
const remoteSchema = z.object({ channel: z.string(), ts: z.string(), isRepost: z.boolean().default(false) });
type Remote = z.output<typeof remoteSchema>;

export type SlackDeps = {
  readonly slack: SlackClient;
  /**
   * What was sent a moment ago may not be listed yet, so a message counts as missing only when it is missing twice,
   * this many milliseconds apart.
   */
  readonly lookAgainMs?: number;
};

const LOOK_AGAIN_MS = 3000;

type SlackKind = Extract<OutboxKind, `slack.${string}`>;

/** Performs the wishes of these kinds. */
export function createSlackPerformers(deps: SlackDeps): Record<SlackKind, Perform> {
  return {
    "slack.deployment": (row, remember) => {
      const { channel, news } = row.desired as SlackDeploymentWish;
      const place = { channel, setting: `sites.${news.deployment.site}.channel` };
      return show(deps, row, remember, place, wordDeployment(news));
    },
    "slack.notice": (row, remember) => {
      const { channel, notice } = row.desired as SlackNoticeWish;
      const place = { channel, setting: "site" in notice ? `sites.${notice.site}.channel` : "channel" };
      return show(deps, row, remember, place, wordNotice(notice));
    },
    "slack.answer": (row) => answer(deps, row),
    "slack.thread": async () => {
      throw new Error("not performed yet");
    },
    "slack.modal": async () => {
      throw new Error("not performed yet");
    },
  };
}

/** What one person alone sees is in no history, so nobody can look for it, and after some time nobody waits for it. */
async function answer({ slack }: SlackDeps, row: OutboxRow): Promise<Performed> {
  const { to, setting, answer } = row.desired as SlackAnswerWish;
  if (row.inDoubt) return { kind: "unsure", reason: "an answer may have reached Slack; it is not repeated" };
  await slack.postEphemeral({ channel: to.channel, setting }, to.user, wordAnswer(answer));
  return { kind: "sent", remote: null };
}

/** Makes Slack show `message`: edits what was posted before, or posts it, unless an earlier attempt has done so. */
async function show(
  deps: SlackDeps,
  row: OutboxRow,
  remember: Parameters<Perform>[1],
  place: Place,
  message: SlackMessage,
): Promise<Performed> {
  const { slack } = deps;
  const shown = remoteSchema.nullable().catch(null).parse(row.remote);
  if (shown && (await slack.updateMessage(place, shown, message)) === "updated") return { kind: "sent", remote: shown };
  // Whoever deletes the second one too does not want it.
  if (shown?.isRepost) throw new PermanentError("the message in Slack was deleted twice; it is not posted again");

  const isRepost = shown !== null;
  const key = isRepost ? `${row.key}#2` : row.key;
  if (row.inDoubt) {
    const found = await look(deps, place, shown?.channel ?? place.channel, key, row.createdAtMs);
    if (typeof found === "string") {
      const reason = `a post may have reached Slack, and Slipway cannot look for it (${found}); it is not repeated`;
      return { kind: "unsure", reason };
    }
    if (found) {
      const adopted: Remote = { ...found, isRepost };
      await remember(adopted);
      if ((await slack.updateMessage(place, adopted, message)) === "updated") return { kind: "sent", remote: adopted };
      throw new AmbiguousError("the message in Slack was deleted while Slipway looked at it");
    }
  }
  const posted: Remote = { ...(await slack.postMessage(place, key, message)), isRepost };
  await remember(posted);
  return { kind: "sent", remote: posted };
}

/** Looks for a message that an earlier attempt may have posted: it, null when there is none, or why nobody can tell. */
async function look(
  { slack, lookAgainMs = LOOK_AGAIN_MS }: SlackDeps,
  place: Place,
  channel: string,
  key: string,
  sinceMs: number,
): Promise<Posted | null | string> {
  try {
    const found = await slack.findMessage({ ...place, channel }, key, sinceMs);
    if (found) return found;
    await sleep(lookAgainMs);
    return await slack.findMessage({ ...place, channel }, key, sinceMs);
  } catch (error) {
    if (error instanceof PermanentError) return describeError(error);
    throw error;
  }
}
