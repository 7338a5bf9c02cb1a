/** Puts what is to be told into the outbox, inside the transaction that makes it true. */
import type { Config } from "../config/schema.ts";
import type { Deployment } from "../model/deployment.ts";
import type { Notice } from "../model/notice.ts";
import type { LogKeys } from "../secrets/log-keys.ts";
import { wasTold, wish } from "../store/outbox.ts";
import type { Tx, Work } from "../store/work.ts";
import { announce, announceNotice } from "./announce.ts";

/** What the telling depends on: the configuration, and which of the other parties there are. */
export type Telling = {
  readonly config: Pick<Config, "url" | "channel" | "sites">;
  readonly hasSlack: boolean;
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
  const { config, hasSlack, hasGithub, logKeys } = telling;
  const site = config.sites[deployment.site];
  const news = {
    deployment,
    siteUrl: site?.confirm?.url ?? null,
    logUrl: config.url
      ? `${config.url.replace(/\/+$/, "")}/deployments/${deployment.id}/log?key=${logKeys.sign(deployment.id, deployment.createdAtMs)}`
      : null,
  };
  const parties = { slackChannel: hasSlack ? (site?.channel ?? config.channel ?? null) : null, github: hasGithub };
  const told = yield* wasTold(tx, deployment.id);
  for (const one of announce(news, parties, { wasTold: told, previousCommit })) yield* wish(tx, one, nowMs);
}

/** Tells the operator, in the channel for Slipway's own news or, where a site is concerned, in the site's. */
export function* tellNotice(tx: Tx, telling: Telling, notice: Notice, cause: string, nowMs: number): Work<void> {
  const { config, hasSlack } = telling;
  const siteChannel = "site" in notice ? config.sites[notice.site]?.channel : undefined;
  const channel = siteChannel ?? config.channel;
  if (hasSlack && channel) yield* wish(tx, announceNotice(notice, cause, channel), nowMs);
}
