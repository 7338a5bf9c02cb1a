/** Who is to be told about a deployment, as data: every change of its state goes through here into the outbox. */
import type { Deployment } from "../model/deployment.ts";
import type { AnswerEffect } from "../model/effect.ts";
import type { Notice } from "../model/notice.ts";
import type { Wish } from "../store/outbox.ts";

/** What can be told about a deployment, complete, so that any later state replaces any earlier one. */
export type DeploymentNews = {
  readonly deployment: Deployment;
  /** Where visitors see the site; null when nobody said. */
  readonly siteUrl: string | null;
  /** Where the transcript can be read; null when Slipway does not know its own address. */
  readonly logUrl: string | null;
  /** Whether a click on a button reaches Slipway. */
  readonly hasButtons: boolean;
};

export type SlackDeploymentWish = { readonly channel: string; readonly news: DeploymentNews };
export type SlackNoticeWish = { readonly channel: string; readonly notice: Notice };
/** What only `user` is to see, in the channel where they asked. */
export type SlackAnswerWish = {
  readonly channel: string;
  readonly user: string;
  /** The key of slipway.yaml that names the channel. */
  readonly setting: string;
  readonly text: string;
  readonly expiresAtMs: number;
};
export type GithubWish = {
  readonly installationId: number;
  /** "owner/name" */
  readonly repoName: string;
  /** The commit that this report is about. */
  readonly commit: string;
  readonly news: DeploymentNews;
};

/** The other parties, as far as they are configured. */
export type Parties = {
  /** Slack is configured; the site's channel, if it has one. */
  readonly slackChannel: string | null;
  /** The GitHub App is configured. */
  readonly github: boolean;
};

/**
 * The wishes that follow from a deployment's present state. A deployment that is skipped before anybody was told of it
 * (`wasTold`) is no news: its commit alone says so, by a check run. `previousCommit` is set when checkout found another
 * head than announced.
 */
export function announce(
  news: DeploymentNews,
  parties: Parties,
  { wasTold, previousCommit = null }: { wasTold: boolean; previousCommit?: string | null },
): Wish[] {
  const { deployment } = news;
  const isQuiet = deployment.state === "skipped" && !wasTold;
  const wishes: Wish[] = [];
  if (parties.slackChannel && !isQuiet) {
    const desired: SlackDeploymentWish = { channel: parties.slackChannel, news };
    const key = slackKey(deployment.id, parties.slackChannel);
    wishes.push({ kind: "slack.deployment", key, deploymentId: deployment.id, desired });
  }
  // A deployment asked for by name has no commit until checkout knows it.
  if (parties.github && deployment.installationId !== null && deployment.commit !== "") {
    const github = githubWishes(news, deployment.commit, deployment.installationId);
    wishes.push(...github.filter((it) => !isQuiet || it.kind === "github.check"));
    if (previousCommit && previousCommit !== deployment.commit) {
      const way = `\`slipway deploy ${deployment.site} --commit ${previousCommit}\` deploys this one`;
      const reason = `${deployment.commit.slice(0, 7)} is the head of ${deployment.branch} now and is deployed instead; ${way}`;
      const overtaken: DeploymentNews = {
        ...news,
        deployment: { ...deployment, commit: previousCommit, state: "superseded", reason },
      };
      wishes.push(...githubWishes(overtaken, previousCommit, deployment.installationId));
    }
  }
  return wishes;
}

/** Names the message about a deployment in a channel, as the configuration calls that. */
export function slackKey(deploymentId: string, channel: string): string {
  return `slack:${deploymentId}:${channel}`;
}

function githubWishes(news: DeploymentNews, commit: string, installationId: number): Wish[] {
  const { id, repoName } = news.deployment;
  const desired: GithubWish = { installationId, repoName, commit, news };
  return [
    { kind: "github.deployment", key: `github:${id}:${commit}`, deploymentId: id, desired },
    { kind: "github.check", key: `check:${id}:${commit}`, deploymentId: id, desired },
  ];
}

/** The wish that a notice makes; `cause` names what it is about, so that it is told once. */
export function announceNotice(notice: Notice, cause: string, channel: string): Wish {
  const desired: SlackNoticeWish = { channel, notice };
  return { kind: "slack.notice", key: `notice:${cause}:${channel}`, deploymentId: null, desired };
}

/** As long as Slack itself lets an app answer a click: docs.slack.dev/interactivity/handling-user-interaction. */
const ANSWER_WITHIN_MS = 30 * 60_000;

/** The wish that an answer makes; `cause` names the question, so that it is answered once. */
export function announceAnswer({ channel, user, site, text }: AnswerEffect, cause: string, nowMs: number): Wish {
  const setting = site === null ? "channel" : `sites.${site}.channel`;
  const desired: SlackAnswerWish = { channel, user, setting, text, expiresAtMs: nowMs + ANSWER_WITHIN_MS };
  return { kind: "slack.answer", key: `answer:${cause}`, deploymentId: null, desired };
}
