/** Events: what a delivery means, in our own words. Senders' JSON is not known here. */
import type { AlertReport } from "./alert.ts";
import type { ReplyTo } from "./answer.ts";
import type { ContentChange, Debounce } from "./content.ts";
import { CONSENTS } from "./deployment.ts";
import type { GitPush } from "./git-push.ts";
import type { Note } from "./note.ts";
import type { Workflow } from "./workflow.ts";

/** The newest commit: its whole message, and what its author is called. */
type Head = { readonly message: string; readonly author: string };

/** A branch, or a tag, of a repository moved. */
export type PushEvent = {
  readonly type: "push";
  readonly repoId: number;
  readonly repoName: string;
  readonly installationId: number | null;
  /** The whole ref: "refs/heads/main". */
  readonly ref: string;
  readonly before: string;
  readonly after: string;
  readonly deleted: boolean;
  /** The newest commit, absent when the branch was deleted. */
  readonly head: Head | null;
  /** Identifies the push itself, however many hooks report it. */
  readonly cause: string;
};

/**
 * A run of a workflow of GitHub Actions was asked for, began or ended. So is told, too, that a suite of checks of another
 * App ended: a CI that knows no workflows. Its workflow is called as that App is.
 */
export type WorkflowRunEvent = {
  readonly type: "workflow_run";
  readonly isCheckSuite: boolean;
  readonly repoId: number;
  readonly repoName: string;
  readonly installationId: number | null;
  /** "requested", "in_progress" or "completed", as far as GitHub documents it. */
  readonly action: string;
  readonly workflow: Workflow;
  readonly runId: number;
  /** Counts the runs of one workflow; null where GitHub does not say. */
  readonly runNumber: number | null;
  /** Counts from 1; whoever runs it again raises it. */
  readonly attempt: number;
  /** As in `CiRun`. */
  readonly order?: number;
  /** Who started it, and where it can be read; "" and null where GitHub does not say. */
  readonly actorLogin: string;
  readonly url: string | null;
  /** What started it: "push", "pull_request", … */
  readonly event: string;
  readonly status: string;
  /** "success", "failure", …; null while it runs. */
  readonly conclusion: string | null;
  /** Null where it ran for no branch. A fork may call its branch as it likes: `headRepoId` tells them apart. */
  readonly headBranch: string | null;
  readonly headSha: string;
  /** Null where the fork is gone. */
  readonly headRepoId: number | null;
  readonly head: Head | null;
  /** Identifies the attempt, however many hooks report it. */
  readonly cause: string;
};

/** A repository has another name or owner, or can be reached through another installation. */
export type RepositoryChangedEvent = {
  readonly type: "repository_changed";
  readonly repoId: number;
  readonly repoName: string;
  readonly installationId: number | null;
  readonly change: "renamed" | "transferred" | "other";
};

/** The App was installed, removed, suspended or given other repositories. */
export type InstallationEvent = {
  readonly type: "installation";
  readonly change: "installed" | "uninstalled" | "suspended" | "unsuspended" | "repositories_changed";
  readonly installationId: number;
  readonly account: string;
  readonly added: ReadonlyArray<{ readonly repoId: number; readonly repoName: string }>;
  readonly removed: ReadonlyArray<{ readonly repoId: number; readonly repoName: string }>;
};

/** Who asked for something in Slack, and where. The ids are Slack's and signed; the name is for people only. */
type SlackActor = {
  readonly slackUser: string;
  readonly name: string;
  readonly team: string;
  readonly channel: string;
};

/** What all that is asked for in Slack has in common. */
type AskedInSlack = {
  readonly actor: SlackActor;
  readonly reply: ReplyTo;
  /** Opens a dialog within three seconds; null where Slack gives none. */
  readonly triggerId: string | null;
  /** When it arrived, in milliseconds since 1970. */
  readonly askedAtMs: number;
  /** Identifies it, however often it is reported. */
  readonly cause: string;
};

/** Somebody asks in words: by a slash command, by mentioning the bot, in a direct message. */
export type WordsEvent = AskedInSlack & {
  readonly type: "words";
  /** What they wrote, as Slack gives it, without the mention; a command's own name is its first word: "rollback shop". */
  readonly text: string;
  readonly via: "command" | "mention" | "direct";
};

