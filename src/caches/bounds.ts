/** Keeps the caches of all sites together within what the operator allows, and tells how large they are. */
import { rm, writeFile } from "node:fs/promises";
import { z } from "zod";
import { type SiteFolders, siteFolders } from "./cache-place.ts";
import { listEntries, namesIn, readJson, removeEntry } from "./entries.ts";
import { lockSite } from "./site-lock.ts";
import { measureFolder } from "./walk-tree.ts";

/** In bytes. While a deployment runs, what it took into its workspace does not count. */
type CacheSize = {
  readonly site: string;
  readonly dependencies: number;
  readonly frameworks: number;
  readonly downloads: number;
  /** When a deployment last used any of them, in milliseconds since 1970; null where there are none. */
  readonly usedMs: number | null;
};

/** One thing that can be removed on its own. */
type CacheItem = {
  readonly site: string;
  readonly kind: "dependencies" | "frameworks" | "downloads";
  readonly bytes: number;
  readonly usedMs: number;
  remove(): Promise<void>;
};

const downloadsSchema = z.object({ bytes: z.number(), usedMs: z.number() });

/** A look at a lock is enough: whoever holds it uses what is there. */
const NO_WAIT_MS = 0;

/**
 * Removes what was not used for longest until the rest fits. What belongs to a site whose deployment is running is left
 * alone, except for that of `own`, whose lock the caller holds. Answers with what was removed.
 */
export async function enforceBound(folder: string, maxBytes: number, own: string): Promise<readonly CacheItem[]> {
  const items = (await listItems(folder)).sort((a, b) => a.usedMs - b.usedMs);
  let total = items.reduce((sum, { bytes }) => sum + bytes, 0);
  const removed: CacheItem[] = [];
  for (const item of items) {
    if (total <= maxBytes) break;
    const lock = item.site === own ? null : await lockSite(siteFolders(folder, item.site).lock, NO_WAIT_MS);
    if (lock === null && item.site !== own) continue;
    try {
      await item.remove();
    } finally {
      lock?.release();
    }
    total -= item.bytes;
    removed.push(item);
  }
  return removed;
}

/** The caches of all sites, by name. */
export async function summarizeCaches(folder: string): Promise<readonly CacheSize[]> {
  const sizes = new Map<string, CacheSize>();
  for (const site of (await namesIn(folder)).sort()) {
    sizes.set(site, { site, dependencies: 0, frameworks: 0, downloads: 0, usedMs: null });
  }
  for (const { site, kind, bytes, usedMs } of await listItems(folder)) {
    const size = sizes.get(site);
    if (size) sizes.set(site, { ...size, [kind]: size[kind] + bytes, usedMs: Math.max(size.usedMs ?? 0, usedMs) });
  }
  return [...sizes.values()];
}

/** Removes all that is kept for a site; the caller holds its lock. */
export async function removeAll(place: SiteFolders): Promise<void> {
  for (const entry of await listEntries(place.entries)) await removeEntry(entry);
  await rm(place.entries, { recursive: true, force: true });
  await removeDownloads(place);
}

export async function removeDownloads(place: SiteFolders): Promise<void> {
  await rm(place.downloads, { recursive: true, force: true });
  await rm(place.downloadsFacts, { force: true });
  await rm(place.downloadsInDoubt, { force: true });
}

/** Notes how large the downloads are and when an install used them last. A deployment that put dependencies back did not. */
export async function noteDownloads(place: SiteFolders, nowMs: number, isUsed: boolean): Promise<void> {
  if (!isUsed && (await readDownloads(place))) return;
  const bytes = await measureFolder(place.downloads);
  await writeFile(place.downloadsFacts, JSON.stringify({ bytes, usedMs: nowMs }), { mode: 0o600 });
}

async function readDownloads(place: SiteFolders): Promise<{ bytes: number; usedMs: number } | null> {
  const facts = downloadsSchema.safeParse(await readJson(place.downloadsFacts));
  return facts.success ? facts.data : null;
}

async function listItems(folder: string): Promise<CacheItem[]> {
  const perSite = (await namesIn(folder)).map(async (site): Promise<CacheItem[]> => {
    const place = siteFolders(folder, site);
    const entries = await listEntries(place.entries);
    const downloads = await readDownloads(place);
    return [
      ...entries.map((entry) => ({ ...entry, site, remove: () => removeEntry(entry) })),
      ...(downloads ? [{ ...downloads, site, kind: "downloads" as const, remove: () => removeDownloads(place) }] : []),
    ];
  });
  return (await Promise.all(perSite)).flat();
}
