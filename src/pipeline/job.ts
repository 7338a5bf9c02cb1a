/** What the service and the worker process of one deployment say to each other. Types only: all of it travels as JSON. */
import type { GitAccess } from "../git/run-git.ts";
import type { SandboxSettings, SiteBuild } from "../model/build.ts";
import type { DeploymentStats, NeededConsent, Stage } from "../model/deployment.ts";
import type { ManifestJson } from "../model/release.ts";
import type { PublishPhase, PublishRules } from "../publish/options.ts";
import type { HostProfile } from "../publishers/host-profile.ts";
import type { Target } from "../publishers/publisher.ts";

/** A release that is built already, with the commit that it was built from. */
export type KeptReleaseJob = {
  readonly id: string;
  readonly manifest: ManifestJson;
  readonly commit: string;
  /** As in `DeploymentStats`; null where nobody looked. Absent on a release that is kept, of which its record tells. */
  readonly missingLinks?: number | null;
};

/** The workflow whose artifact is published; see `WantedArtifact`. */
export type ArtifactJob = {
  readonly apiUrl: string;
  readonly repoId: number;
  readonly repoName: string;
  readonly workflow: string;
  readonly artifact: string | null;
  readonly runId: number | null;
};

export type ConfirmRules = {
  readonly url: string;
  readonly waitMs: number;
  /** Publishes the release before again when pages are missing or the server fails. */
  readonly rollback: boolean;
};

/** All that a worker needs to know: it has neither the store, nor the configuration, nor the service's environment. */
export type DeploymentJob = {
  readonly deploymentId: string;
  readonly site: SiteBuild;
  readonly sandbox: SandboxSettings;
  /** Builds without anything that earlier builds left, and keeps what this one leaves. */
  readonly cleanCaches: boolean;
  /** How much the caches of all sites may hold, in bytes. */
  readonly cacheBytes: number;
  readonly git: GitAccess;
  readonly branch: string;
  /** A commit that was asked for by name; null deploys the head of the branch. */
  readonly askedCommit: string | null;
  /** Patterns of paths whose changes count; none: all do. */
  readonly paths: readonly string[];
  /** What CI built, in place of a build here. */
  readonly artifact: ArtifactJob | null;
  readonly live: {
    readonly commit: string | null;
    readonly releaseId: string | null;
    /** How many addresses of the live release lead nowhere; null where that is not known. */
    readonly missingLinks: number | null;
  };
  /** Deploys even when the head of the branch is live already. */
  readonly force: boolean;
  readonly dataDir: string;
  readonly target: Target;
  /** The release that our store believes to be on the host. */
  readonly previous: ManifestJson | null;
  /** A kept release, or what this deployment built before it was cut off, to be published as it is; null builds. */
  readonly release: KeptReleaseJob | null;
  readonly rules: PublishRules;
  /** The command line that asks for the same once more: "slipway deploy shop". */
  readonly command: string;
  /** Who publishes, for whoever finds the host locked. */
  readonly owner: string;
  /** As in `PublishOptions`. */
  readonly ownerId: string | null;
  /** Where visitors see the site; null where nobody said. */
  readonly siteUrl: string | null;
  /** How long to wait for another publish to the same target. */
  readonly lockWaitMs: number;
  /** What earlier publishes learned about the host. */
  readonly profile: HostProfile | null;
  /** How long the release may take to show at `siteUrl`, and what then; null looks at nothing. */
  readonly confirm: ConfirmRules | null;
  /** Environment variables of the build stage alone. */
  readonly secrets: Readonly<Record<string, string>>;
};

/** A release that is on the host now. */
export type Published = {
  readonly releaseId: string;
  readonly commit: string;
  readonly stats: DeploymentStats;
  readonly manifest: ManifestJson;
};

/** How a deployment ended, as far as the worker can tell. */
export type Outcome =
  | (Published & { readonly kind: "live" })
  | { readonly kind: "skipped"; readonly commit: string; readonly reason: string }
  | {
      readonly kind: "failed";
      readonly stage: Stage;
      readonly reason: string;
      /** Whether another attempt may help. */
      readonly retry: boolean;
      /** What it brought onto the host and left there, although the live site does not show it. */
      readonly published?: Published;
      /** What somebody has to agree to, where that is all it lacked. */
      readonly consent?: Omit<NeededConsent, "answer">;
    }
  | {
      readonly kind: "cancelled";
      readonly stage: Stage;
      /** Who did it, and how; the service knows. */
      readonly reason?: string;
    };

export type WorkerMessage =
  | { readonly type: "stage"; readonly stage: Stage }
  /** One or more lines of the transcript, without the last line end. */
  | { readonly type: "line"; readonly stage: Stage; readonly text: string }
  /** The commit that is really being deployed. `title` is the first line of its message. */
  | { readonly type: "head"; readonly commit: string; readonly author: string; readonly title: string }
  /** What was built, complete: from here on the deployment can go on without building again. */
  | { readonly type: "built"; readonly release: Required<KeptReleaseJob> }
  /** What the publish is doing, so that nobody ends it in the middle of a changeover. */
  | { readonly type: "phase"; readonly phase: PublishPhase }
  /** The process group that works for the worker now, so that the service can end it should the worker be killed. */
  | { readonly type: "group"; readonly pid: number | null }
  | { readonly type: "result"; readonly outcome: Outcome };

export type ServiceMessage =
  | { readonly type: "start"; readonly job: DeploymentJob }
  | { readonly type: "cancel" }
  /** Slipway is being stopped: a publish finishes the files it is sending, everything else ends at once. */
  | { readonly type: "interrupt" };
