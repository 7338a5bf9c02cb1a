/** Effects: what handlers want done, as data. The inbox saves them in the transaction that finishes the delivery. */
import type { ContentChange, Debounce } from "./content.ts";
import type { Trigger } from "./deployment.ts";
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
  readonly channel: string;
  readonly user: string;
  readonly site: string | null;
  readonly text: string;
};

export type Effect =
  | DeployEffect
  | DeployContentEffect
  | SkipDeploymentEffect
  | SkipEffect
  | RememberRepositoryEffect
  | BindSiteEffect
  | PauseSiteEffect
  | ResumeSiteEffect
  | NoticeEffect
  | AnswerEffect;
