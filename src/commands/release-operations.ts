/** What can be asked about the releases that are kept, from the command line: which there are, and to publish one again. */
import { z } from "zod";
import type { Deployment } from "../model/deployment.ts";
import { type Manifest, type ManifestJson, manifestToJson } from "../model/release.ts";
import { findManifest, type KeptRelease, listReleases } from "../store/releases.ts";
import { findSite } from "../store/sites.ts";
import type { Work } from "../store/work.ts";
import { requireSite } from "./deed-context.ts";
import { deedText } from "./deed-text.ts";
import { diffLive, type NamedDiff } from "./diff-releases.ts";
import { deploying, named, type OperationDeps, perform, words } from "./operation.ts";
import { readTarget } from "./read-target.ts";
import { redeploySays, redeploySite } from "./redeploy-site.ts";
import { pauseSays, rollbackSays, rollbackSite } from "./rollback-site.ts";

/** A kept release beside the one that is live. */
export type ListedRelease = KeptRelease & {
  readonly isLive: boolean;
  /** How many files were added, changed or removed between it and the live one. */
  readonly differs: number;
};

export type Rollback = {
  readonly deployment: Deployment;
  /** Null when nothing is live. */
  readonly from: { readonly id: string; readonly commit: string } | null;
  readonly to: { readonly id: string; readonly commit: string };
  /** What becomes of pushes from now on. */
  readonly pushes: string;
};

/** What Slipway's own records say is on the host. */
export type PublishedRelease = { readonly id: string; readonly commit: string; readonly manifest: ManifestJson } | null;

const ofSite = z.strictObject(named);
const again = ofSite.extend({ release: z.string().min(1).max(64).optional(), ...deploying });

/** The releases of a site, the one that went live last first. */
export async function releases(deps: OperationDeps, input: unknown): Promise<ListedRelease[]> {
  const { name, limit } = ofSite.extend({ limit: z.int().min(1).max(1000).default(20) }).parse(input);
  requireSite(deps, name);
  const { kept, live } = await deps.store.transact(function* (tx): Work<{ kept: KeptRelease[]; live: string | null }> {
    return { kept: yield* listReleases(tx, name), live: (yield* findSite(tx, name))?.liveRelease ?? null };
  });
  const filesOf = (id: string) => deps.store.transact((tx) => findManifest(tx, name, id));
  const liveFiles = (live && (await filesOf(live))) || new Map();
  const listed: ListedRelease[] = [];
  // One at a time: a manifest may be large, and others want the store too.
  for (const release of kept.slice(0, limit)) {
    const isLive = release.id === live;
    const differs = isLive ? 0 : countDifferences((await filesOf(release.id)) ?? new Map(), liveFiles);
    listed.push({ ...release, isLive, differs });
  }
  return listed;
}

/** As `rollbackSite`: publishes an earlier release, and holds pushes from then on unless `pauses` is false. */
export function rollback(deps: OperationDeps, input: unknown): Promise<Rollback> {
  const schema = again.extend({ reason: words(300).optional(), pauses: z.boolean().default(true) });
  const { name, by, release, reason = "", pauses, ...consent } = schema.parse(input);
  const target = release === undefined ? null : readTarget(release);
  const deed = { kind: "rollback", target, from: null, reason: reason || null, ...consent } as const;
  const about = { site: name, by, verb: "rollback", what: deedText(deed, Date.now()) };
  return perform(deps, about, function* (tx, asked, moment) {
    const done = yield* rollbackSite(tx, deps, deed, asked, moment, { pauses });
    const { deployment, from, to, pause, wasPaused } = done;
    const result = { deployment, from, to, pushes: pauseSays(pause, wasPaused) };
    return { result, says: rollbackSays(done), deployment: deployment.id };
  });
}

/** As `redeploySite`. */
export function redeploy(deps: OperationDeps, input: unknown): Promise<Deployment> {
  const { name, by, release, ...consent } = again.parse(input);
  const deed = { kind: "redeploy", target: release === undefined ? null : readTarget(release), ...consent } as const;
  const about = { site: name, by, verb: "redeploy", what: deedText(deed, Date.now()) };
  return perform(deps, about, function* (tx, asked, moment) {
    const done = yield* redeploySite(tx, deps, deed, asked, moment);
    return { result: done.deployment, says: redeploySays(done), deployment: done.deployment.id };
  });
}

/** What would change from the live release to another one, by default to the one before. */
export async function diff(deps: OperationDeps, input: unknown): Promise<NamedDiff> {
  const { name, release } = ofSite.extend({ release: again.shape.release }).parse(input);
  requireSite(deps, name);
  return deps.store.transact((tx) => diffLive(tx, name, release === undefined ? null : readTarget(release)));
}

/** What should be on the host, for whoever compares. */
export async function publishedRelease(deps: OperationDeps, input: unknown): Promise<PublishedRelease> {
  const { name } = ofSite.parse(input);
  requireSite(deps, name);
  return deps.store.transact(function* (tx): Work<PublishedRelease> {
    const site = yield* findSite(tx, name);
    if (!site?.liveRelease) return null;
    const manifest = yield* findManifest(tx, name, site.liveRelease);
    return manifest
      ? { id: site.liveRelease, commit: site.liveCommit ?? "", manifest: manifestToJson(manifest) }
      : null;
  });
}

function countDifferences(one: Manifest, other: Manifest): number {
  const changed = [...one].filter(([path, { sha256 }]) => other.get(path)?.sha256 !== sha256).length;
  return changed + [...other.keys()].filter((path) => !one.has(path)).length;
}
