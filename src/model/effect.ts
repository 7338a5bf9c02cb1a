/** Effects: what handlers want done, as data. The inbox saves them in the transaction that finishes the delivery. */
import type { AlertReport } from "./alert.ts";
import type { Answer, AuditEntry, ReplyTo } from "./answer.ts";
import type { CiFollow, CiRun } from "./ci.ts";
import type { CommandTarget } from "./command.ts";
import type { ContentChange, Debounce } from "./content.ts";
import type { Trigger } from "./deployment.ts";
import type { Note } from "./note.ts";
import type { Notice } from "./notice.ts";

/** A deployment as it is asked for. */
type Asked = {
  readonly site: string;
  readonly trigger: Trigger;
  readonly cause: string;
  readonly repoId: number | null;
  readonly repoName: string;
  readonly installationId: number | null;
  readonly branch: string;
  readonly commit: string;
  readonly author: string;
  readonly title: string;
};

/** Queue a deployment; one of the same site that still waits is superseded by it. */
type DeployEffect = Asked & {
  readonly do: "deploy";
  /** As in `Deployment`. */
  readonly askedRelease?: string | null;
  readonly runId?: number | null;
  readonly askedCommit?: string | null;
  readonly cleanCaches?: boolean;
  readonly adopt?: boolean;
  readonly allowRemovals?: boolean;
  readonly askedBy?: string;
  /** The refused deployment whose release is published, where that is still there; else there is a build. */
  readonly goesOnWith?: string;
};

/**
 * Deploy content that was changed: once it has been quiet for a while, together with what changes until then, and with
 * a build that waits already.
 */
type DeployContentEffect = Pick<Asked, "site" | "cause" | "repoId" | "repoName" | "installationId" | "branch"> & {
  readonly do: "deploy_content";
  /** The commit to build, where it must not be the head of the branch. */
  readonly askedCommit: string | null;
  readonly change: ContentChange;
  readonly debounce: Debounce;
};

/** Record a deployment that is not made, so that people see it; `reason` says why, and what makes it all the same. */
type SkipDeploymentEffect = Asked & { readonly do: "skip_deployment"; readonly reason: string };

/** Record that nothing is to be done, and why. */
type SkipEffect = { readonly do: "skip"; readonly site: string | null; readonly reason: string };

/** Remember how a repository is called and through which installation it is reached; `null` leaves the latter as it is. */
type RememberRepositoryEffect = {
  readonly do: "remember_repository";
  readonly repoId: number;
  readonly repoName: string;
  readonly installationId: number | null;
};

/** Tie a configured site to the id of its repository, so that a later rename changes nothing. */
type BindSiteEffect = {
  readonly do: "bind_site";
  readonly site: string;
  readonly repoId: number;
  /** How the configuration calls the repository at present. */
  readonly boundAs: string;
};

/** Stop building a site for as long as GitHub keeps its repository from us. */
type PauseSiteEffect = { readonly do: "pause_site"; readonly site: string; readonly reason: string };
type ResumeSiteEffect = { readonly do: "resume_site"; readonly site: string };

/** Tell people something that is not the story of one deployment. */
type NoticeEffect = { readonly do: "notice"; readonly notice: Notice };

/** Answer the one person in Slack who asked; nobody else sees it. `site` is the one that was asked about. */
export type AnswerEffect = {
  readonly do: "answer";
  readonly to: ReplyTo;
  readonly site: string | null;
  readonly answer: Answer;
};

/**
 * Do to a site what somebody may do and asked for. What comes of it, or why it is refused, is answered (`to`, where they
 * asked in Slack) and written into the audit log.
 */
export type OperateEffect = {
  readonly do: "operate";
  readonly site: string;
  readonly deed: Deed;
  /** As records name who asked: "alice (Slack U0ALICE)". */
  readonly by: string;
  /** As in `AuditEntry`. */
  readonly where: string;
  readonly rule: string;
  readonly verb: string;
  /** As in `AuditEntry`: the command in its own words, or the button. */
  readonly what: string;
  /** Identifies the request: what it queues is queued once. */
  readonly cause: string;
  readonly to: ReplyTo | null;
};

/** Show somebody what they asked to see. `entry` is written into the audit log, or that there was nothing to see, and why. */
type LookEffect = { readonly do: "look"; readonly look: Look; readonly to: ReplyTo; readonly entry: AuditEntry };

/** What can be looked at on command. */
export type Look =
  /** These sites, all that they may see. */
  | { readonly kind: "status"; readonly sites: readonly string[] }
  | { readonly kind: "releases"; readonly site: string }
  /** The transcript of that deployment; null: the newest one of the site. */
  | { readonly kind: "logs"; readonly site: string; readonly deployment: string | null }
  /** What the live release would become. */
  | { readonly kind: "diff"; readonly site: string; readonly target: CommandTarget | null }
  | { readonly kind: "audit"; readonly site: string }
  /** The dialog that asks what to roll back to; where no dialog can be opened, a button that opens it. */
  | {
      readonly kind: "rollback";
      readonly site: string;
      readonly target: CommandTarget | null;
      /** Why, where they said so already. */
      readonly reason: string | null;
      readonly triggerId: string | null;
      readonly askedAtMs: number;
    };

