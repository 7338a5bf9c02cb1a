/** What a publish is asked for, and what it answers. */
import type { Readable } from "node:stream";
import { PermanentError } from "../errors.ts";
import type { DeploymentStats } from "../model/deployment.ts";
import type { Manifest, Release } from "../model/release.ts";
import type { HostProfile } from "../publishers/host-profile.ts";
import type { Publisher, Target } from "../publishers/publisher.ts";
import { showPath } from "../releases/path.ts";

/** Where the contents of a release are read from: a blob store, or the folder that is published. */
export type Contents = {
  /** Reads a content; the stream fails when there is none. May be called again when a transfer has to be repeated. */
  open(sha256: string): Readable;
};

/**
 * How a release goes live: "rename" replaces file by file in one burst; "swap" builds a whole folder beside the live
 * one and exchanges the two; "symlink" does so with a symbolic link.
 */
export type Strategy = "rename" | "swap" | "symlink";

/** What a publish may do and leave, as the operator or the command line says. */
export type PublishRules = {
  /** Whether files that others put under names of this release may be replaced. */
  readonly adopt: boolean;
  /** Whether more than half of the files on the host may be removed. */
  readonly allowRemovals: boolean;
  /** Patterns (as in `path.matchesGlob`) of paths on the host that are never touched. */
  readonly keep: readonly string[];
  /** How long assets with a hash in their name stay after the release that needed them. 0 releases ends it. */
  readonly keepAssets: { readonly releases: number; readonly forMs: number };
  readonly strategy: Strategy;
  /** Look at every file on the host, not at a sample, before saying that there is nothing to do. */
  readonly thorough: boolean;
};

/** Somebody has to agree first. Nothing was changed. */
export class NeedsConsentError extends PermanentError {
  override readonly name = "NeedsConsentError";
  /** The rule that says yes. */
  readonly consent: "adopt" | "allowRemovals";
  /** The paths it is about. */
  readonly paths: readonly string[];

  constructor(consent: "adopt" | "allowRemovals", paths: readonly string[]) {
    super(consent === "adopt" ? conflictText(paths) : removalText(paths));
    this.consent = consent;
    this.paths = paths;
  }
}

const MAX_PATHS_SHOWN = 10;

function conflictText(paths: readonly string[]): string {
  return `The host has files that Slipway did not put there, under names this release needs: ${someOf(paths)}. Nothing was changed.`;
}

function removalText(paths: readonly string[]): string {
  return `This release would remove ${paths.length} files, more than half of the site: ${someOf(paths)}. Nothing was changed.`;
}

function someOf(paths: readonly string[]): string {
  const shown = paths.slice(0, MAX_PATHS_SHOWN).map(showPath).join(", ");
  return paths.length > MAX_PATHS_SHOWN ? `${shown} and ${paths.length - MAX_PATHS_SHOWN} more` : shown;
}

export const DEFAULT_RULES: PublishRules = {
  adopt: false,
  allowRemovals: false,
  keep: [],
  keepAssets: { releases: 3, forMs: 7 * 86_400_000 },
  strategy: "rename",
  thorough: false,
};

export type UploadProgress = { files: number; ofFiles: number; bytes: number; ofBytes: number };

/** What a publish is doing, in the order in which it does it. */
export type PublishPhase = "connect" | "compare" | "upload" | "verify" | "commit" | "clean";

export type PublishOptions = {
  readonly target: Target;
  /** Makes the publisher that speaks to a target. Default: `createPublisher`. */
  readonly createPublisher?: ((target: Target) => Publisher) | undefined;
  readonly contents: Contents;
  readonly release: Release;
  readonly rules: PublishRules;
  /** What our own store believes is on the host; believed only together with what the host itself says. */
  readonly previous: Manifest | null;
  readonly profile: HostProfile | null;
  /** Who publishes, for whoever finds the host locked: "slipway on build.example.com, site shop". */
  readonly owner: string;
  /**
   * Publishes with the same id never run at the same time, so a lock of this id on the host belongs to one that died.
   * Null: the lock of another publish is respected until it counts as dead.
   */
  readonly ownerId: string | null;
  /** Where visitors see the site, to check that Slipway's own folder does not show there; null checks nothing. */
  readonly siteUrl: string | null;
  /** How long to wait for another publish to the same target, in milliseconds. */
  readonly lockWaitMs: number;
  /** Without a sign of life for so long another publish counts as dead. Default 5 minutes. */
  readonly leaseMs?: number | undefined;
  /** How often to look while waiting for another publish. Default 3 seconds. */
  readonly pollMs?: number | undefined;
  /** Keep Slipway's own folder inside the target's folder, so that it moves with it. */
  readonly placeInside?: boolean | undefined;
  /** Gets lines for the transcript. */
  say(line: string): void;
  readonly onPhase?: ((phase: PublishPhase) => void) | undefined;
  readonly onProgress?: ((progress: UploadProgress) => void) | undefined;
  /** Cancels the publish as long as the live site is untouched. Once the burst has begun, it is finished. */
  readonly signal?: AbortSignal | undefined;
};

export type PublishResult = {
  readonly stats: DeploymentStats;
  /** From the first live path that was replaced to the last, in milliseconds; null when none was. */
  readonly changeoverMs: number | null;
  /** What was learned of the host, for the next publish. */
  readonly profile: HostProfile;
};

/** What a publish would do. */
export type PublishPreview = {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
  /** Assets of earlier releases that stay for a while. */
  readonly kept: readonly string[];
  readonly unchanged: number;
  /** Bytes to be uploaded. */
  readonly bytes: number;
  /** Files that others put under names of the release, with other content. A publish without `adopt` refuses. */
  readonly conflicts: readonly string[];
  /** Whether more than half of the files would be removed. A publish without `allowRemovals` refuses. */
  readonly removesTooMuch: boolean;
  readonly profile: HostProfile;
};

/** What is on the host and should not be, or the other way round. */
export type Drift = {
  /** The release that the host's own record says is live; null without a record. */
  readonly releaseId: string | null;
  readonly missing: readonly string[];
  readonly changed: readonly string[];
  /** How many files were looked at. */
  readonly files: number;
};

export type DriftOptions = Pick<
  PublishOptions,
  "target" | "createPublisher" | "profile" | "previous" | "say" | "signal" | "placeInside"
> & {
  /** Compare contents too: by the host's own digests, or by reading every file. Sizes only, otherwise. */
  readonly content: boolean;
};
