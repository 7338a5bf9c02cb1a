/** Answers: what one person is told who asked for something, as data. Where, how and until when is the reply's part. */
import type { Verb } from "./command.ts";
import type { Deployment } from "./deployment.ts";
import type { SiteHolds } from "./site.ts";

/** How somebody in Slack can be answered, so that nobody else sees it. */
export type ReplyTo = {
  readonly channel: string;
  readonly user: string;
  /** Slack's address for the answer, good for 30 minutes; null where there is none: mentions and direct messages. */
  readonly responseUrl: string | null;
  /** The thread that was asked in. */
  readonly thread: string | null;
  /** In a direct message everything is between the two, so the answer is an ordinary message. */
  readonly isDirect: boolean;
};

/** A release as people choose among them. */
export type ReleaseChoice = {
  readonly id: string;
  readonly commit: string;
  readonly title: string;
  readonly author: string;
  /** When it was built, in milliseconds since 1970. */
  readonly createdAtMs: number;
  readonly isLive: boolean;
};

export type SiteStatus = {
  readonly name: string;
  readonly url: string | null;
  readonly liveCommit: string | null;
  readonly liveRelease: string | null;
  readonly holds: SiteHolds;
  /** The newest one that was ever to run, and those that wait. */
  readonly latest: Deployment | null;
  readonly waiting: readonly Deployment[];
};

/** One line of the audit log: what somebody asked for, and what came of it. */
export type AuditEntry = {
  readonly atMs: number;
  /** "alice (Slack U0ALICE)", "bob (command line)", "carol (GitHub)" */
  readonly who: string;
  /** Where they asked: a channel's id, "command line", "GitHub". */
  readonly where: string;
  readonly verb: string;
  readonly site: string | null;
  /** What they asked for, in our own words: no more of theirs than ids and a reason. */
  readonly what: string;
  /** The rule that let them, or did not: "role", "channel", "team", … */
  readonly rule: string;
  readonly result: "done" | "refused" | "denied" | "asked";
  /** What came of it, in one sentence. */
  readonly outcome: string;
  readonly deployment: string | null;
};

export type Answer =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "help"; readonly about: Verb | null; readonly sites: readonly string[] }
  | {
      readonly kind: "status";
      readonly nowMs: number;
      readonly sites: readonly SiteStatus[];
      /** How many deliveries wait or were given up, and how many messages wait. */
      readonly health: { readonly waiting: number; readonly dead: number; readonly untold: number };
    }
  | { readonly kind: "releases"; readonly site: string; readonly releases: readonly ReleaseChoice[] }
  | {
      readonly kind: "logs";
      readonly deployment: Deployment;
      /** The last lines of the transcript. */
      readonly lines: string;
      readonly logUrl: string | null;
    }
  | {
      readonly kind: "diff";
      readonly site: string;
      readonly from: { readonly id: string; readonly commit: string };
      readonly to: { readonly id: string; readonly commit: string };
      readonly added: number;
      readonly changed: number;
      readonly removed: number;
      /** The first ones, by path: "+ path", "~ path", "- path". */
      readonly paths: readonly string[];
    }
  | {
      readonly kind: "whoami";
      readonly who: string;
      readonly lines: readonly string[];
    }
  | { readonly kind: "audit"; readonly entries: readonly AuditEntry[] }
  /** Several sites are meant by nobody: a button for each of them asks for the same. */
  | {
      readonly kind: "choose_site";
      readonly verb: Verb;
      readonly sites: readonly string[];
      /** What they asked for besides, as it stands behind the site: "-2 --dry-run"; absent: nothing. */
      readonly rest?: string;
    }
  /** Words alone open no dialog; this button does, with the release of that id chosen in it. */
  | { readonly kind: "offer_rollback"; readonly site: string; readonly release: string; readonly text: string };

/** The dialog that asks which release a site is to be rolled back to. */
export type RollbackModal = {
  readonly modal: "rollback";
  readonly site: string;
  readonly from: ReleaseChoice | null;
  /** The newest first, without the one that is live; at most 100 (docs.slack.dev, static select). */
  readonly choices: readonly ReleaseChoice[];
  /** The id of the one that is chosen at first. */
  readonly chosen: string;
  /** What stands in it as the reason at first; absent or null: nothing. */
  readonly reason?: string | null;
  /** What keeps the site from deploying at present; null where nothing does. */
  readonly hold: string | null;
  /** Deployments that wait and would make way. */
  readonly waiting: number;
  /** Whether somebody else has to agree. */
  readonly needsSecondPerson: boolean;
  readonly reply: ReplyTo;
};

export type Modal = RollbackModal;
