/** Who is to be told about a deployment, as data: every change of its state goes through here into the outbox. */
import type { Answer, Modal, ReplyTo } from "../model/answer.ts";
import { type Deployment, isFinal } from "../model/deployment.ts";
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
  /** Whether a click on a button of a check run reaches Slipway. By default it does not. */
  readonly hasGithubButtons?: boolean;
  /** The last lines of the transcript, where the deployment failed: for its check run alone. */
  readonly logTail?: string;
  /** The site's folder in the repository; "." by default. */
  readonly folder?: string;
};

export type SlackDeploymentWish = { readonly channel: string; readonly news: DeploymentNews };
export type SlackNoticeWish = { readonly channel: string; readonly notice: Notice };
/** What only whoever asked is to see. */
export type SlackAnswerWish = {
  readonly to: ReplyTo;
  /** The key of slipway.yaml that names the channel. */
  readonly setting: string;
  readonly answer: Answer;
};
/** A dialog to open. */
export type SlackModalWish = { readonly triggerId: string; readonly modal: Modal };
/** What is said in the thread of a message: the one that the wish `parentKey` posts. */
export type SlackThreadWish = {
  readonly channel: string;
  readonly setting: string;
  readonly parentKey: string;
  /** Whether the channel sees it too, so that it notifies. */
  readonly isBroadcast: boolean;
  readonly reply: ThreadReply;
};
export type ThreadReply =
  | {
      readonly kind: "failure";
      readonly deployment: Deployment;
      /** The last lines of the transcript. */
      readonly lines: string;
      readonly logUrl: string | null;
      /** The Slack user who is to look after it; null where nobody knows one. */
      readonly mention: string | null;
    }
  | {
      /** It works again. */
      readonly kind: "fixed";
      readonly site: string;
      /** The deployment that went live, and its commit. */
      readonly deployment: string;
      readonly commit: string;
      /** From the failure until then. */
      readonly afterMs: number;
    }
  | {
      /** The worst of a digest, which an edit alone would tell nobody. */
      readonly kind: "worst";
      readonly title: string;
      readonly url: string | null;
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
    const desired: SlackDeploymentWish = { channel: parties.slackChannel, news: withoutLog(news) };
    const key = slackKey(deployment.id, parties.slackChannel);
    wishes.push({
      kind: "slack.deployment",
      key,
      deploymentId: deployment.id,
      desired,
      isUrgent: isFinal(deployment.state),
    });
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
  const { id, repoName, state } = news.deployment;
  const whole: GithubWish = { installationId, repoName, commit, news };
  const brief: GithubWish = { ...whole, news: withoutLog(news) };
  const common = { deploymentId: id, isUrgent: isFinal(state) };
  return [
    { kind: "github.deployment", key: `github:${id}:${commit}`, desired: brief, ...common },
    { kind: "github.check", key: `check:${id}:${commit}`, desired: whole, ...common },
  ];
}

/** The outbox keeps what is told, and the end of a log is long. */
function withoutLog({ logTail: _, ...news }: DeploymentNews): DeploymentNews {
  return news;
}

/** The wish that a notice makes; `cause` names what it is about, so that it is told once. */
export function announceNotice(notice: Notice, cause: string, channel: string): Wish {
  const desired: SlackNoticeWish = { channel, notice };
  const key = noticeKey(cause, channel);
  return { kind: "slack.notice", key, deploymentId: null, desired, isUrgent: isLastWord(notice) };
}

/** Names the message about a notice in a channel, as the configuration calls that; `cause` as in `announceNotice`. */
export function noticeKey(cause: string, channel: string): string {
  return `notice:${cause}:${channel}`;
}

/** Whether more of the same is not to be expected, so that its message should say so soon. */
function isLastWord(notice: Notice): boolean {
  if (notice.about === "digest") return notice.digest.endedAtMs !== null;
  if (notice.about === "ci") return notice.incident.state === "mended";
  if (notice.about === "alert") return notice.alert.state === "resolved";
  return notice.about !== "summary";
}

/** What `announceReply` answers with is told once for each `name`: a thread has one failure, and one end of it. */
export function replyKey(deploymentId: string, channel: string, name: "failed" | "fixed"): string {
  return `thread:${deploymentId}:${channel}:${name}`;
}

/** The wish that a reply in the thread of a deployment's message makes. Only a failure is shown to the channel too. */
export function announceReply(
  { id, site }: Pick<Deployment, "id" | "site">,
  channel: string,
  reply: Extract<ThreadReply, { kind: "failure" | "fixed" }>,
): Wish {
  const isFailure = reply.kind === "failure";
  const desired: SlackThreadWish = {
    channel,
    setting: `sites.${site}.channel`,
    parentKey: slackKey(id, channel),
    isBroadcast: isFailure,
    reply,
  };
  const key = replyKey(id, channel, isFailure ? "failed" : "fixed");
  return { kind: "slack.thread", key, deploymentId: id, desired, isUrgent: true };
}

/** As long as Slack itself lets an app answer a click: docs.slack.dev/interactivity/handling-user-interaction. */
const ANSWER_WITHIN_MS = 30 * 60_000;

/** The wish that an answer makes; `cause` names the question, so that it is answered once. */
export function announceAnswer(
  { to, site, answer }: Pick<AnswerEffect, "to" | "site" | "answer">,
  cause: string,
  nowMs: number,
): Wish {
  const setting = site === null ? "channel" : `sites.${site}.channel`;
  const desired: SlackAnswerWish = { to, setting, answer };
  return {
    kind: "slack.answer",
    key: `answer:${cause}`,
    deploymentId: null,
    desired,
    isUrgent: true,
    notAfterMs: nowMs + ANSWER_WITHIN_MS,
  };
}

/**
 * A dialog opens within three seconds of what asked for it, or not at all; this much is left for the way there:
 * docs.slack.dev/interactivity/handling-user-interaction, "trigger_id".
 */
const MODAL_WITHIN_MS = 2500;

/** The wish that a dialog makes. When it comes too late, whoever asked is told so, and how to get it. */
export function announceModal(
  { triggerId, modal, askedAtMs }: { triggerId: string; modal: Modal; askedAtMs: number },
  cause: string,
  nowMs: number,
): Wish {
  const desired: SlackModalWish = { triggerId, modal };
  const text = `Slack lets a dialog open within three seconds, and Slipway was late. Try once more, or say it in one go: \`/deploy rollback ${modal.site} previous --yes\`.`;
  const late = announceAnswer(
    { to: modal.reply, site: modal.site, answer: { kind: "text", text } },
    `${cause}.late`,
    nowMs,
  );
  const notAfterMs = askedAtMs + MODAL_WITHIN_MS;
  return { kind: "slack.modal", key: `modal:${cause}`, deploymentId: null, desired, isUrgent: true, notAfterMs, late };
}
