/** Puts what is to be told into the outbox, inside the transaction that makes it true. */
import type { Config } from "../config/schema.ts";
import type { Deployment } from "../model/deployment.ts";
import type { AnswerEffect } from "../model/effect.ts";
import type { Notice } from "../model/notice.ts";
import type { LogKeys } from "../secrets/log-keys.ts";
import { wasTold, wish } from "../store/outbox.ts";
import type { Tx, Work } from "../store/work.ts";
import { announce, announceAnswer, announceNotice } from "./announce.ts";

/** What the telling depends on: the configuration, and which of the other parties there are. */
export type Telling = {
  readonly config: Pick<Config, "url" | "channel" | "sites">;
  readonly hasSlack: boolean;
  /** Whether clicks in Slack reach Slipway, so that messages may carry buttons. By default they do not. */
  readonly hasButtons?: boolean;
  readonly hasGithub: boolean;
  readonly logKeys: LogKeys;
};

/** Tells everybody concerned about the present state of a deployment. */
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
  };
  const parties = { slackChannel: hasSlack ? slackChannelOf(config, deployment.site) : null, github: hasGithub };
  const told = yield* wasTold(tx, deployment.id);
  for (const one of announce(news, parties, { wasTold: told, previousCommit })) yield* wish(tx, one, nowMs);
}

/** Where the transcript of a deployment can be read; null where Slipway does not know its own address. */
export function logUrlOf(
  { config, logKeys }: Pick<Telling, "config" | "logKeys">,
  { id, createdAtMs }: Pick<Deployment, "id" | "createdAtMs">,
): string | null {
  if (!config.url) return null;
  return `${config.url.replace(/\/+$/, "")}/deployments/${id}/log?key=${logKeys.sign(id, createdAtMs)}`;
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

/** Tells the operator, in the channel for Slipway's own news or, where a site is concerned, in the site's. */
export function* tellNotice(tx: Tx, telling: Telling, notice: Notice, cause: string, nowMs: number): Work<void> {
  const { config, hasSlack } = telling;
  const siteChannel = "site" in notice ? config.sites[notice.site]?.channel : undefined;
  const channel = siteChannel ?? config.channel;
  if (hasSlack && channel) yield* wish(tx, announceNotice(notice, cause, channel), nowMs);
}
