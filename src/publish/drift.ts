/** Compares a host with the record of what was published there, and names what others changed. Changes nothing. */
import { createHash } from "node:crypto";
import type { FileEntry } from "../model/release.ts";
import { releaseOf } from "../model/release.ts";
import type { PublishSession } from "../publishers/publisher.ts";
import { lookAtHost } from "./look-at-host.ts";
import type { Drift, DriftOptions } from "./options.ts";
import { findOurs } from "./ours.ts";
import { withSession } from "./with-session.ts";

/** Files up to this size are read where the host does not know digests. */
const MAX_COMPARE_BYTES = 64 * 1024 * 1024;

/** What is missing or different on the host. Throws what the publisher throws. */
export function findDrift(options: DriftOptions): Promise<Drift> {
  return withSession(options, async (session) => {
    const nothing = releaseOf(new Map());
    const look = await lookAtHost(session, { ...options, rules: { thorough: false } }, nothing);
    const finding = { release: nothing, previous: null, check: "sample", say: options.say } as const;
    const ours = await findOurs(session, look.place ?? look.places[0], look.sizes, finding);
    const live = ours.recorded ? [...ours.files].filter(([path]) => !ours.retained.has(path)) : [];
    const expected = live.length > 0 ? new Map(live) : (options.previous ?? new Map<string, FileEntry>());
    const sizes = await session.sizes([...expected.keys()]);
    const missing: string[] = [];
    const changed: string[] = [];
    const alike: Array<[string, FileEntry]> = [];
    for (const [index, [path, entry]] of [...expected].entries()) {
      if (sizes[index] === undefined) missing.push(path);
      else if (sizes[index] !== entry.size) changed.push(path);
      else alike.push([path, entry]);
    }
    changed.push(...(await otherContent(session, alike, options)));
    return { releaseId: ours.releaseId, missing, changed: changed.sort(), files: expected.size };
  });
}

/** Files of the right size with other content: by the host's own digests, or by reading them when that is asked for. */
async function otherContent(
  session: PublishSession,
  files: ReadonlyArray<readonly [string, FileEntry]>,
  { content, signal }: DriftOptions,
): Promise<string[]> {
  const digests = files.length === 0 ? [] : await session.digests(files.map(([path]) => path));
  const changed: string[] = [];
  for (const [index, [path, entry]] of files.entries()) {
    signal?.throwIfAborted();
    let digest = digests[index];
    if (digest === undefined && content && entry.size <= MAX_COMPARE_BYTES) {
      const bytes = await session.readFile(path, MAX_COMPARE_BYTES);
      digest = createHash("sha256")
        .update(bytes ?? Buffer.alloc(0))
        .digest("hex");
    }
    if (digest !== undefined && digest !== entry.sha256) changed.push(path);
  }
  return changed;
}
