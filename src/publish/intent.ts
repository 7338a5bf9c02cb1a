/** What a publish is going to do, and what somebody has to agree to first. */
import type { Release } from "../model/release.ts";
import type { PublishSession } from "../publishers/publisher.ts";
import { createKeep } from "../releases/keep.ts";
import { type Plan, planPublish } from "../releases/plan.ts";
import { looksHashed, type Retained, retain } from "../releases/retained.ts";
import { NeedsConsentError, type PublishOptions } from "./options.ts";
import { findForeign, type Ours } from "./ours.ts";

export type Intent = {
  readonly plan: Plan;
  readonly retained: Retained;
  readonly conflicts: readonly string[];
  /** Folders that are on the host for sure. */
  readonly folders: ReadonlySet<string>;
  /** Sizes of the paths that were asked for along the way. */
  readonly others: ReadonlyArray<number | undefined>;
  /** What would be removed, when it is more than half of the site; empty otherwise. */
  readonly removesTooMuch: readonly string[];
};

export type IntentOptions = Pick<PublishOptions, "rules" | "say">;

/** Works out the plan from what is on the host, ours and others'. */
export async function planFor(
  session: PublishSession,
  { rules, say }: IntentOptions,
  release: Release,
  ours: Ours,
  /** Further paths whose sizes are wanted. */
  others: readonly string[] = [],
): Promise<Intent> {
  const keep = createKeep(rules.keep);
  const mine = rules.keep.length === 0 ? ours.files : new Map([...ours.files].filter(([path]) => !keep(path)));
  const foreign = await findForeign(session, mine, release.files, rules.adopt, say, others);
  const same = foreign.entries.size - foreign.conflicts.length;
  if (same > 0) say(`${same} files of this release are on the host already; they count as Slipway's from now on.`);
  const retained = retain({
    ...{ onHost: mine, retained: ours.retained, release: release.files },
    ...{ rule: rules.keepAssets, nowMs: Date.now() },
  });
  const plan = planPublish({
    onHost: new Map([...mine, ...foreign.entries]),
    release: release.files,
    folders: ours.folders,
    staying: new Set(retained.keys()),
  });
  const countable = [...mine.keys()].filter((path) => !looksHashed(path));
  const gone = countable.filter((path) => !release.files.has(path));
  const { conflicts, folders, others: sizes } = foreign;
  const removesTooMuch = gone.length * 2 > countable.length ? gone : [];
  return { plan, retained, conflicts, folders, others: sizes, removesTooMuch };
}

/** Throws NeedsConsentError for what nobody has agreed to. */
export function requireConsent({ rules, say }: IntentOptions, { conflicts, removesTooMuch }: Intent): void {
  if (conflicts.length > 0 && !rules.adopt) throw new NeedsConsentError("adopt", conflicts);
  if (conflicts.length > 0)
    say(`${conflicts.length} files that Slipway did not put there will be replaced (\`adopt\`).`);
  if (removesTooMuch.length > 0 && !rules.allowRemovals) throw new NeedsConsentError("allowRemovals", removesTooMuch);
}
