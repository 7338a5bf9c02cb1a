/** Puts what is to be told into the outbox, inside the transaction that makes it true. */
import type { Config } from "../config/schema.ts";
import type { Deployment } from "../model/deployment.ts";
import type { AnswerEffect } from "../model/effect.ts";
import type { Notice } from "../model/notice.ts";
import { slackUserIn } from "../model/person.ts";
import type { LogKeys } from "../secrets/log-keys.ts";
import { lastOutcomeBefore } from "../store/last-outcome.ts";
import { findTold, wasTold, wish } from "../store/outbox.ts";
import { lastTranscriptSeq, readTranscript } from "../store/transcripts.ts";
import type { Tx, Work } from "../store/work.ts";
import { announce, announceAnswer, announceModal, announceNotice, announceReply, replyKey } from "./announce.ts";
import { announceOut } from "./outgoing/announce-out.ts";

/** What the telling depends on: the configuration, and which of the other parties there are. */
export type Telling = {
  readonly config: Pick<Config, "url" | "channel" | "sites" | "people"> & Partial<Pick<Config, "webhooks">>;
  readonly hasSlack: boolean;
  /** Whether clicks in Slack reach Slipway, so that messages may carry buttons. By default they do not. */
  readonly hasButtons?: boolean;
  readonly hasGithub: boolean;
  /** Whether anybody may click on the buttons of check runs. By default nobody does. */
  readonly hasGithubButtons?: boolean;
  readonly logKeys: LogKeys;
};

/**
 * Tells everybody concerned about the present state of a deployment. In Slack that is its one message, edited, which
 * notifies nobody; a failure is said aloud besides, and so is, more quietly, that it is over.
 */
export function* tellDeployment(
  tx: Tx,
  telling: Telling,
  deployment: Deployment,
  { nowMs, previousCommit = null }: { nowMs: number; previousCommit?: string | null },
): Work<void> {
  const { config, hasSlack, hasButtons = false, hasGithub } = telling;
  const site = config.sites[deployment.site];
  const news = {
    deployment,
    siteUrl: site?.confirm?.url ?? null,
    logUrl: logUrlOf(telling, deployment),
    hasButtons,
    hasGithubButtons: telling.hasGithubButtons ?? false,
    ...(site && { folder: site.folder }),
    ...(deployment.state === "failed" && hasGithub && { logTail: yield* lastLines(tx, deployment.id, LOG_TAIL) }),
  };
  yield* announceOut(tx, config.webhooks ?? [], { deployment, liveUrl: news.siteUrl }, nowMs);
  const channel = hasSlack ? slackChannelOf(config, deployment.site) : null;
  const parties = { slackChannel: channel, github: hasGithub };
  const told = yield* wasTold(tx, deployment.id);
  for (const one of announce(news, parties, { wasTold: told, previousCommit })) yield* wish(tx, one, nowMs);
  if (channel === null) return;
  if (deployment.state === "failed" && told) yield* tellFailure(tx, telling, { deployment, channel, nowMs });
  if (deployment.state === "live") yield* tellFixed(tx, { deployment, channel, nowMs });
}

/** Where a deployment's transcript can be read; null where Slipway does not know its own address. */
export function logUrlOf(
  { config, logKeys }: { readonly config: Pick<Config, "url">; readonly logKeys: LogKeys },
  { id, createdAtMs }: Pick<Deployment, "id" | "createdAtMs">,
): string | null {
  if (!config.url) return null;
  return `${config.url.replace(/\/+$/, "")}/deployments/${id}/log?key=${logKeys.sign(id, createdAtMs)}`;
}

type InChannel = { readonly deployment: Deployment; readonly channel: string; readonly nowMs: number };