/** What can be done to a site on command. */
export type Deed =
  | {
      readonly kind: "deploy";
      readonly commit: string | null;
      readonly cleanCaches: boolean;
      /** Why, where they said so; here and in the others it stands in the record, and where people are told. */
      readonly reason?: string | null;
      readonly adopt: boolean;
      readonly allowRemovals: boolean;
    }
  | {
      /** Publish a kept release again; without a target the live one. */
      readonly kind: "redeploy";
      readonly target: CommandTarget | null;
      readonly reason?: string | null;
      readonly adopt: boolean;
      readonly allowRemovals: boolean;
    }
  | {
      /** Publish an earlier release and pause the site; without a target the one before the live one. */
      readonly kind: "rollback";
      readonly target: CommandTarget | null;
      /** What was live when they decided; another one by now refuses. Null: not checked. */
      readonly from: string | null;
      readonly reason: string | null;
      readonly adopt: boolean;
      readonly allowRemovals: boolean;
    }
  /** Cancels the deployment of that id; null: what runs, else what waits. */
  | { readonly kind: "cancel"; readonly deployment: string | null; readonly reason?: string | null }
  | { readonly kind: "pause" | "lock"; readonly reason: string | null; readonly untilMs: number | null }
  | { readonly kind: "resume" | "unlock"; readonly reason?: string | null };

/** Write down what was asked for and was not done, or did nothing. */
type AuditEffect = { readonly do: "audit"; readonly entry: AuditEntry };

/** Ask in the site's channel for somebody else who agrees; what they agree to is done then. */
type AskSecondPersonEffect = Omit<OperateEffect, "do"> & { readonly do: "ask_second_person" };

/** Somebody answers such a request: `approves` does it, the other way ends it. */
type SecondPersonEffect = {
  readonly do: "second_person";
  /** The site that the request is about. */
  readonly site: string;
  readonly request: string;
  readonly approves: boolean;
  readonly by: string;
  readonly where: string;
  readonly rule: string;
  readonly to: ReplyTo | null;
};

/** Remember how a run of a workflow stands, and tell the channels that follow it where that is news. */
type CiRunEffect = { readonly do: "ci_run"; readonly run: CiRun; readonly follows: readonly CiFollow[] };

/** Remember to which environment of GitHub's a run deploys. */
type RememberEnvironmentEffect = {
  readonly do: "remember_environment";
  readonly repoId: number;
  readonly runId: number;
  readonly environment: string;
};

/** What was broken on a branch that was deleted is no matter any more. */
type ForgetBranchEffect = { readonly do: "forget_branch"; readonly repoId: number; readonly branch: string };

/** Remember how an alert stands, and tell the channel where that is news. */
export type AlertEffect = {
  readonly do: "alert";
  readonly source: string;
  readonly label: string;
  readonly report: AlertReport;
  readonly channel: string | null;
  /** The key of slipway.yaml that names the channel. */
  readonly setting: string;
  /** The sites that may be to blame. */
  readonly sites: readonly string[];
  /** As in `Alert`. */
  readonly canSilence: boolean;
  readonly silenceForMs?: number;
};

/** Work off a delivery that was held; `by` as in `OperateEffect`. */
type RunDeliveryEffect = { readonly do: "run_delivery"; readonly delivery: number; readonly by: string };

/** Somebody has an alert now; `by` as in `OperateEffect`. */
type AcknowledgeAlertEffect = { readonly do: "acknowledge_alert"; readonly alert: number; readonly by: string };

/** Have the sender of an alert silence it. What comes of that is told in the alert's message, or to whoever asked. */
export type SilenceAlertEffect = {
  readonly do: "silence_alert";
  readonly alert: number;
  readonly by: string;
  /** How long, from now on. */
  readonly forMs: number;
  readonly to: ReplyTo | null;
  /** As in `AuditEntry`. */
  readonly site: string | null;
  readonly where: string;
  readonly rule: string;
  readonly what: string;
  /** Identifies the request. */
  readonly cause: string;
};

/** Tell a channel of a payment, an order or a form, once. */
export type NoteEffect = {
  readonly do: "note";
  readonly source: string;
  readonly label: string;
  readonly note: Note;
  readonly channel: string | null;
  readonly setting: string;
  readonly cause: string;
};

export type Effect =
  | AlertEffect
  | RunDeliveryEffect
  | AcknowledgeAlertEffect
  | SilenceAlertEffect
  | NoteEffect
  | ForgetBranchEffect
  | DeployEffect
  | DeployContentEffect
  | SkipDeploymentEffect
  | SkipEffect
  | RememberRepositoryEffect
  | BindSiteEffect
  | PauseSiteEffect
  | ResumeSiteEffect
  | NoticeEffect
  | AnswerEffect
  | OperateEffect
  | AuditEffect
  | LookEffect
  | AskSecondPersonEffect
  | SecondPersonEffect
  | CiRunEffect
  | RememberEnvironmentEffect;
