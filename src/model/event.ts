/** Events: what a delivery means, in our own words. Senders' JSON is not known here. */
import type { ContentChange, Debounce } from "./content.ts";
import type { Consent } from "./deployment.ts";
import type { Workflow } from "./workflow.ts";

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
  readonly head: { readonly message: string; readonly author: string } | null;
  /** Identifies the push itself, however many hooks report it. */
  readonly cause: string;
};

/** A run of a workflow of GitHub Actions was asked for, began or ended. */
export type WorkflowRunEvent = {
  readonly type: "workflow_run";
  readonly repoId: number;
  readonly repoName: string;
  readonly installationId: number | null;
  /** "requested", "in_progress" or "completed", as far as GitHub documents it. */
  readonly action: string;
  readonly workflow: Workflow;
  readonly runId: number;
  /** Counts from 1; whoever runs it again raises it. */
  readonly attempt: number;
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
  readonly head: { readonly message: string; readonly author: string } | null;
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
export type SlackActor = {
  readonly slackUser: string;
  readonly name: string;
  readonly team: string;
  readonly channel: string;
};

/** How a record names them: "alice (Slack U0ALICE)". The name is what they chose to call themselves. */
export function userOf({ name, slackUser }: SlackActor): string {
  return name === slackUser ? `Slack ${slackUser}` : `${name.slice(0, 80)} (Slack ${slackUser})`;
}

/** Somebody asks in Slack for a deployment once more, and agrees to what it was refused for. */
export type CommandEvent = {
  readonly type: "command";
  readonly name: "deploy";
  /** The deployment whose message was answered. */
  readonly deployment: string;
  readonly consent: Consent;
  readonly actor: SlackActor;
  /** Identifies the click, however often it is reported. */
  readonly cause: string;
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

/** The sender only checks that we answer. */
type PingEvent = { readonly type: "ping" };

/** A delivery we understand and have no use for; `reason` says why. */
type IgnoredEvent = { readonly type: "ignored"; readonly reason: string };

export type Event =
  | PushEvent
  | WorkflowRunEvent
  | RepositoryChangedEvent
  | InstallationEvent
  | CommandEvent
  | ContentChangedEvent
  | PingEvent
  | IgnoredEvent;