/** Says aloud, once, that a deployment failed. One that only asks for consent asks in its message. */
function* tellFailure(tx: Tx, telling: Telling, { deployment, channel, nowMs }: InChannel): Work<void> {
  if (deployment.consent || (yield* findTold(tx, replyKey(deployment.id, channel, "failed")))) return;
  const reply = {
    kind: "failure",
    deployment,
    lines: yield* lastLines(tx, deployment.id, SLACK_TAIL),
    logUrl: logUrlOf(telling, deployment),
    mention: whomToMention(telling.config.people, deployment),
  } as const;
  yield* wish(tx, announceReply(deployment, channel, reply), nowMs);
}

/** Says, where the site's last failure was said aloud, that it works again. */
function* tellFixed(tx: Tx, { deployment, channel, nowMs }: InChannel): Work<void> {
  const failed = yield* lastOutcomeBefore(tx, deployment, deployment.finishedAtMs ?? nowMs);
  if (failed?.state !== "failed" || !(yield* findTold(tx, replyKey(failed.id, channel, "failed")))) return;
  if (yield* findTold(tx, replyKey(failed.id, channel, "fixed"))) return;
  const { id, site, commit } = deployment;
  const afterMs = Math.max(0, (deployment.finishedAtMs ?? nowMs) - (failed.finishedAtMs ?? nowMs));
  yield* wish(tx, announceReply(failed, channel, { kind: "fixed", site, deployment: id, commit, afterMs }), nowMs);
}

type Tail = { readonly lines: number; readonly chars: number };
const SLACK_TAIL: Tail = { lines: 40, chars: 4000 };
/** What check runs look through for files and lines. */
const LOG_TAIL: Tail = { lines: 200, chars: 60_000 };

/** The end of a deployment's transcript. */
function* lastLines(tx: Tx, id: string, tail: Tail): Work<string> {
  // Every chunk holds one line at least.
  const chunks = yield* readTranscript(tx, id, Math.max(0, (yield* lastTranscriptSeq(tx, id)) - tail.lines));
  const text = chunks.map((chunk) => chunk.text).join("");
  const lines = text.trimEnd().split("\n").slice(-tail.lines).join("\n");
  if (lines.length <= tail.chars) return lines;
  const whole = lines.slice(-tail.chars).replace(/^[^\n]*\n/, "");
  return whole.toWellFormed();
}

/** The Slack user who asked for a deployment, else who wrote its newest commit; null where nobody knows one. */
function whomToMention(people: Config["people"], { askedBy, author }: Deployment): string | null {
  const asked = slackUserIn(askedBy);
  if (asked !== null || author === "") return asked;
  const isAuthor = ({ github, authors }: Config["people"][string]) =>
    authors.includes(author) || github?.toLowerCase() === author.toLowerCase();
  return Object.entries(people).find(([, person]) => isAuthor(person))?.[0] ?? null;
}

/** The Slack channel that follows a site, as slipway.yaml names it. */
export function slackChannelOf(config: Pick<Config, "channel" | "sites">, site: string): string | null {
  return config.sites[site]?.channel ?? config.channel ?? null;
}

/** Answers the one person in Slack who asked; `cause` names the question. */
export function* tellAnswer(
  tx: Tx,
  answer: Pick<AnswerEffect, "to" | "site" | "answer">,
  cause: string,
  nowMs: number,
): Work<void> {
  yield* wish(tx, announceAnswer(answer, cause, nowMs), nowMs);
}

/** Opens a dialog for whoever asked; `cause` names the request. */
export function* tellModal(
  tx: Tx,
  asked: Parameters<typeof announceModal>[0],
  cause: string,
  nowMs: number,
): Work<void> {
  yield* wish(tx, announceModal(asked, cause, nowMs), nowMs);
}

/** Tells the operator, in the channel for Slipway's own news or, where a site is concerned, in the site's. */
export function* tellNotice(tx: Tx, telling: Telling, notice: Notice, cause: string, nowMs: number): Work<void> {
  const { config, hasSlack } = telling;
  const channel = "site" in notice ? slackChannelOf(config, notice.site) : config.channel;
  if (hasSlack && channel) yield* wish(tx, announceNotice(notice, cause, channel), nowMs);
}
