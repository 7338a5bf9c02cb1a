/** The chore that forgets what deliveries said once nobody needs it. Keys and digests stay. */
import type { ResolvedSource } from "../presets/resolve-source.ts";
import { forgetBodies, sourcesWithBodies } from "../store/forget-bodies.ts";
import type { Chore } from "./clock.ts";

const DAY_MS = 86_400_000;
/** What people filled in is theirs: kept as long as somebody may have to look why it was not told. */
const NOTES_MS = 7 * DAY_MS;
const KEEP_MS = 14 * DAY_MS;
const EVERY_MS = 3_600_000;

/** At most one batch of each source in a round, once an hour, and more often while there is more. */
export function createForgetChore(sources: readonly ResolvedSource[]): Chore {
  const ages = new Map([
    ...["github", "slack"].map((name) => [name, KEEP_MS] as const),
    ...sources.map((it) => [it.name, it.purpose === "notes" ? NOTES_MS : KEEP_MS] as const),
  ]);
  let nextMs = 0;
  return function* (tx, { nowMs }) {
    if (nowMs < nextMs) return [];
    const done: string[] = [];
    for (const source of yield* sourcesWithBodies(tx)) {
      // Of a source that is declared no more nobody knows whether people filled it in.
      const beforeMs = nowMs - (ages.get(source) ?? NOTES_MS);
      const forgotten = yield* forgetBodies(tx, { source, beforeMs });
      if (forgotten > 0) done.push(`forgot the bodies of ${forgotten} deliveries of ${source}`);
    }
    if (done.length === 0) nextMs = nowMs + EVERY_MS;
    return done;
  };
}
