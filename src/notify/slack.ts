/**
 * Tells Slack: one message per deployment, posted once and edited through its stages; one message per notice; and what
 * only one person is to see, at most once.
 */
import { z } from "zod";
import { COMMANDS } from "../commands/words/command-table.ts";
import { AmbiguousError, describeError, PermanentError, RefusedMessageError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Place, Posted, SlackClient, SlackMessage } from "../slack/slack-client.ts";
import type { OutboxKind, OutboxRow, Told } from "../store/outbox.ts";
import type {
  SlackAnswerWish,
  SlackDeploymentWish,
  SlackModalWish,
  SlackNoticeWish,
  SlackThreadWish,
} from "./announce.ts";
import { LOOK_AGAIN_MS, twice, unlessRefused, unsure } from "./looking.ts";
import type { Perform, Performed, Remember } from "./perform.ts";
import { wordAnswer } from "./wording/slack/answer-wording.ts";
import { wordDeployment } from "./wording/slack/deployment-wording.ts";
import { wordModal } from "./wording/slack/modal-wording.ts";
import { wordNotice } from "./wording/slack/notice-wording.ts";
import { wordThreadReply } from "./wording/slack/thread-wording.ts";

/** What the outbox remembers: where the message is, and whether it stands in for one that was deleted; else null. */
const remoteSchema = z
  .object({ channel: z.string(), ts: z.string(), isRepost: z.boolean().default(false) })
  .nullable()
  .catch(null);
type Remote = NonNullable<z.output<typeof remoteSchema>>;

export type SlackDeps = {
  readonly slack: SlackClient;
  readonly log: Log;
  /** How another wish stands: the one whose message a reply belongs to. */
  readonly findTold: (key: string) => Promise<Told | null>;
  /** As `LOOK_AGAIN_MS`, which is the default. */
  readonly lookAgainMs?: number;
};

/** So long a reply waits at a time for the message that it belongs to. */
const PARENT_WAIT_MS = 2000;
/** The same where that one cannot be told for the moment. */
const FAILED_PARENT_WAIT_MS = 15_000;

type SlackKind = Extract<OutboxKind, `slack.${string}`>;

/** Performs the wishes of these kinds. */
export function createSlackPerformers(deps: SlackDeps): Record<SlackKind, Perform> {
  return {
    "slack.deployment": createDeploymentPerformer(deps),
    "slack.notice": (row, remember) => {
      const { channel, notice } = row.desired as SlackNoticeWish;
      const place = { channel, setting: settingOf(notice) };
      return orTextAlone(deps, row, wordNotice(notice), (message) => show(deps, row, remember, place, message));
    },
    "slack.answer": (row) => answer(deps, row),
    "slack.thread": (row, remember) => {
      const { reply } = row.desired as SlackThreadWish;
      return orTextAlone(deps, row, wordThreadReply(reply), (message) => tellReply(deps, row, remember, message));
    },
    "slack.modal": (row) => openModal(deps, row),
  };
}

function settingOf(notice: SlackNoticeWish["notice"]): string {
  if ("setting" in notice) return notice.setting;
  return "site" in notice ? `sites.${notice.site}.channel` : "channel";
}

/** Slack's words for a block that it does not know: docs.slack.dev/reference/methods/chat.postMessage, "Errors". */
const UNKNOWN_BLOCK = ["invalid_blocks", "invalid_blocks_format"];

function isUnknownBlock(error: unknown): boolean {
  return error instanceof RefusedMessageError && UNKNOWN_BLOCK.includes(error.code);
}

/** Where Slack does not take the blocks of a message, its text alone says what there is to say, without buttons. */
async function orTextAlone<T>(
  { log }: SlackDeps,
  { key }: OutboxRow,
  message: SlackMessage,
  send: (message: SlackMessage) => Promise<T>,
): Promise<T> {
  try {
    return await send(message);
  } catch (error) {
    if (!isUnknownBlock(error)) throw error;
    log.error(
      { key, error: describeError(error) },
      "Slack does not take the blocks of a message; its text alone is shown",
    );
    return send({ text: message.text, blocks: [] });
  }
}

/**
 * Not every workspace takes the block that shows a plan of steps. One that refused a message with it, and took the same
 * without, gets none any more.
 */
function createDeploymentPerformer(deps: SlackDeps): Perform {
  let hasPlans = true;
  return async (row, remember) => {
    const { channel, news } = row.desired as SlackDeploymentWish;
    const place = { channel, setting: `sites.${news.deployment.site}.channel` };
    const tell = (message: SlackMessage) => show(deps, row, remember, place, message);
    if (hasPlans) {
      const withPlan = wordDeployment(news, { hasPlans });
      try {
        return await tell(withPlan);
      } catch (error) {
        if (!isUnknownBlock(error)) throw error;
      }
    }
    const withoutPlan = wordDeployment(news, { hasPlans: false });
    return orTextAlone(deps, row, withoutPlan, async (message) => {
      const performed = await tell(message);
      if (message === withoutPlan) hasPlans = false;
      return performed;
    });
  };
}

