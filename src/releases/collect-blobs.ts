/**
 * Removes the contents that no release needs from a blob store, while deployments go on putting theirs into it.
 *
 * The race is between a worker that finds a content present, and therefore does not write it, and a collector that has
 * just decided to remove it. It is settled by two orders of steps: a worker touches the file and then looks whether it
 * is there; a collector takes the file away under another name and then looks when it was touched. Either the touch
 * came first, then the collector sees it and puts the file back; or the file was away already, then the worker sees
 * that and writes it anew.
 */
import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";

export type CollectOptions = {
  /** The folder of the blob store. */
  readonly folder: string;
  isNeeded(sha256: string): boolean;
  /** Contents that were put or touched at this time (ms since 1970) or later stay. */
  readonly beforeMs: number;
  /** Ends the collection between two contents. */
  readonly signal?: AbortSignal;
};

/** Answers with how many contents went and how many bytes they had. One collector at a time may work on a folder. */
export async function collectBlobs(options: CollectOptions): Promise<{ removed: number; bytes: number }> {
  const { folder, isNeeded, signal } = options;
  await putBackCondemned(folder);
  const total = { removed: 0, bytes: 0 };
  for (const shelf of await namesIn(folder)) {
    if (!/^[0-9a-f]{2}$/.test(shelf)) continue;
    for (const name of await namesIn(join(folder, shelf))) {
      if (signal?.aborted) return total;
      if (!/^[0-9a-f]{64}$/.test(name) || isNeeded(name)) continue;
      const bytes = await removeUntouched(options, name);
      if (bytes === null) continue;
      total.removed += 1;
      total.bytes += bytes;
    }
  }
  await removeAbandoned(options);
  return total;
}

const shelfOf = (folder: string, sha256: string) => join(folder, sha256.slice(0, 2), sha256);
const condemnedIn = (folder: string) => join(folder, "condemned");

/** Removes one content unless it was touched lately. Answers with its size when it went. */
async function removeUntouched({ folder, beforeMs }: CollectOptions, sha256: string): Promise<number | null> {
  const place = shelfOf(folder, sha256);
  const found = await stat(place).catch(nullWhenMissing);
  if (found === null || found.mtimeMs >= beforeMs) return null;
  const away = join(condemnedIn(folder), sha256);
  await mkdir(dirname(away), { recursive: true });
  await rename(place, away);
  if ((await stat(away)).mtimeMs >= beforeMs) {
    await rename(away, place);
    return null;
  }
  await rm(away);
  return found.size;
}

/** What a collector that was killed had taken away goes back: it may have been touched. */
async function putBackCondemned(folder: string): Promise<void> {
  for (const name of await namesIn(condemnedIn(folder))) {
    await rename(join(condemnedIn(folder), name), shelfOf(folder, name));
  }
}

/** Copies that were being written when their worker was killed. */
async function removeAbandoned({ folder, beforeMs }: CollectOptions): Promise<void> {
  const incoming = join(folder, "incoming");
  for (const name of await namesIn(incoming)) {
    const found = await stat(join(incoming, name)).catch(nullWhenMissing);
    if (found !== null && found.mtimeMs < beforeMs) await rm(join(incoming, name), { force: true });
  }
}

async function namesIn(folder: string): Promise<string[]> {
  return (await readdir(folder).catch(nullWhenMissing)) ?? [];
}

function nullWhenMissing(error: NodeJS.ErrnoException): null {
  if (error.code === "ENOENT") return null;
  throw error;
}
