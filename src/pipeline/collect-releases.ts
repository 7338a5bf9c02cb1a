/**
 * Forgets releases that are older than a site keeps, and removes the contents that no release of any site needs. Works
 * in small steps beside everything else: one manifest, one file at a time.
 */

import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { SiteConfig } from "../config/schema.ts";
import { describeError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Manifest } from "../model/release.ts";
import { collectBlobs } from "../releases/collect-blobs.ts";
import { findBuiltManifest, listBuilt } from "../store/built-releases.ts";
import { oldestRunningMs } from "../store/deployments.ts";
import { findManifest, forgetOldReleases, listReleaseKeys } from "../store/releases.ts";
import type { Store } from "../store/store.ts";
import type { Tx, Work } from "../store/work.ts";

export type CollectorDeps = {
  readonly store: Store;
  readonly log: Log;
  readonly dataDir: string;
  readonly sites: Readonly<Record<string, Pick<SiteConfig, "releases">>>;
};

export type Collector = {
  /** To be called when a deployment of the site has ended. Never rejects; resolves when there is nothing to do any more. */
  afterDeployment(site: string): Promise<void>;
  /** Resolves when nothing is being collected any more, and nothing will be. */
  stop(): Promise<void>;
};

/** Contents are looked for at most this often. */
const COLLECT_EVERY_MS = 60_000;

/** Contents that were wanted within this time stay in any case. */
const GRACE_MS = 3_600_000;

export function createCollector(deps: CollectorDeps): Collector {
  const stopped = new AbortController();
  let collectedAtMs = Number.NEGATIVE_INFINITY;
  let working = Promise.resolve();

  async function collect(site: string): Promise<void> {
    const { store, sites, log } = deps;
    if (stopped.signal.aborted) return;
    const keep = sites[site]?.releases;
    const forgotten = keep === undefined ? 0 : await store.transact((tx) => forgetOldReleases(tx, site, keep));
    if (forgotten > 0) log.info({ site, releases: forgotten }, "forgot old releases");
    if (performance.now() - collectedAtMs < COLLECT_EVERY_MS) return;
    collectedAtMs = performance.now();
    const { removed, bytes } = await collectContents(deps, stopped.signal);
    if (removed > 0) log.info({ contents: removed, bytes }, "removed contents that no release needs");
  }

  return {
    afterDeployment(site) {
      working = working
        .then(() => collect(site))
        .catch((error: unknown) => {
          deps.log.warn({ site, error: describeError(error) }, "old releases could not be removed; tried again later");
        });
      return working;
    },
    async stop() {
      stopped.abort();
      await working;
    },
  };
}

/**
 * Removes the contents that no kept release needs and no deployment has wanted for an hour. What deployments that run
 * have put stays however long they take: their releases are recorded only at the end. They are asked for before the
 * releases, so that one which ends in between is seen by one of the two questions.
 */
export async function collectContents(
  { store, dataDir }: Pick<CollectorDeps, "store" | "dataDir">,
  signal: AbortSignal,
): Promise<{ removed: number; bytes: number }> {
  const running = await store.transact(oldestRunningMs);
  const beforeMs = Math.min(Date.now() - GRACE_MS, running ?? Number.POSITIVE_INFINITY);
  const needed = await neededContents(store, signal);
  if (needed === null) return { removed: 0, bytes: 0 };
  const folder = join(dataDir, "blobs");
  return collectBlobs({ folder, isNeeded: (sha256) => needed.has(markOf(sha256)), beforeMs, signal });
}

/** 64 bits of a digest take half the memory, and the worst that two alike can do is that a content stays. */
const markOf = (sha256: string) => sha256.slice(0, 16);

/** What all kept releases need, and all that are built and wait to be published; null when it was interrupted. */
async function neededContents(store: Store, signal: AbortSignal): Promise<ReadonlySet<string> | null> {
  const needed = new Set<string>();
  async function add(find: (tx: Tx) => Work<Manifest | undefined>): Promise<void> {
    const manifest = await store.transact(find, { isLazy: true });
    for (const { sha256 } of manifest?.values() ?? []) needed.add(markOf(sha256));
    // A manifest of 200 000 files takes a moment; others get theirs in between.
    await nextTurn();
  }
  // These first: one that goes live meanwhile is among the kept ones then.
  for (const deployment of await store.transact(listBuilt)) {
    if (signal.aborted) return null;
    await add((tx) => findBuiltManifest(tx, deployment));
  }
  for (const { site, id } of await store.transact(listReleaseKeys)) {
    if (signal.aborted) return null;
    await add((tx) => findManifest(tx, site, id));
  }
  return needed;
}
