/** Makes what is staged live: one burst of renames in the order of the plan, and removals only after it. */
import type { Move, PublishSession } from "../publishers/publisher.ts";
import { type PutStep, putGroups, type Step } from "../releases/plan.ts";
import type { PublishOptions } from "./options.ts";
import { checked, type Staged } from "./stage-files.ts";
import { type DigestedUpload, uploadVerified } from "./upload-verified.ts";

/** What a plan does before, in, and after the burst. */
export type Phases = {
  /** Folders for new names. They hurt nobody, so they are made while the live site is as it was. */
  readonly folders: readonly string[];
  readonly burst: readonly Step[];
  readonly removals: readonly Step[];
};

/** Cuts the steps of a plan where the live site begins to change, and where it is all new. */
export function phasesOf(steps: readonly Step[]): Phases {
  const begin = steps.findIndex(({ do: kind }) => kind !== "makeFolder");
  const start = begin === -1 ? steps.length : begin;
  const end = steps.findLastIndex(({ do: kind }) => kind === "put" || kind === "makeFolder") + 1;
  const cut = Math.max(start, end);
  return {
    folders: steps.slice(0, start).map(({ path }) => path),
    burst: steps.slice(start, cut),
    removals: steps.slice(cut),
  };
}

/** How a put is carried out: by renaming what was staged, or by writing into the live file. */
export type Putter = (session: PublishSession, puts: readonly PutStep[]) => Promise<void>;

/** Walks the steps of a burst in order, each run of equal ones in one go. What it removes is in the way of what follows. */
export async function walkSteps(session: PublishSession, steps: readonly Step[], put: Putter): Promise<void> {
  for (let at = 0; at < steps.length; ) {
    const kind = steps[at]?.do;
    const end = steps.findIndex((step, index) => index > at && step.do !== kind);
    const run = steps.slice(at, end === -1 ? steps.length : end);
    at += run.length;
    const paths = run.map(({ path }) => path);
    if (kind === "makeFolder") await session.makeFolders(paths);
    if (kind === "removeFolder") await session.removeEmptyFolders(paths);
    if (kind === "remove") await session.remove(paths);
    if (kind === "put") await put(session, run as readonly PutStep[]);
  }
}

/**
 * Puts by renames, and measures how long the live site was neither the old nor the new one: from the first live path
 * that was replaced to the last. New names that nobody asks for yet do not count.
 */
export function createRenamingPutter(staged: readonly Staged[]): { put: Putter; changeoverMs(): number | null } {
  const moves = new Map<PutStep, Move>(staged.map(({ put, move }) => [put, move]));
  const steps = new Map<Move, PutStep>(staged.map(({ put, move }) => [move, put]));
  let firstMs: number | null = null;
  let lastMs = 0;
  return {
    async put(session, puts) {
      const wanted = puts.map((put) => moves.get(put)).filter((move) => move !== undefined);
      await session.rename(wanted, (move) => {
        if (steps.get(move)?.isNewAsset !== false) return;
        lastMs = performance.now();
        firstMs ??= lastMs;
      });
    },
    changeoverMs: () => (firstMs === null ? null : lastMs - firstMs),
  };
}

/** Puts by writing into the live files: those that depend on others only when the others have arrived. */
export function createOverwritingPutter(
  puts: readonly PutStep[],
  { contents, say, onProgress }: Pick<PublishOptions, "contents" | "say" | "onProgress">,
): Putter {
  const ofBytes = puts.reduce((sum, { entry }) => sum + entry.size, 0);
  let files = 0;
  let bytes = 0;
  const onDone = ({ size }: { readonly size: number }) => {
    files += 1;
    bytes += size;
    onProgress?.({ files, ofFiles: puts.length, bytes, ofBytes });
  };
  return async (session, wanted) => {
    for (const group of putGroups(wanted)) {
      const uploads = group.map((put): DigestedUpload => {
        const { path, entry } = put;
        return { path, size: entry.size, sha256: entry.sha256, open: () => checked(contents, put, () => {}) };
      });
      await uploadVerified(session, uploads, { say, onDone });
    }
  };
}