/** The buttons of an alert. */
export const ALERT_CLICKS = ["acknowledge", "silence"] as const;
export type AlertClick = (typeof ALERT_CLICKS)[number];

/** What a button of ours is for. `value` names the deployment, the site, the request or the alert that it is about. */
export const CLICKS = [
  ...CONSENTS,
  ...ALERT_CLICKS,
  "cancel",
  "retry",
  "rebuild",
  "redeploy",
  "rollback",
  "deploy",
  "resume",
  "approve",
  "decline",
  "choose",
] as const;
export type Click = (typeof CLICKS)[number];

export type ClickEvent = AskedInSlack & { readonly type: "click"; readonly click: Click; readonly value: string };

/** Somebody sends a dialog. */
export type SubmissionEvent = AskedInSlack & {
  readonly type: "submission";
  readonly modal: "rollback";
  readonly site: string;
  /** The release that was live when the dialog was opened; null where none was. */
  readonly from: string | null;
  /** The release that was chosen. */
  readonly to: string;
  readonly reason: string;
};

/** Somebody clicks on a button of a check run on GitHub, or has it run again. */
export type CheckRunEvent = {
  readonly type: "check_run";
  readonly action: "redeploy" | "rollback" | "rerun";
  readonly repoId: number;
  readonly repoName: string;
  readonly installationId: number | null;
  /** The deployment that the check run is about. */
  readonly deployment: string;
  /** GitHub's name of whoever clicked. */
  readonly login: string;
  readonly cause: string;
};

/** A run of a workflow deploys to an environment of GitHub's; the run itself does not say so. */
export type RunEnvironmentEvent = {
  readonly type: "run_environment";
  readonly repoId: number;
  readonly repoName: string;
  readonly runId: number;
  readonly environment: string;
};

/** Content of sites was changed elsewhere: in a CMS, say. */
export type ContentChangedEvent = ContentChange & {
  readonly type: "content_changed";
  /** The sites that show it, as the sender's configuration names them. */
  readonly sites: readonly string[];
  /** How long to wait for more; what is not said is the usual. */
  readonly debounce?: Partial<Debounce>;
  /** Identifies the change, however often it is reported. */
  readonly cause: string;
};

/** What all events of declared sources have in common. */
type FromSource = {
  /** The source's name in slipway.yaml, and what people call the sender. */
  readonly source: string;
  readonly label: string;
  /** Identifies what is reported, for one route of the source. */
  readonly cause: string;
};

/** A push to a repository on another git host than GitHub. */
export type GitPushEvent = FromSource &
  GitPush & {
    readonly type: "git_push";
    /** The sites that the source's settings name; null: those whose repository it is. */
    readonly sites: readonly string[] | null;
    /** The delivery that somebody had worked off again: it deploys although the same push did before. */
    readonly again?: number;
  };

/** Somebody wants sites deployed, from the head of their branches: a build hook. */
export type DeployAskedEvent = FromSource & { readonly type: "deploy_asked"; readonly sites: readonly string[] };

/** Monitoring reports how alerts stand. */
export type AlertsEvent = FromSource & {
  readonly type: "alerts";
  readonly alerts: readonly AlertReport[];
  /** The channel that the source's settings name. */
  readonly channel: string | null;
  /** The sites that may be to blame. */
  readonly sites: readonly string[];
};

/** Something to be told once: a payment, an order, a form. */
export type NoteEvent = FromSource & {
  readonly type: "note";
  readonly note: Note;
  readonly channel: string | null;
};

/** The sender only checks that we answer. */
type PingEvent = { readonly type: "ping" };

/** A delivery we understand and have no use for; `reason` says why. */
type IgnoredEvent = { readonly type: "ignored"; readonly reason: string };

export type Event =
  | PushEvent
  | WorkflowRunEvent
  | RepositoryChangedEvent
  | InstallationEvent
  | WordsEvent
  | ClickEvent
  | SubmissionEvent
  | CheckRunEvent
  | RunEnvironmentEvent
  | ContentChangedEvent
  | GitPushEvent
  | DeployAskedEvent
  | AlertsEvent
  | NoteEvent
  | PingEvent
  | IgnoredEvent;
