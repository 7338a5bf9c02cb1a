/** Effects: what handlers want done, as data. The inbox saves them in the transaction that finishes the delivery. */
import type { Trigger } from "./deployment.ts";
import type { Notice } from "./notice.ts";

/** Queue a deployment; one of the same site that still waits is superseded by it. */
type DeployEffect = {
  readonly do: "deploy";
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
  /** As in `Deployment`. */
  readonly askedRelease?: string | null;
  readonly adopt?: boolean;
  readonly allowRemovals?: boolean;
  readonly askedBy?: string;
};

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

/** Stop deploying a site until it is resumed. */
type PauseSiteEffect = { readonly do: "pause_site"; readonly site: string; readonly reason: string };
type ResumeSiteEffect = { readonly do: "resume_site"; readonly site: string };

/** Tell people something that is not the story of one deployment. */
type NoticeEffect = { readonly do: "notice"; readonly notice: Notice };

/** Answer the one person in Slack who asked; nobody else sees it. `site` is the one that was asked about. */
export type AnswerEffect = {
  readonly do: "answer";
  readonly channel: string;
  readonly user: string;
  readonly site: string | null;
  readonly text: string;
};

export type Effect =
  | DeployEffect
  | SkipEffect
  | RememberRepositoryEffect
  | BindSiteEffect
  | PauseSiteEffect
  | ResumeSiteEffect
  | NoticeEffect
  | AnswerEffect;