/** What one person alone sees is in no history, so nobody can look for it, and it is not repeated. */
async function answer(deps: SlackDeps, row: OutboxRow): Promise<Performed> {
  const { to, answer } = row.desired as SlackAnswerWish;
  if (row.inDoubt) return { kind: "unsure", reason: "an answer may have reached Slack; it is not repeated" };
  const message = wordAnswer(answer, COMMANDS);
  if (to.responseUrl === null || !(await respond(deps, to.responseUrl, message)))
    await orTextAlone(deps, row, message, (it) => answerInPlace(deps, row, it));
  return { kind: "sent", remote: null };
}

/** Answers through Slack's own address for it; false: that is used up or too old, and nobody saw the answer. */
async function respond({ slack }: SlackDeps, responseUrl: string, message: SlackMessage): Promise<boolean> {
  try {
    await slack.respond(responseUrl, message);
    return true;
  } catch (error) {
    if (error instanceof PermanentError) return false;
    throw error;
  }
}

async function answerInPlace({ slack }: SlackDeps, row: OutboxRow, message: SlackMessage): Promise<void> {
  const { to, setting } = row.desired as SlackAnswerWish;
  const place = { channel: to.channel, setting };
  if (!to.isDirect) return slack.postEphemeral(place, to.user, message, to.thread ?? undefined);
  const thread = to.thread === null ? undefined : { ts: to.thread, isBroadcast: false };
  await slack.postMessage(place, row.key, message, thread);
}

/** Nobody can look whether a dialog is open, and whoever has it open does not want it a second time. */
async function openModal({ slack }: SlackDeps, row: OutboxRow): Promise<Performed> {
  const { triggerId, modal } = row.desired as SlackModalWish;
  if (row.inDoubt) return { kind: "unsure", reason: "a dialog may be open; it is not opened again" };
  await slack.openModal(triggerId, wordModal(modal));
  return { kind: "sent", remote: null };
}

/** Replies in the thread of the message that another wish posts, once that is there. */
async function tellReply(
  deps: SlackDeps,
  row: OutboxRow,
  remember: Remember,
  message: SlackMessage,
): Promise<Performed> {
  const { slack } = deps;
  const { setting, parentKey, isBroadcast } = row.desired as SlackThreadWish;
  const shown = remoteSchema.parse(row.remote);
  if (shown) {
    // Whoever deleted it does not want it.
    await slack.updateMessage({ channel: shown.channel, setting }, shown, message);
    return { kind: "sent", remote: shown };
  }
  const told = await deps.findTold(parentKey);
  const parent = remoteSchema.parse(told?.remote ?? null);
  if (!parent) {
    if (told?.state === "pending") {
      const forMs = told.hasFailed ? FAILED_PARENT_WAIT_MS : PARENT_WAIT_MS;
      return { kind: "waits", forMs, reason: "its message is not there yet" };
    }
    throw new PermanentError("the message that it replies to was not posted");
  }
  const { channel, ts } = parent;
  const place = { channel, setting };
  if (row.inDoubt) {
    const found = await look(deps, () => slack.findReply(place, ts, row.key, row.createdAtMs));
    if (typeof found === "string") return unsure(A_POST, found);
    if (found) return { kind: "sent", remote: found };
  }
  const posted = await slack.postMessage(place, row.key, message, { ts, isBroadcast });
  await remember(posted);
  return { kind: "sent", remote: posted };
}

/** Makes Slack show `message`: edits what was posted before, or posts it, unless an earlier attempt has done so. */
async function show(
  deps: SlackDeps,
  row: OutboxRow,
  remember: Remember,
  place: Place,
  message: SlackMessage,
): Promise<Performed> {
  const { slack } = deps;
  const shown = remoteSchema.parse(row.remote);
  if (shown && (await slack.updateMessage(place, shown, message)) === "updated") return { kind: "sent", remote: shown };
  // Whoever deletes the second one too does not want it.
  if (shown?.isRepost) throw new PermanentError("the message in Slack was deleted twice; it is not posted again");

  const isRepost = shown !== null;
  const key = isRepost ? `${row.key}#2` : row.key;
  if (row.inDoubt) {
    const where = { ...place, channel: shown?.channel ?? place.channel };
    const found = await look(deps, () => slack.findMessage(where, key, row.createdAtMs));
    if (typeof found === "string") return unsure(A_POST, found);
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

const A_POST = "a post may have reached Slack";

/** Looks for a message that an earlier attempt may have posted: it, null when there is none, or why nobody can tell. */
function look(
  { lookAgainMs = LOOK_AGAIN_MS }: SlackDeps,
  find: () => Promise<Posted | null>,
): Promise<Posted | null | string> {
  return unlessRefused(() => twice(lookAgainMs, find));
}
