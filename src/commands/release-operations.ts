/** What a person can ask about the releases that are kept: which there are, and to publish one of them again. */
import { z } from "zod";
import { PermanentError } from "../errors.ts";
import type { Deployment } from "../model/deployment.ts";
import { type Manifest, type ManifestJson, manifestToJson } from "../model/release.ts";
import { findManifest, type KeptRelease, listReleases, releaseBeforeLive } from "../store/releases.ts";
import { findSite } from "../store/sites.ts";
import type { Tx, Work } from "../store/work.ts";
import { deploying, type OperationDeps, queueFor, requireSite, type Wanted } from "./operation.ts";

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
};

/** What Slipway's own records say is on the host. */
export type PublishedRelease = { readonly id: string; readonly commit: string; readonly manifest: ManifestJson } | null;

const ofSite = z.strictObject({ name: z.string().min(1).max(300) });
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

/**
 * Publishes an earlier release again: the one named by the start of its id or commit, or else the one that was on the
 * host before the present one. (So a second rollback without a name undoes the first.) Works on a paused site, not on a locked one. It wins
 * over an older push that waits; a push that comes later deploys again, for a rollback does not pause the site.
 */
export async function rollback(deps: OperationDeps, input: unknown): Promise<Rollback> {
  const { name, by, release: wanted, ...consent } = again.parse(input);
  requireSite(deps, name);
  let from: Rollback["from"] = null;
  let to: Rollback["to"] | undefined;
  const deployment = await queueFor(deps, { name, by }, function* (tx): Work<Wanted> {
    const site = yield* findSite(tx, name);
    if (site?.liveRelease) from = { id: site.liveRelease, commit: site.liveCommit ?? "" };
    const target = yield* wanted === undefined ? findPrevious(tx, name) : findNamed(tx, name, wanted);
    if (target.id === site?.liveRelease) {
      const advice = `\`slipway redeploy ${name}\` publishes it again`;
      throw new PermanentError(`${target.id.slice(0, 12)} is the release that is live on ${name}; ${advice}`);
    }
    to = { id: target.id, commit: target.commit };
    return wantedFor("rollback", target, consent);
  });
  return { deployment, from, to: to ?? { id: "", commit: "" } };
}

/**
 * Publishes a kept release again, looking at every file on the host, so that it mends what others changed there. By
 * default it is the one that is live when its turn comes. Works on a paused site, not on a locked one.
 */
export async function redeploy(deps: OperationDeps, input: unknown): Promise<Deployment> {
  const { name, by, release: wanted, ...consent } = again.parse(input);
  requireSite(deps, name);
  return queueFor(deps, { name, by }, function* (tx): Work<Wanted> {
    if (wanted !== undefined) return wantedFor("redeploy", yield* findNamed(tx, name, wanted), consent);
    const live = (yield* findSite(tx, name))?.liveRelease;
    const release = (yield* listReleases(tx, name)).find(({ id }) => id === live);
    if (!release) throw new PermanentError(`nothing is live on ${name} yet; \`slipway deploy ${name}\` deploys it`);
    return { ...wantedFor("redeploy", release, consent), askedRelease: null };
  });
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

function wantedFor(
  trigger: "rollback" | "redeploy",
  { id, commit, author, title }: KeptRelease,
  consent: { adopt: boolean; allowRemovals: boolean },
): Wanted {
  return { trigger, askedRelease: id, commit, author, title, ...consent };
}

function* findPrevious(tx: Tx, site: string): Work<KeptRelease> {
  const id = yield* releaseBeforeLive(tx, site);
  if (id === undefined) throw new PermanentError(`no release was live on ${site} before the present one`);
  const found = (yield* listReleases(tx, site)).find((release) => release.id === id);
  if (found) return found;
  throw new PermanentError(
    `the release ${id.slice(0, 12)} that was live on ${site} before is no longer kept (sites.${site}.releases)`,
  );
}

/** The one release whose id or commit begins so. */
function* findNamed(tx: Tx, site: string, start: string): Work<KeptRelease> {
  const kept = yield* listReleases(tx, site);
  const wanted = start.toLowerCase();
  const found = kept.filter(({ id, commit }) => id.startsWith(wanted) || commit.startsWith(wanted));
  const [only, ...others] = found;
  if (only && others.length === 0) return only;
  const list = `\`slipway releases ${site}\` lists them`;
  if (!only) throw new PermanentError(`${site} has no kept release ${start}; ${list}`);
  const shown = found.slice(0, 5).map(({ id }) => id.slice(0, 12));
  throw new PermanentError(`${start} is the beginning of several releases of ${site} (${shown.join(", ")}); ${list}`);
}

function countDifferences(one: Manifest, other: Manifest): number {
  const changed = [...one].filter(([path, { sha256 }]) => other.get(path)?.sha256 !== sha256).length;
  return changed + [...other.keys()].filter((path) => !one.has(path)).length;
}
