/** The chore that forgets what deliveries said once nobody needs it. Keys and digests stay. */
import type { ResolvedSource } from "../presets/resolve-source.ts";
import { forgetBodies } from "../store/forget-bodies.ts";
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
  const nextMs = new Map<string, number>();
  return function* (tx, { nowMs }) {
    const done: string[] = [];
    for (const [source, keepMs] of ages) {
      if (nowMs < (nextMs.get(source) ?? 0)) continue;
      const forgotten = yield* forgetBodies(tx, { source, beforeMs: nowMs - keepMs });
      if (forgotten === 0) nextMs.set(source, nowMs + EVERY_MS);
      else done.push(`forgot the bodies of ${forgotten} deliveries of ${source}`);
    }
    return done;
  };
}
